import Crypto
import Foundation
import Vaccination

/// Where an encrypted field belongs. It is the field's associated data, so that a field copied into another row,
/// table or region does not open.
enum FieldLocation {
    /// A person, also bound to the hash it is found by: two people's numbers cannot be exchanged.
    case person(Int64, numberHash: Data)
    /// An entry of a person's doses.
    case dose(person: Int64, entry: Int)
    /// An earlier printed passport of a person.
    case earlierPassport(person: Int64, index: Int)
    /// A voucher of a person.
    case voucher(person: Int64, index: Int)
    /// A certificate's content, also bound to its person.
    case certificate(String, person: Int64)
    /// A person's individual number, under a key of its own.
    case individualNumber(person: Int64)
    /// The key under which an import's rows wait.
    case importKey(Int64)

    /// Adds its parts, each with its length in front of it.
    fileprivate func append(to data: inout [UInt8]) {
        func text(_ text: String) {
            data.append(UInt8(truncatingIfNeeded: text.utf8.count))  // every part is at most 32 bytes
            data.append(contentsOf: text.utf8)
        }
        func number(_ value: Int64) {
            data.append(8)
            data.appendInteger(UInt64(bitPattern: value))
        }
        switch self {
        case .person(let id, let hash):
            text("person")
            number(id)
            data.append(UInt8(truncatingIfNeeded: hash.count))
            data.append(contentsOf: hash)
        case .dose(let person, let entry):
            text("dose")
            number(person)
            number(Int64(entry))
        case .earlierPassport(let person, let index):
            text("earlier_passport")
            number(person)
            number(Int64(index))
        case .voucher(let person, let index):
            text("voucher")
            number(person)
            number(Int64(index))
        case .certificate(let id, let person):
            text("certificate")
            text(id)
            number(person)
        case .individualNumber(let person):
            text("individual_number")
            number(person)
        case .importKey(let value):
            text("import_key")
            number(value)
        }
    }
}

/// Encrypts and decrypts a region's personal fields, and hashes individual numbers, under the region's keys: everything is
/// written under those in use, and what a rotation has not reached is read under those before.
///
/// A class, since everything that touches a region's rows has it in hand, and it holds a dozen keys.
final class FieldEncryptor: Sendable {
    let region: MunicipalityCode
    let generations: RegionKeyGenerations
    /// What proves the region's log and rows.
    let evidence: EvidenceKeys
    /// Begun with the key of pseudonyms.
    private let pseudonymCode: HMAC<SHA256>
    /// Begun with the index key in use.
    private let indexCode: HMAC<SHA256>
    /// Begun with the one before while a rotation goes on, if it is another one.
    private let previousIndexCode: HMAC<SHA256>?
    /// What every field's associated data begins with.
    private let beginning: [UInt8]
    /// Whether people may be found by other hashes than those that pseudonyms are made of: an index key has rotated.
    let namesByNumber: Bool

    private var keys: RegionKeys { generations.current }

    init(region: MunicipalityCode, keys: RegionKeyGenerations) {
        self.region = region
        generations = keys
        pseudonymCode = HMAC<SHA256>(key: keys.current.log.pseudonym)
        namesByNumber = keys.all.contains { $0.indexKey != keys.current.log.index }
        indexCode = HMAC<SHA256>(key: keys.current.indexKey)
        previousIndexCode = keys.previous.flatMap {
            $0.indexKey == keys.current.indexKey ? nil : HMAC<SHA256>(key: $0.indexKey)
        }
        beginning =
            Array("akashi/records/v1".utf8) + [UInt8(truncatingIfNeeded: region.digits.utf8.count)]
            + Array(region.digits.utf8)
        evidence = EvidenceKeys(log: .region(region), from: keys.current.dataKey, previous: keys.previous?.dataKey)
    }

    /// The same without the keys before a rotation: what is under these does not open.
    var withoutPrevious: FieldEncryptor {
        FieldEncryptor(region: region, keys: RegionKeyGenerations(generations.current))
    }

    // MARK: Fields

    /// Nonce, ciphertext and tag of the value's JSON form (AES-256-GCM, random 96-bit nonce; NIST SP 800-38D).
    func encrypt(_ value: some PlainForm, for location: FieldLocation) throws -> Data {
        try seal(value.json(), for: location, under: keys.dataKey)
    }

    /// The value encrypted for this location; ``StoreError/corrupt(_:)`` if it was encrypted for another or changed.
    func decrypt<Value: PlainForm>(_ type: Value.Type, from encrypted: Data, of location: FieldLocation) throws -> Value
    {
        do {
            return try Value(json: try open(encrypted, of: location).plain)
        } catch {
            throw unopened
        }
    }

    /// A field under the keys in use.
    /// - Parameters:
    ///   - location: where it was encrypted for.
    ///   - next: where it is encrypted for now.
    /// - Returns: `nil` if it is under them already, for the same location.
    func renewed(_ encrypted: Data, of location: FieldLocation, as next: FieldLocation? = nil) throws -> Data? {
        let (plain, isCurrent) = try open(encrypted, of: location)
        return isCurrent && next == nil ? nil : try seal(plain, for: next ?? location, under: keys.dataKey)
    }

