import CardChip
import CheckedConfiguration
import Foundation
import RecordService
import RecordSupport
import SimulatedCard
import TestSupport
import Testing

/// What stays of the card authorities when something is wrong where they are read again.
@Suite struct CardReloadTests {
    private static let real = Hexadecimal.text(Array("REAL-AUTHORITY-1".utf8))
    private static let other = Hexadecimal.text(Array("REAL-AUTHORITY-2".utf8))
    private static let own = Hexadecimal.text(TestCards.authority.keyID)

    /// Two real ones and a simulated one, in use.
    private func parts(_ stack: Stack) async throws -> (parts: ReloadedParts, text: String, folder: String) {
        let folder = stack.folder + "/keys/trust/card"
        for name in [Self.real, Self.other] {
            try TestCards.authority.publicPEM().write(
                toFile: "\(folder)/\(name).pem", atomically: true, encoding: .utf8)
        }
        let good = Stack.yaml(
            keys: stack.folder + "/keys", records: stack.folder + "/records", limits: "{perPersonAndDay: 3}")
        let text = good.replacing("acceptSimulated: true", with: "acceptSimulated: true, acceptReal: true")
        #expect(text != good)
        let file = try ConfigurationFile(text: text, name: "vrs.yaml")
        let parts = ReloadedParts(try await VRSConfiguration(file, development: true, now: Stack.start))
        #expect(Self.names(parts) == [Self.own, Self.real, Self.other].sorted())
        return (parts, text, folder)
    }

    private static func names(_ parts: ReloadedParts) -> [String] { parts.cards.keyIDs.map { Hexadecimal.text($0) } }

    /// What is in use behind a change of the text, and whether a flaw was told.
    private func names(_ parts: ReloadedParts, _ text: String) throws -> (names: [String], flaws: [String]) {
        var parts = parts
        let flaws = parts.readAgain(try ConfigurationFile(text: text, name: "vrs.yaml").root, now: Stack.start)
        return (Self.names(parts), flaws.map(\.english))
    }

    @Test(arguments: ["notes.pem", "KEY"])
    func `an authority that was taken from the folder is out although a file beside it is wrong`(bad: String)
        async throws
    {
        let stack = try await Stack()
        let (parts, text, folder) = try await parts(stack)
        try FileManager.default.removeItem(atPath: "\(folder)/\(Self.real).pem")
        // Damaged, the last keeps what its name stands for.
        let path = "\(folder)/\(bad == "KEY" ? Self.other + ".pem" : bad)"
        try "text".write(toFile: path, atomically: true, encoding: .utf8)
        let left = [Self.own, Self.other].sorted()
        let read = try names(parts, text)
        #expect(read.names == left)
        #expect(read.flaws.count == 1)
        #expect(read.flaws.first?.hasSuffix("; still accepted: " + left.joined(separator: ", ")) == true)
    }

    @Test func `real cards that are not accepted any more are out although a file in the folder is wrong`() async throws
    {
        let stack = try await Stack()
        let (parts, text, folder) = try await parts(stack)
        try "text".write(toFile: folder + "/notes.pem", atomically: true, encoding: .utf8)
        for off in [", acceptReal: false", ""] {
            let read = try names(parts, text.replacing(", acceptReal: true", with: off))
            #expect(read.names == [Self.own] && read.flaws.count == 1)
        }
        // What does not say it leaves it as it was.
        let read = try names(parts, text.replacing("acceptReal: true", with: "acceptReal: maybe"))
        #expect(read.names == Self.names(parts) && read.flaws.count == 1)
    }

    @Test func `a folder that is not named has no authority, and one that cannot be opened says nothing`() async throws
    {
        let stack = try await Stack()
        let (parts, text, folder) = try await parts(stack)
        let unnamed = try names(parts, text.replacing("authorities: \(folder)", with: "authoritys: \(folder)"))
        #expect(unnamed.names == [] && unnamed.flaws.count == 1)
        #expect(unnamed.flaws.first?.hasSuffix("; no card authority is accepted any more") == true)
        let away = try names(parts, text.replacing("authorities: \(folder)", with: "authorities: \(folder)-away"))
        #expect(away.names == Self.names(parts) && away.flaws.count == 1)
    }

    @Test func `an authority whose file holds another key is out if a file beside it is wrong`() async throws {
        let stack = try await Stack()
        let (parts, text, folder) = try await parts(stack)
        try SimulatedAuthority.create().publicPEM().write(
            toFile: "\(folder)/\(Self.real).pem", atomically: true, encoding: .utf8)
        try "text".write(toFile: folder + "/notes.pem", atomically: true, encoding: .utf8)
        #expect(try names(parts, text).names == [Self.own, Self.other].sorted())
    }
}
