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
    private let isResting = Resting()

    /// How long an import that could not go on rests.
    static let rest = Duration.seconds(10)

    init(store: any ImportStore, logger: Logger, now: @escaping @Sendable () -> Date) {
        self.store = store
        self.logger = logger
        self.now = now
        // One that waits stands for all: what there is to do is in the store.
        (approved, wakes) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Says that an import may have been approved.
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
        guard failed, !Task.isCancelled else { return }
        // Whatever it was may have passed, and nobody says so.
        guard isResting.begin() else { return }
        Task { [wakes, isResting] in
            try? await Task.sleep(for: Self.rest)
            isResting.end()
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
                report = try await store.apply(found.number, in: region, limit: pace.people, now: now())
                let time = ContinuousClock.now - begun
                pace.took(time)
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

private final class Resting: Sendable {
    private let isOn = Mutex(false)

    /// False if it had begun before.
    func begin() -> Bool {
        isOn.withLock { isOn in
            defer { isOn = true }
            return !isOn
        }
    }

    func end() { isOn.withLock { $0 = false } }
}
