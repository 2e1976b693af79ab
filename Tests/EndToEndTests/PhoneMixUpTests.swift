import Foundation
import StackSupport
import TestSupport
import Testing

/// Many terminals and many phones in one moment.
extension EndToEnd.Phones {
    @Test func `64 terminals and 64 phones at once give nobody another holder's document`() async throws {
        let stack = try Stack.current
        let phone = try await stack.phone()
        // Other people at the phones than at the terminals.
        let people = try String(contentsOfFile: stack.folder + "/cards.jsonl", encoding: .utf8).split(separator: "\n")
        try #require(people.count >= 128)
        try stack.write(people.prefix(64).joined(separator: "\n") + "\n", "cards-terminals.jsonl")
        try stack.write(people.dropFirst(64).prefix(64).joined(separator: "\n") + "\n", "cards-phones.jsonl")
        func common(_ list: String) -> [String] {
            [
                "--sessions", "64", "--list", "--card-authority", stack.keys + "/cards/authority.key.pem",
                "--card-list", "\(stack.folder)/cards-\(list).jsonl", "--key-pool", "\(stack.folder)/pool-\(list)",
            ]
        }
        let configuration = try stack.terminalConfiguration(card: "reader: any", printer: "command: [/bin/false]")
        async let terminals = Program.run(
            Programs.path("kiosk-sim"),
            [
                "load", "--terminals", "64", "--config", configuration, "--terminal-keys",
                stack.keys + "/terminals",
            ] + common("terminals"), folder: stack.folder, within: .seconds(400))
        async let phones = Program.run(
            Programs.path("phone-sim"),
            ["load", "--phones", "64", "--config", phone.configuration] + common("phones"), folder: stack.folder,
            within: .seconds(400))
        var identifiers: [Substring] = []
        for result in [try await terminals, try await phones] {
            #expect(result.status == 0, "\(result.errors)")
            let lines = result.output.split(separator: "\n")
            let last = try #require(lines.last)
            let report = try JSONDecoder().decode(Report.self, from: Data(last.utf8))
            #expect(report.other_holder == 0)
            #expect(report.sessions == 64)
            #expect(report.issued == 64, "\(report.refused)")
            identifiers += lines.filter { $0.hasPrefix("issued ") }.map { $0.split(separator: " ")[1] }
        }
        #expect(identifiers.count == 128)
        #expect(Set(identifiers).count == 128, "two sessions were given one identifier")
    }

    private struct Report: Decodable {
        let sessions: Int
        let issued: Int
        let refused: [String: Int]
        let other_holder: Int
    }
}
