import CardChip
package import Crypto
package import Exchange
package import Foundation

/// A challenge that this service made, opened.
package struct Challenge: Hashable, Sendable {
    /// How long a challenge is valid, in seconds.
    package static let validSeconds = 180
    /// How far the clock of another instance that made it may run ahead, in seconds.
    static let clockTolerance: Double = 5

    /// When it was made, to the millisecond.
    package let madeAt: Date
    /// When it ends by itself.
    package let expires: Date

    /// Throws if it has ended, or was made in the future.
    package func checkTime(now: Date) throws(ProblemCode) {
        guard now < expires, madeAt.timeIntervalSince(now) <= Self.clockTolerance else { throw .challengeExpired }
    }
}

/// Makes and opens challenges: AEAD tokens (AES-256-GCM) with their own time and a random identifier inside, so that no
/// row is stored before somebody has proved the possession of a card.
///
/// A token is the version 1, the nonce (12 bytes), the sealed time (milliseconds since 1970, eight bytes, big-endian) and
/// identifier (16 random bytes), and the tag (16 bytes): 53 bytes. Nonces are random: change the key long before 2³²
/// tokens (NIST SP 800-38D, 8.3).
///
/// The key of a token is derived from the configured one and the incarnation of the records: with records that are put
/// back from a backup the claims since are lost, so that no challenge of the life before may count in the next.
package struct ChallengeMaker: Sendable {
    static let version: UInt8 = 1
    static let tokenBytes = 1 + 12 + 8 + 16 + 16
    private static let label = Array("akashi/challenge/v1".utf8)

    private let current: SymmetricKey
    private let previous: [SymmetricKey]
    /// How long challenges are valid, in seconds; ``Challenge/validSeconds`` but in tests.
    package var validSeconds = Challenge.validSeconds

    /// A maker whose tokens are sealed under `current`; tokens under `previous` are still opened, for a change of keys.
    package init(current: SymmetricKey, previous: [SymmetricKey] = []) {
        self.current = current
        self.previous = previous
    }

    /// Reads keys from a file's text: one key a line, 64 hexadecimal digits; the first makes, all open. Lines beginning
    /// with `#` are comments. `nil` if a line has another form or there is no key, or more than eight.
    package init?(file text: String) {
        guard let keys = SecretLines.keys(text), let first = keys.first else { return nil }
        self.init(current: first, previous: Array(keys.dropFirst()))
    }

    private static func key(_ key: SymmetricKey, _ incarnation: Int64) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key, info: Data("akashi/challenge/v1/\(incarnation)".utf8), outputByteCount: 32)
    }

    /// A new challenge.
    /// - Parameter incarnation: see ``Records/LogHeads/incarnation``.
    package func make(now: Date, incarnation: Int64) throws -> [UInt8] {
        var plain: [UInt8] = []
        plain.reserveCapacity(24)
        let milliseconds = UInt64(clamping: Int64((now.timeIntervalSince1970 * 1000).rounded(.down)))
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            plain.append(UInt8(truncatingIfNeeded: milliseconds >> shift))
        }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<16 { plain.append(UInt8.random(in: 0...255, using: &generator)) }
        let box = try AES.GCM.seal(plain, using: Self.key(current, incarnation), authenticating: Self.label)
        return [Self.version] + Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
    }

    /// Opens a challenge; throws if this service did not make it in this incarnation. Its time is not judged here.
    package func open(_ token: [UInt8], incarnation: Int64) throws(ProblemCode) -> Challenge {
        guard token.count == Self.tokenBytes, token.first == Self.version,
            let box = try? AES.GCM.SealedBox(combined: token[1...])
        else { throw .challengeInvalid }
        for key in [current] + previous {
            let plain = try? AES.GCM.open(box, using: Self.key(key, incarnation), authenticating: Self.label)
            guard let plain, plain.count == 24 else { continue }
            let milliseconds = plain.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let madeAt = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
            return Challenge(madeAt: madeAt, expires: madeAt.addingTimeInterval(Double(validSeconds)))
        }
        throw .challengeInvalid
    }
}

/// Keys in a file's text.
enum SecretLines {
    /// One key a line, 64 hexadecimal digits; lines beginning with `#` are comments. `nil` if a line has another form or there is no
    /// key, or more than eight.
    static func keys(_ text: String) -> [SymmetricKey]? {
        var keys: [SymmetricKey] = []
        for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            guard let bytes = Hexadecimal.bytes(line.lowercased()), bytes.count == 32, keys.count < 8 else {
                return nil
            }
            keys.append(SymmetricKey(data: bytes))
        }
        return keys.isEmpty ? nil : keys
    }
}
