package import Crypto
package import Foundation
import NIOSSL
import SwiftASN1
package import X509

/// How development certificates are marked, and how the mark is found.
package enum DevelopmentMark {
    /// The organisation in subject and issuer of every development certificate.
    package static let organisation = "AKASHI DEVELOPMENT"

    /// Whether subject or issuer bears the mark.
    package static func isOn(_ certificate: Certificate) -> Bool {
        [certificate.subject, certificate.issuer].contains { name in
            name.values(of: .RDNAttributeType.organizationName).contains(organisation)
        }
    }
}

extension DistinguishedName {
    /// The texts of all attributes of a type.
    func values(of type: ASN1ObjectIdentifier) -> [String] {
        flatMap { $0 }.filter { $0.type == type }.compactMap { String($0.value) }
    }
}

/// Certificates that a listener or client trusts to vouch for the other side.
package struct CertificateAuthorities: Sendable {
    /// The certificates.
    package let certificates: [Certificate]
    let roots: [NIOSSLCertificate]

    /// Reads PEM files; each must hold at least one CA certificate. Development ones are refused without development mode.
    package init(_ section: ConfigurationSection, _ key: String, development: Bool) throws(ConfigurationError) {
        var certificates: [Certificate] = []
        for path in try section.files(key) {
            certificates += try Self.read(path, section, key, development: development)
        }
        var roots: [NIOSSLCertificate] = []
        for certificate in certificates {
            guard let root = certificate.forTLS else {
                throw section.error(key, "a certificate cannot be used for TLS", "TLSに使えない証明書があります。")
            }
            roots.append(root)
        }
        self.certificates = certificates
        self.roots = roots
    }

    /// Authorities in memory.
    package init(_ certificates: [Certificate]) {
        self.certificates = certificates
        roots = certificates.compactMap(\.forTLS)
    }

    private static func read(
        _ path: String, _ section: ConfigurationSection, _ key: String, development: Bool
    ) throws(ConfigurationError) -> [Certificate] {
        let certificates = PEMFile.certificates(path)
        guard !certificates.isEmpty else {
            throw section.error(
                key, "\(path) holds no certificate in PEM form; name the authority's certificate file",
                "\(path)にPEM形式の証明書がありません。認証局の証明書ファイルを指定してください。")
        }
        for certificate in certificates {
            guard case .isCertificateAuthority? = try? certificate.extensions.basicConstraints else {
                throw section.error(
                    key,
                    "\(path) is no authority's certificate (basic constraints); name the authority's, not a server's",
                    "\(path)は認証局の証明書ではありません（basic constraints）。認証局のものを指定してください。")
            }
            guard development || !DevelopmentMark.isOn(certificate) else { throw section.developmentOnly(key, path) }
        }
        return certificates
    }
}

extension ConfigurationSection {
    /// The error for development material without development mode.
    package func developmentOnly(_ key: String, _ path: String) -> ConfigurationError {
        error(
            key, "\(path) is for development only; use real material, or start with --development",
            "\(path)は開発専用です。本番用のものを使うか、--developmentを付けて起動してください。")
    }
}

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

/// A certificate with its chain, and the private key that belongs to it: who a service is in TLS.
package struct TLSIdentity: Sendable {
    /// The certificate and the intermediates behind it.
    package let chain: [Certificate]
    /// The key of the first certificate.
    package let key: P256.Signing.PrivateKey
    let source: [NIOSSLCertificateSource]
    let keySource: NIOSSLPrivateKeySource

    /// Reads the files that `certificate` and `key` of a section name, and checks that they belong together, are valid
    /// at `now`, P-256, and no development material unless `development`.
    package init(_ section: ConfigurationSection, development: Bool, now: Date) throws(ConfigurationError) {
        let path = try section.file("certificate")
        let chain = PEMFile.certificates(path)
        guard let leaf = chain.first else {
            throw section.error(
                "certificate", "\(path) holds no certificate in PEM form", "\(path)にPEM形式の証明書がありません。")
        }
        let keyPath = try section.file("key")
        guard let key = PEMFile.privateKey(keyPath) else {
            throw section.error(
                "key", "\(keyPath) holds no P-256 private key in PEM form (PKCS #8 or SEC 1)",
                "\(keyPath)にPEM形式のP-256秘密鍵（PKCS #8またはSEC 1）がありません。")
        }
        guard P256.Signing.PublicKey(leaf.publicKey)?.rawRepresentation == key.publicKey.rawRepresentation else {
            throw section.error(
                "key", "\(keyPath) is not the key of \(path); name the key that the certificate was made for",
                "\(keyPath)は\(path)の鍵ではありません。証明書に対応する鍵を指定してください。")
        }
        guard leaf.notValidBefore <= now, now <= leaf.notValidAfter else {
            throw section.error(
                "certificate", "\(path) is valid only from \(leaf.notValidBefore) to \(leaf.notValidAfter); renew it",
                "\(path)の有効期間は\(leaf.notValidBefore)から\(leaf.notValidAfter)までです。更新してください。")
        }
        guard development || !chain.contains(where: DevelopmentMark.isOn) else {
            throw section.developmentOnly("certificate", path)
        }
        guard let identity = TLSIdentity(chain: chain, key: key) else {
            throw section.error("certificate", "\(path) cannot be used for TLS", "\(path)はTLSに使えません。")
        }
        self = identity
    }

    /// An identity in memory; `nil` where TLS cannot use it.
    package init?(chain: [Certificate], key: P256.Signing.PrivateKey) {
        let certificates = chain.compactMap(\.forTLS)
        guard certificates.count == chain.count,
            let tlsKey = try? NIOSSLPrivateKey(bytes: Array(key.derRepresentation), format: .der)
        else { return nil }
        self.chain = chain
        self.key = key
        source = certificates.map { .certificate($0) }
        keySource = .privateKey(tlsKey)
    }
}

/// Reading PEM files, bounded.
package enum PEMFile {
    static let maximumBytes = 1 << 20

    /// All certificates in a file; empty where it cannot be read or one of them cannot be parsed.
    package static func certificates(_ path: String) -> [Certificate] {
        guard let text = text(path), let documents = try? PEMDocument.parseMultiple(pemString: text) else { return [] }
        let certificates = documents.filter { $0.discriminator == Certificate.defaultPEMDiscriminator }
        let parsed = certificates.compactMap { try? Certificate(pemDocument: $0) }
        return parsed.count == certificates.count ? parsed : []
    }

    /// The P-256 private key in a file (PKCS #8 or SEC 1); `nil` where there is none, or more than one.
    package static func privateKey(_ path: String) -> P256.Signing.PrivateKey? {
        guard let text = text(path), let documents = try? PEMDocument.parseMultiple(pemString: text) else { return nil }
        // Other documents may stand beside it, such as the curve's parameters that some tools write.
        let keys = documents.filter { ["PRIVATE KEY", "EC PRIVATE KEY"].contains($0.discriminator) }
        guard keys.count == 1 else { return nil }
        return try? P256.Signing.PrivateKey(pemRepresentation: keys[0].pemString)
    }

    private static func text(_ path: String) -> String? {
        guard let handle = FileHandle(forReadingAtPath: path), let data = try? handle.read(upToCount: maximumBytes + 1),
            data.count <= maximumBytes
        else { return nil }
        return String(validating: data, as: UTF8.self)
    }
}
