import Crypto
import Foundation
import HTTPService
import Testing
import X509

@Suite("Certificates and keys are checked before anything listens")
struct TLSFileTests {
    /// Files of one identity, each replaceable.
    private struct Files {
        var certificate: String
        var key: String
        var authority: String
        var development = true
        var now = Date.now

        init() throws {
            let authority = try IssuingAuthority.create(commonName: "ca", now: .now)
            let issued = try authority.server(commonName: "s", hosts: ["127.0.0.1"], now: .now)
            certificate = try issued.pem
            key = try #require(issued.key).pemRepresentation
            self.authority = try authority.certificatePEM
        }

        func read() throws {
            try withFolder { folder in
                for (name, text) in [("c.pem", certificate), ("k.pem", key), ("a.pem", authority)] {
                    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
                }
                let yaml = "certificate: c.pem\nkey: k.pem\nauthorities: [a.pem]"
                let root = try ConfigurationFile(text: yaml, name: "test.yaml", folder: folder).root
                _ = try TLSIdentity(root, development: development, now: now)
                _ = try CertificateAuthorities(root, "authorities", development: development)
            }
        }
    }

    enum Flaw: String, CaseIterable {
        case keyOfAnother, certificateIsText, certificateIsEmpty, keyIsText, keyIsP384, expired, notYetValid,
            noDevelopmentMode
        case authorityIsLeaf, authorityIsText
    }

    @Test("What belongs together is taken") func good() throws { try Files().read() }

    @Test("Remarks and curve parameters beside a key do not matter; a second key does") func besideTheKey() throws {
        var files = try Files()
        let key = files.key
        files.key = "# a remark\n-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + key
        try files.read()
        files.key = key + "\n" + P256.Signing.PrivateKey().pemRepresentation
        #expect(throws: ConfigurationError.self) { try files.read() }
    }

    @Test("Each single flaw is refused at its key", arguments: Flaw.allCases)
    func oneFlaw(_ flaw: Flaw) throws {
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

    @Test("A development authority is refused without development mode, whoever's certificate stands before it")
    func developmentAuthority() throws {
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
                _ = try CertificateAuthorities(root, "authorities", development: false)
            }
            #expect(error.english.contains("--development"))
        }
    }

    @Test("Private keys are written for their owner only, and never over another file") func keyFiles() throws {
        try withFolder { folder in
            let path = folder + "/sub/key.pem"
            try KeyFile.writePrivate("secret", to: path)
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            #expect(throws: KeyFile.WriteError.self) { try KeyFile.writePrivate("other", to: path) }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "secret")
        }
    }
}

@Suite("A terminal authority signs what a terminal's key asked for")
struct IssuingAuthorityTests {
    @Test("A request's key gets a certificate with the name that the authority chose") func fromRequest() throws {
        let authority = try IssuingAuthority.create(commonName: "terminals", now: .now)
        let key = P256.Signing.PrivateKey()
        let request = try IssuingAuthority.request(commonName: "whatever", key: key)
        let issued = try authority.client(commonName: "T0001", request: request, now: .now, days: 90)
        let peer = try #require(PeerCertificate(der: issued.certificate.der))
        #expect(peer.commonName == "T0001")
        #expect(peer.publicKey.rawRepresentation == key.publicKey.rawRepresentation)
        #expect(issued.key == nil)
        #expect(abs(peer.notAfter.timeIntervalSinceNow - 90 * 86_400) < 60)
    }

    @Test("A request that its key did not sign is refused") func forgedRequest() throws {
        let authority = try IssuingAuthority.create(commonName: "terminals", now: .now)
        let pem = try IssuingAuthority.request(commonName: "x", key: P256.Signing.PrivateKey())
        let lines = pem.split(separator: "\n").map(String.init)
        var der = try #require(Data(base64Encoded: lines.dropFirst().dropLast().joined()))
        der[der.count - 1] ^= 1  // within the signature's s
        let forged =
            "\(lines[0])\n\(der.base64EncodedString(options: .lineLength64Characters))\n\(lines[lines.count - 1])\n"
        #expect(throws: IssuingAuthority.Refusal.signature) {
            try authority.client(commonName: "T0001", request: forged, now: .now)
        }
    }

    @Test("What is no request is refused", arguments: ["", "text", String(repeating: "x", count: 20_000)])
    func noRequest(_ text: String) throws {
        let authority = try IssuingAuthority.create(commonName: "terminals", now: .now)
        #expect(throws: IssuingAuthority.Refusal.malformed) {
            try authority.client(commonName: "T0001", request: text, now: .now)
        }
    }

    @Test("An authority's certificate and key must belong together") func pair() throws {
        try withFolder { folder in
            let one = try IssuingAuthority.create(commonName: "1", now: .now)
            let two = try IssuingAuthority.create(commonName: "2", now: .now)
            try KeyFile.writePublic(one.certificatePEM, to: folder + "/1.pem")
            try KeyFile.writePrivate(one.keyPEM, to: folder + "/1.key.pem")
            try KeyFile.writePrivate(two.keyPEM, to: folder + "/2.key.pem")
            #expect(IssuingAuthority(certificateFile: folder + "/1.pem", keyFile: folder + "/1.key.pem") != nil)
            #expect(IssuingAuthority(certificateFile: folder + "/1.pem", keyFile: folder + "/2.key.pem") == nil)
        }
    }

    @Test("A certificate never outlives its authority") func validity() throws {
        let authority = try IssuingAuthority.create(commonName: "short", now: .now, years: 1)
        let issued = try authority.client(commonName: "x", now: .now, days: 4000)
        #expect(issued.certificate.notValidAfter <= authority.certificate.notValidAfter)
    }
}
