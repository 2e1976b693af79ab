import Foundation
import StackSupport
import TestSupport
import Testing
import Vaccination

/// Many terminals at once, with pauses, broken connections, repeats and aborts.
extension EndToEnd {
    @Test func `200 disturbed sessions from 64 terminals give nobody another holder's document`() async throws {
        let stack = try Stack.current
        let configuration = try stack.terminalConfiguration(card: "reader: any", printer: "command: [/bin/false]")
        let result = try await Program.run(
            Programs.path("kiosk-sim"),
            [
                "load", "--terminals", "64", "--sessions", "200", "--chaos", "--list", "--config", configuration,
                "--terminal-keys", stack.keys + "/terminals", "--card-authority",
                stack.keys + "/cards/authority.key.pem",
                "--card-list", stack.folder + "/cards.jsonl", "--key-pool", stack.folder + "/pool",
            ], folder: stack.folder, within: .seconds(400))
        #expect(result.status == 0, "\(result.errors)")
        let last = try #require(result.output.split(separator: "\n").last)
        let report = try JSONDecoder().decode(Report.self, from: Data(last.utf8))
        #expect(report.other_holder == 0)
        #expect(report.sessions == 200)
        // Only what the run itself broke off has no document.
        #expect(Set(report.refused.keys).isSubset(of: ["load.stopped"]), "\(report.refused)\n\(result.errors)")
        #expect(report.issued + report.refused.values.reduce(0, +) == 200)

        let issued = result.output.split(separator: "\n").filter { $0.hasPrefix("issued ") }.map {
            $0.split(separator: " ")
        }
        #expect(issued.count == report.issued)
        let identifiers = Set(issued.map { String($0[1]) })
        #expect(identifiers.count == issued.count, "two sessions were given one identifier")

        for municipality in stack.municipalities {
            let here = issued.filter { $0[2] == municipality.digits }
            let intents = try await stack.intentsInLog(of: municipality)
            let states = try await ["printed", "voided", "signed", "unknown"].asyncMap {
                (state: $0, identifiers: Set(try await stack.certificates($0, in: municipality)))
            }
            for entry in here {
                let (identifier, ending) = (String(entry[1]), entry[3])
                #expect(intents[identifier] == 1, "\(identifier) stands \(intents[identifier] ?? 0) times in the log")
                let state = states.first { $0.identifiers.contains(identifier) }?.state
                switch ending {
                case "printed": #expect(state == "printed")
                case "aborted": #expect(state == "voided")
                default: #expect(state == "signed" || state == "unknown")
                }
            }
        }
    }

    private struct Report: Decodable {
        let sessions: Int
        let issued: Int
        let refused: [String: Int]
        let other_holder: Int
    }
}

extension Stack {
    private struct Line: Decodable {
        let sequence: Int64
        let event: String
        let certificateID: String?
    }

    /// How often each certificate's intent stands in a region's log.
    func intentsInLog(of municipality: MunicipalityCode) async throws -> [String: Int] {
        var (counts, after) = ([String: Int](), Int64(0))
        while true {
            let reply = try await asOperator().send("GET", "/inner/v1/log/\(municipality)?after=\(after)")
            guard reply.status == 200 else { throw TestFailure("log: \(reply.status)") }
            let lines = try JSONDecoder().decode([Line].self, from: Data(reply.body))
            guard let last = lines.last else { return counts }
            for line in lines where line.event == "intent" { counts[line.certificateID ?? "", default: 0] += 1 }
            after = last.sequence
        }
    }
}
