import CardChip
import Foundation
package import Records

/// Revoked EU certificates in the form in which countries exchange them: JSON batches of at most 1,000 entries for each
/// signer's key identifier (eHealth Network, "EU DCC revocation", DGC gateway revocation batch), of hash type `UCI`: the
/// first sixteen bytes of SHA-256 of the certificate's identifier.
package enum RevocationBatches {
    static let maximumEntries = 1000

    private struct Batch: Encodable {
        let country: String
        let expires: Date
        let kid: Data
        let hashType = "UCI"
        let entries: [Entry]
    }

    private struct Entry: Encodable {
        let hash: Data
    }

    /// The files' names and contents; none if nothing is revoked.
    package static func files(_ codes: [RevocableCode], country: String) throws -> [(name: String, bytes: [UInt8])] {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var files: [(name: String, bytes: [UInt8])] = []
        let byKey = Dictionary(grouping: codes, by: \.keyID).sorted { $0.key.lexicographicallyPrecedes($1.key) }
        for (keyID, codes) in byKey {
            let sorted = codes.sorted { $0.hash.lexicographicallyPrecedes($1.hash) }
            for start in stride(from: 0, to: sorted.count, by: maximumEntries) {
                let part = sorted[start..<min(start + maximumEntries, sorted.count)]
                let batch = Batch(
                    country: country, expires: part.map(\.expires).max() ?? .distantPast, kid: Data(keyID),
                    entries: part.map { Entry(hash: Data($0.hash)) })
                let name = Hexadecimal.text(keyID)
                files.append(("\(name)-\(start / maximumEntries + 1).json", Array(try encoder.encode(batch))))
            }
        }
        return files
    }
}
