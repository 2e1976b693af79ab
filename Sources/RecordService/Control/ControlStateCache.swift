package import Exchange
package import Foundation
package import Records
import Synchronization
package import Vaccination
import Waiting

/// Keeps a copy of the control state that is read without waiting, and wakes those who wait for a change of it.
///
/// A change made through this process is in the copy when the operator's request is answered; one made by another
/// process is seen with the next ``refresh()``.
package final class ControlStateCache: Sendable {
    private struct State {
        var authority: TerminalAuthority
        var snapshot: ControlSnapshot
        var examined: ExaminedCertificates
        /// Set the moment a mismatch is found, before the store knows it, and kept where a break takes its place there.
        var mismatch: Halt?
        /// The same of the first break of evidence.
        var broken: Halt?
        var halts = 0
        /// The regions whose files cannot be written now. No operator's matter, nor the store's: it passes by itself.
        var resting: Set<MunicipalityCode> = []

        /// What stands still here and what the store says; of two reasons the one that is harder to clear.
        var halt: Halt? {
            let stored = snapshot.state.issuingHalted.map { Halt(reason: $0, number: 0) }
            if let stored, stored.isOfEvidence { return broken?.reason == stored.reason ? broken : stored }
            return broken ?? mismatch ?? stored
        }

        /// Stands still for a reason from now on. What evidence has halted stays so.
        mutating func halt(_ reason: String) {
            halts += 1
            let halt = Halt(reason: reason, number: halts)
            guard halt.isOfEvidence else {
                mismatch = halt
                return
            }
            broken = Halt(reason: broken?.reason ?? reason, number: halts)
            if mismatch == nil, let stored = snapshot.state.issuingHalted {
                let earlier = Halt(reason: stored, number: 0)
                if !earlier.isOfEvidence { mismatch = earlier }
            }
        }

        /// Takes a halt away, and no other.
        mutating func clear(_ halt: Halt) {
            if mismatch == halt { mismatch = nil }
            if broken == halt { broken = nil }
        }
    }

    /// Why issuing stands still, as somebody saw it who may clear it.
    package struct Halt: Hashable, Sendable {
        /// As in the store.
        package let reason: String
        /// Which of the halts noted here: one that comes later is another, also for the same reason.
        fileprivate let number: Int

        /// Whether a break of evidence made it, so that only a logged restore clears it.
        package var isOfEvidence: Bool { EvidenceBreak.isHaltReason(reason) }
    }

    private let store: any ControlStore & EvidenceStore
    private let state: Mutex<State>
    /// What the centre is told anew: the snapshot's revision, and what rests.
    private struct Told: Sendable {
        var revision: Int64
        var resting: Set<MunicipalityCode> = []
    }
    /// For those who wait for the next one.
    private let told: Watched<Told>

    /// A cache with the store's present state.
    package init(store: any ControlStore & EvidenceStore, authority: TerminalAuthority) async throws {
        self.store = store
        let examined = ExaminedCertificates(by: authority)
        let snapshot = ControlSnapshot(state: try await store.control(), examined: examined)
        state = Mutex(State(authority: authority, snapshot: snapshot, examined: examined))
        told = Watched(Told(revision: snapshot.access.revision))
    }

    /// The present snapshot.
    package var snapshot: ControlSnapshot { state.withLock { $0.snapshot } }

    /// By what requests are judged now: a halt that the store does not know yet counts as well, and what rests.
    package var policy: AccessPolicy {
        state.withLock { state in
            let policy = state.snapshot.policy.suspending(state.resting)
            return state.halt == nil ? policy : policy.halted
        }
    }

    /// The regions whose files cannot be written now, so that nothing is issued there.
    package var resting: Set<MunicipalityCode> { state.withLock { $0.resting } }

    /// Takes the regions whose files cannot be written now.
    package func rest(_ regions: Set<MunicipalityCode>) {
        let isNew = state.withLock { state in
            defer { state.resting = regions }
            return state.resting != regions
        }
        if isNew { told.update { $0.resting = regions } }
    }

    /// Why issuing stands still; `nil` if it does not.
    package var halt: Halt? { state.withLock { $0.halt } }

    /// The same as text.
    package var halted: String? { halt?.reason }

    /// Whose certificates terminals carry now.
    package var authority: TerminalAuthority { state.withLock { $0.authority } }

    /// How many terminals' certificates were examined since the authorities were taken.
    package var examinedCount: Int { state.withLock { $0.examined.count } }

    /// Takes the terminals of other authorities from now on; every enrolled certificate is examined again when it is next
    /// carried.
    package func replace(_ authority: TerminalAuthority) {
        state.withLock { state in
            state.authority = authority
            state.examined = ExaminedCertificates(by: authority)
            state.snapshot = ControlSnapshot(state: state.snapshot.state, examined: state.examined)
        }
    }

    /// Reads the store again if its revision grew.
    package func refresh() async throws {
        guard try await store.controlRevision() != snapshot.state.revision else { return }
        let fresh = try await store.control()
        state.withLock { state in
            guard fresh.revision > state.snapshot.state.revision else { return }
            state.snapshot = ControlSnapshot(state: fresh, examined: state.examined)
            state.examined.keep(fresh.terminals)
        }
        told.update { $0.revision = max($0.revision, fresh.revision) }
    }

    /// Stops issuing at once, and for good until it is cleared with this reason. One that evidence has halted stays so.
    package func halt(_ reason: String, now: Date) async throws {
        state.withLock { $0.halt(reason) }
        try await store.haltIssuing(reason, now: now)
        try await refresh()
    }

    /// Stops what a break of evidence makes doubtful: issuing in one region, or, if what all regions share is broken,
    /// everywhere. What cannot be written down stops everything here.
    package func noteBreak(_ found: EvidenceBreak, now: Date) async {
        do {
            switch found.log {
            case .control: try await halt(found.haltReason, now: now)
            case .region(let code):
                try await store.noteBreak(found, in: code, now: now)
                try await refresh()
            }
        } catch {
            state.withLock { $0.halt(found.haltReason) }
        }
    }

    /// Somebody has looked at this halt, and at no other: whether issuing goes on. It does not if there is another reason
    /// by now, here or in the store.
    package func clear(_ halt: Halt, now: Date) async throws -> Bool {
        let isCleared = try await store.clearHalt(halt.reason, now: now)
        state.withLock { $0.clear(halt) }
        try await refresh()
        // What a break stood in front of is the store's again.
        if isCleared, let other = self.halt, snapshot.state.issuingHalted == nil {
            try await store.haltIssuing(other.reason, now: now)
            try await refresh()
        }
        return isCleared && self.halt == nil
    }

    /// Forgets here the break of what all regions share, whose restore another process has logged, if the store stands still
    /// for no break. What the break stood in front of stays, and is the store's again.
    /// - Returns: whether no break makes issuing stand still any more.
    package func forgetBreak(now: Date) async throws -> Bool {
        try await refresh()
        let isForgotten = state.withLock { state in
            guard !(state.snapshot.state.issuingHalted.map(EvidenceBreak.isHaltReason) ?? false) else { return false }
            state.broken = nil
            return true
        }
        if isForgotten, let other = halt, snapshot.state.issuingHalted == nil {
            try await store.haltIssuing(other.reason, now: now)
            try await refresh()
        }
        return isForgotten
    }

    /// What the centre is told, as soon as its revision is above `revision` or other regions rest, at the latest after
    /// `timeout`.
    package func access(after revision: Int64?, timeout: Duration) async -> AccessState {
        if let revision {
            let resting = resting
            await told.wait(atMost: timeout) { $0.revision <= revision && $0.resting == resting }
        }
        let (access, resting) = state.withLock { ($0.snapshot.access, $0.resting) }
        return access.suspending(resting)
    }

    /// What the mobile back end is told, as ``access(after:timeout:)`` tells the centre.
    package func phoneAccess(after revision: Int64?, timeout: Duration) async -> PhoneAccess {
        let access = await access(after: revision, timeout: timeout)
        return snapshot.phones.access.with(access)
    }

    /// Lets everybody who waits go on, and nobody wait any more; for the end of the service.
    package func close() { told.close() }
}
