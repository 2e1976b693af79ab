import PostgreSQL
import TestSupport
import Testing

/// Tasks that go away from their statements.
@Suite(.requires(.postgres)) struct CancellationTests {
    private static func sleepers(_ database: TestDatabase) async throws -> String {
        try await database.sql(
            """
            SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'
                AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()
            """)
    }

    @Test func `a cancelled statement is gone from the server, and its connection serves on`() async throws {
        let database = try await TestDatabase()
        let pool = try database.pool { $0.connections = 1 }
        for _ in 0..<3 {
            let sleeping = Task {
                await failure { try await pool.query(Query("SELECT pg_sleep(600)"), limit: .seconds(600)) }
            }
            try await eventually("the statement runs") { try await Self.sleepers(database) == "1" }
            sleeping.cancel()
            #expect(await sleeping.value?.cause == .cancelled)
            try await eventually("the statement is gone") { try await Self.sleepers(database) == "0" }
            #expect(try await pool.query(Query("SELECT 1::int8")).one().value(0) == Int64(1))
        }
        #expect(pool.counts.connected == 1)
        await pool.close()
    }

    @Test func `a cancelled transaction is rolled back`() async throws {
        let database = try await TestDatabase()
        let pool = try database.pool { $0.connections = 1 }
        try await pool.query(Query("CREATE TABLE t (id int8)"))
        let writing = Task {
            await failure {
                try await pool.write(.patient) { transaction in
                    try await transaction.query("INSERT INTO t VALUES (1)")
                    try await transaction.query("SELECT pg_sleep(600)")
                }
            }
        }
        try await eventually("the statement runs") { try await Self.sleepers(database) == "1" }
        writing.cancel()
        #expect(await writing.value?.kind == .cancelled)
        #expect(try await pool.query(Query("SELECT count(*) FROM t")).one().value(0) == Int64(0))
        #expect(pool.counts.connected == 1)
        await pool.close()
    }

    @Test func `a statement that takes too long is ended, by this side and by the server`() async throws {
        let database = try await TestDatabase()
        let pool = try database.pool { $0.connections = 1 }
        let ours = await failure { try await pool.query(Query("SELECT pg_sleep(600)"), limit: .milliseconds(500)) }
        #expect(ours?.cause == .timedOut)
        #expect(ours?.sqlState == nil)
        try await eventually("the statement is gone") { try await Self.sleepers(database) == "0" }
        await pool.close()
        let strict = try TestDatabase.pool(database.settings { $0.statement = .milliseconds(300) })
        let theirs = await failure { try await strict.query(Query("SELECT pg_sleep(600)"), limit: .seconds(600)) }
        #expect(theirs?.cause == .timedOut)
        #expect(theirs?.sqlState?.code == "57014")
        await strict.close()
    }

    @Test func `statements that are cancelled by hundreds never end one that is not`() async throws {
        let database = try await TestDatabase()
        let pool = try database.pool { $0.connections = 3 }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<300 {
                group.addTask {
                    if number % 2 == 0 {
                        let task = Task {
                            _ = try? await pool.query(Query("SELECT pg_sleep(0.05)"), limit: .seconds(300))
                        }
                        try await Task.sleep(for: .milliseconds(number % 37))
                        task.cancel()
                        await task.value
                    } else {
                        let rows = try await pool.query(
                            Query("SELECT $1::int8 FROM pg_sleep(0.002)", .int8(Int64(number))), limit: .seconds(300))
                        #expect(try rows.one().value(0) == Int64(number))
                    }
                }
            }
            try await group.waitForAll()
        }
        await pool.close()
        #expect(pool.counts.open == 0)
    }

    @Test func `a COPY whose task is cancelled ends with its connection, and brings nothing in`() async throws {
        let database = try await TestDatabase()
        let pool = try database.pool { $0.connections = 1 }
        try await pool.query(Query("CREATE TABLE t (id int8)"))
        let begun = Meeting(of: 2)
        let copying = Task {
            await failure {
                try await pool.write(.patient) { transaction in
                    try await transaction.copy("COPY t FROM STDIN (FORMAT binary)") { rows in
                        try await rows.write([.int8(1)])
                        await begun.arrive()
                        while true {
                            try await rows.write([.int8(2)])
                            try Task.checkCancellation()
                        }
                    }
                }
            }
        }
        await begun.arrive()
        copying.cancel()
        #expect(await copying.value?.kind == .cancelled)
        #expect(try await pool.query(Query("SELECT count(*) FROM t")).one().value(0) == Int64(0))
        await pool.close()
    }
}
