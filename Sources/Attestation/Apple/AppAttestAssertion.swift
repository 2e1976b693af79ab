import Credentials
import Crypto

/// What a key of App Attest gives in place of a bare signature.
struct AppAttestAssertion: Sendable {
    private let signature: P256.Signing.ECDSASignature
    private let authenticatorBytes: [UInt8]
    let authenticatorData: AuthenticatorData

    /// Reads CBOR { `signature`, `authenticatorData` }.
    init(_ bytes: [UInt8]) throws(AttestationRefusal) {
        guard bytes.count <= DeviceProof.maximumBytes, let cbor = try? CBOR(bytes, depth: 2),
            let der = cbor.byteString(cbor.member("signature", of: cbor.root)),
            let signature = try? P256.Signing.ECDSASignature(derRepresentation: der),
            let data = cbor.byteString(cbor.member("authenticatorData", of: cbor.root)),
            let read = AuthenticatorData(assertion: data)
        else { throw .proofMalformed }
        self.signature = signature
        authenticatorBytes = data
        authenticatorData = read
    }

    /// Checks it, and gives the counter.
    ///
    /// What is signed is the nonce SHA-256(authenticatorData ‖ clientDataHash) as a message, so that it is hashed once more;
    /// measured on public samples, since Apple's text can be read both ways.
    func check(
        _ key: P256.Signing.PublicKey, app: String, clientDataHash: [UInt8]
    ) throws(AttestationRefusal) -> UInt32 {
        let nonce = SHA256.hash(data: authenticatorBytes + clientDataHash)
        guard key.isValidSignature(signature, for: SHA256.hash(data: Array(nonce))), authenticatorData.isAbout(app)
        else {
            throw .proofInvalid
        }
        return authenticatorData.counter
    }
}
