import CheckedConfiguration
import Foundation
import StackSupport
import TestSupport
import Testing

/// Runs `check-config` of a program on a stack's settings, changed.
private struct Checked {
    let stack: Stack
    let material: Material

    /// What the placeholders stand for; a path in a good file stands as the script wrote it.
    private func expanded(_ text: String) -> String {
        text.replacing("MADE", with: material.folder.path).replacing("KEYS", with: stack.folder + "/keys")
            .replacing("WORK", with: stack.folder)
    }

    /// The good file of a program, changed, and its name.
    func file(_ program: Mistake.Program, _ change: (String) throws -> String) throws -> (path: String, text: String) {
        let name = program == .terminal ? "terminal.yaml" : "\(program.rawValue).yaml"
        let good = try String(contentsOfFile: "\(stack.folder)/\(name).in", encoding: .utf8)
        let changed = try change(good)
            .replacing("@VRS_CENTRE_PORT@", with: "18443")
            .replacing("@VRS_INNER_PORT@", with: "0").replacing("@VRS_OPERATIONS_PORT@", with: "0")
            .replacing("@VRS_CENTRE@", with: "127.0.0.1:8444").replacing("@CENTRE_TERMINAL@", with: "127.0.0.1:8443")
            .replacing("@TERMINAL@", with: "T0001").replacing("@CARD@", with: "simulated: \(stack.folder)/card.json")
            .replacing("@PRINTER@", with: "command: [\(Programs.path("printer-sim")), --out, \(stack.folder)/out]")
        let path = material.folder.file("changed-\(name)")
        try Data(changed.utf8).write(to: URL(fileURLWithPath: path))
        return (path, changed)
    }

    func run(_ program: Mistake.Program, _ path: String, _ more: [String] = []) async throws -> Program.Outcome {
        switch program {
        case .vrs, .centre:
            try await Program.run(
                Programs.path(program.rawValue), ["check-config", "--config", path, "--development"] + more)
        case .terminal:
            try await Program.run(Programs.path("kiosk-sim"), ["check-config", "--config", path] + more)
        case .verifier: try await Program.run(Programs.verifier, ["check-config"] + more)
        }
    }

    static let verifierArguments =
        "--trust KEYS/trust --tls-certificate MADE/server.pem --tls-key MADE/server.key.pem"

    /// Runs the check with one mistake.
    func run(_ mistake: Mistake) async throws -> (outcome: Program.Outcome, place: String) {
        let (from, to) = (mistake.from, mistake.to)
        guard mistake.program != .verifier else {
            #expect(Self.verifierArguments.contains(from))
            let arguments = expanded(Self.verifierArguments.replacing(from, with: to)).split(separator: " ").map(
                String.init)
            return (try await run(.verifier, "", arguments), "\(mistake.key) ")
        }
        let (path, text) = try file(mistake.program) { good in
            // A port that is not written yet is one that the script would fill in.
            let good = good.replacing("@VRS_INNER_PORT@", with: "0")
            let changed = good.replacing(expanded(from), with: expanded(to), maxReplacements: 1)
            #expect(changed != good, "the good file lacks what is changed")
            return changed
        }
        let line = try mistake.line.map { marker in
            let range = try #require(text.range(of: expanded(marker)), "no line with \(marker)")
            return text[..<range.lowerBound].count { $0 == "\n" } + 1
        }
        let key = mistake.key.isEmpty ? "" : "\(mistake.key): "
        return (try await run(mistake.program, path), "\(path):\(line ?? 1):\(key.isEmpty ? " " : key)")
    }
}

extension Operating {
    @Test(arguments: Mistake.all)
    func `a mistake in what a program is started with is told with its place and its remedy, in both languages`(
        mistake: Mistake
    ) async throws {
        let stack = try Stack.current
        let (outcome, place) = try await Checked(stack: stack, material: Material(stack)).run(mistake)
        #expect(outcome.status == ExitStatus.configuration.rawValue, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.errors.contains(place), "\(place) in \(outcome.errors)")
        #expect(outcome.errors.contains(mistake.english), "\(outcome.errors)")
        #expect(outcome.errors.contains(mistake.japanese), "\(outcome.errors)")
    }

    @Test func `at least thirty mistakes are told, of each of the four programs some`() {
        #expect(Mistake.all.count >= 30)
        for some in [Mistake.ofRecordSystem, Mistake.ofCentre, Mistake.ofTerminal, Mistake.ofVerifier] {
            #expect(some.count >= 7)
        }
    }

