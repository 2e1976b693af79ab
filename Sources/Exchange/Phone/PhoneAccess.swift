/// What the mobile back end must know from `vrs`: what is suspended and offered, and which devices count no more.
public struct PhoneAccess: Hashable, Sendable, Codable {
    /// A version of an app.
    public struct Release: Hashable, Sendable, Codable {
        /// The package.
        public let app: String
        /// Android's version code.
        public let version: Int

        /// A version of an app.
        public init(app: String, version: Int) { (self.app, self.version) = (app, version) }
    }

    /// As the centre is told it, without terminals. Its revision is this value's.
    public let access: AccessState
    /// Whether the whole channel is suspended.
    public let isSuspended: Bool
    /// Devices that count no more: SHA-256 of their keys (X9.63, uncompressed), lower-case hexadecimal.
    public let devices: [String]
    /// Those of them that an operator suspended and may resume; the others are revoked for good. Left out by a `vrs` that does not tell
    /// them apart.
    public let suspendedDevices: [String]?
    /// Models that count no more, `maker/model`.
    public let models: [String]
    /// Months of security updates that count no more, YYYYMM.
    public let patchLevels: [Int]
    /// Versions of apps that count no more.
    public let releases: [Release]

    /// A state from its parts.
    public init(
        access: AccessState, isSuspended: Bool, devices: [String], suspendedDevices: [String]? = nil,
        models: [String], patchLevels: [Int], releases: [Release]
    ) {
        self.access = access
        self.isSuspended = isSuspended
        self.devices = devices
        self.suspendedDevices = suspendedDevices
        self.models = models
        self.patchLevels = patchLevels
        self.releases = releases
    }

    /// The same with another state of what is suspended and offered; its terminals are left out.
    package func with(_ access: AccessState) -> PhoneAccess {
        PhoneAccess(
            access: AccessState(
                revision: access.revision, isSuspended: access.isSuspended, isHalted: access.isHalted,
                municipalities: access.municipalities, kinds: access.kinds, terminals: [], offers: access.offers),
            isSuspended: isSuspended, devices: devices, suspendedDevices: suspendedDevices, models: models,
            patchLevels: patchLevels, releases: releases)
    }
}
