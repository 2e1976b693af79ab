import Exchange
import Synchronization

/// One application at a time for a terminal, and so many in all.
final class ApplicationSlots: Sendable {
    private let busy = Mutex<Set<[UInt8]>>([])
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// How many are taken.
    var taken: Int { busy.withLock { $0.count } }

    /// Runs an operation while the terminal's slot is taken; throws if it is taken already, or none is left.
    func withSlot<T>(_ terminal: [UInt8], _ operation: () async throws -> T) async throws -> T {
        let refusal = busy.withLock { busy -> ProblemCode? in
            if busy.contains(terminal) { return .terminalBusy }
            if busy.count >= limit { return .serviceBusy }
            busy.insert(terminal)
            return nil
        }
        if let refusal { throw refusal }
        defer { busy.withLock { _ = $0.remove(terminal) } }
        return try await operation()
    }
}
