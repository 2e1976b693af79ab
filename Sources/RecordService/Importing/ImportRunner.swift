import Foundation
import Logging
import Records
import Synchronization
import Vaccination
import Waiting

/// Writes the people of imports that two operators approved, a few at a time, while everything else goes on. What a process
/// before left unfinished goes on as soon as the next one begins.
package struct ImportRunner: Sendable {
    private let store: any ImportStore
    private let logger: Logger
    private let now: @Sendable () -> Date
    private let approved: AsyncStream<Void>
    private let wakes: AsyncStream<Void>.Continuation
    /// Whether it is asked again by itself.
    private let resting = Resting()

    /// How long an import that could not go on rests.
    static let rest = Duration.seconds(10)

    init(store: any ImportStore, logger: Logger, now: @escaping @Sendable () -> Date) {
        self.store = store
        self.logger = logger
        self.now = now
        // One that waits stands for all: what there is to do is in the store.
        (approved, wakes) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// `import.resting` while an import cannot go on, which is tried again by itself.
    var degraded: [String] { resting.hasFailed ? ["import.resting"] : [] }

    /// Says that an import may have been approved, or discarded.
    func wake() { wakes.yield() }

    /// Runs until the task is cancelled.
    func run() async {
        await applyAll()
        for await _ in approved { await applyAll() }
    }

    private func applyAll() async {
        var failed = false
        let regions: [MunicipalityCode]
        do { regions = try await store.regionsWithImports() } catch {
            note(error, [:])
            regions = []
            failed = true
        }
        for region in regions {
            // One region's damage is its own.
            do {
                for found in try await store.imports(in: region) where found.state == .applying {
                    if await !apply(found, in: region) { failed = true }
                }
                try await store.tidyImports(in: region)
            } catch {
                note(error, ["municipality": "\(region)"])
                failed = true
            }
        }
        if Task.isCancelled { return }
        resting.note(failed)
        guard failed else { return }
        // Whatever it was may have passed, and nobody says so.
        guard resting.begin() else { return }
        Task { [wakes, resting] in
            try? await Task.sleep(for: Self.rest)
            resting.end()
            wakes.yield()
        }
    }

    /// Writes an import's people to the last one; false if it cannot go on.
    private func apply(_ found: RecordImport, in region: MunicipalityCode) async -> Bool {
        let names: Logger.Metadata = ["municipality": "\(region)", "import": "\(found.number)"]
        do {
            var (report, pace) = (found, ImportPace())
            while report.state == .applying {
                if Task.isCancelled { return true }
                let begun = ContinuousClock.now
                let before = report.counts.applied
                report = try await store.apply(found.number, in: region, limit: pace.people, now: now())
                let time = ContinuousClock.now - begun
                pace.took(time, writing: report.counts.applied - before)
                // Another process that waits for SQLite's lock looks for it now and then, and has no turn.
                try await Task.sleep(for: time / 4)
            }
            guard report.state == .applied else { return true }
            logger.notice(
                "imported", metadata: names.merging(["people": "\(report.counts.applied)"]) { $1 })
            return true
        } catch is CancellationError {
            return true
        } catch {
            if Task.isCancelled { return true }
            note(error, names)
            return false
        }
    }

    private func note(_ error: any Error, _ names: Logger.Metadata) {
        logger.error(
            "import rests", metadata: names.merging(["cause": "\(ProblemMapping.cause(of: error) ?? "")"]) { $1 })
    }
}

/// Whether the last look failed, and whether the next one comes by itself.
private final class Resting: Sendable {
    private let state = Mutex((failed: false, begun: false))

    var hasFailed: Bool { state.withLock { $0.failed } }

    func note(_ failed: Bool) { state.withLock { $0.failed = failed } }

    /// False if it had begun before.
    func begin() -> Bool {
        state.withLock { state in
            defer { state.begun = true }
            return !state.begun
        }
    }

    func end() { state.withLock { $0.begun = false } }
}
