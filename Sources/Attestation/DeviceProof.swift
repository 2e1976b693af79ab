import Credentials
package import Crypto
import Foundation

/// What a device's key signs.
package enum DeviceProof {
    /// The label of an application's proof, and of an enrolment's.
    package static let label = "akashi/device-proof/v2"
    package static let enrolmentLabel = "akashi/enrol-proof/v1"

    /// What the key signs of an application: label ‖ the 32 bytes that the chip signs, too.
    package static func message(overTranscript hash: [UInt8]) -> [UInt8] { Array(label.utf8) + hash }

    /// What the key signs when it enrols: label ‖ the challenge. Android's attestation says of a key what it is, not that who
    /// sends it has it.
    package static func enrolment(_ challenge: EnrolmentChallenge) -> [UInt8] {
        Array(enrolmentLabel.utf8) + challenge.bytes
    }

    /// The longest proof, in bytes.
    package static let maximumBytes = 512
}

/// A device's key and what checks its proofs: made of an ``AttestedDeviceKey``, or of a device certificate by whoever has checked
/// that certificate.
package struct DeviceProofKey: Sendable {
    /// The platform, which says what form a proof has.
    package let platform: AttestationPlatform
    /// The key.
    package let publicKey: P256.Signing.PublicKey
    /// The package, or Apple's `TEAM.bundle`.
    package let app: String

    /// A key.
    package init(platform: AttestationPlatform, publicKey: P256.Signing.PublicKey, app: String) {
        self.platform = platform
        self.publicKey = publicKey
        self.app = app
    }

    /// SHA-256 of a key as an uncompressed point (X9.63).
    package static func hash(of key: P256.Signing.PublicKey) -> [UInt8] {
        Array(SHA256.hash(data: key.x963Representation))
    }

    /// Checks a proof over a message.
    ///
    /// Of Android and in development it is an ECDSA signature with SHA-256 over the message, in DER as `Signature` gives it; of
    /// iOS the assertion that `generateAssertion(_:clientDataHash:)` gives for the message's SHA-256.
    ///
    /// - Returns: Apple's counter, `nil` elsewhere. It never refuses: retries and parallel requests reorder it. Its maximum is for
    ///   an alarm.
    /// - Throws: `proofMalformed` or `proofInvalid`.
    package func check(_ proof: [UInt8], of message: [UInt8]) throws(AttestationRefusal) -> UInt32? {
        guard proof.count <= DeviceProof.maximumBytes else { throw .proofMalformed }
        switch platform {
        case .android, .development:
            guard let signature = try? P256.Signing.ECDSASignature(derRepresentation: proof) else {
                throw .proofMalformed
            }
            guard publicKey.isValidSignature(signature, for: SHA256.hash(data: message)) else { throw .proofInvalid }
            return nil
        case .ios:
            let assertion = try AppAttestAssertion(proof)
            return try assertion.check(publicKey, app: app, clientDataHash: Array(SHA256.hash(data: message)))
        }
    }
}
