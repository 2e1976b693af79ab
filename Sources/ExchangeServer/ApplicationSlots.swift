package import Exchange
import Synchronization

/// So many applications at a time for one terminal or device, and so many in all.
package final class ApplicationSlots: Sendable {
    private let busy = Mutex<(all: Int, each: [[UInt8]: Int])>((0, [:]))
    private let limit: Int
    private let each: Int
    private let refusal: ProblemCode

    /// - Parameters:
    ///   - limit: how many in all.
    ///   - each: how many of one.
    ///   - refusal: what one is told who has as many under way.
    package init(limit: Int, each: Int, refusal: ProblemCode) {
        (self.limit, self.each, self.refusal) = (limit, each, refusal)
    }

    /// How many are taken.
    package var taken: Int { busy.withLock { $0.all } }

    /// Runs an operation while a slot of this terminal or device is taken; throws if none is left for it, or at all.
    package func withSlot<T>(_ holder: [UInt8], _ operation: () async throws -> T) async throws -> T {
        let refused = busy.withLock { busy -> ProblemCode? in
            if busy.each[holder, default: 0] >= each { return refusal }
            if busy.all >= limit { return .serviceBusy }
            busy.all += 1
            busy.each[holder, default: 0] += 1
            return nil
        }
        if let refused { throw refused }
        defer {
            busy.withLock { busy in
                busy.all -= 1
                let left = busy.each[holder, default: 1] - 1
                busy.each[holder] = left > 0 ? left : nil
            }
        }
        return try await operation()
    }
}
