import Foundation
import Logging
import Records
import Synchronization
import Vaccination

/// Carries out runs of retention that two operators decided, a few people at a time, while everything else goes on. What a process
/// before left unfinished goes on as soon as the next one begins.
final class Retention: Sendable {
    private let store: any RetentionStore
    private let logger: Logger
    private let now: @Sendable () -> Date
    /// Why a region's run rests, as it was told last.
    private let told = Mutex<[MunicipalityCode?: String]>([:])

    init(store: any RetentionStore, logger: Logger, now: @escaping @Sendable () -> Date) {
        (self.store, self.logger, self.now) = (store, logger, now)
    }

    /// Erases what is due in every region; what does not succeed is told, and tried again with the next call.
    func carryOut() async {
        let regions: [MunicipalityCode]
        do { regions = try await store.regionsWithRetention() } catch { return note(error, nil) }
        told.withLock { $0 = $0.filter { $0.key.map(regions.contains) ?? false } }
        for region in regions where !Task.isCancelled {
            let names: Logger.Metadata = ["municipality": "\(region)"]
            // One region's damage is its own.
            do {
                let people = try await carryOut(in: region)
                logger.notice("retention done", metadata: names.merging(["people": "\(people)"]) { $1 })
            } catch {
                if !Task.isCancelled { note(error, region) }
            }
        }
    }

    private func carryOut(in region: MunicipalityCode) async throws -> Int {
        var (pace, people) = (ImportPace(), 0)
        while true {
            try Task.checkCancellation()
            let begun = ContinuousClock.now
            let step = try await store.eraseDue(in: region, limit: pace.people, now: now())
            people += step.people
            if step.isDone { return people }
            let time = ContinuousClock.now - begun
            pace.took(time, writing: step.people)
            // Another process that waits for SQLite's lock looks for it now and then, and has no turn.
            try await Task.sleep(for: time / 4)
        }
    }

    /// Tells why a run rests, once for each cause. That an import is open is nothing to look at.
    private func note(_ error: any Error, _ region: MunicipalityCode?) {
        let cause = ProblemMapping.cause(of: error) ?? ""
        guard told.withLock({ $0.updateValue(cause, forKey: region) }) != cause else { return }
        var names: Logger.Metadata = ["cause": "\(cause)"]
        if let region { names["municipality"] = "\(region)" }
        logger.log(
            level: error as? StoreError == .importOpen() ? .notice : .error, "retention rests", metadata: names)
    }
}
