import CheckedConfiguration
import Crypto
import Foundation
import MutualTLS
import Signing
import TestSupport
import Testing

/// What a started program says of one mistake in what it is started with.
struct Mistake: Sendable, CustomTestStringConvertible {
    enum Program: String, Sendable { case vrs, centre, terminal, verifier }

    let program: Program
    /// What is replaced by what in the good file (in the arguments, of the verifier); `MADE` is the folder of
    /// ``Material``, `KEYS` that of the development keys, `WORK` the stack's own.
    let from: String
    let to: String
    /// The key, or the option, that has to be named.
    let key: String
    /// Words of the remedy in both languages.
    let english: String
    let japanese: String
    /// What stands on the line that has to be named, in the changed file; the first line without one.
    let line: String?

    var testDescription: String { "\(program.rawValue): \(from) → \(to)" }

    init(
        _ program: Program, _ from: String, _ to: String, at key: String, line: String? = nil, _ english: String,
        _ japanese: String
    ) {
        (self.program, self.from, self.to, self.key) = (program, from, to, key)
        (self.english, self.japanese, self.line) = (english, japanese, line)
    }
}

/// Files that are wrong, each in one way.
private struct Material {
    let folder: TemporaryFolder

    init(_ stack: Stack) throws {
        folder = try TemporaryFolder()
        let now = Date()
        let services = try #require(
            IssuingAuthority(certificateFile: stack.keys + "/ca.pem", keyFile: stack.keys + "/ca.key.pem"))
        func write(_ issued: IssuingAuthority.Issued, _ name: String) throws {
            try KeyFile.writePublic(issued.pem, to: folder.file("\(name).pem"))
            try KeyFile.writePrivate(
                try #require(issued.key).pemRepresentation + "\n", to: folder.file("\(name).key.pem"))
        }
        try write(services.server(commonName: "s", hosts: ["127.0.0.1"], now: now), "server")
        try write(services.client(commonName: "c", now: now), "client")
        try write(services.server(commonName: "s", hosts: ["127.0.0.1"], now: now - 9 * 86_400, days: 2), "ended")
        try write(services.client(commonName: "c", now: now - 9 * 86_400, days: 2), "endedClient")
        try write(services.server(commonName: "s", hosts: ["127.0.0.1"], now: now - 3600, days: 12), "ending")
        try write(services.client(commonName: "c", now: now - 3600, days: 12), "endingClient")
        let old = try IssuingAuthority.create(commonName: "old", now: now - 9 * 366 * 86_400, years: 5)
        try KeyFile.writePublic(old.certificatePEM, to: folder.file("endedCA.pem"))
        try folder.write("text.pem", Data("nothing\n".utf8))
        try folder.write("empty.yaml", Data())
        let loose = folder.file("loose.key.pem")
        try KeyFile.writePrivate(P256.Signing.PrivateKey().pemRepresentation, to: loose)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: loose)
        for name in ["emptyTrust/card", "open", "openJournal"] {
            let path = folder.url(name)
            try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path.path)
        }
        let regions = stack.keys + "/vrs/regions"
        for (name, lacks) in [("noControl", "control.json"), ("noRegion", "\(stack.municipalities[0]).json")] {
            try FileManager.default.copyItem(atPath: regions, toPath: folder.file(name))
            try FileManager.default.removeItem(atPath: folder.file("\(name)/\(lacks)"))
        }
        let terminal = try #require(try PEMFile.privateKey(stack.keys + "/terminals/T0001/terminal.key.pem"))
        try KeyFile.writePublic(terminal.publicKey.pemRepresentation, to: folder.file("own.pub.pem"))
    }
}

extension Mistake {
    private static let identity = (
        "certificate: KEYS/vrs/inner.pem\n    key: KEYS/vrs/inner.key.pem",
        "certificate: MADE/NAME.pem\n    key: MADE/NAME.key.pem"
    )

    private static func inner(_ name: String) -> (String, String) {
        (identity.0, identity.1.replacing("NAME", with: name))
    }

