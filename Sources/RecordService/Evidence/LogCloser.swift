package import Foundation
package import Logging
package import Records
import Synchronization
import Vaccination

/// Closes what of regions' logs is no longer at hand, once a day in Japan.
package final class LogCloser: Sendable {
    private let store: any RegionStore & SegmentStore
    private let keeping: LogKeeping
    private let logger: Logger
    private let now: @Sendable () -> Date

    private struct State {
        /// The day of the last closing that went through all regions, since 1970.
        var day: Int?
        /// The regions that could not be closed, and those of which a file is damaged: they alone are looked at again that day.
        var failed: Set<MunicipalityCode> = []
        var damaged: Set<MunicipalityCode> = []
        /// Whether not even the regions could be asked for.
        var hasFailed = false
    }
    private let state = Mutex(State())

    /// How often it is asked whether a day's closing is due, in seconds: one that failed is tried again then.
    static let interval = 600

    package init(
        store: any RegionStore & SegmentStore, keeping: LogKeeping, logger: Logger, now: @escaping @Sendable () -> Date
    ) {
        self.store = store
        self.keeping = keeping
        self.logger = logger
        self.now = now
    }

    /// `log.not_closed` while lines cannot be closed, `log.segment_damaged` while a closed segment's file is missing or
    /// has another size; both are looked at again by themselves.
    var degraded: [String] {
        state.withLock { state in
            (state.hasFailed || !state.failed.isEmpty ? ["log.not_closed"] : [])
                + (state.damaged.isEmpty ? [] : ["log.segment_damaged"])
        }
    }

    /// Closes what is due in every region, unless that was done today.
    package func closeIfDue() async {
        let day = Int(((now().timeIntervalSince1970 + 9 * 3600) / 86_400).rounded(.down))
        let before = state.withLock { $0 }
        let due = before.day == day && !before.hasFailed ? before.failed.union(before.damaged) : nil
        if due?.isEmpty ?? false { return }
        var after = State(day: day)
        do {
            for region in try await store.municipalities().map(\.code) where due?.contains(region) ?? true {
                if Task.isCancelled { return }
                do {
                    let closing = try await store.closeLog(of: region, keeping: keeping, now: now())
                    note(closing, region)
                    if !closing.damaged.isEmpty { after.damaged.insert(region) }
                } catch is CancellationError {
                    return
                } catch {
                    // One region's damage is its own.
                    after.failed.insert(region)
                    note(error, ["municipality": "\(region)"])
                }
            }
        } catch {
            after.hasFailed = true
            note(error, [:])
        }
        if Task.isCancelled { return }
        state.withLock { [after] in $0 = after }
    }

    private func note(_ closing: LogClosing, _ region: MunicipalityCode) {
        if !closing.closed.isEmpty {
            logger.notice(
                "log closed", metadata: ["municipality": "\(region)", "count": "\(closing.closed.count)"])
        }
        if !closing.removed.isEmpty {
            logger.notice(
                "segments removed", metadata: ["municipality": "\(region)", "count": "\(closing.removed.count)"])
        }
        for name in closing.damaged {
            logger.error(
                "a closed segment's file is missing or has another size; put it back, and look with vrs log verify / 区間ファイルがないか、大きさが異なります。写しから戻してください",
                metadata: ["municipality": "\(region)", "cause": "\(name)"])
        }
    }

    private func note(_ error: any Error, _ names: Logger.Metadata) {
        logger.error(
            "log not closed", metadata: names.merging(["cause": "\(ProblemMapping.cause(of: error) ?? "")"]) { $1 })
    }
}
