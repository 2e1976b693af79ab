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

    /// The files' names and contents; none if nothing is revoked. A batch holds the hashes that begin with the same bits, so
    /// that one more changes the batch that it belongs to, or cuts that in two, and no other: verifiers keep what they have.
    package static func files(_ codes: [RevocableCode], country: String) throws -> [(name: String, bytes: [UInt8])] {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var files: [(name: String, bytes: [UInt8])] = []
        let byKey = Dictionary(grouping: codes, by: \.keyID).sorted { $0.key.lexicographicallyPrecedes($1.key) }
        for (keyID, codes) in byKey {
            // Each hash once, or no bit would cut two of the same.
            let once = Dictionary(codes.map { ($0.hash, $0.expires) }) { max($0, $1) }
            let sorted = once.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            for (number, part) in parts(sorted[...], depth: 0, number: 0) {
                let batch = Batch(
                    country: country, expires: part.map(\.value).max() ?? .distantPast, kid: Data(keyID),
                    hashType: "UCI", entries: part.map { Entry(hash: Data($0.key)) })
                files.append(("\(Hexadecimal.text(keyID))-\(number &+ 1).json", Array(try encoder.encode(batch))))
            }
        }
        return files
    }

    private typealias Codes = ArraySlice<(key: [UInt8], value: Date)>

    /// Sorted codes whose hashes share their first `depth` bits, cut by the following ones until no part is too large.
    ///
    /// - Parameter number: the shared bits as a number, the first one the lowest. Of a part that is cut the half of the zeros
    ///   keeps the number, and so its file its name.
    private static func parts(_ codes: Codes, depth: Int, number: UInt128) -> [(number: UInt128, codes: Codes)] {
        guard codes.count > maximumEntries, depth < 128 else { return codes.isEmpty ? [] : [(number, codes)] }
        let middle =
            codes.firstIndex { code in
                depth / 8 < code.key.count && code.key[depth / 8] & (0x80 >> (depth % 8)) != 0
            } ?? codes.endIndex
        return parts(codes[..<middle], depth: depth + 1, number: number)
            + parts(codes[middle...], depth: depth + 1, number: number | 1 << UInt128(depth))
    }
}
