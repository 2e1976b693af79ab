import Foundation
import Synchronization
import TestSupport
import Testing
import VerifierService

/// Bounded work and memory, in turns between addresses.
@Suite struct WorkPoolTests {
    /// Work that goes on until it is told to end.
    private final class Gate: Sendable {
        private let semaphore = DispatchSemaphore(value: 0)
        func wait() { semaphore.wait() }
        func open(_ count: Int = 1) { for _ in 0..<count { semaphore.signal() } }
    }

    /// In which order something was done.
    private final class Order: Sendable {
        private let state = Mutex<[String]>([])
        var names: [String] { state.withLock { $0 } }
        func add(_ name: String) { state.withLock { $0.append(name) } }
    }

    @Test func `addresses take turns, however much one of them asks`() async throws {
        let pool = WorkPool("test", workers: 1, queue: 100, queueOfAddress: 50)
        let gate = Gate()
        let order = Order()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await pool.run(for: "first") { gate.wait() } }
            try await eventually("the worker works") { pool.occupied == (1, 0) }
            for index in 0..<20 {
                group.addTask {
                    try await pool.run(for: "greedy") { order.add("greedy") }
                }
                try await eventually("it waits") { pool.occupied == (1, index + 1) }
            }
            group.addTask { try await pool.run(for: "modest") { order.add("modest") } }
            try await eventually("all wait") { pool.occupied == (1, 21) }
            gate.open()
            try await group.waitForAll()
        }
        #expect(order.names.prefix(2) == ["greedy", "modest"])
        #expect(pool.occupied == (0, 0))
    }

    @Test func `an address that fills its places in the queue is refused, and another is not`() async throws {
        let pool = WorkPool("test", workers: 1, queue: 3, queueOfAddress: 2)
        let gate = Gate()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<3 {
                group.addTask { try await pool.run(for: "greedy") { gate.wait() } }
                try await eventually("it works or waits") { pool.occupied == (1, index) }
            }
            await #expect(throws: WorkPool.Full.self) { try await pool.run(for: "greedy") {} }
            group.addTask { try await pool.run(for: "modest") {} }
            try await eventually("the other waits") { pool.occupied == (1, 3) }
            // There are no places at all.
            await #expect(throws: WorkPool.Full.self) { try await pool.run(for: "third") {} }
            gate.open(3)
            try await group.waitForAll()
        }
    }

    @Test func `memory is bounded in all and by address, and comes back`() {
        let memory = BodyMemory(maximum: 100, maximumOfAddress: 60)
        #expect(memory.take(60, for: "a") && !memory.take(1, for: "a"))
        #expect(memory.take(40, for: "b") && !memory.take(1, for: "b"))
        memory.give(10, for: "a")
        #expect(!memory.take(11, for: "c") && memory.take(10, for: "c"))
        memory.give(50, for: "a")
        memory.give(40, for: "b")
        memory.give(10, for: "c")
        #expect(memory.take(60, for: "a") && memory.take(40, for: "b"))
    }

    @Test func `a request's processor time is bounded`() {
        let budget = CheckBudget()
        #expect(budget.isLeft)
        var (turns, sum) = (0, 0.0)
        while budget.isLeft, turns < 1_000_000_000 {
            sum += Double(turns).squareRoot()
            turns += 1
        }
        #expect(sum > 0 && !budget.isLeft)
    }
}
