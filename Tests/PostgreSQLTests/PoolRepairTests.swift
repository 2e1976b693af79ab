import PostgreSQL
import TestSupport
import Testing

/// Connections that are lost, old or of no use any more.
@Suite(.requires(.postgres)) struct PoolRepairTests {
    @Test func `a connection that died while nobody used it is replaced before somebody does`() async throws {
        let database = try await TestDatabase()
        let pool = try database.pool { $0.connections = 1 }
        for _ in 0..<3 {
            let pid = try await pool.query(Query("SELECT pg_backend_pid()")).one().value(0, as: Int32.self)
            try await database.sql("SELECT pg_terminate_backend(\(pid), 60000)")
        }
        #expect(try await pool.query(Query("SELECT 1::int8")).one().value(0) == Int64(1))
        #expect(pool.counts.connected == 4)
        #expect(pool.counts.failed == 0)
        await pool.close()
    }

    @Test func `a connection is replaced when it is old, and asked for when it was idle for long`() async throws {
        let database = try await TestDatabase()
        let pool = try database.pool {
            $0.age = .milliseconds(1)
            $0.idle = .milliseconds(1)
        }
        for _ in 0..<3 {
            _ = try await pool.query(Query("SELECT 1"))
            try await Task.sleep(for: .milliseconds(2))
        }
        #expect(pool.counts.connected == 3)
        await pool.close()
        let asking = try database.pool { $0.idle = .milliseconds(1) }
        for _ in 0..<3 {
            _ = try await asking.query(Query("SELECT 1"))
            try await Task.sleep(for: .milliseconds(2))
        }
        #expect(asking.counts.connected == 1)
        await asking.close()
    }

    @Test func `a server that takes no more writes is left by all connections`() async throws {
        let database = try await TestDatabase()
        let pool = try database.pool { $0.connections = 4 }
        let meeting = Meeting(of: 4)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await pool.read(.patient) { transaction in
                        try await transaction.query("SELECT 1")
                        await meeting.arrive()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(pool.counts.open == 4)
        let said = await failure {
            _ = try await pool.query(Query("DO $$BEGIN RAISE SQLSTATE '25006'; END$$"))
        }
        #expect(said?.cause == .readOnly)
        #expect(pool.counts.open == 0)
        _ = try await pool.query(Query("SELECT 1"))
        #expect(pool.counts.open == 1)
        await pool.close()
    }

    @Test func `where no server is, callers are told so and nothing is left behind`() async throws {
        let database = try await TestDatabase()
        let pool = try TestDatabase.pool(database.settings(port: 1))
        let said = await failure { _ = try await pool.query(Query("SELECT 1")) }
        #expect(said?.cause == .unreachable)
        #expect(pool.counts.open == 0)
        #expect(pool.counts.failed == 1)
        await pool.close()
        let closed = await failure { _ = try await pool.query(Query("SELECT 1")) }
        #expect(closed?.cause == .misuse)
    }

    @Test func `statements beyond those that are kept prepared run all the same`() async throws {
        let database = try await TestDatabase()
        let pool = try TestDatabase.pool(database.settings { $0.prepared = 2 }) { $0.connections = 1 }
        for number in 0..<6 {
            for _ in 0..<2 {
                let rows = try await pool.query(Query("SELECT \(number)::int8 + $1", .int8(1)))
                #expect(try rows.one().value(0) == Int64(number + 1))
            }
        }
        let kept = try await pool.query(Query("SELECT count(*) FROM pg_prepared_statements"))
        #expect(try kept.one().value(0) == Int64(2))
        await pool.close()
    }

    @Test func `a table that changed under a prepared statement costs a repeat`() async throws {
        let database = try await TestDatabase()
        let pool = try database.pool { $0.connections = 1 }
        _ = try await pool.query(Query("CREATE TABLE t AS SELECT 1::int8 AS n"))
        #expect(try await pool.query(Query("SELECT n FROM t")).one().value(0) == Int64(1))
        _ = try await pool.query(Query("ALTER TABLE t ALTER n TYPE text"))
        let text = try await pool.read(.patient) {
            try await $0.query("SELECT n FROM t").one().value(0, as: String.self)
        }
        #expect(text == "1")
        #expect(pool.counts.repeated == 1)
        await pool.close()
    }
}