    @Test func `what is right is called good, by every program`() async throws {
        let stack = try Stack.current
        let checked = try Checked(stack: stack, material: Material(stack))
        for program in [Mistake.Program.vrs, .centre, .terminal] {
            let outcome = try await checked.run(program, checked.file(program) { $0 }.path)
            #expect(
                outcome.status == 0 && outcome.output.contains("good") && outcome.output.contains("問題ありません"),
                "\(outcome.errors)")
            #expect(!outcome.output.contains("warning"), "\(outcome.output)")
        }
        let arguments = ["--trust", stack.keys + "/trust"]
        let verifier = try await checked.run(.verifier, "", arguments)
        #expect(verifier.status == 0 && verifier.output.contains("good"), "\(verifier.errors)")
    }

    @Test(arguments: [Mistake.Program.vrs, .centre, .terminal])
    func `an empty file is called empty`(program: Mistake.Program) async throws {
        let stack = try Stack.current
        let checked = try Checked(stack: stack, material: Material(stack))
        let outcome = try await checked.run(program, checked.material.folder.file("empty.yaml"))
        #expect(outcome.status == ExitStatus.configuration.rawValue)
        #expect(outcome.errors.contains("empty.yaml:1: the file is empty") && outcome.errors.contains("ファイルが空"))
    }

    @Test func `the same port twice is found among all listeners, and one for every address counts for each`()
        async throws
    {
        let stack = try Stack.current
        let checked = try Checked(stack: stack, material: Material(stack))
        for (program, key) in [(Mistake.Program.vrs, "listen.operations.port"), (.centre, "listen.operations.port")] {
            let (path, text) = try checked.file(program) { good in
                let port = program == .vrs ? "@VRS_CENTRE_PORT@" : "port: 0"
                return good.replacing("address: 127.0.0.1", with: "address: 0.0.0.0", maxReplacements: 1)
                    .replacing(port, with: program == .vrs ? "18444" : "port: 18444", maxReplacements: 1)
                    .replacing(
                        program == .vrs ? "@VRS_OPERATIONS_PORT@" : "operations:\n    port: 0",
                        with: program == .vrs ? "18444" : "operations:\n    port: 18444")
            }
            let end = try #require(text.range(of: "port: 18444", options: .backwards))
            let line = text[..<end.lowerBound].count { $0 == "\n" } + 1
            let outcome = try await checked.run(program, path)
            #expect(outcome.errors.contains("\(path):\(line):\(key): port 18444"), "\(outcome.errors)")
        }
    }

    @Test(arguments: [Mistake.Program.vrs, .centre, .terminal])
    func `a certificate that ends in days is warned of with their number`(program: Mistake.Program) async throws {
        let stack = try Stack.current
        let checked = try Checked(stack: stack, material: Material(stack))
        let made = checked.material.folder.path
        let (path, _) = try checked.file(program) { good in
            switch program {
            case .vrs:
                good.replacing("\(stack.keys)/vrs/inner.", with: "\(made)/ending.")
            case .centre: good.replacing("\(stack.keys)/centre/client.", with: "\(made)/endingClient.")
            default: good.replacing("\(stack.keys)/terminals/@TERMINAL@/terminal.", with: "\(made)/endingClient.")
            }
        }
        let outcome = try await checked.run(program, path)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("ends in 11 days") && outcome.output.contains("あと11日"), "\(outcome.output)")
    }

    @Test func `a verifier's certificate that ends in days is warned of with their number`() async throws {
        let stack = try Stack.current
        let checked = try Checked(stack: stack, material: Material(stack))
        let made = checked.material.folder.path
        let outcome = try await checked.run(
            .verifier, "",
            [
                "--trust", stack.keys + "/trust", "--tls-certificate", made + "/ending.pem", "--tls-key",
                made + "/ending.key.pem",
            ])
        #expect(outcome.status == 0 && outcome.output.contains("ends in 11 days"), "\(outcome.output)\(outcome.errors)")
    }

    @Test func `a terminal's answer key is compared with what vrs says of its own`() async throws {
        let stack = try Stack.current
        let checked = try Checked(stack: stack, material: Material(stack))
        let said = try await checked.run(.vrs, checked.file(.vrs) { $0 }.path).output
        let hash = try #require(said.firstMatch(of: /SHA-256 ([0-9a-f]{64})/)).1
        let path = try checked.file(.terminal) { $0 }.path
        let same = try await checked.run(.terminal, path, ["--answer-key", String(hash)])
        #expect(same.status == 0, "\(same.errors)")
        let wrong = String(hash.reversed())
        let other = try await checked.run(.terminal, path, ["--answer-key", wrong])
        #expect(other.status == ExitStatus.configuration.rawValue)
        #expect(other.errors.contains(":answerSealingKey: this is not the answer key of that vrs"))
        #expect(other.errors.contains("その vrs の応答鍵ではありません"))
    }
}
