public import Crypto
import Foundation

/// The two keys of one region: nothing of another region opens with them.
public struct RegionKeys: Sendable {
    /// AES-256-GCM over personal fields.
    public let dataKey: SymmetricKey
    /// HMAC-SHA-256 over individual numbers, to find a person.
    public let indexKey: SymmetricKey
    /// Whether these are development keys, to be refused by a service that is for real.
    public let isDevelopment: Bool

    /// Keys of 256 bits each; `nil` for any other size.
    public init?(dataKey: SymmetricKey, indexKey: SymmetricKey, isDevelopment: Bool) {
        guard dataKey.bitCount == 256, indexKey.bitCount == 256 else { return nil }
        self.dataKey = dataKey
        self.indexKey = indexKey
        self.isDevelopment = isDevelopment
    }

    /// A value that shows which keys a database was made under without showing them: derived from both by HKDF
    /// (RFC 5869) under a label of its own.
    var check: Data {
        RegionKeys.check(dataKey, "data") + RegionKeys.check(indexKey, "index")
    }

    static func check(_ key: SymmetricKey, _ role: String) -> Data {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key, info: Data("akashi/key-check/v1/\(role)".utf8), outputByteCount: 16
        ).withUnsafeBytes { Data($0) }
    }
}
