import CardChip
package import Exchange
package import Foundation
package import Records
import Synchronization
import Vaccination
import Waiting

/// What operators have set, as a snapshot that is read without waiting.
package struct ControlSnapshot: Sendable {
    /// As in the store.
    package let state: ControlState
    /// Terminals by the hash of their certificate.
    package let terminals: [[UInt8]: KnownTerminal]
    /// As the centre is told.
    package let gate: AccessState
    /// The same, for judging requests.
    package let policy: AccessPolicy

    init(state: ControlState, authority: TerminalAuthority, examined: inout [[UInt8]: ExaminedCertificate?]) {
        self.state = state
        var terminals: [[UInt8]: KnownTerminal] = [:]
        var kept: [[UInt8]: ExaminedCertificate?] = [:]
        for terminal in state.terminals {
            let hash = terminal.certificateHash
            let certificate = examined[hash] ?? (try? authority.examine(der: terminal.certificateDER))
            kept[hash] = .some(certificate)
            terminals[hash] = KnownTerminal(
                terminal: terminal, certificate: certificate?.hash == hash ? certificate : nil)
        }
        examined = kept
        self.terminals = terminals
        gate = AccessState(
            revision: state.revision, isSuspended: state.suspensions.contains(.everything),
            isHalted: state.issuingHalted != nil,
            municipalities: state.suspensions.compactMap { if case .municipality(let code) = $0 { code } else { nil } }
                .sorted(),
            kinds: CertificateKind.allCases.filter { state.suspensions.contains(.kind($0)) },
            terminals: state.terminals.map {
                AccessState.Terminal(
                    id: $0.id, certificateHash: Hexadecimal.text($0.certificateHash), isRevoked: $0.status == .revoked,
                    isSuspended: state.suspensions.contains(.terminal($0.id)))
            })
        policy = AccessPolicy(
            gate,
            terminals: Dictionary(zip(state.terminals.map(\.certificateHash), gate.terminals)) { first, _ in first })
    }

    /// The terminal with this certificate, if it may apply now; throws the reason where it may not.
    package func terminal(certificateHash: [UInt8], now: Date) throws(ProblemCode) -> (
        EnrolledTerminal, ExaminedCertificate
    ) {
        _ = try policy.terminal(certificateHash)
        guard let known = terminals[certificateHash], let certificate = known.certificate, certificate.isValid(at: now)
        else { throw .terminalUnknown }
        return (known.terminal, certificate)
    }
}

/// Keeps the control snapshot equal to the store and wakes those who wait for a change.
///
/// A change made through this process is in the snapshot when the operator's request is answered; one made by another
/// process is seen with the next ``refresh()``.
package final class ControlBoard: Sendable {
    private struct State {
        var snapshot: ControlSnapshot
        var examined: [[UInt8]: ExaminedCertificate?]
        /// Set the moment a mismatch is found, before the store knows it; cleared by an operator only.
        var localHalt: String?
    }

    private let store: any ControlStore
    private let authority: TerminalAuthority
    private let state: Mutex<State>
    /// The snapshot's revision, for those who wait for the next one.
    private let revision: Watched<Int64>

    /// A board with the store's present state.
    package init(store: any ControlStore, authority: TerminalAuthority) async throws {
        self.store = store
        self.authority = authority
        var examined: [[UInt8]: ExaminedCertificate?] = [:]
        let snapshot = ControlSnapshot(state: try await store.control(), authority: authority, examined: &examined)
        state = Mutex(State(snapshot: snapshot, examined: examined))
        revision = Watched(snapshot.gate.revision)
    }

    /// The present snapshot.
    package var snapshot: ControlSnapshot { state.withLock { $0.snapshot } }

    /// By what requests are judged now: a halt that the store does not know yet counts as well.
    package var policy: AccessPolicy {
        state.withLock { $0.localHalt == nil ? $0.snapshot.policy : $0.snapshot.policy.halted }
    }

    /// Why issuing stands still, or `nil`.
    package var halted: String? { state.withLock { $0.localHalt ?? $0.snapshot.state.issuingHalted } }

    /// Reads the store again if its revision grew.
    package func refresh() async throws {
        guard try await store.controlRevision() != snapshot.state.revision else { return }
        let fresh = try await store.control()
        state.withLock { state in
            guard fresh.revision > state.snapshot.state.revision else { return }
            state.snapshot = ControlSnapshot(state: fresh, authority: authority, examined: &state.examined)
        }
        revision.update { $0 = max($0, fresh.revision) }
    }

    /// Stops issuing at once, and for good until an operator clears it.
    package func halt(_ reason: String, now: Date) async throws {
        state.withLock { $0.localHalt = reason }
        try await store.setIssuingHalted(reason, now: now)
        try await refresh()
    }

    /// An operator has looked: issuing goes on.
    package func clearHalt(now: Date) async throws {
        try await store.setIssuingHalted(nil, now: now)
        state.withLock { $0.localHalt = nil }
        try await refresh()
    }

    /// The gate's state as soon as its revision is above `revision`, at the latest after `timeout`.
    package func gate(after revision: Int64?, timeout: Duration) async -> AccessState {
        if let revision { await self.revision.wait(atMost: timeout) { $0 <= revision } }
        return snapshot.gate
    }

    /// Lets everybody who waits go on, and nobody wait any more; for the end of the service.
    package func close() { revision.close() }
}
