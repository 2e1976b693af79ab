package import Crypto
import Foundation

/// Whether a certificate is still current.
public enum CurrentAnswer: UInt8, Hashable, Sendable, CaseIterable {
    /// It is as the record is. After a person's death it stays so.
    case current = 0
    /// The record was corrected since.
    case corrected = 1
    /// The certificate was revoked.
    case revoked = 2
    /// The record has newer doses.
    case newerDoses = 3
    /// The token has ended, is none, or was asked with too often: nothing is said of the certificate.
    case unknown = 4
    /// The record system could not be asked: to be asked again later, and never to be read as anything else.
    case unavailable = 5
}

/// Asks with a token whether its certificate is still current, so that whoever relays it learns neither token nor answer, and
/// cannot tell one query from another.
///
/// In plain: the label `akashi/current-query/v1`, the token behind its length, then zero bytes up to ``plainBytes``. Sealed with HPKE
/// in Base mode (RFC 9180, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM) to the statement's upload key, info
/// `akashi/current-query/v1`. What is sent: SHA-256 of the statement (32 bytes) ‖ encapsulated key (65) ‖ ciphertext.
///
/// The reply is a salt of 32 fresh random bytes ‖ nonce-less AES-256-GCM box: its key and nonce are HKDF-SHA256 of the secret that
/// both sides export from the HPKE context (context `akashi/current-reply/v1`, 32 bytes) with that salt, info `key` and `nonce`.
/// In plain it is one byte, ``CurrentAnswer``, and 31 zero bytes.
public enum CurrentQuery {
    /// The media type of a query.
    public static let mediaType = "application/vnd.akashi.current-query.v1"
    /// The media type of a reply.
    public static let replyMediaType = "application/vnd.akashi.current-reply.v1"
    /// The maximum of bytes of a token.
    public static let maximumToken = PhoneAnswer.maximumToken
    static let label = "akashi/current-query/v1"
    static let replyLabel = "akashi/current-reply/v1"
    static let plainBytes = 512
    /// The bytes of every query.
    public static let sealedBytes = 32 + encapsulatedBytes + plainBytes + tagBytes
    /// The bytes of every reply.
    public static let sealedReplyBytes = saltBytes + replyBytes + tagBytes
    private static var suite: HPKE.Ciphersuite { .P256_SHA256_AES_GCM_256 }
    private static let encapsulatedBytes = 65
    private static let tagBytes = 16
    private static let saltBytes = 32
    private static let replyBytes = 32
    private static var info: Data { Data(label.utf8) }

    /// A query that was sent, and what opens its reply.
    public struct Sent: Sendable {
        /// The bytes that go over the wire.
        public let bytes: [UInt8]
        fileprivate let secret: SymmetricKey

        /// The reply; `nil` if it is not one to this query.
        public func answer(in reply: [UInt8]) -> CurrentAnswer? {
            guard reply.count == CurrentQuery.sealedReplyBytes else { return nil }
            let (key, nonce) = CurrentQuery.replyKey(secret, salt: Array(reply[..<saltBytes]))
            guard let nonce,
                let box = try? AES.GCM.SealedBox(
                    nonce: nonce, ciphertext: reply[saltBytes..<saltBytes + replyBytes],
                    tag: reply[(saltBytes + replyBytes)...]),
                let plain = try? AES.GCM.open(box, using: key), plain.dropFirst().allSatisfy({ $0 == 0 })
            else { return nil }
            return plain.first.flatMap(CurrentAnswer.init)
        }
    }

    /// Seals a query; `nil` if the token is longer than ``maximumToken`` or empty.
    public static func seal(token: [UInt8], to stated: StatedKeys) throws -> Sent? {
        guard let plain = plain(of: token) else { return nil }
        var sender = try HPKE.Sender(recipientKey: stated.uploadKey, ciphersuite: suite, info: info)
        let sealed = try sender.seal(plain)
        let secret = try sender.exportSecret(context: Data(replyLabel.utf8), outputByteCount: 32)
        return Sent(bytes: stated.statement.hash + Array(sender.encapsulatedKey) + Array(sealed), secret: secret)
    }

    /// A query in plain; `nil` if the token is longer than ``maximumToken`` or empty.
    package static func plain(of token: [UInt8]) -> [UInt8]? {
        guard (1...maximumToken).contains(token.count) else { return nil }
        var writer = FieldWriter(label: label)
        writer.append(token)
        return writer.bytes + [UInt8](repeating: 0, count: plainBytes - writer.bytes.count)
    }

    /// The token of a query in plain.
    package static func token(inPlain plain: [UInt8]) throws(WireError) -> [UInt8] {
        guard plain.count == plainBytes else { throw WireError("query", at: 0) }
        var reader = try FieldReader(plain, label: label)
        let token = try reader.next("token", lengths: 1...maximumToken)
        try reader.padding()
        return Array(token)
    }

    /// A query that came, opened: its token, and what seals the reply.
    package struct Opened: Sendable {
        /// The token.
        package let token: [UInt8]
        private let secret: SymmetricKey

        /// The statement that a query was sealed for, by SHA-256 of it; `nil` of bytes of another length.
        package static func statementHash(of bytes: [UInt8]) -> [UInt8]? {
            bytes.count == sealedBytes ? Array(bytes[..<32]) : nil
        }

        /// Opens a query; `nil` if it was not sealed to this key.
        package init?(opening bytes: [UInt8], by key: P256.KeyAgreement.PrivateKey) {
            guard bytes.count == sealedBytes else { return nil }
            let end = 32 + encapsulatedBytes
            do {
                var recipient = try HPKE.Recipient(
                    privateKey: key, ciphersuite: suite, info: info, encapsulatedKey: Data(bytes[32..<end]))
                token = try CurrentQuery.token(inPlain: Array(try recipient.open(bytes[end...])))
                secret = try recipient.exportSecret(context: Data(replyLabel.utf8), outputByteCount: 32)
            } catch { return nil }
        }

        /// The reply's bytes.
        package func reply(_ answer: CurrentAnswer) throws -> [UInt8] {
            var generator = SystemRandomNumberGenerator()
            let salt = (0..<saltBytes).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let (key, nonce) = replyKey(secret, salt: salt)
            guard let nonce else { throw CryptoKitError.incorrectParameterSize }
            let plain = [answer.rawValue] + [UInt8](repeating: 0, count: replyBytes - 1)
            let box = try AES.GCM.seal(plain, using: key, nonce: nonce)
            return salt + Array(box.ciphertext) + Array(box.tag)
        }
    }

    private static func replyKey(_ secret: SymmetricKey, salt: [UInt8]) -> (SymmetricKey, AES.GCM.Nonce?) {
        func derive(_ info: String, _ count: Int) -> SymmetricKey {
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: secret, salt: salt, info: Data(info.utf8), outputByteCount: count)
        }
        let nonce = derive("nonce", 12).withUnsafeBytes { try? AES.GCM.Nonce(data: Data($0)) }
        return (derive("key", 32), nonce)
    }
}
