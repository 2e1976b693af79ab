package import Crypto
import Foundation
import SwiftASN1
import Vaccination
package import X509

/// Reading PEM files, bounded.
package enum PEMFile {
    static let maximumBytes = 1 << 20

    /// All certificates in a file; empty when it cannot be read or one of them cannot be parsed.
    package static func certificates(_ path: String) -> [Certificate] {
        let certificates = documents(path, [Certificate.defaultPEMDiscriminator])
        let parsed = certificates.compactMap { try? Certificate(pemDocument: $0) }
        return parsed.count == certificates.count ? parsed : []
    }

    /// The certificates of a file that can be read, although others beside them cannot; `nil` if nothing can be read of it: it
    /// is away, nobody may open it, or it is empty.
    static func readableCertificates(_ path: String) -> [Certificate]? {
        guard let handle = FileHandle(forReadingAtPath: path), let data = try? handle.read(upToCount: maximumBytes + 1),
            !data.isEmpty
        else { return nil }
        guard data.count <= maximumBytes else { return [] }
        let (begin, end) = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----")
        let parts = String(decoding: data, as: UTF8.self).components(separatedBy: begin).dropFirst()
        return parts.compactMap { part in
            guard let place = part.range(of: end) else { return nil }
            return try? Certificate(pemEncoded: begin + part[..<place.upperBound])
        }
    }

    /// The P-256 private key in a file (PKCS #8 or SEC 1); `nil` if there is none, or more than one.
    /// - Throws: ``KeyFile/ReadError`` if others than its owner can read the file, or nobody can.
    package static func privateKey(_ path: String) throws(KeyFile.ReadError) -> P256.Signing.PrivateKey? {
        let keys = documents(in: try KeyFile(reading: path).text, ["PRIVATE KEY", "EC PRIVATE KEY"])
        guard keys.count == 1 else { return nil }
        return try? P256.Signing.PrivateKey(pemRepresentation: keys[0].pemString)
    }

    /// The P-256 public key in a file (SubjectPublicKeyInfo), for sealing to it; `nil` if there is none, or more than one.
    package static func agreementKey(_ path: String) -> P256.KeyAgreement.PublicKey? {
        let keys = documents(path, ["PUBLIC KEY"])
        guard keys.count == 1 else { return nil }
        return try? P256.KeyAgreement.PublicKey(pemRepresentation: keys[0].pemString)
    }

    /// The P-256 public keys in a file, for checking signatures; empty when one of them is another key.
    package static func signatureKeys(_ path: String) -> [P256.Signing.PublicKey] {
        let keys = documents(path, ["PUBLIC KEY"])
        let parsed = keys.compactMap { try? P256.Signing.PublicKey(pemRepresentation: $0.pemString) }
        return parsed.count == keys.count ? parsed : []
    }

    /// SHA-256 of a public key (SubjectPublicKeyInfo, DER), 64 hexadecimal digits: by it two people compare what they have.
    package static func fingerprint(of key: P256.KeyAgreement.PublicKey) -> String {
        SHA256.hash(data: key.derRepresentation).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    /// Whether a file holds a private key in PEM form, of whatever kind.
    package static func holdsPrivateKey(_ path: String) -> Bool {
        guard let handle = FileHandle(forReadingAtPath: path), let data = try? handle.read(upToCount: maximumBytes)
        else { return false }
        return String(decoding: data, as: UTF8.self).contains("PRIVATE KEY-----")
    }

    /// Whether a remark in a file says that it is for development only.
    package static func isDevelopment(_ path: String) -> Bool {
        guard let handle = FileHandle(forReadingAtPath: path), let data = try? handle.read(upToCount: maximumBytes)
        else { return false }
        return DevelopmentMark.isOn(keyFile: String(decoding: data, as: UTF8.self))
    }

    /// A file's documents of some kinds; others may stand beside them, such as the curve's parameters that some tools
    /// write. Empty when the file cannot be read.
    private static func documents(_ path: String, _ kinds: Set<String>) -> [PEMDocument] {
        guard let handle = FileHandle(forReadingAtPath: path), let data = try? handle.read(upToCount: maximumBytes + 1),
            data.count <= maximumBytes, let text = String(validating: data, as: UTF8.self)
        else { return [] }
        return documents(in: text, kinds)
    }

    private static func documents(in text: String, _ kinds: Set<String>) -> [PEMDocument] {
        guard let documents = try? PEMDocument.parseMultiple(pemString: text) else { return [] }
        return documents.filter { kinds.contains($0.discriminator) }
    }
}
