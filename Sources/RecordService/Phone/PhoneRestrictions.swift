import Attestation
import CardChip
import Exchange
import Records
import Vaccination

/// What operators have set for phones: which devices count no more, and whether the channel is suspended.
struct PhoneRestrictions: Sendable {
    /// Whether operators suspended the channel.
    let isSuspended: Bool
    private let suspended: DeviceRevocations
    private let revoked: Set<[UInt8]>
    /// As the mobile back end is told it.
    let access: PhoneAccess

    /// Out of a control state, and what of it is told without terminals.
    init(_ state: ControlState, _ access: AccessState) {
        var (keys, models, patchLevels, releases) = (
            Set<[UInt8]>(), Set<DeviceModel>(), Set<Int>(), Set<AppRelease>()
        )
        var isSuspended = false
        for suspension in state.suspensions {
            switch suspension {
            case .channel(let channel): if channel == .app { isSuspended = true }
            case .device(let hash): keys.insert(hash)
            case .model(let text): if let model = DeviceModel(text) { models.insert(model) }
            case .patchLevel(let month): if DeviceRevocations.isMonth(month) { patchLevels.insert(month) }
            case .appRelease(let app, let version): releases.insert(AppRelease(app: app, version: version))
            case .everything, .municipality, .kind, .terminal: break
            }
        }
        self.isSuspended = isSuspended
        revoked = state.revokedDevices
        // What the store takes is within the other bounds.
        suspended =
            (try? DeviceRevocations(
                deviceKeys: keys, models: models, patchLevels: patchLevels, releases: releases)) ?? .none
        self.access = PhoneAccess(
            access: access,
            isSuspended: isSuspended, devices: keys.union(revoked).map { Hexadecimal.text($0) }.sorted(),
            suspendedDevices: keys.subtracting(revoked).map { Hexadecimal.text($0) }.sorted(),
            models: models.map(\.description).sorted(), patchLevels: patchLevels.sorted(),
            releases: releases.sorted { ($0.app, $0.version) < ($1.app, $1.version) }.map {
                PhoneAccess.Release(app: $0.app, version: $0.version)
            }
        ).with(access)
    }

    /// Why a device may not apply; `nil` if it may.
    func refusal(of facts: DeviceFacts) -> ProblemCode? {
        if isSuspended { return .serviceSuspended }
        if revoked.contains(facts.keyHash) { return .deviceRevoked }
        return suspended.refusal(of: facts) == nil ? nil : .deviceSuspended
    }

    /// Which devices may not enrol.
    func refusal(enrolling facts: DeviceFacts) -> ProblemCode? { refusal(of: facts) }
}
