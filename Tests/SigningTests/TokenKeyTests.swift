import CredentialIssuing
import Crypto
import Foundation
import PKCS11
import Signing
import SwiftASN1
import TestSupport
import Testing
import X509

/// Keys that sign from within a token.
@Suite(.serialized) struct TokenKeyTests {
    private func token(_ label: String = "akashi") async throws -> Token {
        _ = try await SoftHSM.shared()
        let place = TokenPlace(module: SoftHSM.module, label: label, pin: Array(SoftHSM.pin.utf8), sessions: 2)
        return try Token.entered(try #require(place))
    }

    private func name() throws -> TokenObject { try #require(TokenObject(label: "s-\(UUID().uuidString.prefix(18))")) }

    private func make(in token: Token) async throws -> TokenObject {
        let name = try name()
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try token.make(name, .signing) }) }
        }
        return name
    }

    @Test func `a token's key signs as a file's does`() async throws {
        let token = try await token()
        let key = try await TokenKey(try await make(in: token), in: token)
        let ring = try await KeyRing(active: key)
        #expect(ring.active.keyID == key.keyID)
        let message = Array("a message".utf8)
        let signature = try P256.Signing.ECDSASignature(rawRepresentation: try await key.signature(over: message))
        #expect(key.publicKey.isValidSignature(signature, for: SHA256.hash(data: message)))
        #expect(try await !key.canLeave() && !key.isDevelopment)
        var dumped = ""
        dump(key, to: &dumped)
        #expect(!dumped.contains(SoftHSM.pin))
    }

    @Test func `the request for a token's key names its subject and is signed by it`() async throws {
        let token = try await token()
        let key = try await TokenKey(try await make(in: token), in: token)
        let pem = try await key.request(commonName: "VDS-NC signer", country: "JP", organisation: "見本省")
        let request = try CertificateSigningRequest(pemEncoded: pem)
        #expect(request.publicKey.isValidSignature(request.signature, for: request))
        #expect(request.publicKey == .init(key.publicKey))
        #expect("\(request.subject)".contains("VDS-NC signer"))
    }

    @Test func `a key of another curve is not used`() async throws {
        let hsm = try await SoftHSM.shared()
        let name = try name()
        let label = String("\(name)".dropFirst("pkcs11:object=".count))
        try await hsm.bring(P384.Signing.PrivateKey().pemRepresentation, as: label, to: "akashi")
        let token = try await token()
        let error = await #expect(throws: TokenError.self) { _ = try await TokenKey(name, in: token) }
        #expect(error == .unsuitable("\(name)"))
    }

    @Test func `a key that was brought in from outside signs`() async throws {
        let hsm = try await SoftHSM.shared()
        let name = try name()
        let key = P256.Signing.PrivateKey()
        try await hsm.bring(
            key.pemRepresentation, as: String("\(name)".dropFirst("pkcs11:object=".count)), to: "akashi")
        let found = try await TokenKey(name, in: try await token())
        #expect(found.publicKey.rawRepresentation == key.publicKey.rawRepresentation)
    }

    @Test func `a key that its token would give away says so`() async throws {
        let hsm = try await SoftHSM.shared()
        let name = try name()
        try await hsm.makeExtractable(String("\(name)".dropFirst("pkcs11:object=".count)), in: "other")
        #expect(try await TokenKey(name, in: try await token("other")).canLeave())
    }
}
