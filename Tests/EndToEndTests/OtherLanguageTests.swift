import Foundation
import StackSupport
import TestSupport
import Testing

/// The terminal and the card of `Python/`, which were written from the articles of Exchange and CardChip alone. They use
/// the environment of the interoperability tests.
private enum OtherLanguage {
    /// Runs the terminal; every check that it reports as failed fails the test.
    static func run(_ arguments: String...) async throws {
        let script = Programs.root + "/Tests/EndToEndTests/Python/terminal.py"
        let result = try await Program.run(
            Python.interoperability.interpreter, ["-B", script] + arguments, within: .seconds(300))
        for line in result.output.split(separator: "\n") where !line.hasPrefix("ok ") { Issue.record("\(line)") }
        #expect(result.status == 0, "\(result.errors)")
    }
}

/// Whether the articles suffice to write a terminal, a card reader and a card.
extension EndToEnd {
    @Test(.requires(.python(.interoperability)))
    func `a terminal and cards in Python get certificates, and are refused as the articles say`() async throws {
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

    @Test(.requires(.python(.interoperability)))
    func `a simulated card that was made in Python gets a page at the terminal`() async throws {
        let stack = try Stack.current
        let person = try #require(stack.people.first)
        let card = stack.folder + "/card-made-in-python.json"
        try await OtherLanguage.run("card", stack.keys + "/cards/authority.key.pem", "1", card)
        let visit = try await stack.visit(card: card, .init(municipality: person.municipality))
        #expect(visit.ended == "printed", "\(visit.output)\(visit.errors)")
    }

    @Test(.requires(.python(.interoperability)))
    func `a card reader in Python reads a simulated card on a virtual reader`() async throws {
        let stack = try Stack.current
        let card = try stack.save(stack.card(try stack.nextPerson()))
        try await OtherLanguage.run("reader", Programs.path("kiosk-sim"), card)
    }
}
