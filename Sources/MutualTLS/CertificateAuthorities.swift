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

    /// Reads a list again while these are in use. If something is wrong with it, the flaw comes beside, with what is in use
    /// nevertheless: whoever does not stand in the list any more goes in any case, also if nothing is left of it.
    ///
    /// Of a list with a flaw the files that can be read count, and of the others what ``remaining(of:_:_:development:)`` says. A
    /// list, or a section, that is missing or is something else names nobody.
    package func readAgain(
        _ section: Result<ConfigurationSection, ConfigurationError>, _ key: String, development: Bool, now: Date
    ) -> (authorities: CertificateAuthorities, flaw: ConfigurationError?) {
        let left: [File]
        let flaw: ConfigurationError
        switch section {
        case .failure(let error): (left, flaw) = ([], error)
        case .success(let section):
            do throws(ConfigurationError) {
                return (try CertificateAuthorities(section, key, development: development, now: now), nil)
            } catch {
                flaw = error
                left = section.pathsNamed(key).compactMap { path in
                    if let read = try? Self.read(path, section, key, development: development) {
                        return File(path: path, certificates: read)
                    }
                    return remaining(of: path, section, key, development: development)
                }
            }
        }
        guard !left.isEmpty else {
            return (
                CertificateAuthorities(left),
                flaw.adding(
                    english: "; no authority of this list is in use any more, so that nobody is let in by it",
                    japanese: "この一覧の認証局はもう一つも使いません。これによっては誰も入れません。")
            )
        }
        let names = left.map { file in
            "\(file.path) (\(file.certificates.map { "\($0.subject)" }.joined(separator: "; ")))"
        }.joined(separator: ", ")
        return (
            CertificateAuthorities(left),
            flaw.adding(english: "; in use of this list: \(names)", japanese: "この一覧で使うもの: \(names)")
        )
    }

    /// What stays of a file that cannot be read as a whole: all that it held if nothing can be read of it, since it says
    /// nothing of anybody then; else those of its certificates that still can be read there and used.
    private func remaining(
        of path: String, _ section: ConfigurationSection, _ key: String, development: Bool
    ) -> File? {
        guard let known = files.first(where: { $0.path == path }) else { return nil }
        guard let readable = PEMFile.readableCertificates(path) else { return known }
        let usable = readable.filter {
            (try? Self.check($0, in: path, section, key, development: development)) != nil
        }
        let keys = Set(usable.map(\.publicKey))
        let left = known.certificates.filter { keys.contains($0.publicKey) }
        return left.isEmpty ? nil : File(path: path, certificates: left)
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
            try check(certificate, in: path, section, key, development: development)
        }
        return certificates
    }

    /// Throws unless a certificate is one of an authority for this service.
    private static func check(
        _ certificate: Certificate, in path: String, _ section: ConfigurationSection, _ key: String, development: Bool
    ) throws(ConfigurationError) {
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
}
