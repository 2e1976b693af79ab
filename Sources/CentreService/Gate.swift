import CardChip
package import Exchange
package import Foundation
import Vaccination

/// Who may use the centre and for what, as `vrs` said last; by certificate hash, for looking up at every request.
package struct Gate: Sendable {
    /// Grows with every change at `vrs`.
    package let revision: Int64
    let isSuspended: Bool
    let isHalted: Bool
    let municipalities: Set<MunicipalityCode>
    let kinds: Set<CertificateKind>
    let terminals: [[UInt8]: GateState.Terminal]

    /// The most bytes that a gate's state may have as JSON.
    package static let maximumBytes = 32 << 20

    /// A gate from its state; `nil` where a terminal's hash has not the form of one.
    package init?(_ state: GateState) {
        var terminals: [[UInt8]: GateState.Terminal] = [:]
        terminals.reserveCapacity(state.terminals.count)
        for terminal in state.terminals {
            guard let hash = Hexadecimal.bytes(terminal.certificateHash), hash.count == 32 else { return nil }
            terminals[hash] = terminal
        }
        self.terminals = terminals
        revision = state.revision
        isSuspended = state.isSuspended
        isHalted = state.isHalted
        municipalities = Set(state.municipalities)
        kinds = Set(state.kinds)
    }

    /// A gate from the JSON that `vrs` sent; `nil` where it is none.
    package init?(json: Data) {
        guard json.count <= Self.maximumBytes, let state = try? JSONDecoder().decode(GateState.self, from: json) else {
            return nil
        }
        self.init(state)
    }

    /// The terminal of a certificate; throws where it is unknown or revoked.
    func terminal(_ certificateHash: [UInt8]) throws(ProblemCode) -> GateState.Terminal {
        guard let terminal = terminals[certificateHash] else { throw .terminalUnknown }
        guard !terminal.isRevoked else { throw .terminalRevoked }
        return terminal
    }

    /// Why a terminal may start no session at all at this time; `nil` where it may.
    func closed(_ terminal: GateState.Terminal, hours: ServiceHours, now: Date) -> ProblemCode? {
        if terminal.isSuspended { return .terminalSuspended }
        if isSuspended { return .serviceSuspended }
        if isHalted { return .serviceHalted }
        return hours.contains(now) ? nil : .serviceClosed
    }

    /// Throws where a request may not go on to `vrs`.
    func admit(
        _ request: CertificateRequest, participants: [MunicipalityCode: CentreConfiguration.Participant]
    ) throws(ProblemCode) {
        guard let participant = participants[request.municipality] else { throw .municipalityNotParticipating }
        if municipalities.contains(request.municipality) { throw .municipalitySuspended }
        guard participant.kinds.contains(request.kind) else { throw .kindNotOffered }
        if kinds.contains(request.kind) { throw .kindSuspended }
    }
}
