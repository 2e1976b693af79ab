import CardChip
import Crypto
import Exchange
import Foundation
import Vaccination

/// What a token that asks whether a certificate is current stands for.
struct CurrentSubject: Hashable, Sendable {
    /// The certificate.
    let certificateID: CertificateID
    /// The region that it is of.
    let municipality: MunicipalityCode
    /// The last day on which it is asked with, in days since 1970.
    let lastDay: UInt32
}

/// Makes and opens tokens that a holder asks with whether a certificate is still current. Nothing of a token is stored: all that it
/// stands for is inside, and no two tokens show that they stand for the same certificate.
///
/// A token is the epoch (four bytes, big-endian: 30 days since 1970), 16 random bytes, the sealed subject (municipality 6, certificate
/// 12, last day 4 bytes) and the tag (16 bytes): 58 bytes. The key is HKDF-SHA256 of the master with
/// `akashi/current/v1` ‖ epoch ‖ the random bytes in its info, so that it is used once, and the nonce is zero.
struct CurrentTokens: Sendable {
    /// The bytes of every token.
    static let tokenBytes = 4 + 16 + 22 + 16
    private static let epochSeconds: Double = 30 * 86_400
    private let masters: PhoneMasters
    /// For how long a token is good, in days.
    let validDays: Int

    init(masters: PhoneMasters, validDays: Int) {
        self.masters = masters
        self.validDays = validDays
    }

    private static func key(_ master: SymmetricKey, _ header: some Collection<UInt8>) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: master, info: Data(Array("akashi/current/v1".utf8) + header), outputByteCount: 32)
    }

    private static func nonce() throws -> AES.GCM.Nonce { try AES.GCM.Nonce(data: Data(count: 12)) }

    /// A token for a certificate.
    func make(_ id: CertificateID, in municipality: MunicipalityCode, now: Date) throws -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        let epoch = UInt32(clamping: Int64(now.timeIntervalSince1970 / Self.epochSeconds))
        let header = epoch.bigEndianBytes + (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let lastDay = UInt32(clamping: Int64(now.timeIntervalSince1970 / 86_400) + Int64(validDays))
        let plain = Array(municipality.digits.utf8) + Array(id.text.utf8) + lastDay.bigEndianBytes
        let box = try AES.GCM.seal(plain, using: Self.key(masters.keys[0], header), nonce: Self.nonce())
        return header + Array(box.ciphertext) + Array(box.tag)
    }

    /// What a token stands for; `nil` if it was not made here. Its end is not judged.
    func open(_ token: [UInt8]) -> CurrentSubject? {
        guard token.count == Self.tokenBytes, let nonce = try? Self.nonce(),
            let box = try? AES.GCM.SealedBox(
                nonce: nonce, ciphertext: token[20..<42], tag: token[42...])
        else { return nil }
        for master in masters.keys {
            guard let plain = try? AES.GCM.open(box, using: Self.key(master, token[..<20])), plain.count == 22 else {
                continue
            }
            let bytes = Array(plain)
            guard let code = MunicipalityCode(String(decoding: bytes[..<6], as: UTF8.self)),
                let id = CertificateID(String(decoding: bytes[6..<18], as: UTF8.self))
            else { return nil }
            return CurrentSubject(
                certificateID: id, municipality: code, lastDay: bytes[18...].reduce(0) { $0 << 8 | UInt32($1) })
        }
        return nil
    }
}
