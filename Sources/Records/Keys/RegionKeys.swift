public import Crypto
import Foundation

/// The keys of one region: nothing of another region opens with them.
public struct RegionKeys: Sendable {
    /// AES-256-GCM over personal fields.
    public let dataKey: SymmetricKey
    /// HMAC-SHA-256 over individual numbers, to find a person.
    public let indexKey: SymmetricKey
    /// AES-256-GCM over individual numbers, so that the index can be made anew; `nil` in files that were made before there
    /// was such a key.
    public let numberKey: SymmetricKey?
    /// Whether these are development keys, to be refused by a service that is for real.
    public let isDevelopment: Bool
    /// What the region's log names people and seals segments under.
    let log: RegionLogKeys

    /// Keys of 256 bits each; `nil` for any other size.
    public init?(
        dataKey: SymmetricKey, indexKey: SymmetricKey, numberKey: SymmetricKey? = nil, isDevelopment: Bool
    ) {
        self.init(
            dataKey: dataKey, indexKey: indexKey, numberKey: numberKey, log: nil, isDevelopment: isDevelopment)
    }

    /// - Parameter log: `nil` for keys that were never rotated: derived from the data key.
    init?(
        dataKey: SymmetricKey, indexKey: SymmetricKey, numberKey: SymmetricKey?, log: RegionLogKeys?,
        isDevelopment: Bool
    ) {
        guard dataKey.bitCount == 256, indexKey.bitCount == 256, numberKey.map({ $0.bitCount == 256 }) ?? true else {
            return nil
        }
        self.dataKey = dataKey
        self.indexKey = indexKey
        self.numberKey = numberKey
        self.isDevelopment = isDevelopment
        self.log = log ?? RegionLogKeys(derivedFrom: dataKey, indexKey: indexKey)
    }

    /// A value that shows which keys a database was made under without showing them: derived from each by HKDF
    /// (RFC 5869) under a label of its own.
    var check: Data {
        RegionKeys.check(dataKey, "data") + RegionKeys.check(indexKey, "index")
            + (numberKey.map { RegionKeys.check($0, "number") } ?? Data())
    }

    static func check(_ key: SymmetricKey, _ role: String) -> Data {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key, info: Data("akashi/key-check/v1/\(role)".utf8), outputByteCount: 16
        ).withUnsafeBytes { Data($0) }
    }
}

/// The keys that a region's rows may be under: those in use, and for as long as a rotation goes on those before.
struct RegionKeyGenerations: Sendable {
    /// What everything is written under.
    let current: RegionKeys
    /// What rows that the rotation has not reached are under; `nil` if none is going on.
    let previous: RegionKeys?

    init(_ current: RegionKeys, previous: RegionKeys? = nil) {
        self.current = current
        self.previous = previous
    }

    /// The newest first.
    var all: [RegionKeys] { [current] + (previous.map { [$0] } ?? []) }

    /// What the database says while its rows are under these.
    var check: Data { all.reduce(Data()) { $0 + $1.check } }

    /// The keys that a database's rows are under, by what it says.
    /// - Parameter check: `nil` for a database that is made now.
    /// - Returns: the keys, and whether the rotation to them has yet to begin in the database; `nil` if it was made under others.
    func those(of check: Data?) -> (keys: RegionKeyGenerations, isDue: Bool)? {
        guard let check, check != current.check else { return (RegionKeyGenerations(current), false) }
        guard let previous else { return nil }
        if check == self.check { return (self, false) }
        return check == previous.check ? (self, true) : nil
    }
}
