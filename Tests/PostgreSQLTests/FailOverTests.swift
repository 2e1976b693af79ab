import PostgreSQL
import TestSupport
import Testing

/// Servers with a replica: which one is used, what a fail-over keeps, and what is not known to be kept.
@Suite(.requires(.postgres)) struct FailOverTests {
    private static let insert = Query("INSERT INTO t VALUES ($1)", .int8(1))
    private static let trace = Query("SELECT 1 FROM t WHERE id = $1", .int8(1))

    /// A server with a table, and its replica.
    private struct Pair {
        let database: TestDatabase
        let replica: PostgresServer
        var first: PostgresServer { database.server }

        init() async throws {
            let first = try await PostgresServer()
            database = try await TestDatabase(first)
            try await database.sql("CREATE TABLE t (id int8); GRANT ALL ON t TO akashi")
            replica = try await PostgresServer(replicaOf: first)
        }

        func settings(_ kind: ServerKind) throws -> ConnectionSettings {
            // A server that is gone comes first.
            let places = [("/nowhere", 5432), (first.sockets, first.port), (replica.sockets, replica.port)]
            let addresses = try places.map { try #require(ServerAddress(host: $0.0, port: $0.1)) }
            return try ConnectionSettings(
                addresses: addresses, database: database.name, role: PostgresServer.role,
                protection: .socket(owner: first.owner), kind: kind, limits: TestDatabase.limits { _ in })
        }

        /// Waits until the replica has everything.
        func catchUp() async throws {
            let place = try await first.sql("SELECT pg_current_wal_lsn()")
            try await eventually("the replica has it") {
                try await replica.sql("SELECT pg_last_wal_replay_lsn() >= '\(place)'") == "t"
            }
        }
    }

    @Test func `each kind of server is found among several, and writes go on at the new one after a fail-over`()
        async throws
    {
        let pair = try await Pair()
        let isReplica = Query("SELECT pg_is_in_recovery()")
        for (kind, expected) in [(ServerKind.readWrite, false), (.readOnly, true), (.preferReplica, true)] {
            let pool = try TestDatabase.pool(pair.settings(kind))
            #expect(try await pool.query(isReplica).one().value(0) == expected, "\(kind)")
            await pool.close()
        }
        let pool = try TestDatabase.pool(pair.settings(.readWrite))
        try await pool.write(.patient, [Self.insert])
        try await pair.catchUp()
        try await pair.first.cut()
        async let promoted: Void = pair.replica.promote()
        var options = TransactionOptions.patient
        options.attempts = 10_000
        try await pool.write(options) { try await $0.query(Self.insert) }
        try await promoted
        #expect(try await pool.query(Query("SELECT count(*) FROM t")).one().value(0) == Int64(2))
        await pool.close()
        // The old one is gone: who prefers a replica takes what there is.
        let any = try TestDatabase.pool(pair.settings(.preferReplica))
        #expect(try await any.query(isReplica).one().value(0) == false)
        await any.close()
    }

    /// How many rows were acknowledged or are there, after the commit's answer was lost in a fail-over.
    private static func lose(
        replicated: Bool, trace: Query?
    ) async throws -> (said: DatabaseFailure?, rows: String, runs: Int) {
        let pair = try await Pair()
        let way = Way(pair.first.socket)
        let proxy = try CuttingProxy(port: pair.first.port) { way.socket }
        let pool = try TestDatabase.pool(pair.database.socketSettings(proxy.folder))
        try await pair.catchUp()
        if !replicated {
            try await pair.replica.sql("ALTER SYSTEM SET primary_conninfo = ''")
            try await pair.replica.sql("SELECT pg_reload_conf()")
            try await eventually("the replica is apart") {
                try await pair.first.sql("SELECT count(*) FROM pg_stat_replication") == "0"
            }
        }
        proxy.cutOnce(.afterAnswer("COMMIT\u{0}"))
        var options = TransactionOptions.patient
        options.attempts = 10_000
        options.trace = trace
        let attempts = Attempts()
        let given = options
        let writing = Task { () -> DatabaseFailure? in
            do {
                try await pool.write(given) { transaction in
                    attempts.add()
                    try await transaction.query(Self.insert)
                    if attempts.count == 1 { way.socket = nil }
                }
                return nil
            } catch let failure as DatabaseFailure { return failure }
        }
        try await eventually("the answer is lost") { proxy.cuts == 1 }
        if replicated { try await pair.catchUp() }
        try await pair.first.cut()
        try await pair.replica.promote()
        way.socket = pair.replica.socket
        let said = try await writing.value
        let rows = try await pair.replica.sql("SELECT count(*) FROM t", database: pair.database.name)
        await pool.close()
        return (said, rows, attempts.count)
    }

    @Test func `a commit that came to the new server before its answer was lost is found by its trace`() async throws {
        let (said, rows, runs) = try await Self.lose(replicated: true, trace: Self.trace)
        #expect(said == nil)
        #expect(rows == "1")
        #expect(runs == 1)
    }

    @Test func `without a trace its number does not tell, since another transaction may have it by now`() async throws {
        let (said, rows, runs) = try await Self.lose(replicated: true, trace: nil)
        #expect(said?.kind == .unknown)
        #expect(rows == "1")
        #expect(runs == 1)
    }

    @Test(arguments: [Self.trace, nil])
    func `a commit that never came to the new server is done again there`(trace: Query?) async throws {
        let (said, rows, runs) = try await Self.lose(replicated: false, trace: trace)
        #expect(said == nil)
        #expect(rows == "1")
        #expect(runs == 2)
    }

    // MARK: - Synchronous replication

    /// A server whose replica is not there: its commits wait.
    private static func waiting(
        _ change: (inout ConnectionLimits) -> Void = { _ in }
    ) async throws -> (TestDatabase, Pool) {
        let database = try await TestDatabase(PostgresServer())
        try await database.sql("CREATE TABLE t (id int8); GRANT ALL ON t TO akashi")
        try await database.sql("ALTER SYSTEM SET synchronous_standby_names = 'missing'")
        try await database.sql("SELECT pg_reload_conf()")
        let pool = try TestDatabase.pool(database.settings(change))
        try await eventually("commits wait") {
            let shown = try await pool.query(Query("SHOW synchronous_standby_names"))
            return try shown.one().value(0, as: String.self) == "missing"
        }
        return (database, pool)
    }

    @Test(arguments: ["pg_cancel_backend", "pg_terminate_backend"])
    func `a commit whose wait for its replica is ended is unknown, not done`(function: String) async throws {
        let (database, pool) = try await Self.waiting { $0.committing = .seconds(3) }
        let writing = Task { await failure { try await pool.write(.patient) { try await $0.query(Self.insert) } } }
        // The bound may end the wait first, if this machine stands still.
        try await eventually("the commit's wait is ended") {
            let ended = try await database.sql(
                "SELECT count(\(function)(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
            return ended != "0" || pool.counts.unknown > 0
        }
        let said = await writing.value
        #expect(said?.kind == .unknown)
        #expect(try await database.sql("SELECT count(*) FROM t") == "1", "it is committed here")
        #expect(pool.counts.unknown == 1)
        await pool.close()
    }

    @Test func `a commit whose replica does not answer within the bound is unknown`() async throws {
        let (database, pool) = try await Self.waiting { $0.committing = .milliseconds(500) }
        let said = await failure { try await pool.write(.patient) { try await $0.query(Self.insert) } }
        #expect(said?.cause == .outcome)
        // As soon as the replica is not waited for, the same write is done.
        try await database.sql("ALTER SYSTEM RESET synchronous_standby_names")
        try await database.sql("SELECT pg_reload_conf()")
        let patient = try TestDatabase.pool(database.settings())
        try await patient.write(.patient, [Self.insert])
        await patient.close()
        await pool.close()
    }
}
