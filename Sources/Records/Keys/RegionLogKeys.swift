import Crypto
import Foundation

/// What a region's log names people and seals closed segments under, for as long as the region has keys: a rotation hands them
/// on, so that lines and segments of before are found and opened, and destroying the region's key file makes all of them
/// meaningless.
///
/// Keys that were never rotated hold none of their own: these are derived from the data key by HKDF (RFC 5869), as all
/// versions derived the pseudonyms' key. The first rotation writes them into the file.
struct RegionLogKeys: Sendable, Equatable {
    /// HMAC-SHA-256 over the hash of an individual number, for pseudonyms.
    let pseudonym: SymmetricKey
    /// HMAC-SHA-256 over an individual number, for that hash: the index key that the region had at first.
    let index: SymmetricKey
    /// What the key of each closed segment's file is derived from.
    let segments: SymmetricKey

    /// Those of a region whose data key was never rotated.
    init(derivedFrom dataKey: SymmetricKey, indexKey: SymmetricKey) {
        func derived(_ label: String) -> SymmetricKey {
            HKDF<SHA256>.deriveKey(inputKeyMaterial: dataKey, info: Array(label.utf8), outputByteCount: 32)
        }
        pseudonym = derived("akashi/pseudonym/v1")
        index = indexKey
        segments = derived("akashi/log-segments/v1")
    }

    /// Those of a file; `nil` unless each has 32 bytes.
    init?(_ stored: Stored) {
        guard [stored.pseudonym, stored.index, stored.segments].allSatisfy({ $0.count == 32 }) else { return nil }
        pseudonym = SymmetricKey(data: stored.pseudonym)
        index = SymmetricKey(data: stored.index)
        segments = SymmetricKey(data: stored.segments)
    }

    /// As they lie in a key file.
    struct Stored: Codable, Equatable {
        var pseudonym: Data
        var index: Data
        var segments: Data
    }

    /// For a key file.
    var stored: Stored {
        func bytes(_ key: SymmetricKey) -> Data { key.withUnsafeBytes { Data($0) } }
        return Stored(pseudonym: bytes(pseudonym), index: bytes(index), segments: bytes(segments))
    }
}
