/// A version of an app, as an operator revokes it.
package struct AppRelease: Hashable, Sendable {
    /// The package.
    package let app: String
    /// The version code.
    package let version: Int

    /// A version of a package.
    package init(app: String, version: Int) { (self.app, self.version) = (app, version) }
}

/// Devices that count no more, by what is known of them. It is asked when a device enrols and again at each application, with
/// the facts that its certificate carries.
package struct DeviceRevocations: Hashable, Sendable {
    /// Single devices: SHA-256 of their keys, 32 bytes each.
    package let deviceKeys: Set<[UInt8]>
    /// Devices of a maker's kind.
    package let models: Set<DeviceModel>
    /// Months of security updates, YYYYMM.
    package let patchLevels: Set<Int>
    /// Versions of an app.
    package let releases: Set<AppRelease>

    /// Nothing revoked.
    package static let none = DeviceRevocations()

    private init() { (deviceKeys, models, patchLevels, releases) = ([], [], [], []) }

    /// What is revoked.
    ///
    /// - Parameters:
    ///   - deviceKeys: at most 1,000,000 hashes of 32 bytes.
    ///   - models: any; ``DeviceModel`` checks their texts.
    ///   - patchLevels: months from 201501 to 209912.
    ///   - releases: versions from 0.
    package init(
        deviceKeys: Set<[UInt8]>, models: Set<DeviceModel>, patchLevels: Set<Int>, releases: Set<AppRelease>
    ) throws(AttestationPolicyError) {
        guard deviceKeys.count <= 1_000_000, deviceKeys.allSatisfy({ $0.count == 32 }) else {
            throw AttestationPolicyError(.deviceKeys, "at most 1,000,000 SHA-256 hashes of keys, 32 bytes each")
        }
        guard patchLevels.allSatisfy(Self.isMonth) else {
            throw AttestationPolicyError(.patchLevel, "months as YYYYMM, such as 202511")
        }
        guard releases.allSatisfy({ $0.version >= 0 }) else { throw AttestationPolicyError(.version, "from 0") }
        self.deviceKeys = deviceKeys
        self.models = models
        self.patchLevels = patchLevels
        self.releases = releases
    }

    /// The month of a patch level, as YYYYMM or YYYYMMDD; `nil` of any other number, which says nothing of its age.
    static func month(ofPatchLevel level: Int) -> Int? {
        [level, level / 100].first(where: isMonth)
    }

    /// Whether a number is a month from 201501 to 209912, as YYYYMM.
    package static func isMonth(_ value: Int) -> Bool {
        (201_501...209_912).contains(value) && (1...12).contains(value % 100)
    }

    /// Why a device is revoked; `nil` if it is not. What is not known of a device (its model, on a platform that does not attest
    /// it) revokes it by nothing.
    package func refusal(of facts: DeviceFacts) -> AttestationRefusal? {
        if deviceKeys.contains(facts.keyHash) { return .deviceRevoked }
        if let model = facts.model, models.contains(model) { return .modelRevoked }
        if let month = facts.patchLevel, patchLevels.contains(month) { return .patchesRevoked }
        if let version = facts.appVersion, releases.contains(AppRelease(app: facts.app, version: version)) {
            return .appRevoked
        }
        return nil
    }
}
