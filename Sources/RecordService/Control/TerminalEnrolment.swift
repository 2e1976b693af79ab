import Exchange
package import Foundation
import MutualTLS
package import Signing
import SwiftASN1
import X509

/// Turns an operator's PEM text into a certificate that may be enrolled.
package struct TerminalEnrolment: Sendable {
    /// The authority that signs terminals' requests, if this service holds its key.
    package struct Issuing: Sendable {
        let authority: IssuingAuthority
        let validDays: Int

        /// - Parameter validDays: how long new certificates are valid.
        package init(authority: IssuingAuthority, validDays: Int) {
            self.authority = authority
            self.validDays = validDays
        }
    }

    /// The maximum of a PEM text that is looked at, in bytes.
    package static let maximumBytes = 16_384

    private let authority: @Sendable () -> TerminalAuthority
    private let issuing: Issuing?

    /// - Parameter authority: whose certificates terminals may carry, now.
    package init(authority: @escaping @Sendable () -> TerminalAuthority, issuing: Issuing?) {
        self.authority = authority
        self.issuing = issuing
    }

    /// The certificate that a request brings, or that is issued for it; examined. Errors are what
    /// ``ProblemMapping/code(operating:)`` knows.
    package func certificate(for request: EnrolmentRequest, id: String, now: Date) throws -> Enrollable {
        let der: [UInt8]
        switch (request.csr, request.certificate) {
        case (let csr?, nil):
            // Without the authority's key only certificates that it has issued elsewhere can be enrolled.
            guard let issuing else { throw ProblemCode.conflict }
            der = try issuing.authority.client(commonName: id, request: csr, now: now, days: issuing.validDays)
                .certificate.der
        case (nil, let certificate?):
            guard certificate.utf8.count <= Self.maximumBytes, let document = try? PEMDocument(pemString: certificate),
                document.discriminator == Certificate.defaultPEMDiscriminator
            else { throw ProblemCode.requestMalformed }
            der = document.derBytes
        default: throw ProblemCode.requestMalformed
        }
        let examined = try authority().examine(der: der)
        guard examined.isValid(at: now) else { throw ProblemCode.requestMalformed }
        let pem = PEMDocument(type: Certificate.defaultPEMDiscriminator, derBytes: der).pemString + "\n"
        return Enrollable(der: der, pem: pem, hash: examined.hash, notAfter: examined.notAfter)
    }
}

/// A certificate that may be enrolled.
package struct Enrollable: Sendable {
    /// DER form.
    package let der: [UInt8]
    /// PEM form.
    package let pem: String
    /// SHA-256 of the DER form.
    package let hash: [UInt8]
    /// When it, or its authority, ends.
    package let notAfter: Date
}
