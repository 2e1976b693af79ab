public import CredentialIssuing
import Credentials
public import Crypto
import Foundation
package import PKCS11
import SwiftASN1
import Vaccination
import X509

/// A P-256 key in a token behind PKCS#11, which it never leaves.
public struct TokenKey: CredentialSigner {
    private let token: Token
    private let object: TokenObject
    /// The key's public part, as the token gives it.
    public let publicKey: P256.Signing.PublicKey
    /// Whether the token's label marks it, and every key in it, as one for development.
    public var isDevelopment: Bool { DevelopmentMark.isOn(commonName: token.place.label) }

    /// Finds a key, and proves that it signs what its public part verifies.
    /// - Throws: ``PKCS11/TokenError``; ``PKCS11/TokenError/unsuitable(_:)`` if the halves do not belong together.
    package init(_ object: TokenObject, in token: Token) async throws(TokenError) {
        self.token = token
        self.object = object
        let point = try await token.publicPoint(of: object)
        guard let key = try? P256.Signing.PublicKey(x963Representation: point) else {
            throw .unsuitable("\(object)")
        }
        publicKey = key
        let message = (0..<32).map { _ in UInt8.random(in: 0...255) }
        let signature = try await token.signature(over: Array(SHA256.hash(data: message)), by: object)
        guard ES256.isValid(signature, over: message, by: key) else { throw .unsuitable("\(object)") }
    }

    /// The ES256 signature over a message, r and s of 32 bytes each.
    /// - Throws: ``PKCS11/TokenError``; ``PKCS11/TokenError/unavailable(_:)`` for as long as the token cannot be reached.
    public func signature(over message: [UInt8]) async throws -> [UInt8] {
        try await token.signature(over: Array(SHA256.hash(data: message)), by: object)
    }

    /// Whether the key could be taken out of its token.
    package func canLeave() async throws(TokenError) -> Bool { try await token.canLeave(object) }

    /// A PKCS #10 request in PEM form for the key, as a signer's authority wants it.
    package func request(commonName: String, country: String, organisation: String) async throws -> String {
        let subject = try DistinguishedName {
            CountryName(country)
            OrganizationName(organisation)
            CommonName(commonName)
        }
        let request = try await CertificateSigningRequest(
            version: .v1, subject: subject, asyncPrivateKey: .init(RequestKey(signer: self)), attributes: .init(),
            signatureAlgorithm: .ecdsaWithSHA256)
        return try request.serializeAsPEM().pemString + "\n"
    }
}

extension TokenKey: CustomStringConvertible, CustomReflectable {
    /// The key's URI.
    public var description: String { "TokenKey(\(object))" }
    /// The thumbprint alone.
    public var customMirror: Mirror { Mirror(self, children: ["thumbprint": keyID]) }
}

/// The key as swift-certificates asks for one that is not in memory.
private struct RequestKey: CustomPrivateKey {
    struct CannotLeave: Error {}

    let signer: TokenKey

    static func == (a: RequestKey, b: RequestKey) -> Bool { a.signer.keyID == b.signer.keyID }
    func hash(into hasher: inout Hasher) { hasher.combine(signer.keyID) }

    var publicKey: X509.Certificate.PublicKey { .init(signer.publicKey) }
    var defaultSignatureAlgorithm: X509.Certificate.SignatureAlgorithm { .ecdsaWithSHA256 }
    var supportedSignatureAlgorithms: [X509.Certificate.SignatureAlgorithm] { [.ecdsaWithSHA256] }

    func signSynchronously(
        bytes: some DataProtocol, signatureAlgorithm: X509.Certificate.SignatureAlgorithm
    ) throws -> X509.Certificate.Signature { throw CannotLeave() }

    func signAsynchronously(
        bytes: some DataProtocol & Sendable, signatureAlgorithm: X509.Certificate.SignatureAlgorithm
    ) async throws -> X509.Certificate.Signature {
        let raw = try await signer.signature(over: Array(bytes))
        let der = try P256.Signing.ECDSASignature(rawRepresentation: raw).derRepresentation
        return try X509.Certificate.Signature(
            signatureAlgorithm: signatureAlgorithm, signatureBytes: ASN1BitString(bytes: ArraySlice(der)))
    }

    static var defaultPEMDiscriminator: String { "PRIVATE KEY" }
    func serialize(into coder: inout SwiftASN1.DER.Serializer) throws { throw CannotLeave() }
    func serializeAsPEM(discriminator: String) throws -> PEMDocument { throw CannotLeave() }
}
