import Foundation
import Records
import Testing

/// Which state of a certificate follows which event.
@Suite struct CertificateStateTests {
    /// The rows of the documentation's table, by state: a cell for each event.
    private static func documented() throws -> [String: [String: String]] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(
            contentsOf: root.appendingPathComponent("Sources/Records/Records.docc/CertificateStates.md"),
            encoding: .utf8)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| ") }.map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: [" ", "`"]) }.filter { !$0.isEmpty }
        }
        guard let header = rows.first else { return [:] }
        return Dictionary(
            uniqueKeysWithValues: rows.dropFirst(2).map { row in
                (row[0], Dictionary(uniqueKeysWithValues: zip(header.dropFirst(), row.dropFirst())))
            })
    }

    @Test func `the table in the documentation is what the code does`() throws {
        let documented = try Self.documented()
        #expect(documented.count == CertificateState.allCases.count)
        for state in CertificateState.allCases {
            for event in CertificateEvent.allCases {
                let next = state.after(event).map { $0 == state ? "unchanged" : $0.rawValue } ?? "refused"
                #expect(documented[state.rawValue]?[event.rawValue] == next, "\(state) after \(event)")
            }
        }
    }

    @Test func `nothing leads back to what was voided or not yet signed`() {
        for event in CertificateEvent.allCases {
            #expect([nil, .voided].contains(CertificateState.voided.after(event)))
            for state in CertificateState.allCases where state != .intended {
                #expect(state.after(event) != .intended)
            }
        }
    }
}
