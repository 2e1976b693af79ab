import Crypto
import Foundation
import MutualTLS
import RecordService
import Signing
import SwiftASN1
import Testing
import X509

/// Which certificates may be enrolled.
@Suite struct TerminalCertificateTests {
    private func certificate(
        _ extensions: Certificate.Extensions, by authority: IssuingAuthority, _ authorityKey: P256.Signing.PrivateKey
    ) throws -> [UInt8] {
        let key = P256.Signing.PrivateKey()
        return try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: .now - 3600,
            notValidAfter: .now + 3600, issuer: authority.certificate.subject,
            subject: try DistinguishedName { CommonName("T0001") }, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: extensions, issuerPrivateKey: .init(authorityKey)
        ).der
    }

    private func examine(_ extensions: Certificate.Extensions) throws -> TerminalCertificateError? {
        let key = P256.Signing.PrivateKey()
        let authority = try IssuingAuthority.create(commonName: "terminals", now: .now, key: key)
        let der = try certificate(extensions, by: authority, key)
        do throws(TerminalCertificateError) {
            _ = try TerminalAuthority([authority.certificate]).examine(der: der)
            return nil
        } catch { return error }
    }

    @Test func `a certificate that names no uses, or a client's, is a terminal's`() throws {
        let good = try [
            Certificate.Extensions(), Certificate.Extensions { try ExtendedKeyUsage([.clientAuth]) },
            Certificate.Extensions { try ExtendedKeyUsage([.serverAuth, .clientAuth]) },
            Certificate.Extensions { Critical(KeyUsage(digitalSignature: true)) },
        ]
        for extensions in good { #expect(try examine(extensions) == nil) }
    }

    @Test func `a certificate whose uses leave a client's out is not a terminal's`() throws {
        let bad = try [
            Certificate.Extensions { try ExtendedKeyUsage([.serverAuth]) },
            Certificate.Extensions { Critical(try ExtendedKeyUsage([.codeSigning])) },
            Certificate.Extensions { Critical(KeyUsage(keyAgreement: true)) },
        ]
        for extensions in bad { #expect(try examine(extensions) == .notForClients) }
    }

    @Test func `a certificate with a critical extension that nobody knows is not a terminal's`() throws {
        var extensions = Certificate.Extensions()
        try extensions.append(
            Certificate.Extension(oid: [1, 3, 6, 1, 4, 1, 99_999, 1], critical: true, value: [5, 0]))
        #expect(try examine(extensions) == .notForClients)
    }
}
