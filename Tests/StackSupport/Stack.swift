import AsyncHTTPClient
import CardChip
package import Crypto
import Exchange
import Foundation
import NIOCore
package import SimulatedCard
import Synchronization
import TestSupport
package import Vaccination

/// `vrs` and `centre` as started programs on free ports, with development keys and the sample records in a folder of
/// their own, prepared by `.make/stack` as for `make demo`.
package final class Stack: Sendable {
    @TaskLocal package static var shared: Stack?

    /// The running stack of the suite.
    package static var current: Stack {
        get throws {
            guard let shared else { throw TestFailure("no running stack") }
            return shared
        }
    }

    /// How many terminals have keys and are enrolled.
    package static let terminals = 64

    /// Everything of this stack lies in here.
    package let folder: String
    /// The development keys.
    package var keys: String { folder + "/keys" }
    /// The sample people who can be given a domestic certificate and those who cannot, in the file's order.
    package let people: [SamplePerson]
    /// The municipalities of the sample records.
    package var municipalities: [MunicipalityCode] { Set(people.map(\.municipality)).sorted() }
    /// Where terminals reach the centre.
    package var centre: String { "https://" + ports.withLock { $0.terminal } }

    package let authority: SimulatedAuthority
    package let pool: RSAKeyPool
    package let answerKey: P256.KeyAgreement.PublicKey

    struct Ports: Sendable {
        var terminal = ""
        var phone = ""
        var walletOperations = ""
        var centre = "127.0.0.1:0"
        var wallet = "127.0.0.1:0"
        var inner = "127.0.0.1:0"
        var operations = "127.0.0.1:0"
        var centreOperations = ""
    }
    let ports = Mutex(Ports())
    /// The port of the listener for the centre, `host:port`.
    package var centreListenerAddress: String { ports.withLock { $0.centre } }
    /// The port of operators' commands, `host:port`.
    package var innerAddress: String { ports.withLock { $0.inner } }
    /// The port of the centre's figures, `host:port`.
    package var centreOperationsAddress: String { ports.withLock { $0.centreOperations } }
    /// The port of `vrs`'s figures, `host:port`.
    package var operationsAddress: String { ports.withLock { $0.operations } }
    private let recordSystem = Mutex<Program?>(nil)
    private let centreProgram = Mutex<Program?>(nil)
    let walletProgram = Mutex<Program?>(nil)
    let outputs = Mutex<[Program]>([])
    private let taken = Mutex(0)
    let takenByPhones = Mutex(0)

    /// Counts the people that were given away.
    package func takeIndex() -> Int {
        taken.withLock { taken in
            defer { taken += 1 }
            return taken
        }
    }

    private init(folder: String) throws {
        self.folder = folder
        let sample = try String(
            contentsOfFile: Programs.root + "/Sources/Records/SampleData/people.csv", encoding: .utf8)
        people = try SamplePerson.all(csv: sample)
        authority = try SimulatedAuthority(readingPrivate: folder + "/keys/cards/authority.key.pem")
        pool = RSAKeyPool(cacheFolder: folder + "/pool")
        answerKey = try P256.KeyAgreement.PublicKey(
            pemRepresentation: Self.pem(folder + "/keys/answer-sealing.pub.pem"))
    }

    /// PEM text of a file without the remarks before it.
    package static func pem(_ path: String) throws -> String {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        guard let start = text.range(of: "-----BEGIN ") else { throw TestFailure("\(path): no PEM") }
        return String(text[start.lowerBound...])
    }

    /// A folder's name for a stack.
    package static func newFolder() -> String { NSTemporaryDirectory() + "akashi-e2e-\(UUID().uuidString)" }

    /// Prepares a folder and starts both services.
    package static func start(
        in folder: String = newFolder(), terminals: Int = Stack.terminals, people: Int = 200
    ) async throws -> Stack {
        let prepared = try await Program.run(
            Programs.root + "/.make/stack",
            ["prepare", folder, Programs.folder, "--terminals", String(terminals), "--people", String(people)],
            folder: Programs.root,
            within: .seconds(300))
        guard prepared.status == 0 else { throw TestFailure("stack prepare: \(prepared.output)\n\(prepared.errors)") }
        let stack = try Stack(folder: folder)
        do {
            try await stack.startRecordSystem()
            try await stack.enrol()
            try await stack.startCentre()
        } catch {
            await stack.end()
            throw error
        }
        return stack
    }

    /// Stops the services.
    package func stop() async {
        if let program = walletProgram.withLock({ $0 }) { _ = try? await program.stop() }
        if let program = centreProgram.withLock({ $0 }) { _ = try? await program.stop() }
        if let program = recordSystem.withLock({ $0 }) { _ = try? await program.stop() }
    }

    /// Stops everything and removes the folder.
    package func end() async {
        await stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Everything that `vrs`, `centre` and `wallet` wrote to their output since the stack started.
    package var logs: String {
        outputs.withLock { programs in programs.map { $0.output + $0.errors }.joined(separator: "\n") }
    }
}

// MARK: The services

extension Stack {
    /// Whether `vrs` is running.
    package var isRecordSystemRunning: Bool { recordSystem.withLock { $0?.isRunning ?? false } }

    /// The process of `vrs`.
    package var recordSystemPID: Int32? { recordSystem.withLock { $0?.pid } }

    private func program(_ name: String) -> Program? {
        name == "vrs" ? recordSystem.withLock { $0 } : centreProgram.withLock { $0 }
    }

    /// Sends a signal to `vrs` or `centre`.
    package func signal(_ name: String, _ number: Int32) { program(name)?.signal(number) }

    /// Whether `vrs` or `centre` is running.
    package func isRunning(_ name: String) -> Bool { program(name)?.isRunning ?? false }

    /// What `vrs` or `centre` has written to its log since its last start.
    package func logs(of name: String) -> String { program(name)?.errors ?? "" }

    /// Starts `vrs`, the first time on free ports and then on the same ones, and waits until it listens.
    /// - Parameter more: lines behind the ordinary settings.
    /// - Parameter environment: variables beside those of this process.
    /// - Parameter wrapper: a command that runs it in its own place, in the same process.
    package func startRecordSystem(
        _ more: String = "", environment: [String: String] = [:], under wrapper: [String] = []
    ) async throws {
        let ports = ports.withLock { $0 }
        let text = try template(
            "vrs.yaml",
            [
                "@VRS_CENTRE_PORT@": Self.port(ports.centre), "@VRS_INNER_PORT@": Self.port(ports.inner),
                "@VRS_OPERATIONS_PORT@": Self.port(ports.operations),
            ]
        ).replacing(
            "  wallet:\n    address: 127.0.0.1\n    port: 0",
            with: "  wallet:\n    address: 127.0.0.1\n    port: \(Self.port(ports.wallet))")
        try write(text + more + "\n", "vrs.yaml")
        let command =
            wrapper + [
                Programs.path("vrs"), "serve", "--config", folder + "/vrs.yaml", "--development",
            ]
        let program = try Program(
            command[0], Array(command.dropFirst()), environment: environment, folder: folder)
        recordSystem.withLock { $0 = program }
        outputs.withLock { $0.append(program) }
        let addresses = Self.addresses(try await program.line(beginning: "listening "))
        self.ports.withLock { ports in
            ports.centre = addresses["centre"] ?? ports.centre
            ports.wallet = addresses["wallet"] ?? ports.wallet
            ports.inner = addresses["inner"] ?? ports.inner
            ports.operations = addresses["operations"] ?? ports.operations
        }
        try write(try template("operator.yaml", ["@VRS_INNER@": addresses["inner"] ?? ""]), "operator.yaml")
    }

    /// Stops `vrs` and waits for its end.
    package func stopRecordSystem() async throws {
        guard let program = recordSystem.withLock({ $0 }) else { return }
        try await program.stop()
    }

    /// Stops `vrs` and starts it again, with further settings.
    package func restartRecordSystem(_ more: String = "") async throws {
        try await stopRecordSystem()
        try await startRecordSystem(more)
    }

    /// Starts `centre` and waits until it listens.
    package func startCentre(environment: [String: String] = [:]) async throws {
        try write(try template("centre.yaml", ["@VRS_CENTRE@": ports.withLock { $0.centre }]), "centre.yaml")
        let program = try Program(
            Programs.path("centre"), ["serve", "--config", folder + "/centre.yaml", "--development"],
            environment: environment, folder: folder)
        centreProgram.withLock { $0 = program }
        outputs.withLock { $0.append(program) }
        let addresses = Self.addresses(try await program.line(beginning: "listening "))
        ports.withLock { ports in
            ports.terminal = addresses["terminal"] ?? ""
            ports.centreOperations = addresses["operations"] ?? ""
        }
    }

    /// Stops `centre` and waits for its end.
    package func stopCentre() async throws { _ = try await centreProgram.withLock { $0 }?.stop() }

    private func enrol() async throws {
        let enrolled = try await Program.run(
            Programs.root + "/.make/stack", ["enrol", folder, Programs.folder], folder: Programs.root)
        guard enrolled.status == 0 else { throw TestFailure("stack enrol: \(enrolled.output)\n\(enrolled.errors)") }
    }

    private static func port(_ address: String) -> String { String(address.drop { $0 != ":" }.dropFirst()) }

    /// `listening centre=127.0.0.1:41234 …` as a dictionary.
    package static func addresses(_ line: String) -> [String: String] {
        line.split(separator: " ").reduce(into: [:]) { result, word in
            let parts = word.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { result[String(parts[0])] = String(parts[1]) }
        }
    }

    /// A file that the script prepared, with its placeholders filled in.
    package func template(_ name: String, _ values: [String: String]) throws -> String {
        var text = try String(contentsOfFile: "\(folder)/\(name).in", encoding: .utf8)
        for (key, value) in values { text = text.replacing(key, with: value) }
        return text
    }

    package func write(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }

    /// Repeats a request while the centre says that it cannot reach `vrs`: its connection comes back by itself.
    package func whenUpstreamIsBack(
        until isDone: (Reply) -> Bool = { $0.code != .upstreamUnavailable }, _ ask: () async throws -> Reply
    ) async throws -> Reply {
        let end = ContinuousClock.now + .seconds(30)
        var reply = try await ask()
        while !isDone(reply), ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(100))
            reply = try await ask()
        }
        return reply
    }

    /// Whether the centre's last question for the access policy failed.
    private func isGateLost() async throws -> Bool {
        let operations = ports.withLock { $0.centreOperations }
        let response = try await HTTPClient.shared.get(url: "http://\(operations)/metrics").get()
        guard let body = response.body else { throw TestFailure("no metrics") }
        return String(buffer: body).contains("akashi_gate_lost 1.0")
    }

    /// Waits until the centre gets challenges from `vrs` again and knows its access policy, for at most half a minute: one
    /// that only counts still, from before, would run out in the middle of what comes next.
    package func untilUpstreamIsBack() async throws {
        let terminal = try terminal()
        let request = try request()
        let reply = try await whenUpstreamIsBack(until: { $0.status == 200 }) {
            try await terminal.requestChallenge(request)
        }
        guard reply.status == 200 else {
            throw TestFailure("the centre does not come back: \(reply.code?.rawValue ?? "")")
        }
        let end = ContinuousClock.now + .seconds(30)
        while try await isGateLost() {
            guard ContinuousClock.now < end else { throw TestFailure("the access policy does not come back") }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
