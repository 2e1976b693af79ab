import Crypto
import Exchange
import Foundation

/// Makes and opens the tokens of the listener that stands behind the Internet: what ``ChallengeMaker`` makes, under keys of their own
/// that change every hour.
///
/// A token is the version 2, the hour (hours since 1970, four bytes, big-endian), the nonce (12 bytes), the sealed time
/// (milliseconds since 1970, eight bytes, big-endian) and identifier (16 random bytes), and the tag (16 bytes): 57 bytes. The key is
/// HKDF-SHA256 of a master, with listener, purpose, hour and incarnation of the records in its info: whoever gets hold of one hour's
/// key makes tokens of that hour alone, and a token of one purpose is none of another.
struct HourlyTokens: Sendable {
    static let version: UInt8 = 2
    static let tokenBytes = 1 + 4 + 12 + 8 + 16 + 16
    private static let listener = "wallet"

    /// What a token is for.
    enum Purpose: String, Sendable {
        /// One application.
        case challenge
        /// One enrolment of a device.
        case enrolment
    }

    private let masters: [SymmetricKey]
    private let purpose: Purpose
    /// How long a token is valid, in seconds.
    let validSeconds: Int

    /// Tokens for a purpose.
    /// - Parameter masters: the first makes, all open; not empty.
    init(masters: PhoneMasters, purpose: Purpose, validSeconds: Int) {
        self.masters = masters.keys
        self.purpose = purpose
        self.validSeconds = validSeconds
    }

    private func key(_ master: SymmetricKey, hour: UInt32, incarnation: Int64) -> SymmetricKey {
        let info = "akashi/\(purpose.rawValue)/v2/\(Self.listener)/\(hour)/\(incarnation)"
        return HKDF<SHA256>.deriveKey(inputKeyMaterial: master, info: Data(info.utf8), outputByteCount: 32)
    }

    private static func header(_ hour: UInt32) -> [UInt8] { [version] + hour.bigEndianBytes }

    /// A new token.
    /// - Parameter incarnation: see ``Records/LogHeads/incarnation``.
    func make(now: Date, incarnation: Int64) throws -> [UInt8] {
        let milliseconds = UInt64(clamping: Int64((now.timeIntervalSince1970 * 1000).rounded(.down)))
        let hour = UInt32(truncatingIfNeeded: milliseconds / 3_600_000)
        var generator = SystemRandomNumberGenerator()
        let plain = milliseconds.bigEndianBytes + (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let header = Self.header(hour)
        let box = try AES.GCM.seal(
            plain, using: key(masters[0], hour: hour, incarnation: incarnation), authenticating: header)
        return header + Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
    }

    /// Opens a token; `nil` if this service did not make it for this purpose in this incarnation. Its time is not judged here.
    func open(_ token: [UInt8], incarnation: Int64) -> Challenge? {
        guard token.count == Self.tokenBytes, token.first == Self.version,
            let box = try? AES.GCM.SealedBox(combined: token[5...])
        else { return nil }
        let hour = token[1..<5].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        for master in masters {
            let plain = try? AES.GCM.open(
                box, using: key(master, hour: hour, incarnation: incarnation), authenticating: token[..<5])
            guard let plain, plain.count == 24 else { continue }
            let milliseconds = plain.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard milliseconds / 3_600_000 == UInt64(hour) else { continue }
            let madeAt = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
            return Challenge(madeAt: madeAt, expires: madeAt.addingTimeInterval(Double(validSeconds)))
        }
        return nil
    }
}

/// The master keys of what is made for phones: tokens, revocation codes, tokens that ask what is current.
package struct PhoneMasters: Sendable {
    /// The first makes, all open; at least one, at most eight.
    let keys: [SymmetricKey]

    /// From a file's text: one key a line, 64 hexadecimal digits; lines beginning with `#` are comments. `nil` for anything else.
    package init?(file text: String) {
        guard let keys = SecretLines.keys(text) else { return nil }
        self.keys = keys
    }
}

extension FixedWidthInteger {
    /// Its bytes, the most significant first.
    var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}