    // MARK: Numbers

    /// What a person is found by.
    func hash(of number: IndividualNumber) -> Data { Self.hash(of: number, begun: indexCode) }

    /// All that a person may be found by: while a rotation goes on, also what they were found by before.
    func hashes(of number: IndividualNumber) -> [Data] { indexCodes.map { Self.hash(of: number, begun: $0) } }

    private static func hash(of number: IndividualNumber, begun: HMAC<SHA256>) -> Data {
        var code = begun
        code.update(data: Array("akashi/person/v1/\(number.digits)".utf8))
        return Data(copying: code.finalize())
    }

    /// What a person is found by beside the individual number, under the keys in use.
    func hash(of key: FindingKey) -> Data { Self.hash(of: key, begun: indexCode) }

    /// The same, and while a rotation goes on also what it was before.
    func hashes(of key: FindingKey) -> [Data] { indexCodes.map { Self.hash(of: key, begun: $0) } }

    private var indexCodes: [HMAC<SHA256>] { [indexCode] + (previousIndexCode.map { [$0] } ?? []) }

    /// Half of it: enough to tell a country's people apart, and an index of half the size.
    private static func hash(of key: FindingKey, begun: HMAC<SHA256>) -> Data {
        var code = begun
        code.update(data: Array("akashi/finding/v1/\(key.text)".utf8))
        return code.finalize().withUnsafeBytes { Data($0.prefix(16)) }
    }

    /// How the log names a person, see ``LogStore``.
    func pseudonym(of number: IndividualNumber) -> String {
        pseudonym(ofHash: Self.hash(of: number, begun: HMAC<SHA256>(key: keys.log.index)))
    }

    /// The same by what the person is found by, unless ``namesByNumber``.
    func pseudonym(ofHash hash: Data) -> String {
        var code = pseudonymCode
        code.update(data: hash)
        return code.finalize().withUnsafeBytes { bytes in
            let digits = Array("0123456789abcdef".utf8)
            return String(
                decoding: bytes.prefix(12).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
        }
    }

    /// Begun with a key of its own, made from the one of pseudonyms, which does not rotate: over what a run of retention erases.
    var retentionCode: HMAC<SHA256> {
        HMAC<SHA256>(
            key: HKDF<SHA256>.deriveKey(
                inputKeyMaterial: keys.log.pseudonym, info: Data("akashi/retention/v1".utf8), outputByteCount: 32))
    }

    /// Whether the region has a key for numbers.
    var keepsNumbers: Bool { keys.numberKey != nil }

    /// A person's number, encrypted as other fields are; `nil` if the region has no key for numbers.
    func encrypt(_ number: IndividualNumber, ofPerson person: Int64) throws -> Data? {
        guard let key = keys.numberKey else { return nil }
        return try seal(Data(number.digits.utf8), for: .individualNumber(person: person), under: key)
    }

    /// The number encrypted for a person, and whether it is under the keys in use; ``StoreError/corrupt(_:)`` as with other
    /// fields.
    func number(from encrypted: Data, ofPerson person: Int64) throws -> (number: IndividualNumber, isCurrent: Bool) {
        do {
            let (plain, isCurrent) = try open(
                encrypted, of: .individualNumber(person: person), keys.numberKey, generations.previous?.numberKey)
            guard let number = IndividualNumber(String(decoding: plain, as: UTF8.self)) else { throw unopened }
            return (number, isCurrent)
        } catch {
            throw unopened
        }
    }

    // MARK: AES-GCM

    private var unopened: StoreError {
        StoreError.corrupt("an encrypted field of region \(region) does not open in its row")
    }

    private func seal(_ plain: some DataProtocol, for location: FieldLocation, under key: SymmetricKey) throws -> Data {
        let box = try AES.GCM.seal(plain, using: key, authenticating: associatedData(location))
        guard let combined = box.combined else { throw StoreError.invalid("encryption") }
        return combined
    }

    private func open(_ encrypted: Data, of location: FieldLocation) throws -> (plain: Data, isCurrent: Bool) {
        try open(encrypted, of: location, keys.dataKey, generations.previous?.dataKey)
    }

    private func open(
        _ encrypted: Data, of location: FieldLocation, _ current: SymmetricKey?, _ previous: SymmetricKey?
    ) throws -> (plain: Data, isCurrent: Bool) {
        let data = associatedData(location)
        do {
            guard let current else { throw unopened }
            return (
                try AES.GCM.open(AES.GCM.SealedBox(combined: encrypted), using: current, authenticating: data), true
            )
        } catch {
            guard let previous,
                let plain = try? AES.GCM.open(
                    AES.GCM.SealedBox(combined: encrypted), using: previous, authenticating: data)
            else { throw unopened }
            return (plain, false)
        }
    }

    private func associatedData(_ location: FieldLocation) -> [UInt8] {
        // In an array, which costs less to grow than Data.
        var data = beginning
        data.reserveCapacity(96)
        location.append(to: &data)
        return data
    }
}
