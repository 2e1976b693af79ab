import Foundation
import TestSupport
import Testing

/// The terminal and the card of `Python/`, which were written from the articles of Exchange and CardChip alone. They use
/// the environment of the interoperability tests.
private enum OtherLanguage {
    /// The interpreter; `nil` if there is no environment and none can be made.
    static let interpreter = Programs.python()

    /// Runs the terminal; every check that it reports as failed fails the test.
    static func run(_ arguments: String...) async throws {
        let script = Stack.root + "/Tests/EndToEndTests/Python/terminal.py"
        let (status, output, errors) = try await Program.run(
            try #require(interpreter), ["-B", script] + arguments, within: .seconds(300))
        for line in output.split(separator: "\n") where !line.hasPrefix("ok ") { Issue.record("\(line)") }
        #expect(status == 0, "\(errors)")
    }
}

/// Whether the articles suffice to write a terminal, a card reader and a card.
extension EndToEnd {
    @Test(.enabled(if: OtherLanguage.interpreter != nil, ".make/python cannot make its environment"))
    func `A terminal and cards in Python get certificates, and are refused as the articles say`() async throws {
        let stack = try Stack.current
        let authority = stack.folder + "/other-authority.json"
        try await OtherLanguage.run("authority", authority, stack.keys + "/trust")
        // Both read the cards' authorities when they start.
        try await stack.stopCentre()
        try await stack.restartRecordSystem()
        try await stack.startCentre()
        try await stack.untilUpstreamIsBack()
        try await OtherLanguage.run("sessions", stack.centre, stack.keys, authority)
    }

    @Test(.enabled(if: OtherLanguage.interpreter != nil, ".make/python cannot make its environment"))
    func `A simulated card that was made in Python gets a page at the terminal`() async throws {
        let stack = try Stack.current
        let person = try #require(stack.people.first)
        let card = stack.folder + "/card-made-in-python.json"
        try await OtherLanguage.run("card", stack.keys + "/cards/authority.key.pem", "1", card)
        let visit = try await stack.visit(card: card, .init(municipality: person.municipality))
        #expect(visit.ended == "printed", "\(visit.output)\(visit.errors)")
    }

    @Test(.enabled(if: OtherLanguage.interpreter != nil, ".make/python cannot make its environment"))
    func `A card reader in Python reads a simulated card on a virtual reader`() async throws {
        let stack = try Stack.current
        let card = try stack.save(stack.card(try stack.nextPerson()))
        try await OtherLanguage.run("reader", Stack.bin + "/kiosk-sim", card)
    }
}
