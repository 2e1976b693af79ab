import Crypto
import Foundation
import Vaccination

/// Where an encrypted field belongs. It is the field's associated data, so that a field copied into another row,
/// table or region does not open.
enum FieldLocation {
    /// A person, also bound to the hash it is found by: two people's numbers cannot be exchanged.
    case person(Int64, numberHash: Data)
    /// A dose of a person.
    case dose(person: Int64, number: Int)
    /// An earlier printed passport of a person.
    case earlierPassport(person: Int64, index: Int)
    /// A certificate's content, also bound to its person.
    case certificate(String, person: Int64)

    fileprivate var parts: [[UInt8]] {
        switch self {
        case .person(let id, let hash): [Array("person".utf8), Self.bytes(id), Array(hash)]
        case .dose(let person, let number): [Array("dose".utf8), Self.bytes(person), Self.bytes(Int64(number))]
        case .earlierPassport(let person, let index):
            [Array("earlier_passport".utf8), Self.bytes(person), Self.bytes(Int64(index))]
        case .certificate(let id, let person): [Array("certificate".utf8), Array(id.utf8), Self.bytes(person)]
        }
    }

    private static func bytes(_ value: Int64) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
}

/// Encrypts and decrypts a region's personal fields, and hashes individual numbers, under the region's keys.
struct FieldEncryptor: Sendable {
    let region: MunicipalityCode
    let keys: RegionKeys
    /// What proves the region's log and rows.
    let evidence: EvidenceKeys

    init(region: MunicipalityCode, keys: RegionKeys) {
        self.region = region
        self.keys = keys
        evidence = EvidenceKeys(log: .region(region), from: keys.dataKey)
    }

    /// Nonce, ciphertext and tag of the value's JSON form (AES-256-GCM, random 96-bit nonce; NIST SP 800-38D).
    func encrypt(_ value: some PlainForm, for location: FieldLocation) throws -> Data {
        let box = try AES.GCM.seal(value.json(), using: keys.dataKey, authenticating: associatedData(location))
        guard let combined = box.combined else { throw StoreError.invalid("encryption") }
        return combined
    }

    /// The value encrypted for this location; ``StoreError/corrupt(_:)`` if it was encrypted for another or changed.
    func decrypt<Value: PlainForm>(_ type: Value.Type, from encrypted: Data, of location: FieldLocation) throws -> Value
    {
        do {
            let plain = try AES.GCM.open(
                AES.GCM.SealedBox(combined: encrypted), using: keys.dataKey, authenticating: associatedData(location))
            return try Value(json: plain)
        } catch {
            throw StoreError.corrupt("an encrypted field of region \(region) does not open in its row")
        }
    }

    /// What a person is found by.
    func hash(of number: IndividualNumber) -> Data {
        let text = Array("akashi/person/v1/\(number.digits)".utf8)
        return Data(copying: HMAC<SHA256>.authenticationCode(for: text, using: keys.indexKey))
    }

    private func associatedData(_ location: FieldLocation) -> [UInt8] {
        // In an array, which costs less to grow than Data.
        var data = Array("akashi/records/v1".utf8)
        for part in [Array(region.digits.utf8)] + location.parts {
            data.append(UInt8(truncatingIfNeeded: part.count))  // every part is at most 32 bytes
            data += part
        }
        return data
    }
}
