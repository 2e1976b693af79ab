import Credentials
import Crypto
import Foundation

/// The object that App Attest gives for a key, read and not checked.
struct AppAttestStatement: Sendable {
    /// The leaf's extension with the nonce.
    static let nonceIdentifier = "1.2.840.113635.100.8.2"

    /// The key's certificate and its issuer's.
    let chain: CertificateChain
    let authenticatorData: AuthenticatorData
    private let authenticatorBytes: [UInt8]

    /// Reads the object: CBOR { `fmt`: `apple-appattest`, `attStmt`: { `x5c`: [leaf, intermediate], `receipt` }, `authData` }.
    /// The receipt, for Apple's count of attestations a device, is passed over.
    init(_ bytes: [UInt8]) throws(AttestationRefusal) {
        guard let cbor = try? CBOR(bytes, depth: 6), cbor.text(cbor.member("fmt", of: cbor.root)) == "apple-appattest",
            let data = cbor.byteString(cbor.member("authData", of: cbor.root)),
            let statement = cbor.member("attStmt", of: cbor.root)
        else { throw .malformed }
        let certificates = cbor.children(of: cbor.member("x5c", of: statement))
        guard certificates.count == 2 else { throw .chainMalformed }
        let parts = certificates.compactMap { cbor.byteString($0) }
        guard parts.count == 2 else { throw .malformed }
        chain = try CertificateChain(parts)
        guard let read = AuthenticatorData(attestation: data), read.attested != nil else { throw .malformed }
        authenticatorBytes = data
        authenticatorData = read
    }

    /// Checks it as Apple asks ("Validating apps that connect to your server"), in Apple's order.
    func check(
        _ policy: ApplePolicy, clientDataHash: [UInt8], at now: Date
    ) throws(AttestationRefusal) -> AttestedDeviceKey {
        guard let leaf = chain.certificates.first, let attested = authenticatorData.attested else { throw .malformed }
        let seconds = now.timeIntervalSince1970
        try chain.verify(to: policy.roots, allowing: [], at: seconds)
        // Apple's leaf counts for three days around the attestation, and an attestation is checked when it was made.
        guard leaf.notBefore <= seconds, seconds <= leaf.notAfter else { throw .leafExpired }
        guard let value = leaf.value(ofExtension: Self.nonceIdentifier) else { throw .statementMissing }
        guard let nonce = Self.nonce(value) else { throw .statementMalformed }
        guard SHA256.hash(data: authenticatorBytes + clientDataHash) == nonce else { throw .challengeDiffers }
        guard let key = leaf.p256Key else { throw .keyType }
        let keyHash = DeviceProofKey.hash(of: key)
        // Apple names the key by the hash alone. The key in the data is compared as well: whoever reads it later must not find
        // another one than was certified.
        guard attested.credentialID == keyHash, attested.publicKey.elementsEqual(key.x963Representation) else {
            throw .keyDiffers
        }
        guard let app = authenticatorData.app(among: policy.apps) else { throw .appUnknown }
        guard authenticatorData.counter == 0 else { throw .keyUsed }
        guard let environment = authenticatorData.environment, policy.environments.contains(environment) else {
            throw .environment
        }
        return AttestedDeviceKey(
            platform: .ios, publicKey: key, level: .secureEnclave,
            facts: DeviceFacts(keyHash: keyHash, app: app.identifier, appVersion: nil, patchLevel: nil, model: nil),
            osVersion: nil, vendorPatchLevel: nil, bootPatchLevel: nil, environment: environment)
    }

    // SEQUENCE { [1] { OCTET STRING } }
    private static func nonce(_ value: [UInt8]) -> [UInt8]? {
        var outer = DER(value)
        guard var fields = outer.enter(0x30), outer.isAtEnd, var field = fields.enter(0xA1), fields.isAtEnd,
            let nonce = field.content(0x04), field.isAtEnd, nonce.count == SHA256.byteCount
        else { return nil }
        return nonce
    }
}
