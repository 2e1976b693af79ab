import CardChip
import Exchange
import Foundation
import Scanning
import SimulatedCard
import StackSupport
import TestSupport
import Testing
import Vaccination

/// Nothing of a person stays at the terminal, at the centre or in anybody's log.
extension EndToEnd {
    @Test func `terminal and centre write nothing but streams through a whole session`() async throws {
        try await VirtualReader.use { reader in try await self.traceSession(reader) }
    }

    private func traceSession(_ reader: VirtualReader) async throws {
        let stack = try Stack.current
        let person = try stack.nextPerson()
        let card = try stack.card(person)

        let printer = try await PrinterPort.open()
        let centre = try await stack.startTracedCentre(log: stack.folder + "/centre.trace")
        let configuration = try stack.terminalConfiguration(
            card: "reader: any", printer: "address: \"127.0.0.1:\(printer.port)\", takenIsPrinted: true",
            centre: centre.base)
        let script = try stack.script(.init(municipality: person.municipality))
        let trace = stack.folder + "/terminal.trace"

        // The card lies on the virtual reader from the beginning, and is taken away when the terminal waits for that.
        let simulated = VirtualReaderCard(card: SimulatedCard(file: card.file, persistTo: nil), port: reader.port)
        try simulated.insert()
        let terminal = try Program(
            "/usr/bin/strace",
            SystemCalls.arguments(log: trace) + [Programs.path("kiosk-sim"), "run", script, "--config", configuration],
            environment: VirtualReader.environment, folder: stack.folder)
        _ = try await terminal.line(beginning: #"{"step":"removal""#)
        simulated.remove()
        let status = try await terminal.end()
        let jobs = await printer.close()
        try await centre.stop()

        #expect(status == 0, "\(terminal.output)\(terminal.errors)")
        #expect(terminal.output.contains(#"{"ended":"printed""#), "\(terminal.output)")
        #expect(jobs.count == 1)
        for log in [trace, stack.folder + "/centre.trace"] {
            let calls = try SystemCalls(log: log)
            #expect(calls.writes > 0)
            #expect(calls.violations.isEmpty, "\(calls.violations.joined(separator: "\n"))")
        }

        // What nobody's output may contain, taken from card and page.
        let page = try #require(jobs.first)
        let codes = try Scanning.codes(inPDF: page).map(\.text)
        #expect(!codes.isEmpty)
        let secrets = person.secrets + codes.flatMap { [String($0.prefix(60)), String($0.suffix(60))] }
        let outputs = [terminal.output, terminal.errors, centre.output, stack.logs]
        for secret in secrets {
            #expect(!outputs.contains { $0.contains(secret) }, "a person's datum stands in an output")
        }
    }

    @Test func `no output or log has a person's name, number, address or code, whatever happens`() async throws {
        let stack = try Stack.current
        let person = try stack.nextPerson()
        let card = try stack.card(person)
        let terminal = try stack.terminal(10)
        // A good session, a refusal for each party's check, an abort, and nonsense.
        let good = try await terminal.prepare(stack.request(in: person.municipality), card: card)
        let answer = try stack.open(try await terminal.apply(good.application), good)
        _ = try await terminal.report(good.outcome(.printed))
        let differs = try await terminal.prepare(
            stack.request(in: person.municipality), card: stack.card(person.named("見本\u{3000}別人")))
        _ = try await terminal.apply(differs.application)
        let overseas = try await terminal.prepare(stack.request(in: person.municipality, .overseas), card: card)
        _ = try await terminal.apply(overseas.application)
        var changed = good.application
        changed[changed.count - 400] ^= 1
        _ = try await terminal.apply(changed)
        _ = try await terminal.apply(Array(good.application.dropLast(7)))
        let visit = try await stack.visit(
            card: stack.save(card), .init(municipality: person.municipality, terminal: 10))

        let codes = try Scanning.codes(inPDF: answer.pdf).map(\.text)
        let secrets = person.secrets + codes.flatMap { [String($0.prefix(60)), String($0.suffix(60))] }
        let outputs = [stack.logs, visit.output, visit.errors]
        #expect(stack.logs.contains(answer.manifest.certificateID.text), "the logs were not read")
        for secret in secrets {
            #expect(!outputs.contains { $0.contains(secret) }, "a person's datum stands in an output")
        }
        // Records are kept encrypted: the person is not in the files of vrs either.
        let files = try stack.recordFiles()
        #expect(!files.isEmpty)
        for secret in person.secrets {
            #expect(
                !files.contains { $0.firstRange(of: Data(secret.utf8)) != nil }, "a person's datum lies in the clear")
        }
    }
}

extension SamplePerson {
    /// What of a person must stand nowhere: number, name in both spellings, address.
    var secrets: [String] { [number, cardName, cardName.replacing("\u{3000}", with: ""), address, birthDate.digits] }
}

/// A centre that runs under strace.
struct TracedCentre: Sendable {
    let base: String
    private let program: Program

    init(base: String, program: Program) {
        self.base = base
        self.program = program
    }

    var output: String { program.output + program.errors }

    /// Stops the centre itself; strace ends with it.
    func stop() async throws {
        let children = try String(contentsOfFile: "/proc/\(program.pid)/task/\(program.pid)/children", encoding: .utf8)
        for child in children.split(separator: " ").compactMap({ Int32($0) }) { kill(child, SIGTERM) }
        try await program.end()
    }
}

extension Stack {
    /// A second centre beside the stack's own, watched by strace.
    func startTracedCentre(log: String) async throws -> TracedCentre {
        let program = try Program(
            "/usr/bin/strace",
            SystemCalls.arguments(log: log)
                + [Programs.path("centre"), "serve", "--config", folder + "/centre.yaml", "--development"],
            folder: folder)
        let line = try await program.line(beginning: "listening ")
        let address = try #require(Self.addresses(line)["terminal"])
        return TracedCentre(base: "https://" + address, program: program)
    }

    /// The bytes of every file in the folder of the records.
    func recordFiles() throws -> [Data] {
        let records = folder + "/records"
        return try FileManager.default.subpathsOfDirectory(atPath: records)
            .compactMap { FileManager.default.contents(atPath: records + "/" + $0) }
    }
}
