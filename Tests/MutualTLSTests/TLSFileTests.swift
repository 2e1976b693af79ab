import Vaccination
import Crypto
import Foundation
import CheckedConfiguration
import MutualTLS
import Signing
import SwiftASN1
import TestSupport
import Testing
import X509

/// Certificates and keys are checked before anything listens.
@Suite struct TLSFileTests {
    /// Files of one identity, each replaceable.
    private struct Files {
        var certificate: String
        var key: String
        var authority: String
        var keyMode = 0o600
        var development = true
        var now = Date.now
        var use = TLSUse.server

        init() throws {
            let authority = try IssuingAuthority.create(commonName: "ca", now: .now)
            let issued = try authority.server(commonName: "s", hosts: ["127.0.0.1"], now: .now)
            certificate = try issued.pem
            key = try #require(issued.key).pemRepresentation
            self.authority = try authority.certificatePEM
        }

        @discardableResult
        func read() throws -> [ConfigurationError] {
            try withFolder { folder in
                for (name, text) in [("c.pem", certificate), ("k.pem", key), ("a.pem", authority)] {
                    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
                }
                try FileManager.default.setAttributes(
                    [.posixPermissions: keyMode], ofItemAtPath: "\(folder)/k.pem")
                let yaml = "certificate: c.pem\nkey: k.pem\nauthorities: [a.pem]"
                let root = try ConfigurationFile(text: yaml, name: "test.yaml", folder: folder).root
                _ = try TLSIdentity(root, for: use, development: development, now: now)
                _ = try CertificateAuthorities(root, "authorities", development: development, now: now)
                return root.warnings
            }
        }
    }

    enum Flaw: String, CaseIterable {
        case keyOfAnother, certificateIsText, certificateIsEmpty, keyIsText, keyIsP384, expired, notYetValid,
            noDevelopmentMode
        case authorityIsLeaf, authorityIsText
    }

    @Test func `what belongs together is taken`() throws { #expect(try Files().read() == []) }

    @Test func `remarks and curve parameters beside a key do not matter; a second key does`() throws {
        var files = try Files()
        let key = files.key
        files.key = "# a remark\n-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + key
        try files.read()
        files.key = key + "\n" + P256.Signing.PrivateKey().pemRepresentation
        #expect(throws: ConfigurationError.self) { try files.read() }
    }

    @Test(arguments: [0o640, 0o604, 0o644, 0o620, 0o602, 0o601])
    func `a TLS key that others may read or change is refused, with what to do`(_ mode: Int) throws {
        var files = try Files()
        files.keyMode = mode
        let error = try #require(throws: ConfigurationError.self) { try files.read() }
        #expect(error.keyPath == "key" && error.english.contains("chmod 600") && error.japanese.contains("chmod 600"))
    }

    @Test(arguments: Flaw.allCases)
    func `each single flaw is refused at its key`(_ flaw: Flaw) throws {
        var files = try Files()
        var key = "certificate"
        switch flaw {
        case .keyOfAnother:
            files.key = P256.Signing.PrivateKey().pemRepresentation
            key = "key"
        case .certificateIsText: files.certificate = "text"
        case .certificateIsEmpty: files.certificate = ""
        case .keyIsText:
            files.key = "text"
            key = "key"
        case .keyIsP384:
            files.key = P384.Signing.PrivateKey().pemRepresentation
            key = "key"
        case .expired: files.now += 500 * 86_400
        case .notYetValid: files.now -= 86_400
        case .noDevelopmentMode: files.development = false
        case .authorityIsLeaf:
            files.authority = files.certificate
            key = "authorities"
        case .authorityIsText:
            files.authority = "text"
            key = "authorities"
        }
        let error = try #require(throws: ConfigurationError.self) { try files.read() }
        #expect(error.keyPath == key)
    }

    @Test func `a development authority is refused without development mode, whoever's certificate stands before it`()
        throws
    {
        let authority = try IssuingAuthority.create(commonName: "ca", now: .now)
        #expect(DevelopmentMark.isOn(authority.certificate))
        #expect(DevelopmentMark.isOn(try authority.client(commonName: "x", now: .now).certificate))
        let real = try IssuingAuthority.create(commonName: "ca", organisation: "Sample Authority", now: .now)
        #expect(!DevelopmentMark.isOn(real.certificate))
        #expect(!DevelopmentMark.isOn(try real.client(commonName: "x", now: .now).certificate))
        try withFolder { folder in
            try KeyFile.writePublic(authority.certificatePEM, to: folder + "/a.pem")
            let root = try ConfigurationFile(text: "authorities: [a.pem]", name: "test.yaml", folder: folder).root
            let error = try #require(throws: ConfigurationError.self) {
                _ = try CertificateAuthorities(root, "authorities", development: false, now: .now)
            }
            #expect(error.english.contains("--development"))
        }
    }
}

/// What a certificate is for, and when it ends.
extension TLSFileTests {
    @Test(arguments: [TLSUse.server, .client])
    func `a certificate that was made for the other side is refused with the use that it lacks`(_ use: TLSUse) throws {
        var files = try Files()
        let authority = try IssuingAuthority.create(commonName: "ca", now: .now)
        let other =
            use == .server
            ? try authority.client(commonName: "c", now: .now)
            : try authority.server(commonName: "s", hosts: ["127.0.0.1"], now: .now)
        files.certificate = try other.pem
        files.key = try #require(other.key).pemRepresentation
        files.use = use == .server ? .client : .server
        try files.read()
        files.use = use
        let error = try #require(throws: ConfigurationError.self) { try files.read() }
        #expect(error.keyPath == "certificate")
        #expect(error.english.contains(use == .server ? "serverAuth" : "clientAuth"))
        #expect(error.japanese.contains(use == .server ? "serverAuth" : "clientAuth"))
    }

    @Test func `an authority that may not sign certificates is refused`() throws {
        var files = try Files()
        let key = P256.Signing.PrivateKey()
        let name = try DistinguishedName {
            OrganizationName(DevelopmentMark.name)
            CommonName("ca")
        }
        files.authority = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: .now - 60,
            notValidAfter: .now + 86_400 * 90, issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(digitalSignature: true))
            }, issuerPrivateKey: .init(key)
        ).serializeAsPEM().pemString
        let error = try #require(throws: ConfigurationError.self) { try files.read() }
        #expect(error.keyPath == "authorities" && error.english.contains("key usage"))
    }

    /// Days before the end of the certificate, which is made for 397.
    @Test(arguments: [(31, false), (29, true), (0, true)])
    func `a certificate is warned of with the days that are left, from thirty on`(days: Int, isWarned: Bool) throws {
        var files = try Files()
        files.now += Double(397 - days) * 86_400 - 3600
        let warnings = try files.read()
        #expect(warnings.map(\.keyPath) == (isWarned ? ["certificate"] : []))
        #expect(warnings.allSatisfy { $0.english.contains("in \(days) days") && $0.japanese.contains("あと\(days)日") })
    }

    @Test func `an authority that has ended is refused alone, and warned of beside its successor`() throws {
        var files = try Files()
        let old = try IssuingAuthority.create(commonName: "old", now: .now - 6 * 366 * 86_400, years: 5)
        files.authority = try old.certificatePEM + files.authority
        let warnings = try files.read()
        #expect(warnings.map(\.keyPath) == ["authorities"])
        #expect(warnings.allSatisfy { $0.english.contains("ended on") && $0.japanese.contains("期限切れになりました") })
        files.authority = try old.certificatePEM
        let error = try #require(throws: ConfigurationError.self) { try files.read() }
        #expect(error.keyPath == "authorities" && error.english.contains("renew it"))
    }
}
