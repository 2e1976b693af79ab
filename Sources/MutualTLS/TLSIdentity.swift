import Vaccination
package import CheckedConfiguration
package import Crypto
package import Foundation
package import NIOSSL
import SwiftASN1
package import X509

extension Certificate {
    /// The DER bytes.
    package var der: [UInt8] {
        get throws {
            var serializer = DER.Serializer()
            try serializer.serialize(self)
            return serializer.serializedBytes
        }
    }

    /// The same certificate for TLS.
    var forTLS: NIOSSLCertificate? {
        guard let bytes = try? der else { return nil }
        return try? NIOSSLCertificate(bytes: bytes, format: .der)
    }
}

extension ConfigurationSection {
    /// The P-256 private key in a file that a key of this section names; `nil` if none is in it. A file that others can
    /// read is refused: what they may have read proves nothing any more.
    package func privateKey(_ path: String, _ key: String) throws(ConfigurationError) -> P256.Signing.PrivateKey? {
        do throws(KeyFile.ReadError) { return try PEMFile.privateKey(path) } catch {
            guard error == .permissions else { return nil }
            throw readableByOthers(key, path)
        }
    }

    /// The error for a private key file that others than its owner can read.
    package func readableByOthers(_ key: String, _ path: String) -> ConfigurationError {
        error(
            key, english: "\(path) can be read by others than its owner: chmod 600 it",
            japanese: "\(path)を所有者以外が読めます。chmod 600 してください。")
    }
}

/// A certificate with its chain, and the private key that belongs to it: who a service is in TLS.
package struct TLSIdentity: Sendable {
    /// The certificate and the intermediates behind it.
    package let chain: [Certificate]
    /// The key of the first certificate.
    package let key: P256.Signing.PrivateKey
    /// SHA-256 of the first certificate's DER bytes, 32 bytes: by what others know it.
    package let certificateHash: [UInt8]
    /// The chain for TLS.
    package let source: [NIOSSLCertificateSource]
    /// The key for TLS.
    package let keySource: NIOSSLPrivateKeySource

    /// Reads the files that `certificate` and `key` of a section name, and checks that they belong together, are valid
    /// at `now`, P-256, made for `use`, and no development material unless `development`. One that ends soon is warned of.
    package init(
        _ section: ConfigurationSection, for use: TLSUse, development: Bool, now: Date
    ) throws(ConfigurationError) {
        let path = try section.file("certificate")
        let chain = PEMFile.certificates(path)
        guard let leaf = chain.first else {
            throw section.error(
                "certificate", english: "\(path) holds no certificate in PEM form; name the certificate's file",
                japanese: "\(path)にPEM形式の証明書がありません。証明書のファイルを指定してください。")
        }
        let keyPath = try section.file("key")
        guard let key = try section.privateKey(keyPath, "key") else {
            throw section.error(
                "key",
                english: "\(keyPath) holds no P-256 private key in PEM form (PKCS #8 or SEC 1); name the key's file",
                japanese: "\(keyPath)にPEM形式のP-256秘密鍵（PKCS #8またはSEC 1）がありません。鍵のファイルを指定してください。")
        }
        guard P256.Signing.PublicKey(leaf.publicKey)?.rawRepresentation == key.publicKey.rawRepresentation else {
            throw section.error(
                "key", english: "\(keyPath) is not the key of \(path); name the key that the certificate was made for",
                japanese: "\(keyPath)は\(path)の鍵ではありません。証明書に対応する鍵を指定してください。")
        }
        guard use.isAllowed(by: leaf) else {
            throw section.error(
                "certificate",
                english: "\(path) was not made for \(use.english); get a certificate with this use",
                japanese: "\(path)は\(use.japanese)として使えない証明書です。この用途の証明書を取得してください。")
        }
        guard let identity = TLSIdentity(chain: chain, key: key) else {
            throw section.error(
                "certificate", english: "\(path) cannot be used for TLS; name another certificate",
                japanese: "\(path)はTLSに使えません。別の証明書を指定してください。")
        }
        // Others of the chain may be there for clients that go another way: one that has ended harms nobody.
        for certificate in chain where certificate == leaf || certificate.isValid(at: now) {
            try section.checkTime(of: certificate, in: path, "certificate", now: now)
        }
        guard development || !identity.isDevelopment else { throw section.developmentOnly("certificate", path) }
        self = identity
    }

    /// An identity out of its files, whatever its validity; `nil` if they cannot be read or do not belong together.
    package init?(certificateFile: String, keyFile: String) {
        let chain = PEMFile.certificates(certificateFile)
        guard let leaf = chain.first, let key = try? PEMFile.privateKey(keyFile),
            P256.Signing.PublicKey(leaf.publicKey)?.rawRepresentation == key.publicKey.rawRepresentation
        else { return nil }
        self.init(chain: chain, key: key)
    }

    /// Whether one of the certificates is marked as one for development.
    package var isDevelopment: Bool { chain.contains(where: DevelopmentMark.isOn) }

    /// When each of the certificates ends.
    package var ends: [Date] { chain.map(\.notValidAfter) }

    /// Whether another one has the same key.
    package func hasKey(of other: TLSIdentity) -> Bool {
        key.publicKey.rawRepresentation == other.key.publicKey.rawRepresentation
    }

    /// An identity in memory; `nil` if TLS cannot use it.
    package init?(chain: [Certificate], key: P256.Signing.PrivateKey) {
        let certificates = chain.compactMap(\.forTLS)
        guard certificates.count == chain.count, let der = try? chain.first?.der,
            let tlsKey = try? NIOSSLPrivateKey(bytes: Array(key.derRepresentation), format: .der)
        else { return nil }
        self.chain = chain
        self.key = key
        certificateHash = Array(SHA256.hash(data: der))
        source = certificates.map { .certificate($0) }
        keySource = .privateKey(tlsKey)
    }
}
