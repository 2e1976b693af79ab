import Crypto
import CryptoExtras
import Foundation

/// An RSA key of 2048 bits with the exponent 65537, and the one kind of signature it is used for.
struct RSAPublicKey: Sendable {
    private let key: _RSA.Signing.PublicKey

    /// Reads the objects 90 (exponent) and 91 (modulus), which must end what they stand in.
    init(reading fields: inout TLVReader, of bytes: [UInt8]) throws(CardRejection) {
        let exponent = try fields.value(0x90, length: 3)
        guard bytes[exponent].elementsEqual([0x01, 0x00, 0x01]) else { throw fields.rejection(at: exponent.lowerBound) }
        let modulus = try fields.value(0x91, length: 256)
        try fields.finish()
        // A modulus of 2048 bits has its highest bit set. An even one is refused by the library.
        guard bytes[modulus.lowerBound] >= 0x80,
            let key = try? _RSA.Signing.PublicKey(n: bytes[modulus], e: bytes[exponent])
        else { throw fields.rejection(at: modulus.lowerBound) }
        self.key = key
    }

    /// A key from a PEM document; `nil` unless it is one of 2048 bits and 65537.
    init?(pem: String) {
        guard let key = try? _RSA.Signing.PublicKey(pemRepresentation: pem), key.keySizeInBits == 2048,
            let primitives = try? key.getKeyPrimitives(), primitives.publicExponent.elementsEqual([0x01, 0x00, 0x01])
        else { return nil }
        self.key = key
    }

    /// Whether another one is the same key.
    func isSame(as other: RSAPublicKey) -> Bool { key.derRepresentation == other.key.derRepresentation }

    /// Whether this is the key's PKCS#1 v1.5 signature of a SHA-256 digest (RFC 8017, 8.2.2).
    func isValid(_ signature: some DataProtocol, for digest: SHA256Digest) -> Bool {
        key.isValidSignature(
            _RSA.Signing.RSASignature(rawRepresentation: signature), for: digest, padding: .insecurePKCS1v1_5)
    }
}
