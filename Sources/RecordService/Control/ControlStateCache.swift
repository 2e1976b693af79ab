package import Exchange
package import Foundation
package import Records
import Synchronization
import Waiting

/// Keeps a copy of the control state that is read without waiting, and wakes those who wait for a change of it.
///
/// A change made through this process is in the copy when the operator's request is answered; one made by another
/// process is seen with the next ``refresh()``.
package final class ControlStateCache: Sendable {
    private struct State {
        var snapshot: ControlSnapshot
        var examined: [[UInt8]: ExaminedCertificate?]
        /// Set the moment a mismatch is found, before the store knows it; cleared by an operator only.
        var localHalt: String?
    }

    private let store: any ControlStore & EvidenceStore
    private let authority: TerminalAuthority
    private let state: Mutex<State>
    /// The snapshot's revision, for those who wait for the next one.
    private let revision: Watched<Int64>

    /// A cache with the store's present state.
    package init(store: any ControlStore & EvidenceStore, authority: TerminalAuthority) async throws {
        self.store = store
        self.authority = authority
        var examined: [[UInt8]: ExaminedCertificate?] = [:]
        let snapshot = ControlSnapshot(state: try await store.control(), authority: authority, examined: &examined)
        state = Mutex(State(snapshot: snapshot, examined: examined))
        revision = Watched(snapshot.access.revision)
    }

    /// The present snapshot.
    package var snapshot: ControlSnapshot { state.withLock { $0.snapshot } }

    /// By what requests are judged now: a halt that the store does not know yet counts as well.
    package var policy: AccessPolicy {
        state.withLock { $0.localHalt == nil ? $0.snapshot.policy : $0.snapshot.policy.halted }
    }

    /// Why issuing stands still; `nil` if it does not.
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

    /// Stops what a break of evidence makes doubtful: issuing in one region, or, if what all regions share is broken,
    /// everywhere. What cannot be written down stops everything here.
    package func noteBreak(_ found: EvidenceBreak, now: Date) async {
        let reason = String("\(Self.evidence)\(found)".prefix(200))
        do {
            switch found.log {
            case .control: try await halt(reason, now: now)
            case .region(let code):
                try await store.noteBreak(found, in: code, now: now)
                try await refresh()
            }
        } catch {
            state.withLock { $0.localHalt = reason }
        }
    }

    /// What the reason of a halt begins with that only a logged restore clears.
    package static let evidence = "evidence: "

    /// An operator has looked: issuing goes on.
    package func clearHalt(now: Date) async throws {
        try await store.setIssuingHalted(nil, now: now)
        state.withLock { $0.localHalt = nil }
        try await refresh()
    }

    /// What the centre is told, as soon as its revision is above `revision`, at the latest after `timeout`.
    package func access(after revision: Int64?, timeout: Duration) async -> AccessState {
        if let revision { await self.revision.wait(atMost: timeout) { $0 <= revision } }
        return snapshot.access
    }

    /// Lets everybody who waits go on, and nobody wait any more; for the end of the service.
    package func close() { revision.close() }
}
