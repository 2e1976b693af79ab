import PostgreSQL
import TestSupport
import Testing

/// What a server's errors mean, each raised by a real server.
@Suite(.requires(.postgres)) struct FailureTests {
    private static let preparation = """
        CREATE TABLE parent (id int8 PRIMARY KEY);
        CREATE TABLE child (
            id int8 CONSTRAINT child_key PRIMARY KEY, parent int8 CONSTRAINT child_parent REFERENCES parent,
            age int8 CONSTRAINT child_age CHECK (age < 100), name text NOT NULL,
            span int4range, CONSTRAINT child_span EXCLUDE USING gist (span WITH &&));
        INSERT INTO child VALUES (1, NULL, 1, 'secret', '[1,5)');
        CREATE TABLE sealed (id int8, secret text);
        ALTER TABLE sealed ENABLE ROW LEVEL SECURITY;
        CREATE TABLE hidden (id int8);
        CREATE TABLE log (id int8);
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'secret'; END$$;
        CREATE TRIGGER refuse BEFORE INSERT ON log FOR EACH ROW EXECUTE FUNCTION refuse();
        GRANT SELECT, INSERT ON parent, child, sealed, log TO akashi;
        """

    /// Statement, code, class, cause, constraint.
    private static let cases: [(String, String, DatabaseFailure.Class, DatabaseFailure.Cause, String?)] = [
        ("INSERT INTO child VALUES (1, NULL, 1, 'secret')", "23505", .conflict, .unique, "child_key"),
        ("INSERT INTO child VALUES (2, 77, 1, 'secret')", "23503", .conflict, .foreignKey, "child_parent"),
        ("INSERT INTO child VALUES (3, NULL, 1000, 'secret')", "23514", .conflict, .check, "child_age"),
        ("INSERT INTO child VALUES (4, NULL, 1, NULL)", "23502", .conflict, .check, nil),
        ("INSERT INTO child VALUES (5, NULL, 1, 'secret', '[4,6)')", "23P01", .conflict, .exclusion, "child_span"),
        ("INSERT INTO sealed VALUES (1, 'secret')", "42501", .refused, .denied, nil),
        ("SELECT * FROM hidden", "42501", .refused, .denied, nil),
        ("CREATE ROLE another", "42501", .refused, .denied, nil),
        ("INSERT INTO log VALUES (1)", "P0001", .refused, .raised, nil),
        ("SELEC 'secret'", "42601", .fault, .statement, nil),
        ("SELECT * FROM nowhere", "42P01", .fault, .statement, nil),
        ("SELECT 1 / (id - 1) FROM child", "22012", .fault, .parameter, nil),
        ("SELECT name::int8 FROM child", "22P02", .damage, .corrupt, nil),
        ("SELECT pg_terminate_backend(pg_backend_pid())", "57P01", .transient, .lost, nil),
        ("SELECT set_config('statement_timeout', '1', false), pg_sleep(60)", "57014", .transient, .timedOut, nil),
        ("DO $$BEGIN RAISE SQLSTATE '40001' USING MESSAGE = 'secret'; END$$", "40001", .transient, .serialization, nil),
        ("DO $$BEGIN RAISE SQLSTATE '53100' USING MESSAGE = 'secret'; END$$", "53100", .transient, .exhausted, nil),
        ("DO $$BEGIN RAISE SQLSTATE 'XX001' USING MESSAGE = 'secret'; END$$", "XX001", .damage, .corrupt, nil),
        ("DO $$BEGIN RAISE SQLSTATE 'XX002' USING MESSAGE = 'secret'; END$$", "XX002", .damage, .corrupt, nil),
        ("DO $$BEGIN RAISE SQLSTATE 'XX000' USING MESSAGE = 'secret'; END$$", "XX000", .fault, .other, nil),
        ("DO $$BEGIN RAISE SQLSTATE '08006' USING MESSAGE = 'secret'; END$$", "08006", .transient, .lost, nil),
        ("BEGIN READ ONLY; INSERT INTO log VALUES (1)", "42601", .fault, .statement, nil),
    ]

    @Test func `each error means one thing, and none quotes a row`() async throws {
        let database = try await TestDatabase()
        try await database.sql(Self.preparation)
        let pool = try database.pool { $0.connections = 1 }
        for (statement, code, kind, cause, constraint) in Self.cases {
            let query =
                statement.hasPrefix("SELECT set_config")
                ? [Query("SET statement_timeout = 100"), Query("SELECT pg_sleep(60)")] : [Query(statement)]
            let said = await failure { _ = try await pool.queries(query) }
            #expect(said?.sqlState?.code == code, "\(statement)")
            #expect(said?.kind == kind, "\(statement)")
            #expect(said?.cause == cause, "\(statement)")
            #expect(said?.constraint == constraint, "\(statement)")
            #expect(said.map { "\($0)" }?.contains("secret") == false, "\(statement)")
            #expect(said?.table == (code.hasPrefix("23") ? "child" : nil), "\(statement)")
            if statement.hasPrefix("SELECT pg_sleep") || query.count > 1 {
                _ = try await pool.query(Query("RESET statement_timeout"))
            }
        }
        await pool.close()
    }

    @Test func `a write at a server that takes none is transient`() async throws {
        let database = try await TestDatabase()
        let pool = try database.pool { $0.connections = 1 }
        _ = try await pool.query(Query("CREATE TABLE t (id int8)"))
        let said = await failure {
            _ = try await pool.queries([
                Query("SELECT set_config('transaction_read_only', 'on', true)"), Query("INSERT INTO t VALUES (1)"),
            ])
        }
        #expect(said?.sqlState?.code == "25006")
        #expect(said?.cause == .readOnly)
        await pool.close()
    }

    @Test func `two transactions that wait for each other are told so, and a lock that is not to be had`() async throws
    {
        let database = try await TestDatabase()
        let pool = try database.pool { $0.connections = 3 }
        _ = try await pool.query(Query("CREATE TABLE t (id int8 PRIMARY KEY, n int8)"))
        _ = try await pool.query(Query("INSERT INTO t VALUES (1, 0), (2, 0)"))
        let said = await failure {
            try await pool.write(.patient) { transaction in
                try await transaction.query("SELECT 1 FROM t WHERE id = 1 FOR UPDATE")
                _ = try await pool.query(Query("SELECT 1 FROM t WHERE id = 1 FOR UPDATE NOWAIT"))
            }
        }
        #expect(said?.sqlState?.code == "55P03")
        #expect(said?.cause == .locked)

        // Both take one row, and then the other's; each says what ended its first attempt.
        let meeting = Meeting(of: 2)
        let causes = try await withThrowingTaskGroup(of: DatabaseFailure.Cause?.self) { group in
            for (first, second) in [(1, 2), (2, 1)] as [(Int64, Int64)] {
                group.addTask {
                    var options = TransactionOptions.patient
                    options.attempts = 1
                    do {
                        try await pool.write(options) { transaction in
                            try await transaction.query("UPDATE t SET n = n + 1 WHERE id = $1", .int8(first))
                            await meeting.arrive()
                            try await transaction.query("UPDATE t SET n = n + 1 WHERE id = $1", .int8(second))
                        }
                        return nil
                    } catch let failure as DatabaseFailure { return failure.cause }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(causes) == [nil, .deadlock])
        await pool.close()
    }

    @Test(arguments: ["1234", "123456", "4000a", "12 45", "４０００１", ""])
    func `what is no code is none`(text: String) { #expect(SQLState(text) == nil) }
}

/// Tasks that wait for each other.
actor Meeting {
    private var missing: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(of count: Int) { missing = count }

    /// Returns once all have come; who comes later passes.
    func arrive() async {
        missing -= 1
        guard missing > 0 else {
            for one in waiting { one.resume() }
            waiting = []
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }
}
