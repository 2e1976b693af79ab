import Attestation
import CardChip
package import Exchange
import ExchangeServer

/// Who may use the service by phone now, and for what, in a form that is looked up at every request.
package struct PhonePolicy: PolledPolicy {
    package let access: AccessPolicy
    /// Whether an operator suspended the whole channel.
    let isSuspended: Bool
    private let revocations: DeviceRevocations
    /// Those devices among them that are suspended.
    private let suspended: Set<[UInt8]>

    /// A policy out of a state; `nil` if something in it has not its form: what cannot be read revokes nobody.
    package init?(_ state: PhoneAccess) {
        let keys = state.devices.compactMap { Hexadecimal.bytes($0) }
        let suspended = state.suspendedDevices ?? []
        let suspendedKeys = suspended.compactMap { Hexadecimal.bytes($0) }
        let models = state.models.compactMap { DeviceModel($0) }
        guard let access = AccessPolicy(state.access), keys.count == state.devices.count,
            suspendedKeys.count == suspended.count, Set(suspendedKeys).isSubset(of: keys),
            models.count == state.models.count,
            let revocations = try? DeviceRevocations(
                deviceKeys: Set(keys), models: Set(models), patchLevels: Set(state.patchLevels),
                releases: Set(state.releases.map { AppRelease(app: $0.app, version: $0.version) }))
        else { return nil }
        (self.access, self.revocations, isSuspended) = (access, revocations, state.isSuspended)
        self.suspended = Set(suspendedKeys)
    }

    /// Why no session may begin at all; `nil` if one may.
    func refusal(isOpen: Bool) -> ProblemCode? {
        access.refusal(at: nil) ?? (isSuspended ? .serviceSuspended : isOpen ? nil : .serviceClosed)
    }

    /// Why a device counts no more: itself revoked or suspended, or its model, system or app taken out of service; `nil` if it counts.
    func refusal(of facts: DeviceFacts) -> ProblemCode? {
        switch revocations.refusal(of: facts) {
        case nil: nil
        case .deviceRevoked: suspended.contains(facts.keyHash) ? .deviceSuspended : .deviceRevoked
        default: .deviceSuspended
        }
    }
}
