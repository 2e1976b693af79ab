import Vaccination
package import CheckedConfiguration
package import Foundation
package import NIOSSL
import SwiftASN1
package import X509

/// Certificates that a listener or client trusts to vouch for the other side.
package struct CertificateAuthorities: Sendable {
    /// The certificates.
    package let certificates: [Certificate]
    /// The same for TLS.
    package let roots: [NIOSSLCertificate]
    /// The files that they were read from; none of those in memory.
    private let files: [File]

    private struct File {
        let path: String
        let certificates: [Certificate]
    }

    /// Reads the PEM files of a list; each must hold at least one CA certificate. Development ones are refused without
    /// development mode, and so is a list of which none is valid at `now`; one that ends soon, or has ended beside another,
    /// is warned of.
    package init(
        _ section: ConfigurationSection, _ key: String, development: Bool, now: Date
    ) throws(ConfigurationError) {
        try self.init(files: section.files(key), section, key, development: development, now: now)
    }

    /// Reads one PEM file in the same way.
    package init(
        inFile section: ConfigurationSection, _ key: String, development: Bool, now: Date
    ) throws(ConfigurationError) {
        try self.init(files: [section.file(key)], section, key, development: development, now: now)
    }

    private init(
        files: [String], _ section: ConfigurationSection, _ key: String, development: Bool, now: Date
    ) throws(ConfigurationError) {
        var contents: [File] = []
        var ended: [ConfigurationError] = []
        for path in files {
            let read = try Self.read(path, section, key, development: development)
            for certificate in read {
                do { try section.checkTime(of: certificate, in: path, key, now: now) } catch { ended.append(error) }
            }
            contents.append(File(path: path, certificates: read))
        }
        // One that ended may stand beside its successor for a while; without one nobody would be let in.
        if ended.count == contents.map(\.certificates.count).reduce(0, +), let first = ended.first { throw first }
        for one in ended { section.warn(key, english: one.english, japanese: one.japanese) }
        self.init(contents)
        guard roots.count == certificates.count else {
            throw section.error(
                key, english: "a certificate cannot be used for TLS; take it out of the list",
                japanese: "TLSに使えない証明書があります。リストから外してください。")
        }
    }

    private init(_ files: [File]) {
        self.files = files
        certificates = files.flatMap(\.certificates)
        roots = certificates.compactMap(\.forTLS)
    }

    /// Authorities in memory.
    package init(_ certificates: [Certificate]) {
        self.certificates = certificates
        files = []
        roots = certificates.compactMap(\.forTLS)
    }

    /// Reads a list again while these are in use. If something is wrong with it, each of its files counts as it is, or, if it
    /// cannot be read, as it was, and the flaw comes beside: whoever was taken from the list goes in any case.
    package func readAgain(
        _ section: ConfigurationSection, _ key: String, development: Bool, now: Date
    ) -> (authorities: CertificateAuthorities, flaw: ConfigurationError?) {
        do throws(ConfigurationError) {
            return (try CertificateAuthorities(section, key, development: development, now: now), nil)
        } catch {
            let paths = section.pathsNamed(key)
            // Nothing is said of anybody.
            guard !paths.isEmpty else { return (self, error) }
            let found = paths.compactMap { path -> File? in
                if let read = try? Self.read(path, section, key, development: development) {
                    return File(path: path, certificates: read)
                }
                return files.first { $0.path == path }
            }
            return (CertificateAuthorities(found), error)
        }
    }

    /// Those of these that are among others, by their keys.
    package func remaining(in others: CertificateAuthorities) -> CertificateAuthorities {
        let keys = Set(others.certificates.map(\.publicKey))
        return CertificateAuthorities(
            files.isEmpty
                ? [File(path: "", certificates: certificates.filter { keys.contains($0.publicKey) })]
                : files.map { file in
                    File(path: file.path, certificates: file.certificates.filter { keys.contains($0.publicKey) })
                })
    }

    /// Those of these that have not ended at an instant.
    package func notEnded(at now: Date) -> CertificateAuthorities {
        CertificateAuthorities(certificates.filter { now <= $0.notValidAfter })
    }

    /// When each of them ends.
    package var ends: [Date] { certificates.map(\.notValidAfter) }

    /// Whether one of these has the key of one of those, whatever else differs: a certificate made anew for the same key
    /// vouches for the same clients.
    package func sharesKey(with other: CertificateAuthorities) -> Bool {
        let keys = Set(certificates.map(\.publicKey))
        return other.certificates.contains { keys.contains($0.publicKey) }
    }

    /// Whether somebody may be vouched for by both: one of these has the key of one of those, or has issued it, or the other
    /// way round (by signature, whatever the names say).
    ///
    /// An authority vouches for whatever hangs below those that it has issued, so that two sides with such a pair trust the
    /// same clients. What lies between two authorities and is in neither list cannot be seen.
    package func overlaps(with other: CertificateAuthorities) -> Bool {
        sharesKey(with: other) || issuedOne(of: other) || other.issuedOne(of: self)
    }

    /// Whether one of these has itself signed a certificate.
    package func haveSigned(_ peer: PeerCertificate) -> Bool {
        guard let certificate = try? Certificate(derEncoded: peer.der) else { return false }
        return certificates.contains { $0.publicKey.isValidSignature(certificate.signature, for: certificate) }
    }

    /// Whether all of these are among others, by their keys.
    package func areAll(in others: CertificateAuthorities) -> Bool {
        Set(certificates.map(\.publicKey)).isSubset(of: others.certificates.map(\.publicKey))
    }

    private func issuedOne(of other: CertificateAuthorities) -> Bool {
        certificates.contains { authority in
            other.certificates.contains { authority.publicKey.isValidSignature($0.signature, for: $0) }
        }
    }

    private static func read(
        _ path: String, _ section: ConfigurationSection, _ key: String, development: Bool
    ) throws(ConfigurationError) -> [Certificate] {
        let certificates = PEMFile.certificates(path)
        guard !certificates.isEmpty else {
            throw section.error(
                key, english: "\(path) holds no certificate in PEM form; name the authority's certificate file",
                japanese: "\(path)にPEM形式の証明書がありません。認証局の証明書ファイルを指定してください。")
        }
        for certificate in certificates {
            guard case .isCertificateAuthority? = try? certificate.extensions.basicConstraints else {
                throw section.error(
                    key,
                    english:
                        "\(path) is no authority's certificate (basic constraints); name the authority's, not a server's",
                    japanese: "\(path)は認証局の証明書ではありません（basic constraints）。認証局のものを指定してください。")
            }
            if let usage = try? certificate.extensions.keyUsage, !usage.keyCertSign {
                throw section.error(
                    key,
                    english:
                        "\(path) may not sign certificates (key usage); name the authority that signs the clients' or servers'",
                    japanese: "\(path)は証明書に署名できません（鍵用途）。証明書を発行する認証局のものを指定してください。")
            }
            guard development || !DevelopmentMark.isOn(certificate) else { throw section.developmentOnly(key, path) }
        }
        return certificates
    }
}
