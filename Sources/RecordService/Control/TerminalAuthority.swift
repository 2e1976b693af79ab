package import Crypto
package import Foundation
package import MutualTLS
package import Records
import Signing
import SwiftASN1
import Synchronization
package import X509

extension TerminalEnrolment.Issuing {
    /// When the authority's certificate ends.
    var end: Date { authority.certificate.notValidAfter }
}

/// The authorities whose certificates terminals carry, as pinned in the configuration.
package struct TerminalAuthority: Sendable {
    private let roots: [Certificate]

    /// The authorities that a configuration names.
    package init(_ authorities: CertificateAuthorities) { self.init(authorities.certificates) }

    /// Authorities from their certificates; those that are not an authority's vouch for nothing.
    package init(_ certificates: [Certificate]) { roots = certificates.filter(Self.isAuthority) }

    /// When each of them ends.
    var ends: [Date] { roots.map(\.notValidAfter) }

    private static func isAuthority(_ certificate: Certificate) -> Bool {
        guard let constraints = try? certificate.extensions.basicConstraints, case .isCertificateAuthority = constraints
        else { return false }
        return true
    }

    /// Whether TLS takes a certificate as a client's: its uses, if it names any, have to allow it (RFC 5280 sections 4.2.1.3
    /// and 4.2.1.12), and what it marks as critical has to be known.
    private static func mayBeClient(_ certificate: Certificate) -> Bool {
        let extensions = certificate.extensions
        do {
            if let usages = try extensions.extendedKeyUsage, !usages.contains(.clientAuth), !usages.contains(.any) {
                return false
            }
            if let usage = try extensions.keyUsage, !usage.digitalSignature { return false }
        } catch { return false }
        let known: Set<ASN1ObjectIdentifier> = [
            .X509ExtensionID.keyUsage, .X509ExtensionID.extendedKeyUsage, .X509ExtensionID.basicConstraints,
            .X509ExtensionID.subjectAlternativeName,
        ]
        return extensions.allSatisfy { !$0.critical || known.contains($0.oid) }
    }

    /// What is fixed about a terminal's certificate; throws if no authority issued it or its key is not P-256.
    ///
    /// Terminals hang directly below the authority. Time is judged at each use, see ``ExaminedCertificate/isValid(at:)``.
    package func examine(der: [UInt8]) throws(TerminalCertificateError) -> ExaminedCertificate {
        guard let certificate = try? Certificate(derEncoded: der) else { throw .malformed }
        guard let key = P256.Signing.PublicKey(certificate.publicKey) else { throw .wrongKeyType }
        guard !Self.isAuthority(certificate) else { throw .isAuthority }
        guard Self.mayBeClient(certificate) else { throw .notForClients }
        for root in roots where root.subject == certificate.issuer {
            guard root.publicKey.isValidSignature(certificate.signature, for: certificate) else { continue }
            return ExaminedCertificate(
                hash: Array(SHA256.hash(data: der)), key: key,
                notBefore: max(certificate.notValidBefore, root.notValidBefore),
                notAfter: min(certificate.notValidAfter, root.notValidAfter))
        }
        throw .otherAuthority
    }
}

/// A terminal's certificate that a pinned authority issued.
package struct ExaminedCertificate: Sendable {
    /// SHA-256 of its DER form.
    package let hash: [UInt8]
    /// The terminal's key.
    package let key: P256.Signing.PublicKey
    /// The first instant at which certificate and authority are both valid.
    package let notBefore: Date
    /// The last one.
    package let notAfter: Date

    /// Whether certificate and authority are valid at an instant.
    package func isValid(at now: Date) -> Bool { notBefore <= now && now <= notAfter }
}

/// Why a certificate is not a terminal's.
package enum TerminalCertificateError: Error, Hashable, Sendable, CustomStringConvertible {
    case malformed, wrongKeyType, isAuthority, notForClients, otherAuthority

    package var description: String {
        switch self {
        case .malformed: "the certificate cannot be read (X.509, DER or PEM)"
        case .wrongKeyType: "a terminal's key is on the curve P-256"
        case .isAuthority: "an authority's certificate is not a terminal's"
        case .notForClients: "the certificate's uses do not allow a TLS client (clientAuth, digitalSignature)"
        case .otherAuthority: "no pinned terminal authority issued this certificate"
        }
    }
}

/// What was examined of terminals' certificates for one set of authorities: each when its terminal first applies, and not at the
/// start, where it would hold everybody for as long as all of a country's terminals take.
///
/// A certificate is named by its hash, so that what was found of it stays so.
package final class ExaminedCertificates: Sendable {
    private let authority: TerminalAuthority
    private let found = Mutex<[[UInt8]: ExaminedCertificate?]>([:])

    /// Nothing is examined yet.
    package init(by authority: TerminalAuthority) { self.authority = authority }

    /// What was examined of a terminal's certificate; `nil` if it is another one than the terminal was enrolled with, or no
    /// authority issued it: such a terminal is refused like an unknown one.
    package func certificate(of terminal: EnrolledTerminal) -> ExaminedCertificate? {
        let (hash, der) = (terminal.certificateHash, terminal.certificateDER)
        if let known = found.withLock({ $0[hash] }) { return known }
        guard Array(SHA256.hash(data: der)) == hash else { return nil }
        // Two who come at once examine it both, and find the same.
        let certificate = try? authority.examine(der: der)
        found.withLock { $0[hash] = .some(certificate) }
        return certificate
    }

    /// Forgets certificates that no terminal of these has any more.
    package func keep(_ terminals: [EnrolledTerminal]) {
        found.withLock { found in
            guard !found.isEmpty else { return }
            let hashes = Set(terminals.map(\.certificateHash))
            found = found.filter { hashes.contains($0.key) }
        }
    }

    /// How many certificates were examined.
    package var count: Int { found.withLock { $0.count } }
}
