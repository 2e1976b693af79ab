import CoreFoundation
import Dispatch
import Foundation
import Synchronization

/// Threads of its own for what takes a processor's time, so that it takes none from connections, health and each other:
/// a number of workers, and a queue in which each address has its own places and the addresses take turns. Whoever sends
/// much waits for himself.
package final class WorkPool: Sendable {
    /// Too many wait already.
    package struct Full: Error {}

    private struct State {
        var running = 0
        var queues: [String: [CheckedContinuation<Bool, Never>]] = [:]
        /// The addresses with somebody in the queue, in the order of their turns.
        var turns: [String] = []
        var waiting = 0
    }

    private let state = Mutex(State())
    private let threads: DispatchQueue
    private let workers: Int
    private let queue: Int
    private let queueOfAddress: Int

    /// - Parameters:
    ///   - workers: how much is done at once.
    ///   - queue: how many requests may wait, in all.
    ///   - queueOfAddress: how many of them may be of one address.
    package init(_ name: String, workers: Int, queue: Int, queueOfAddress: Int) {
        threads = DispatchQueue(label: "akashi.\(name)", attributes: .concurrent)
        self.workers = workers
        self.queue = queue
        self.queueOfAddress = queueOfAddress
    }

    /// How much is done now, and how many wait.
    package var occupied: (working: Int, waiting: Int) { state.withLock { ($0.running, $0.waiting) } }

    /// Does something on a thread of the pool, once it is its address's turn.
    ///
    /// - Throws: ``Full`` at once if too many wait already.
    package func run<Result: Sendable>(
        for address: String, _ work: @escaping @Sendable () -> Result
    ) async throws(Full) -> Result {
        let isMine = await withCheckedContinuation { continuation in
            let answer = state.withLock { enter(&$0, address, continuation) }
            if let answer { continuation.resume(returning: answer) }
        }
        guard isMine else { throw Full() }
        defer { leave() }
        return await withCheckedContinuation { continuation in
            threads.async { continuation.resume(returning: work()) }
        }
    }

    /// Whether there is a place now or none at all; `nil` if it has to wait.
    private func enter(
        _ state: inout State, _ address: String, _ continuation: CheckedContinuation<Bool, Never>
    ) -> Bool? {
        if state.running < workers {
            state.running += 1
            return true
        }
        let own = state.queues[address]?.count ?? 0
        guard state.waiting < queue, own < queueOfAddress else { return false }
        if own == 0 { state.turns.append(address) }
        state.queues[address, default: []].append(continuation)
        state.waiting += 1
        return nil
    }

    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            // Who waits takes over the place.
            guard !state.turns.isEmpty else {
                state.running -= 1
                return nil
            }
            let address = state.turns.removeFirst()
            let next = state.queues[address]?.removeFirst()
            if state.queues[address]?.isEmpty ?? true {
                state.queues[address] = nil
            } else {
                state.turns.append(address)
            }
            state.waiting -= 1
            return next
        }
        next?.resume(returning: true)
    }
}

/// The memory for bodies of requests of one kind, in all and by address; it is taken as bytes arrive, so that who announces
/// much and sends nothing holds nothing.
package final class BodyMemory: Sendable {
    private struct State {
        var bytes = 0
        var byAddress: [String: Int] = [:]
    }

    private let state = Mutex(State())
    private let maximum: Int
    private let maximumOfAddress: Int

    /// - Parameters:
    ///   - maximum: for all bodies together, in bytes.
    ///   - maximumOfAddress: for those of one address.
    package init(maximum: Int, maximumOfAddress: Int) {
        self.maximum = maximum
        self.maximumOfAddress = maximumOfAddress
    }

    /// Takes some more; false if there is not enough left.
    package func take(_ bytes: Int, for address: String) -> Bool {
        state.withLock { state in
            let own = state.byAddress[address] ?? 0
            guard state.bytes + bytes <= maximum, own + bytes <= maximumOfAddress else { return false }
            state.bytes += bytes
            state.byAddress[address] = own + bytes
            return true
        }
    }

    /// Gives back what was taken.
    package func give(_ bytes: Int, for address: String) {
        state.withLock { state in
            state.bytes -= bytes
            let left = (state.byAddress[address] ?? 0) - bytes
            state.byAddress[address] = left > 0 ? left : nil
        }
    }
}

/// The processor time that one request's codes may take on its thread.
package struct CheckBudget {
    /// Half a second: sixty-four codes of known signers take a hundredth of that.
    static let nanoseconds: UInt64 = 500_000_000
    private let start = CheckBudget.used

    package init() {}

    /// Whether something is left of it. To be asked on the thread on which it was made.
    package var isLeft: Bool { Self.used &- start < Self.nanoseconds }

    private static var used: UInt64 { nanoseconds(of: CLOCK_THREAD_CPUTIME_ID) }

    private static func nanoseconds(of clock: clockid_t) -> UInt64 {
        var time = timespec()
        guard clock_gettime(clock, &time) == 0 else { return 0 }
        return UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
    }
}