    static let ofRecordSystem: [Mistake] = [
        Mistake(
            .vrs, "answers:\n  key: KEYS/vrs/answer-sealing.key.pem\n", "", at: "answers", "missing; write", "書いてください"),
        Mistake(
            .vrs, "challenges:", "chalenges:", at: "chalenges", line: "chalenges:", "did you mean challenges?",
            "challenges の書き間違い"),
        Mistake(
            .vrs, "connectionsPerPeer", "conectionsPerPeer", at: "listen.centre.limits.conectionsPerPeer",
            line: "conectionsPerPeer", "did you mean connectionsPerPeer?", "connectionsPerPeer の書き間違い"),
        Mistake(
            .vrs, "issuer:\n", "colour: red\nissuer:\n", at: "colour", line: "colour", "known here are", "ここで使えるキー"),
        Mistake(
            .vrs, "@VRS_OPERATIONS_PORT@", "70000", at: "listen.operations.port", line: "70000", "1 to 65535", "1〜65535"
        ),
        Mistake(
            .vrs, "port: 0\n    certificate: KEYS/vrs/inner.pem", "port: 18443\n    certificate: KEYS/vrs/inner.pem",
            at: "listen.inner.port", line: "port: 18443\n    certificate: KEYS/vrs/inner.pem",
            "give each listener its own", "別のポート"),
        Mistake(
            .vrs, identity.0, inner("client").1, at: "listen.inner.certificate", line: "MADE/client.pem", "serverAuth",
            "この用途の証明書を取得"),
        Mistake(
            .vrs, identity.0, inner("ended").1, at: "listen.inner.certificate", line: "MADE/ended.pem", "renew it",
            "更新してください"),
        Mistake(
            .vrs, "key: KEYS/vrs/inner.key.pem", "key: MADE/server.key.pem", at: "listen.inner.key",
            line: "MADE/server.key.pem", "name the key that the certificate was made for", "証明書に対応する鍵を指定"),
        Mistake(
            .vrs, "key: KEYS/vrs/inner.key.pem", "key: MADE/loose.key.pem", at: "listen.inner.key",
            line: "MADE/loose.key.pem", "chmod 600", "chmod 600"),
        Mistake(
            .vrs, "[KEYS/operator/ca.pem]", "[KEYS/operator/operator.pem]", at: "listen.inner.clientAuthorities",
            line: "operator.pem", "name the authority's", "認証局のものを指定"),
        Mistake(
            .vrs, "[KEYS/operator/ca.pem]", "[MADE/endedCA.pem]", at: "listen.inner.clientAuthorities",
            line: "endedCA.pem", "renew it", "更新してください"),
        Mistake(
            .vrs, "[KEYS/operator/ca.pem]", "[KEYS/centre/client-ca.pem]", at: "listen.inner.clientAuthorities",
            line: "[KEYS/centre/client-ca.pem]\n  operations", "each needs its own", "別の認証局を指定"),
        Mistake(
            .vrs, "keys: KEYS/vrs/regions", "keys: MADE/noControl", at: "records.keys", line: "MADE/noControl",
            "control.json: restore it", "バックアップから戻す"),
        Mistake(
            .vrs, "keys: KEYS/vrs/regions", "keys: MADE/noRegion", at: "records.keys", line: "MADE/noRegion",
            "make the keys of new regions with vrs keys", "vrs keys で作って"),
        Mistake(
            .vrs, "folder: WORK/records", "folder: MADE/open", at: "records.folder", line: "MADE/open",
            "chmod -R go=", "chmod -R go="),
        Mistake(
            .vrs, "journal: WORK/journal", "journal: MADE/openJournal", at: "records.journal", line: "MADE/openJournal",
            "chmod -R go=", "chmod -R go="),
        Mistake(
            .vrs, "journal: WORK/journal", "journal: WORK/records/journal", at: "records.journal",
            line: "WORK/records/journal", "outside of records.folder", "の外のフォルダーにして"),
        Mistake(
            .vrs, "key: KEYS/vrs/challenge.key", "key: KEYS/vrs/nothing.key", at: "challenges.key",
            line: "nothing.key", "the path of a file that can be read", "読み取れるファイルのパス"),
        Mistake(
            .vrs, "acceptSimulated: true", "acceptSimulated: false", at: "cards.authorities",
            line: "authorities: KEYS/trust/card", "cards.acceptReal takes real ones", "cards.acceptReal"),
        Mistake(
            .vrs, "templates: ", "templates: MADE/open # ", at: "templates", line: "templates:",
            "name the folder templates", "templates フォルダーを指定"),
    ]

    static let ofCentre: [Mistake] = [
        Mistake(
            .centre, "certificate: KEYS/centre/client.pem\n  key: KEYS/centre/client.key.pem",
            "certificate: MADE/server.pem\n  key: MADE/server.key.pem", at: "vrs.certificate", line: "MADE/server.pem",
            "clientAuth", "この用途の証明書を取得"),
        Mistake(
            .centre, "certificate: KEYS/centre/server.pem", "certificate: MADE/text.pem",
            at: "listen.terminal.certificate", line: "text.pem", "name the certificate's file", "証明書のファイルを指定"),
        Mistake(
            .centre, "https://@VRS_CENTRE@", "127.0.0.1:8444", at: "vrs.url", line: "127.0.0.1:8444", "an https URL",
            "httpsのURL"),
        Mistake(
            .centre, "00:00-24:00", "early-late", at: "service.hours", line: "early-late", "06:30-23:00", "06:30-23:00"),
        Mistake(
            .centre, "trust: KEYS/trust", "trust: MADE/emptyTrust", at: "cards.trust", line: "MADE/emptyTrust",
            "real ones acceptReal: true", "acceptReal: true"),
        Mistake(
            .centre, "municipalities:", "municipalites:", at: "municipalites", line: "municipalites:",
            "did you mean municipalities?", "municipalities の書き間違い"),
        Mistake(
            .centre, "[KEYS/ca.pem]", "[MADE/nothing.pem]", at: "vrs.authorities", line: "MADE/nothing.pem",
            "files that can be read", "読み取れるファイル"),
    ]

