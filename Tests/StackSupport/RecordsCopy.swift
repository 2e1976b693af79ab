import Foundation
import RecordSupport
package import TestSupport

/// A copy of a stack's records and journal, and a `vrs` of its own on them: other tests go on with the first.
package struct RecordsCopy: Sendable {
    private let stack: Stack
    private let name: String
    /// The folder of the copied records.
    package let records: String
    /// The folder of the copied journal.
    package let journal: String
    /// What commands on the records' files take.
    package var service: [String] { ["--config", "\(stack.folder)/\(name).yaml", "--development"] }
    /// What operators' commands take.
    package var `operator`: [String] { ["--config", "\(stack.folder)/\(name)-operator.yaml"] }

    /// - Parameter more: lines behind the ordinary settings.
    package init(_ stack: Stack, _ kind: String, more: String = "") async throws {
        self.stack = stack
        name = "\(kind)-\(UUID().uuidString)"
        records = "\(stack.folder)/\(name)"
        journal = "\(stack.folder)/\(name)-journal"
        try await Self.copy("\(stack.folder)/records", to: records)
        // Behind the databases: it may be ahead of them, and never the other way round.
        try FileManager.default.copyItem(atPath: stack.folder + "/journal", toPath: journal)
        let ports = ["@VRS_CENTRE_PORT@": "0", "@VRS_INNER_PORT@": "0", "@VRS_OPERATIONS_PORT@": "0"]
        let settings = try stack.template("vrs.yaml", ports)
            .replacing("folder: \(stack.folder)/records", with: "folder: \(records)")
            .replacing("journal: \(stack.folder)/journal", with: "journal: \(journal)")
        try stack.write(settings + more, "\(name).yaml")
    }

    /// Copies the databases of a folder as a backup does while they are written to.
    package static func copy(_ folder: String, to copy: String) async throws {
        try FileManager.default.createDirectory(
            atPath: copy + "/regions", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/regions")
            .filter { $0.hasSuffix(".sqlite") }.map { "regions/" + $0 }
        for name in names + ["control.sqlite"] {
            try await RawDatabase("\(folder)/\(name)").execute("VACUUM INTO '\(copy)/\(name)'")
        }
    }

    /// Starts `vrs` on it, and waits until it listens.
    package func serve() async throws -> Program {
        let program = try Program(Programs.path("vrs"), ["serve"] + service, folder: stack.folder)
        let addresses = Stack.addresses(try await program.line(beginning: "listening "))
        try stack.write(
            try stack.template("operator.yaml", ["@VRS_INNER@": addresses["inner"] ?? ""]), "\(name)-operator.yaml")
        return program
    }

    /// Runs a command of `vrs`.
    package func run(_ arguments: [String]) async throws -> Program.Outcome {
        try await Program.run(Programs.path("vrs"), arguments, folder: stack.folder)
    }
}
