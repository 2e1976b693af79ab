import Crypto
import Foundation
import MutualTLS
import Signing
import TestSupport
import Testing
import X509

/// A terminal authority signs what a terminal's key asked for.
@Suite struct IssuingAuthorityTests {
    @Test func `a request's key gets a certificate with the name that the authority chose`() throws {
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

    @Test func `a request that its key did not sign is refused`() throws {
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

    @Test(arguments: ["", "text", String(repeating: "x", count: 20_000)])
    func `what is no request is refused`(_ text: String) throws {
        let authority = try IssuingAuthority.create(commonName: "terminals", now: .now)
        #expect(throws: IssuingAuthority.Refusal.malformed) {
            try authority.client(commonName: "T0001", request: text, now: .now)
        }
    }

    @Test func `an authority's certificate and key must belong together`() throws {
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

    @Test func `a certificate never outlives its authority`() throws {
        let authority = try IssuingAuthority.create(commonName: "short", now: .now, years: 1)
        let issued = try authority.client(commonName: "x", now: .now, days: 4000)
        #expect(issued.certificate.notValidAfter <= authority.certificate.notValidAfter)
    }
}
