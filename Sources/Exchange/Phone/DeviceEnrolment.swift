public import Foundation

/// A token that one enrolment of a device uses up (`POST /v1/enrolment/token`).
public struct DeviceToken: Hashable, Sendable, Codable {
    /// The token, which only `vrs` opens, 16 to 256 bytes.
    public let token: Data
    /// How long it is valid, in seconds.
    public let validSeconds: Int

    /// A token.
    public init(token: [UInt8], validSeconds: Int) {
        self.token = Data(token)
        self.validSeconds = validSeconds
    }
}

/// An app instance that asks for a device certificate (`POST /v1/enrolment`). Nothing of it was checked.
public struct DeviceEnrolment: Hashable, Sendable, Codable {
    /// The maximum of bytes as JSON: an attestation of 16 KiB in base 64, and the rest.
    public static let maximumBytes = 32_768

    /// `android`, `ios`, or in development `development`.
    public let platform: String
    /// The token that the attestation was made for.
    public let token: Data
    /// Android and development: the certificates of the key's chain in DER, one behind another, the key's own first. iOS: the
    /// attestation object.
    public let attestation: Data
    /// Android and development: the key's ECDSA signature (DER) over `akashi/enrol-proof/v1` ‖ the attestation's challenge; `nil` on iOS.
    public let proof: Data?

    /// An enrolment.
    public init(platform: String, token: [UInt8], attestation: [UInt8], proof: [UInt8]?) {
        self.platform = platform
        self.token = Data(token)
        self.attestation = Data(attestation)
        self.proof = proof.map { Data($0) }
    }
}

/// What an enrolment gives.
public struct EnrolledDeviceAnswer: Hashable, Sendable, Codable {
    /// The device certificate, DER.
    public let certificate: Data
    /// With it the holder revokes the device when the phone is lost; 16 characters of Crockford's base 32 in groups of four. The
    /// same enrolment again gives the same one.
    public let revocationCode: String

    /// A certificate with its code.
    public init(certificate: [UInt8], revocationCode: String) {
        self.certificate = Data(certificate)
        self.revocationCode = revocationCode
    }
}

/// A lost phone: its holder revokes it with the code that was shown when it enrolled (`POST /v1/device/revocation`).
public struct DeviceRevocation: Hashable, Sendable, Codable {
    /// The code; hyphens and blanks in it, and small letters, are taken as they are meant.
    public let code: String

    /// A revocation.
    public init(code: String) { self.code = code }
}
