import Crypto
import Exchange
import Foundation
import MutualTLS
import RecordService
import RecordSupport
import Records
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

    @Test func `a certificate is examined when its terminal first applies, once, and again by other authorities`()
        async throws
    {
        let first = try await Stack()
        try await first.write(TestPerson(1))
        let stack = try await first.restarted()
        let control = stack.system.control
        #expect(control.snapshot.state.terminals.count > 1 && control.examinedCount == 0)
        for _ in 1...2 {
            #expect(await stack.refusal(try stack.session(TestPerson(1))) == nil)
            #expect(control.examinedCount == 1)
        }
        let authority = control.authority
        let none: [Certificate] = []
        control.replace(TerminalAuthority(none))
        #expect(await stack.refusal(try stack.session(TestPerson(1))) == .terminalUnknown)
        control.replace(authority)
        #expect(await stack.refusal(try stack.session(TestPerson(1))) == nil)
        // What was found of a terminal that has gone is not kept.
        try await stack.store.revoke(terminal: "T0001", now: stack.clock.now)
        try await control.refresh()
        #expect(await stack.refusal(try stack.session(TestPerson(1))) == .terminalRevoked)
    }

    @Test func `a certificate that is another one than its terminal was enrolled with is never its`() throws {
        let key = P256.Signing.PrivateKey()
        let authority = try IssuingAuthority.create(commonName: "terminals", now: .now, key: key)
        let (own, other) = (
            try certificate(.init(), by: authority, key), try certificate(.init(), by: authority, key)
        )
        func terminal(_ der: [UInt8]) throws -> EnrolledTerminal {
            try #require(
                EnrolledTerminal(
                    id: "T0001", shop: "見本店", certificateHash: sha256(own), certificateDER: der,
                    notAfter: .now + 3600, enrolledAt: .now))
        }
        let examined = ExaminedCertificates(by: TerminalAuthority([authority.certificate]))
        #expect(examined.certificate(of: try terminal(other)) == nil)
        // Nor does it stand in the way of the right one.
        #expect(examined.certificate(of: try terminal(own))?.hash == sha256(own))
        examined.keep([])
        #expect(examined.count == 0)
    }
}
