package import Crypto

/// Where a device's key lives.
package enum KeyLevel: String, Hashable, Sendable, CaseIterable {
    /// In no hardware: development alone.
    case software
    /// In an Android device's trusted execution environment.
    case tee
    /// In an Android device's separate security chip.
    case strongBox = "strongbox"
    /// In an Apple device's Secure Enclave.
    case secureEnclave = "secure-enclave"
}

/// A maker's name for its devices of one kind, as a device attests them.
package struct DeviceModel: Hashable, Sendable, CustomStringConvertible {
    /// Maker and model with a slash between, as an operator writes them, such as `Google/Pixel 9`. Both may have slashes of their own: what
    /// is written the same is the same.
    package let description: String

    /// A model from its two names, 1 to 64 bytes each.
    package init(manufacturer: String, model: String) { description = "\(manufacturer)/\(model)" }

    /// A model as ``description`` writes it; `nil` unless something stands on both sides of a slash, or of more than 129 bytes.
    package init?(_ text: String) {
        guard text.utf8.count <= 129, text.utf8.dropFirst().dropLast().contains(UInt8(ascii: "/")) else { return nil }
        description = text
    }
}

/// What of an attested key an operator can revoke it by, and what a device certificate therefore carries.
package struct DeviceFacts: Hashable, Sendable {
    /// SHA-256 of the key as an uncompressed point (X9.63, 65 bytes); with Apple this is the key id.
    package let keyHash: [UInt8]
    /// The Android package, or Apple's `TEAM.bundle`.
    package let app: String
    /// Android's version code; `nil` where the platform does not attest it (iOS).
    package let appVersion: Int?
    /// The month of the system's security updates as YYYYMM; `nil` where it is not attested (iOS, very old Android).
    package let patchLevel: Int?
    /// The model; `nil` unless the app asked for device properties in its attestation (Android 12 and later).
    package let model: DeviceModel?

    /// Facts as a device certificate carries them; whoever makes them vouches for them.
    package init(keyHash: [UInt8], app: String, appVersion: Int?, patchLevel: Int?, model: DeviceModel?) {
        self.keyHash = keyHash
        self.app = app
        self.appVersion = appVersion
        self.patchLevel = patchLevel
        self.model = model
    }
}

/// A device's key of which was checked that it lives where it says and that only the genuine app can use it.
///
/// Only ``AttestationChecker`` makes one. It names no person, and nothing that identifies a device but the key itself:
/// serial numbers and IMEIs are not read even if an attestation has them.
package struct AttestedDeviceKey: Sendable {
    /// The platform.
    package let platform: AttestationPlatform
    /// The public key.
    package let publicKey: P256.Signing.PublicKey
    /// Where the key lives: the lower of what the key and its attestation say.
    package let level: KeyLevel
    /// What it can be revoked by.
    package let facts: DeviceFacts
    /// Android's version as MMmmss, such as 160000; `nil` where it is not attested.
    package let osVersion: Int?
    /// The maker's patches of hardware parts and of the boot image, YYYYMM or YYYYMMDD; `nil` where they are not attested.
    package let vendorPatchLevel: Int?
    package let bootPatchLevel: Int?
    /// Apple's environment; `nil` elsewhere.
    package let environment: AppleEnvironment?

    /// What checks later proofs by this key.
    package var proofKey: DeviceProofKey {
        DeviceProofKey(platform: platform, publicKey: publicKey, app: facts.app)
    }
}
