package import Attestation
package import Crypto
package import Exchange
import Foundation

/// An app instance that enrols: its key, and what vouches for it.
package struct PhoneEnrolment: Sendable {
    /// What an attestation of a key comes to.
    package struct Attested: Sendable {
        /// As it goes over the wire.
        package let attestation: [UInt8]
        /// The key's proof, on platforms whose attestation says nothing of who sends it.
        package let proof: [UInt8]?

        /// An attestation with its proof.
        package init(attestation: [UInt8], proof: [UInt8]?) { (self.attestation, self.proof) = (attestation, proof) }
    }

    private let platform: AttestationPlatform
    private let key: P256.Signing.PublicKey
    private let attest: @Sendable (EnrolmentChallenge) throws -> Attested

    /// - Parameters:
    ///   - platform: whose attestation it is.
    ///   - key: the device's.
    ///   - attest: has the key attested for a challenge.
    package init(
        platform: AttestationPlatform, key: P256.Signing.PublicKey,
        attest: @escaping @Sendable (EnrolmentChallenge) throws -> Attested
    ) {
        (self.platform, self.key, self.attest) = (platform, key, attest)
    }

    /// Enrols the device. The same enrolment goes again if its answer was lost, and gives the same certificate.
    /// - Throws: `unusable` also for a certificate that is about another key or platform: whoever relays it may have put another's in
    ///   its place, and nothing could be asked for with it.
    package func enrol(
        at wallet: WalletClient, repeating policy: RepeatPolicy = .application,
        on clock: some Clock<Duration> = ContinuousClock()
    ) async throws -> EnrolledDeviceAnswer {
        let token = try await policy.run(on: clock) { () async throws(ServiceFailure) in try await wallet.token() }
        let bytes = Array(token.token)
        let attested = try attest(EnrolmentChallenge(token: bytes, platform: platform))
        let enrolment = DeviceEnrolment(
            platform: platform.rawValue, token: bytes, attestation: attested.attestation, proof: attested.proof)
        let enrolled = try await policy.run(on: clock) { () async throws(ServiceFailure) in
            try await wallet.enrol(enrolment)
        }
        guard DeviceCertificate.isAbout(key, on: platform, der: Array(enrolled.certificate)) else {
            throw ServiceFailure.unusable
        }
        return enrolled
    }
}

extension PhoneDevice {
    /// A device whose key makes its proofs as Android's do: an ECDSA signature with SHA-256, DER.
    package init(certificate: [UInt8], key: P256.Signing.PrivateKey) {
        self.init(certificate: certificate) { message in
            Array(try key.signature(for: message).derRepresentation)
        }
    }
}
