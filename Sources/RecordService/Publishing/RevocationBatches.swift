import CardChip
import Foundation
package import Records

/// Revoked EU certificates in the form in which countries exchange them: JSON batches of at most 1,000 entries for each
/// signer's key identifier (eHealth Network, "EU DCC revocation", DGC gateway revocation batch), of hash type `UCI`: the
/// first sixteen bytes of SHA-256 of the certificate's identifier.
package enum RevocationBatches {
    static let maximumEntries = 1000

    private struct Batch: Codable {
        let country: String
        let expires: Date
        let kid: Data
        let hashType: String
        let entries: [Entry]
    }

    private struct Entry: Codable {
        let hash: Data
    }

    /// What a file of an earlier export revokes; `nil` if it is none of these. An entry ends with its batch.
    static func codes(inFile bytes: Data) -> [RevocableCode]? {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        guard let batch = try? decoder.decode(Batch.self, from: bytes), batch.hashType == "UCI", batch.kid.count == 8,
            batch.entries.allSatisfy({ $0.hash.count == 16 })
        else { return nil }
        return batch.entries.map {
            RevocableCode(keyID: Array(batch.kid), hash: Array($0.hash), expires: batch.expires)
        }
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
                    hashType: "UCI",
                    entries: part.map { Entry(hash: Data($0.hash)) })
                let name = Hexadecimal.text(keyID)
                files.append(("\(name)-\(start / maximumEntries + 1).json", Array(try encoder.encode(batch))))
            }
        }
        return files
    }
}
