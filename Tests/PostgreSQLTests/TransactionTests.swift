import PostgreSQL
import TestSupport
import Testing

/// Transactions whose server and connection stay.
@Suite(.requires(.postgres)) struct TransactionTests {
    struct OwnError: Error {}

    private static func table(_ change: (inout PoolLimits) -> Void = { _ in }) async throws -> (TestDatabase, Pool) {
        let database = try await TestDatabase()
        let pool = try database.pool(change)
        try await pool.query(Query("CREATE TABLE t (id int8 PRIMARY KEY, n int8 NOT NULL DEFAULT 0)"))
        return (database, pool)
    }

    private static func count(_ pool: Pool) async throws -> Int64 {
        try await pool.query(Query("SELECT count(*) FROM t")).one().value(0)
    }

    @Test func `what a closure wrote is there, and what a failed one wrote is not`() async throws {
        let (_, pool) = try await Self.table()
        let value = try await pool.write(.patient) { transaction in
            try await transaction.query("INSERT INTO t VALUES (1)")
            return try await transaction.query("SELECT count(*) FROM t").one().value(0, as: Int64.self)
        }
        #expect(value == 1)
        await #expect(throws: OwnError.self) {
            try await pool.write(.patient) { transaction in
                try await transaction.query("INSERT INTO t VALUES (2)")
                throw OwnError()
            }
        }
        let said = await failure {
            try await pool.write(.patient) { transaction in
                try await transaction.queries([
                    Query("INSERT INTO t VALUES (3)"), Query("INSERT INTO t VALUES (1)"),
                    Query("INSERT INTO t VALUES (4)"),
                ])
            }
        }
        #expect(said?.cause == .unique)
        #expect(try await Self.count(pool) == 1)
        #expect(pool.counts.inUse == 0)
        await pool.close()
    }

    @Test func `a closure that does nothing begins nothing`() async throws {
        let (_, pool) = try await Self.table()
        #expect(try await pool.write(.patient) { _ in 7 } == 7)
        await pool.close()
    }

    @Test func `an error that a closure swallows is not committed around`() async throws {
        let (_, pool) = try await Self.table()
        let said = await failure {
            try await pool.write(.patient) { transaction in
                try await transaction.query("INSERT INTO t VALUES (1)")
                _ = try? await transaction.query("INSERT INTO t VALUES (1)")
            }
        }
        #expect(said?.cause == .unique)
        #expect(try await Self.count(pool) == 0)
        await pool.close()
    }

    @Test func `statements in one round trip are committed together or not at all`() async throws {
        let (_, pool) = try await Self.table { $0.connections = 1 }
        let rows = try await pool.write(
            .patient, [Query("INSERT INTO t VALUES ($1)", .int8(1)), Query("SELECT count(*) FROM t")])
        #expect(rows.count == 2)
        #expect(try rows[1].one().value(0) == Int64(1))
        let said = await failure {
            try await pool.write(.patient, [Query("INSERT INTO t VALUES (2)"), Query("INSERT INTO t VALUES (1)")])
        }
        #expect(said?.cause == .unique)
        #expect(try await Self.count(pool) == 1)
        await pool.close()
    }

    @Test func `what must not come between is repeated until it did not`() async throws {
        let (_, pool) = try await Self.table { $0.connections = 6 }
        try await pool.query(Query("INSERT INTO t VALUES (1, 0), (2, 0)"))
        // Each adds to one what it read of both: as if one came after the other, or the sums are wrong.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<6 {
                group.addTask {
                    var options = TransactionOptions.patient
                    options.isolation = .serializable
                    options.attempts = 100
                    for _ in 0..<5 {
                        try await pool.write(options) { transaction in
                            let sum = try await transaction.query("SELECT sum(n)::int8 FROM t").one()
                                .value(0, as: Int64.self)
                            try await transaction.query(
                                "UPDATE t SET n = $2 + 1 - (SELECT sum(n) FROM t WHERE id <> $1) WHERE id = $1",
                                .int8(Int64(number % 2 + 1)), .int8(sum))
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await pool.query(Query("SELECT sum(n)::int8 FROM t")).one().value(0) == Int64(30))
        #expect(pool.counts.repeated > 0)
        await pool.close()
    }

    @Test func `repeats end with their number and with their time`() async throws {
        let (_, pool) = try await Self.table()
        var options = TransactionOptions.patient
        options.attempts = 3
        let said = await failure {
            try await pool.write(options) { try await $0.query("DO $$BEGIN RAISE SQLSTATE '40001'; END$$") }
        }
        #expect(said?.cause == .serialization)
        #expect(pool.counts.repeated == 2)
        options.attempts = .max
        options.limit = .milliseconds(300)
        let late = await failure {
            try await pool.write(options) { try await $0.query("DO $$BEGIN RAISE SQLSTATE '40P01'; END$$") }
        }
        #expect(late?.kind == .transient)
        await pool.close()
    }

    @Test func `a read sees one state from first to last, and cannot write`() async throws {
        let (_, pool) = try await Self.table()
        let counts = try await pool.read { transaction in
            let before = try await transaction.query("SELECT count(*) FROM t").one().value(0, as: Int64.self)
            try await pool.query(Query("INSERT INTO t VALUES (1)"))
            return [before, try await transaction.query("SELECT count(*) FROM t").one().value(0, as: Int64.self)]
        }
        #expect(counts == [0, 0])
        var options = TransactionOptions.patient
        options.attempts = 1
        let said = await failure { try await pool.read(options) { try await $0.query("INSERT INTO t VALUES (2)") } }
        #expect(said?.cause == .readOnly)
        await pool.close()
    }

    @Test func `what is to be first in a transaction is first, and ends with it`() async throws {
        let (_, pool) = try await Self.table { $0.connections = 1 }
        var options = TransactionOptions.patient
        options.preamble = [Query("SELECT set_config('akashi.region', $1, true)", .text("13104"))]
        let region = Query("SELECT current_setting('akashi.region', true)")
        #expect(try await pool.write(options) { try await $0.query(region).one().value(0, as: String.self) } == "13104")
        #expect(try await pool.write(options, [region]).first?.one().value(0, as: String.self) == "13104")
        #expect(try await pool.query(region).one().value(0, as: String.self) == "")
        await pool.close()
    }

    @Test func `a transaction does nothing after its closure, and one thing at a time`() async throws {
        let (_, pool) = try await Self.table { $0.connections = 1 }
        let kept = try await pool.write(.patient) { transaction in
            try await transaction.query("INSERT INTO t VALUES (1)")
            return transaction
        }
        #expect(await failure { try await kept.query("INSERT INTO t VALUES (2)") }?.cause == .misuse)
        let said = await failure {
            try await pool.write(.patient) { transaction in
                try await transaction.query("SELECT 1")
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<2 { group.addTask { _ = try await transaction.query("SELECT pg_sleep(0.3)") } }
                    try await group.waitForAll()
                }
            }
        }
        #expect(said?.cause == .misuse)
        #expect(try await Self.count(pool) == 1)
        await pool.close()
    }

    // MARK: - COPY

    @Test func `rows are brought in by COPY, more than any buffer holds`() async throws {
        let (_, pool) = try await Self.table()
        try await pool.query(Query("CREATE TABLE c (id int8, name text, sealed bytea)"))
        let sealed = [UInt8](repeating: 0xA5, count: 5000)
        let count = try await pool.write(.patient) { transaction in
            try await transaction.copy("COPY c (id, name, sealed) FROM STDIN (FORMAT binary)") { rows in
                for number in 0..<5000 {
                    try await rows.write([
                        .int8(Int64(number)), number % 2 == 0 ? .null : .text("証\(number)"), .bytes(sealed),
                    ])
                }
            }
        }
        #expect(count == 5000)
        let row = try await pool.query(Query("SELECT count(*), count(name), sum(length(sealed)) FROM c")).one()
        #expect(try row.value(0) == Int64(5000))
        #expect(try row.value(1) == Int64(2500))
        #expect(try row.value(2) == Int64(25_000_000))
        await pool.close()
    }

    @Test func `rows that are wrong, or whose writer gives up, bring nothing in`() async throws {
        let (_, pool) = try await Self.table { $0.connections = 1 }
        let text = "COPY t (id, n) FROM STDIN (FORMAT binary)"
        let said = await failure {
            try await pool.write(.patient) { transaction in
                try await transaction.copy(text) { rows in
                    try await rows.write([.int8(1), .int8(0)])
                    try await rows.write([.int8(1), .int8(0)])
                }
            }
        }
        #expect(said?.cause == .unique)
        let wrong = await failure {
            try await pool.write(.patient) { try await $0.copy(text) { try await $0.write([.int4(1)]) } }
        }
        #expect(wrong?.kind == .fault)
        await #expect(throws: OwnError.self) {
            try await pool.write(.patient) { transaction in
                try await transaction.copy(text) { rows in
                    for number in 0..<10_000 { try await rows.write([.int8(Int64(number)), .int8(0)]) }
                    throw OwnError()
                }
            }
        }
        let none = await failure {
            try await pool.write(.patient) { try await $0.copy("COPY nowhere FROM STDIN") { _ in } }
        }
        #expect(none?.sqlState?.code == "42P01")
        #expect(try await Self.count(pool) == 0)
        #expect(pool.counts.connected == 1, "each left the connection clean")
        await pool.close()
    }
}
