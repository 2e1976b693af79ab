import Foundation
import PostgreSQL
import Synchronization
import TestSupport
import Testing

/// Connections that are lost at each point of a transaction. The table has no key, so that a write that is done twice shows.
@Suite(.requires(.postgres)) struct LostConnectionTests {
    /// A pool whose connections go through a proxy, and the database behind it.
    private struct Setting {
        let database: TestDatabase
        let proxy: CuttingProxy
        let pool: Pool

        init(
            _ server: PostgresServer? = nil, target: (@Sendable () -> String?)? = nil,
            _ change: (inout ConnectionLimits) -> Void = { _ in }
        ) async throws {
            database = try await TestDatabase(server)
            let socket = database.server.socket
            proxy = try CuttingProxy(port: database.server.port, to: target ?? { socket })
            pool = try TestDatabase.pool(database.socketSettings(proxy.folder, change)) { $0.connections = 2 }
            try await database.sql("CREATE TABLE t (id int8); GRANT ALL ON t TO akashi")
        }

        func rows() async throws -> String { try await database.sql("SELECT count(*) FROM t") }
    }

    private static let insert = Query("INSERT INTO t VALUES ($1)", .int8(1))
    private static let trace = Query("SELECT 1 FROM t WHERE id = $1", .int8(1))
    private static var options: TransactionOptions {
        var options = TransactionOptions.patient
        options.attempts = 1000
        return options
    }

    /// Where it is cut, how often the closure runs, whether COMMIT's fate is asked for.
    private static let places: [(CuttingProxy.Cut, Int, Int)] = [
        (.before("BEGIN ISOLATION"), 2, 0), (.afterAnswer("BEGIN ISOLATION"), 2, 0),
        (.before("INSERT INTO t"), 2, 0), (.afterAnswer("INSERT INTO t"), 2, 0),
        (.before("COMMIT\u{0}"), 2, 1), (.afterAnswer("COMMIT\u{0}"), 1, 1),
    ]

    @Test func `a write is done once, wherever its connection is lost`() async throws {
        let setting = try await Setting()
        for (number, (cut, runs, asked)) in Self.places.enumerated() {
            // New connections, which prepare their statements and so send the texts.
            let pool = try TestDatabase.pool(setting.database.socketSettings(setting.proxy.folder))
            let attempts = Attempts()
            setting.proxy.cutOnce(cut)
            let value = try await pool.write(Self.options) { transaction in
                attempts.add()
                try await transaction.query("SELECT 1")
                try await transaction.query(Self.insert)
                return 7
            }
            #expect(value == 7)
            #expect(setting.proxy.cuts == number + 1, "\(cut)")
            #expect(attempts.count == runs, "\(cut)")
            #expect(pool.counts.asked == asked, "\(cut)")
            #expect(pool.counts.unknown == 0, "\(cut)")
            #expect(try await setting.rows() == "\(number + 1)", "\(cut)")
            await pool.close()
        }
    }

    @Test func `a write in one round trip whose answer is lost is known by its trace alone`() async throws {
        let setting = try await Setting(target: nil) { $0.committing = .milliseconds(500) }
        setting.proxy.cutOnce(.afterAnswer("COMMIT\u{0}"))
        let said = await failure { try await setting.pool.write(Self.options, [Self.insert]) }
        #expect(said?.cause == .outcome)
        #expect(said?.kind == .unknown)
        #expect(try await setting.rows() == "1")
        #expect(setting.pool.counts.unknown == 1)
        await setting.pool.close()

        let again = try TestDatabase.pool(setting.database.socketSettings(setting.proxy.folder))
        try await setting.database.sql("DELETE FROM t")
        var options = Self.options
        options.trace = Self.trace
        setting.proxy.cutOnce(.afterAnswer("COMMIT\u{0}"))
        try await again.write(options, [Self.insert])
        #expect(again.counts.asked == 1)
        #expect(try await setting.rows() == "1")
        await again.close()
    }

    @Test func `a server that dies within a transaction, and comes back, has it once`() async throws {
        let server = try await PostgresServer(settings: ["restart_after_crash": "on", "fsync": "on"])
        let setting = try await Setting(server)
        let attempts = Attempts()
        try await setting.pool.write(Self.options) { transaction in
            try await transaction.query(Self.insert)
            let pid = try await transaction.query("SELECT pg_backend_pid()").one().value(0, as: Int32.self)
            if attempts.add() == 1 { kill(pid, SIGKILL) }
            try await transaction.query("SELECT 1")
        }
        #expect(attempts.count == 2)
        #expect(try await setting.rows() == "1")
        await setting.pool.close()
    }

    @Test func `a commit whose answer was lost with its server is found when the server is back`() async throws {
        let server = try await PostgresServer(settings: ["fsync": "on"])
        let way = Way(server.socket)
        let setting = try await Setting(server, target: { way.socket })
        setting.proxy.cutOnce(.afterAnswer("COMMIT\u{0}"))
        let attempts = Attempts()
        async let value = setting.pool.write(Self.options) { transaction in
            attempts.add()
            try await transaction.query(Self.insert)
            way.socket = nil
            return 7
        }
        try await eventually("the answer is lost") { setting.proxy.cuts == 1 }
        try await server.cut()
        try await server.start()
        way.socket = server.socket
        #expect(try await value == 7)
        #expect(attempts.count == 1)
        #expect(setting.pool.counts.asked == 1)
        #expect(try await setting.rows() == "1")
        await setting.pool.close()
    }

    @Test func `a commit that nobody can tell of within its bound is unknown`() async throws {
        let database = try await TestDatabase()
        let way = Way(database.server.socket)
        let setting = try await Setting(target: { way.socket }) { $0.committing = .milliseconds(500) }
        setting.proxy.cutOnce(.afterAnswer("COMMIT\u{0}"))
        let said = await failure {
            try await setting.pool.write(Self.options) { transaction in
                try await transaction.query(Self.insert)
                way.socket = nil
            }
        }
        #expect(said?.kind == .unknown)
        #expect(try await setting.rows() == "1")
        await setting.pool.close()
    }

    @Test func `cancelling a task does not make its commit unknown`() async throws {
        let setting = try await Setting()
        setting.proxy.cutOnce(.afterAnswer("COMMIT\u{0}"))
        let writing = Task {
            try await setting.pool.write(Self.options) { transaction in
                try await transaction.query(Self.insert)
                // The commit is sent after this; nothing asks the task in between but the look at its cancellation.
                return 7
            }
        }
        try await eventually("the answer is lost") { setting.proxy.cuts == 1 }
        writing.cancel()
        #expect(try await writing.value == 7)
        #expect(try await setting.rows() == "1")
        await setting.pool.close()
    }
}

/// How often something ran.
final class Attempts: Sendable {
    private let state = Mutex(0)
    var count: Int { state.withLock { $0 } }
    @discardableResult
    func add() -> Int {
        state.withLock { count in
            count += 1
            return count
        }
    }
}

/// Where a proxy leads.
final class Way: Sendable {
    private let state: Mutex<String?>
    init(_ socket: String?) { state = Mutex(socket) }
    var socket: String? {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
