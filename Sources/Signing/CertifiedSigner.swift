import Vaccination
public import CredentialIssuing
import Credentials
import Crypto
public import Foundation

/// A signing key with the certificate that names it, checked against each other and against the use they are for.
///
/// What the check finds here, at start, is what every verifier would find later on paper.
public struct CertifiedSigner: Sendable {
    /// What a certificate lets its key sign.
    public enum Use: String, Sendable, CaseIterable {
        /// VDS-NC of proofs of vaccination: critical extended key usage `2.23.136.1.1.14.2`, document type `NV`.
        case vdsnc
        /// EU Digital COVID Certificates of vaccination: extended key usage `1.3.6.1.4.1.1847.2021.1.2`, or none of that arc.
        case dcc
    }

    /// Why a key and a certificate cannot be used together.
    public enum Failure: Error, Hashable, Sendable {
        /// The file holds no certificate that can be read, or more than one.
        case certificateMalformed
        /// The certificate is of another key, or not of P-256.
        case keyMismatch
        /// The certificate becomes valid only then.
        case notYetValid(Date)
        /// The certificate ended then.
        case expired(Date)
        /// It is an authority's certificate, or its key usage does not allow signatures.
        case keyUsage
        /// The extended key usage is missing, another one, or not critical when it must be.
        case extendedKeyUsage
        /// The document types that it may sign do not hold `NV`.
        case documentType
        /// A file of authorities holds no certificate of an authority.
        case authorityMalformed
        /// None of the authorities issued it.
        case notIssuedByAuthority
        /// The authority that issued it is not valid now.
        case authorityExpired(Date)

        /// A stable code.
        public var code: String {
            switch self {
            case .certificateMalformed: "signer.malformed"
            case .keyMismatch: "signer.key_mismatch"
            case .notYetValid: "signer.not_yet_valid"
            case .expired: "signer.expired"
            case .keyUsage: "signer.key_usage"
            case .extendedKeyUsage: "signer.extended_key_usage"
            case .documentType: "signer.document_type"
            case .authorityMalformed: "signer.authority_malformed"
            case .notIssuedByAuthority: "signer.not_issued_by_authority"
            case .authorityExpired: "signer.authority_expired"
            }
        }
    }

    /// The key that signs.
    public var key: any CredentialSigner
    /// Its certificate, DER.
    public let certificate: [UInt8]
    /// The authorities' certificates that it was checked against, DER; empty if it is to be pinned by itself.
    public let authorities: [[UInt8]]
    /// When the certificate becomes valid.
    public let notBefore: Date
    /// When it ends.
    public let notAfter: Date
    /// Whether the certificate's name marks it as one for development.
    public let isDevelopment: Bool

    /// A signer from its parts.
    ///
    /// - Parameters:
    ///   - key: the key.
    ///   - file: the content of the certificate's file, PEM or DER; exactly one certificate.
    ///   - authorityFiles: the contents of files with the authority's certificates; none to pin the signer itself.
    ///   - use: what is to be signed.
    ///   - now: the time by which validity is judged.
    public init(
        key: any CredentialSigner, certificateFile file: [UInt8], authorityFiles: [[UInt8]] = [], use: Use, now: Date
    ) throws(Failure) {
        guard let objects = PEM.objects("CERTIFICATE", in: file), objects.count == 1,
            let certificate = Certificate(der: objects[0])
        else { throw .certificateMalformed }
        guard certificate.p256Key?.rawRepresentation == key.publicKey.rawRepresentation else { throw .keyMismatch }
        let seconds = now.timeIntervalSince1970
        notBefore = Date(timeIntervalSince1970: certificate.notBefore)
        notAfter = Date(timeIntervalSince1970: certificate.notAfter)
        guard seconds >= certificate.notBefore else { throw .notYetValid(notBefore) }
        guard seconds <= certificate.notAfter else { throw .expired(notAfter) }
        guard certificate.maySign, !certificate.isAuthority else { throw .keyUsage }
        try Self.check(certificate, key, use)
        authorities = try Self.authorities(authorityFiles, of: certificate, at: seconds)
        self.key = key
        self.certificate = certificate.der
        isDevelopment = DevelopmentMark.isOn(commonName: certificate.commonName)
    }

    private static func check(
        _ certificate: Certificate, _ key: any CredentialSigner, _ use: Use
    ) throws(Failure) {
        let usage = certificate.extensions["2.5.29.37"]
        switch use {
        case .vdsnc:
            guard usage?.isCritical == true,
                certificate.extendedKeyUsage?.contains(Certificate.barcodeSignerUsage) == true
            else { throw .extendedKeyUsage }
            // The issuer looks at all of that again, and at the document types.
            guard (try? VDSNCIssuer(state: "UTO", signer: key, certificate: certificate.der)) != nil else {
                throw .documentType
            }
        case .dcc:
            guard (try? DCCIssuer(country: "XX", signer: key, certificate: certificate.der)) != nil else {
                throw .extendedKeyUsage
            }
        }
    }

    private static func authorities(
        _ files: [[UInt8]], of certificate: Certificate, at now: Double
    ) throws(Failure) -> [[UInt8]] {
        guard !files.isEmpty else { return [] }
        var found: [Certificate] = []
        for file in files {
            let objects = PEM.objects("CERTIFICATE", in: file) ?? []
            let certificates = objects.compactMap { Certificate(der: $0) }
            guard !objects.isEmpty, certificates.count == objects.count, certificates.allSatisfy(\.isAuthority) else {
                throw .authorityMalformed
            }
            found += certificates
        }
        guard let issuer = found.first(where: { certificate.isIssued(by: $0) }) else { throw .notIssuedByAuthority }
        guard now >= issuer.notBefore, now <= issuer.notAfter else {
            throw .authorityExpired(Date(timeIntervalSince1970: issuer.notAfter))
        }
        return found.map(\.der)
    }
}

extension CertifiedSigner: CustomStringConvertible {
    /// The key's thumbprint; the key itself is never shown.
    public var description: String { "CertifiedSigner(\(key.keyID))" }
}
