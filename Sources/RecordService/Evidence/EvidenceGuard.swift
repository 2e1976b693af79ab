package import CredentialIssuing
package import Foundation
package import Logging
package import Records
import Synchronization
import Vaccination

/// Watches over the evidence: compares the records with the last signed root when the service starts, looks at all of
/// them again and again, signs a root over their heads, and stops what is broken.
package final class EvidenceGuard: Sendable {
    /// What is watched over.
    package typealias Store = EvidenceStore & RegionStore

    private let store: any Store
    private let control: ControlStateCache
    private let key: any CredentialSigner
    private let path: String
    private let metrics: VRSMetrics
    private let logger: Logger
    private let now: @Sendable () -> Date
    private struct State {
        var root: SignedRoot?
        /// Whether regions have yet to be compared with the root that an earlier run left: a newer one would forget what
        /// that one proves.
        var isLookDue = false
        /// The incarnation in which the control log was found broken. A root over a control log that was set back would make
        /// the next start believe it.
        var brokenIncarnation: Int64?
        var isControlBroken: Bool { brokenIncarnation != nil }
        /// Whether the last root could not be written, here or in the control file.
        var isUnwritable = false
        /// The last look or logged restore that was begun.
        var turn: Task<Void, Never>?
    }
    private let state = Mutex(State())

    /// - Parameters:
    ///   - key: signs roots.
    ///   - path: the file of the last root, outside of every database.
    package init(
        store: any Store, control: ControlStateCache, key: any CredentialSigner, path: String, metrics: VRSMetrics,
        logger: Logger, now: @escaping @Sendable () -> Date
    ) {
        self.store = store
        self.control = control
        self.key = key
        self.path = path
        self.metrics = metrics
        self.logger = logger
        self.now = now
    }

    /// The last signed root; `nil` before the first.
    package var root: SignedRoot? { state.withLock { $0.root } }

    /// Compares the control log with the last signed root, and asks whether the regions' files are there, before anything is
    /// issued. Without a root everything is looked at from its beginning.
    ///
    /// A region's evidence is compared with the control file's when it is first opened, so that nothing is issued from a
    /// broken one; opening all of a country's takes seconds, in which nobody would be served. ``lookAtRegions()`` does it
    /// behind the start.
    package func start() async {
        let root = checkpoint()
        state.withLock { state in
            state.root = root
            state.isLookDue = root != nil
        }
        if let root {
            do {
                let known = try await store.heads()
                let incarnation = known.incarnation
                // A logged restore in between counts on; a smaller number is an older state put back.
                if root.heads.incarnation > incarnation {
                    await found(
                        EvidenceBreak(
                            log: .control, kind: .rollback,
                            place: "incarnation \(incarnation) where \(root.heads.incarnation) was signed"))
                } else if root.heads.incarnation == incarnation, root.heads.root > known.root {
                    await found(
                        EvidenceBreak(
                            log: .control, kind: .rollback,
                            place: "put back from before root \(root.heads.root), which was signed"))
                }
            } catch {
                await failed(error, .control)
            }
        }
        await verify(.control, everything: true)
        if root == nil { await look(everything: true) } else { await probe() }
        metrics.brokenRegions(control.snapshot.state.brokenRegions.count)
        await sign()
    }

    /// Compares every region with the root that stood when the service started, so that what is broken is told before
    /// somebody asks, and signs the next root only then.
    package func lookAtRegions() async {
        await look(everything: false)
        await sign()
    }

    private func look(everything: Bool) async {
        guard let regions = await regions() else { return }
        for municipality in regions {
            guard !Task.isCancelled else { return }
            await verify(.region(municipality), everything: everything)
        }
        state.withLock { $0.isLookDue = false }
    }

    /// Looks at the control log and its rows, and whether the files of regions are there, whole and writable, and signs a
    /// root.
    package func sweep() async {
        await verify(.control, everything: true)
        await probe()
        await sign()
    }

    private func probe() async {
        guard let regions = await regions() else { return }
        var unwritable: [MunicipalityCode: StoreError] = [:]
        for municipality in regions {
            do {
                try await store.probe(municipality)
            } catch let error as StoreError where error == .unavailable() {
                unwritable[municipality] = error
            } catch {
                await failed(error, .region(municipality))
            }
        }
        rest(unwritable)
    }

    /// Nobody is let as far as a region that cannot write down what it issues; it goes on by itself when it can.
    private func rest(_ unwritable: [MunicipalityCode: StoreError]) {
        let before = control.resting
        control.rest(Set(unwritable.keys))
        for (code, error) in unwritable.sorted(by: { $0.key < $1.key }) where !before.contains(code) {
            logger.error(
                "region rests: it cannot be written to / 書き込めないため、この自治体だけ交付を休止します",
                metadata: ["log": "\(code)", "cause": "\(error)"])
        }
        for code in before.subtracting(unwritable.keys).sorted() {
            logger.notice("region goes on: it can be written to again / 交付を再開します", metadata: ["log": "\(code)"])
        }
    }

    /// Whether the records can be written to, as far as the last root shows.
    package var isWritable: Bool { state.withLock { !$0.isUnwritable } }

    /// Looks at every line and row of every region.
    package func sweepEverything() async { await look(everything: true) }

    /// Signs a root over what is there now; not before what is there was compared with the last one.
    /// - Parameter lookingForRoom: whether a disk on which there is too little room for what comes is a failure.
    package func sign(lookingForRoom: Bool = true) async {
        guard !state.withLock({ $0.isControlBroken || $0.isLookDue }) else { return }
        do {
            if lookingForRoom { try await store.probeRoom() }
            let root = try await SignedRoot(try await store.beginRoot(), at: now(), by: key)
            try Data(root.text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
            state.withLock { state in
                state.root = root
                state.isUnwritable = false
            }
        } catch {
            // A full disk, a folder that is read-only: people would be refused one by one.
            state.withLock { $0.isUnwritable = true }
            await failed(error, .control)
        }
    }

    /// An operator has looked, and restored what was there to restore.
    package func restored(_ log: LogName, reason: String, asItIs: Bool) async throws {
        let outcome = Mutex<Result<Void, any Error>>(.success(()))
        await inTurn { [self] in
            do { try await restore(log, reason: reason, asItIs: asItIs) } catch {
                outcome.withLock { $0 = .failure(error) }
            }
        }
        try outcome.withLock { $0 }.get()
    }

    /// Looks and restores come one after the other: what a look found before a restore must not be told after it.
    private func inTurn(_ body: @escaping @Sendable () async -> Void) async {
        let task = state.withLock { state in
            let task = Task { [before = state.turn] in
                await before?.value
                await body()
            }
            state.turn = task
            return task
        }
        await task.value
    }

    private func restore(_ log: LogName, reason: String, asItIs: Bool) async throws {
        try await control.refresh()
        let halt = control.halt
        try await store.noteRestored(log, reason: reason, asItIs: asItIs, now: now())
        state.withLock { state in
            state.root = nil
            if log == .control { state.brokenIncarnation = nil }
        }
        // A mismatch in the service's own output is not restored by this; an operator looks at that.
        if log == .control, let halt, halt.isOfEvidence {
            _ = try await control.clear(halt, now: now())
        } else {
            try await control.refresh()
        }
        metrics.halted(control.halted != nil)
        metrics.brokenRegions(control.snapshot.state.brokenRegions.count)
        await sign()
    }

    // MARK: Looking

    private func regions() async -> [MunicipalityCode]? {
        do {
            return try await store.municipalities().map(\.code)
        } catch {
            await failed(error, .control)
            return nil
        }
    }

    private func pins(_ log: LogName) -> [LogHead] {
        state.withLock { state in
            guard let root = state.root, root.heads.incarnation == control.snapshot.state.incarnation else { return [] }
            return root.heads.heads[log].map { [$0] } ?? []
        }
    }

    private func verify(_ log: LogName, everything: Bool) async {
        await inTurn { [self] in await look(log, everything) }
    }

    private func look(_ log: LogName, _ everything: Bool) async {
        do {
            var report: EvidenceReport
            var incarnation: Int64
            repeat {
                // A restore has done away with older pins: one that was logged here, in turn, as one of another process, of
                // which a broken control file need not be able to tell.
                try? await control.refresh()
                incarnation = control.snapshot.state.incarnation
                report = try await store.verify(log, pins: pins(log), everything: everything)
                if !report.breaks.isEmpty { try? await control.refresh() }
            } while incarnation != control.snapshot.state.incarnation
            for found in report.breaks.dropFirst() { say(found) }
            if let first = report.breaks.first { return await found(first) }
            if log == .control, everything { try await trustRestore() }
        } catch {
            await failed(error, log)
        }
    }

    /// Goes on after a break of the control log that another process has logged as restored, once a look at everything has
    /// found it whole here too: a log that is whole again is not enough, nor is a restore that somebody else speaks of.
    private func trustRestore() async throws {
        guard let broken = state.withLock({ $0.brokenIncarnation }) else { return }
        try await control.refresh()
        // Sealed as all of the control file is, and looked at just now.
        guard control.snapshot.state.incarnation > broken, try await control.forgetBreak(now: now()) else { return }
        state.withLock { state in
            state.root = nil
            state.brokenIncarnation = nil
        }
        metrics.halted(control.halted != nil)
        metrics.brokenRegions(control.snapshot.state.brokenRegions.count)
        logger.notice(
            "the restore of the control log that was logged elsewhere is taken / 別プロセスで記録された復旧を確認しました",
            metadata: ["log": "control"])
    }

    private func failed(_ error: any Error, _ log: LogName) async {
        if let error = error as? StoreError {
            if let found = error.found { return await self.found(found) }
            if case .region(let code) = log, let found = EvidenceBreak(error, in: code) {
                // Told once, and again by who looks at the whole.
                guard control.snapshot.state.brokenRegions[code] == nil else { return }
                return await self.found(found)
            }
        }
        logger.error(
            "evidence not looked at",
            metadata: ["log": "\(log)", "cause": "\(ProblemMapping.cause(of: error) ?? "")"])
    }

    private func found(_ found: EvidenceBreak) async {
        say(found)
        metrics.found(found.kind.rawValue, by: .evidence)
        if found.log == .control {
            // As late a one as can be read: only a restore behind this break ends it.
            try? await control.refresh()
            let incarnation = control.snapshot.state.incarnation
            state.withLock { state in
                state.brokenIncarnation = max(
                    state.brokenIncarnation ?? 0, incarnation, state.root?.heads.incarnation ?? 0)
            }
        }
        await control.noteBreak(found, now: now())
        metrics.halted(control.halted != nil)
        metrics.brokenRegions(control.snapshot.state.brokenRegions.count)
    }

    private func say(_ found: EvidenceBreak) {
        let (english, japanese) = found.consequence
        logger.critical(
            "evidence broken: \(english) / \(japanese)", metadata: ["log": "\(found.log)", "cause": "\(found)"])
    }

    /// The root that an earlier run left. One that is not this key's says nothing, and is as good as none.
    private func checkpoint() -> SignedRoot? {
        guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: SignedRoot.maximumBytes + 1),
            let root = SignedRoot(String(decoding: data, as: UTF8.self), by: key.publicKey)
        else {
            logger.error("the last signed root cannot be used", metadata: ["cause": "\(path)"])
            return nil
        }
        return root
    }
}
