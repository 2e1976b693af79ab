import Foundation
import HTTPServer
import Records
import Signing
import Vaccination
import Waiting

/// What the service is not ready for, and what does not go as it should while it goes on.
struct Readiness: Sendable {
    let store: any ControlStore
    let control: ControlStateCache
    let evidence: EvidenceGuard
    let trust: PublishedTerminalTrust?
    let signers: Signers
    let token: TokenWatch
    let reloads: Reloads
    let imports: ImportRunner
    let closer: LogCloser
    let now: @Sendable () -> Date

    /// As stable codes; nothing if it is ready.
    func missing() async -> [String] {
        // A store that hangs must not hold who asks: the places to ask are few, and the watchdog needs one.
        let answered = try? await withTimeLimit(.seconds(2)) { [store] in (try? await store.controlRevision()) != nil }
        guard answered == true else { return ["store.unavailable"] }
        return (control.halted == nil ? [] : ["issuing.halted"]) + (evidence.isWritable ? [] : ["store.unwritable"])
            + (token.isLost ? ["token.unavailable"] : [])
            + signers.outOfDate(at: now())
    }

    /// The regions that issue nothing while the others go on: their files or their evidence are broken, or they rest.
    func brokenRegions() -> [String] {
        control.resting.union(control.snapshot.state.brokenRegions.keys).sorted().map(\.digits)
    }

    /// The regions that are whole and cannot be written to now.
    func restingRegions() -> [String] {
        control.resting.subtracting(control.snapshot.state.brokenRegions.keys).sorted().map(\.digits)
    }

    /// Why an export for terminals is not handed on, a configuration that was read again and is wrong, an import that cannot
    /// go on, and logs that cannot be closed.
    func degraded() -> [String] {
        [trust?.failure?.rawValue].compactMap { $0 } + reloads.degraded + imports.degraded + closer.degraded
    }
}
