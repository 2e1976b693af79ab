import Foundation
import Logging
import Records

/// Carries out erasures that two operators decided and that were broken off, and those of regions that a backup has brought back.
struct Erasures: Sendable {
    let store: any DecisionStore
    let logger: Logger
    let now: @Sendable () -> Date

    /// Tries once; what does not succeed is told, and tried again with the next call.
    func carryOut() async {
        do { try await store.carryOutErasures(now: now()) } catch {
            logger.error("erasure not carried out", metadata: ["cause": "\(ProblemMapping.cause(of: error) ?? "")"])
        }
    }
}
