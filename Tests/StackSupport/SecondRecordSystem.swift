import Foundation
package import TestSupport

/// Another `vrs` on the records of a stack's, as the guide to upgrades says: with ports and a journal's file of its own, and a
/// centre of its own before it.
package struct SecondRecordSystem: Sendable {
    private let stack: Stack
    private let vrs: Program
    private let centreProgram: Program
    private let centre: String

    /// What operators' commands take.
    package let `operator`: [String]

    /// - Parameter more: lines behind the ordinary settings.
    package init(_ stack: Stack, more: String = "") async throws {
        self.stack = stack
        let ports = ["@VRS_CENTRE_PORT@": "0", "@VRS_INNER_PORT@": "0", "@VRS_OPERATIONS_PORT@": "0"]
        let journal = "journal: \(stack.folder)/journal"
        let settings = try stack.template("vrs.yaml", ports)
            .replacing(journal, with: journal + "\n  instance: second")
        try stack.write(settings + more + "\n", "second.yaml")
        vrs = try Program(
            Programs.path("vrs"), ["serve", "--config", stack.folder + "/second.yaml", "--development"],
            folder: stack.folder)
        let addresses = Stack.addresses(try await vrs.line(beginning: "listening "))
        try stack.write(
            try stack.template("operator.yaml", ["@VRS_INNER@": addresses["inner"] ?? ""]), "second-operator.yaml")
        self.operator = ["--config", stack.folder + "/second-operator.yaml"]
        try stack.write(
            try stack.template("centre.yaml", ["@VRS_CENTRE@": addresses["centre"] ?? ""]), "second-centre.yaml")
        centreProgram = try Program(
            Programs.path("centre"), ["serve", "--config", stack.folder + "/second-centre.yaml", "--development"],
            folder: stack.folder)
        let terminal = Stack.addresses(try await centreProgram.line(beginning: "listening "))["terminal"] ?? ""
        centre = "https://" + terminal
        let request = try stack.request()
        let asked = try self.terminal()
        let reply = try await stack.whenUpstreamIsBack(until: { $0.status == 200 }) {
            try await asked.requestChallenge(request)
        }
        guard reply.status == 200 else { throw TestFailure("the second centre reaches no vrs: \(reply.status)") }
    }

    /// A terminal of the stack's at the second centre.
    package func terminal(_ number: Int = 1) throws -> LiveTerminal {
        let name = Stack.terminalName(number)
        let folder = stack.keys + "/terminals/" + name
        return try LiveTerminal(
            name, base: centre, authority: stack.keys + "/ca.pem", certificate: folder + "/terminal.pem",
            key: folder + "/terminal.key.pem")
    }

    /// Runs an operator's command at it.
    package func operate(_ arguments: String...) async throws -> Program.Outcome {
        try await Program.run(Programs.path("vrs"), arguments + self.operator, folder: stack.folder)
    }

    /// Stops both programs; gives the statuses they ended with.
    package func stop() async throws -> [Int32] { [try await centreProgram.stop(), try await vrs.stop()] }
}