    static let ofTerminal: [Mistake] = [
        Mistake(
            .terminal, "answerSealingKey: KEYS/answer-sealing.pub.pem", "answerSealingKey: MADE/server.key.pem",
            at: "answerSealingKey", line: "answerSealingKey", "name vrs's answer.pub.pem", "answer.pub.pem を指定"),
        Mistake(
            .terminal, "answerSealingKey: KEYS/answer-sealing.pub.pem", "answerSealingKey: MADE/own.pub.pem",
            at: "answerSealingKey", line: "answerSealingKey", "not vrs's answer key", "vrs の応答鍵ではありません"),
        Mistake(
            .terminal, "@PRINTER@", "command: [MADE/no-printer]", at: "printer.command", line: "no-printer",
            "install it, or give its path", "パスを指定"),
        Mistake(
            .terminal, "@PRINTER@", "device: MADE/no-device", at: "printer.device", line: "no-device",
            "connect the printer", "プリンターを接続"),
        Mistake(.terminal, "{@PRINTER@}", "{}", at: "printer", line: "printer: {}", "needs one of command", "どれか一つが必要"),
        Mistake(
            .terminal, "trust: KEYS/trust", "trust: MADE/emptyTrust", at: "trust", line: "trust: MADE/emptyTrust",
            "verifier trust import", "verifier trust import"),
        Mistake(
            .terminal,
            "certificate: KEYS/terminals/@TERMINAL@/terminal.pem\nkey: KEYS/terminals/@TERMINAL@/terminal.key.pem",
            "certificate: MADE/endedClient.pem\nkey: MADE/endedClient.key.pem", at: "certificate",
            line: "MADE/endedClient.pem", "renew it", "更新してください"),
        Mistake(
            .terminal,
            "certificate: KEYS/terminals/@TERMINAL@/terminal.pem\nkey: KEYS/terminals/@TERMINAL@/terminal.key.pem",
            "certificate: MADE/server.pem\nkey: MADE/server.key.pem", at: "certificate", line: "MADE/server.pem",
            "clientAuth", "この用途の証明書を取得"),
        Mistake(
            .terminal, "operator:", "operater:", at: "operater", line: "operater:", "did you mean operator?",
            "operator の書き間違い"),
        Mistake(
            .terminal, "development: true", "development: true\noutOfServiceMarker: MADE/nowhere/marker",
            at: "outOfServiceMarker", line: "outOfServiceMarker", "where this user may write", "書き込める場所を指定"),
        Mistake(
            .terminal, "development: true", "development: &d true", at: "", line: "&d", "write the value at each place",
            "値をそれぞれの場所に"),
    ]

    static let ofVerifier: [Mistake] = [
        Mistake(
            .verifier, "KEYS/trust", "MADE/emptyTrust", at: "--trust", "verifier trust import", "verifier trust import"),
        Mistake(.verifier, "KEYS/trust", "MADE/nowhere", at: "--trust", "check its path", "場所とアクセス権を確認"),
        Mistake(
            .verifier, "--trust KEYS/trust", "--public MADE/nowhere", at: "--public", "the one that vrs export wrote",
            "vrs export の出力先"),
        Mistake(
            .verifier, "MADE/server.pem", "MADE/text.pem", at: "--tls-certificate", "name the certificate's file",
            "証明書のファイルを指定"),
        Mistake(.verifier, "MADE/server.pem", "MADE/client.pem", at: "--tls-certificate", "serverAuth", "この用途の証明書を取得"),
        Mistake(.verifier, "MADE/server.pem", "MADE/ended.pem", at: "--tls-certificate", "renew it", "更新してください"),
        Mistake(.verifier, "MADE/server.key.pem", "MADE/client.key.pem", at: "--tls-key", "name the pair", "対になる鍵と証明書"),
        Mistake(.verifier, "MADE/server.key.pem", "MADE/loose.key.pem", at: "--tls-key", "chmod 600", "chmod 600"),
    ]

    static let all = ofRecordSystem + ofCentre + ofTerminal + ofVerifier
}

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

extension EndToEnd {
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
