import PostgreSQL
import Synchronization
import TestSupport
import Testing

/// Connections that many share.
@Suite(.requires(.postgres)) struct PoolTests {
    @Test func `ten thousand statements at once through eight connections each get their own answer`() async throws {
        let database = try await TestDatabase()
        let pool = try database.pool { $0.waiting = 10_000 }
        let wrong = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<10_000 {
                group.addTask {
                    let rows = try await pool.query(
                        Query("SELECT $1::int8, $2::text", .int8(Int64(number)), .text("\(number)")),
                        limit: .seconds(300))
                    let row = try rows.one()
                    return try row.value(0) != Int64(number) || row.value(1) != "\(number)"
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(wrong == 0)
        let counts = pool.counts
        #expect(counts.open <= 8 && counts.open > 0)
        #expect(counts.inUse == 0)
        #expect(counts.waiting == 0)
        #expect(counts.waits > 0 && counts.waited > .zero)
        #expect(counts.connected == counts.open)
        await pool.close()
        #expect(pool.counts.open == 0)
    }

    @Test func `who finds too many waiting is refused at once, and who waits too long is told`() async throws {
        let database = try await TestDatabase()
        let pool = try TestDatabase.pool(database.settings()) {
            $0.connections = 1
            $0.waiting = 1
            $0.wait = .milliseconds(200)
        }
        try await pool.write(.patient) { transaction in
            try await transaction.query("SELECT 1")
            let waits = Task { await failure { _ = try await pool.query(Query("SELECT 1")) } }
            try await eventually("somebody who waits") { pool.counts.waiting == 1 || pool.counts.late == 1 }
            if pool.counts.waiting == 1 {
                let refused = await failure { _ = try await pool.query(Query("SELECT 1")) }
                #expect([.poolFull, .poolBusy].contains(refused?.cause))
            }
            let late = await waits.value
            #expect(late?.cause == .poolBusy)
            #expect(late?.kind == .transient)
        }
        #expect(pool.counts.late >= 1)
        #expect(try await pool.query(Query("SELECT 1::int8")).one().value(0) == Int64(1))
        await pool.close()
    }

    @Test func `who comes first is served first`() async throws {
        let database = try await TestDatabase()
        let pool = try database.pool { $0.connections = 1 }
        let order = Order()
        try await withThrowingTaskGroup(of: Void.self) { group in
            let held = Meeting(of: 2)
            group.addTask {
                try await pool.write(.patient) { transaction in
                    try await transaction.query("SELECT 1")
                    await held.arrive()
                    try await eventually("all wait") { pool.counts.waiting == 20 }
                }
            }
            await held.arrive()
            for number in 0..<20 {
                group.addTask {
                    try await pool.write(.patient) { transaction in
                        order.add(number)
                        _ = try await transaction.query("SELECT 1")
                    }
                }
                try await eventually("the next waits") { pool.counts.waiting == number + 1 || number == 19 }
            }
            try await group.waitForAll()
        }
        #expect(order.numbers == Array(0..<20))
        await pool.close()
    }

    @Test func `who is cancelled while he waits goes at once, and keeps nobody from his turn`() async throws {
        let database = try await TestDatabase()
        let pool = try database.pool { $0.connections = 1 }
        try await pool.write(.patient) { transaction in
            try await transaction.query("SELECT 1")
            let waiting = Task { await failure { _ = try await pool.query(Query("SELECT 1")) } }
            try await eventually("somebody who waits") { pool.counts.waiting == 1 }
            waiting.cancel()
            #expect(await waiting.value?.cause == .cancelled)
            #expect(pool.counts.waiting == 0)
        }
        #expect(try await pool.query(Query("SELECT 1::int8")).one().value(0) == Int64(1))
        await pool.close()
    }
}

/// Numbers in the order in which they came.
private final class Order: Sendable {
    private let state = Mutex<[Int]>([])
    var numbers: [Int] { state.withLock { $0 } }
    func add(_ number: Int) { state.withLock { $0.append(number) } }
}
