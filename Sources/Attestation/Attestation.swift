/// What kind of app an attestation is about. The raw value is what stands in an enrolment's challenge and in a device
/// certificate.
package enum AttestationPlatform: String, Hashable, Sendable, CaseIterable {
    /// Android key attestation.
    case android
    /// Apple App Attest.
    case ios
    /// A made-up device, taken in development alone.
    case development
}

/// An attestation as it was sent: its form is right, and nothing of what it says was checked.
///
/// Only ``AttestationChecker`` makes something of it that can be relied on, an ``AttestedDeviceKey``.
package struct Attestation: Sendable {
    enum Content: Sendable {
        case chain(CertificateChain)
        case appAttest(AppAttestStatement)
    }

    /// The platform that it claims.
    package let platform: AttestationPlatform
    let content: Content

    /// The maximum length of what is read, in bytes; whoever takes it from a network bounds it by this.
    package static let maximumBytes = 16_384

    /// Reads an attestation.
    ///
    /// - Parameters:
    ///   - platform: its platform.
    ///   - bytes: of Android and in development the certificates of the key's chain in DER one behind another, the key's own
    ///     first, as `KeyStore.getCertificateChain` gives them; of iOS the object that `attestKey(_:clientDataHash:)` gives.
    ///   - Throws: `tooLarge`, `malformed` or `chainMalformed`.
    package init(platform: AttestationPlatform, bytes: [UInt8]) throws(AttestationRefusal) {
        guard bytes.count <= Self.maximumBytes else { throw .tooLarge }
        self.platform = platform
        content =
            switch platform {
            case .android, .development: .chain(try CertificateChain(concatenated: bytes))
            case .ios: .appAttest(try AppAttestStatement(bytes))
            }
    }
}
