import PostgreSQL
import TestSupport
import Testing

/// Whom a connection trusts, and who is let in.
@Suite(.requires(.postgres)) struct SecurityTests {
    /// Roles by how the server lets them in: each other than SCRAM is weaker.
    private static let weak = ["trusted": "trust", "hashed": "md5", "clear": "password"]

    private static let server = Task {
        let server = try await PostgresServer(
            settings: ["listen_addresses": "127.0.0.1,127.0.0.2"],
            access: weak.sorted { $0.key < $1.key }.map { "hostssl all \($0.key) 127.0.0.0/8 \($0.value)" })
        try await server.sql(
            """
            SET password_encryption = 'md5';
            CREATE ROLE trusted LOGIN PASSWORD 'swordfish'; CREATE ROLE hashed LOGIN PASSWORD 'swordfish';
            CREATE ROLE clear LOGIN PASSWORD 'swordfish';
            """)
        return server
    }

    private static func refusal(_ settings: ConnectionSettings) async throws -> DatabaseFailure? {
        let pool = try TestDatabase.pool(settings)
        let said = await failure { try await pool.query(Query("SELECT 1")) }
        #expect(pool.counts.open == 0)
        await pool.close()
        return said
    }

    @Test func `by TLS and SCRAM one is let in`() async throws {
        let database = try await TestDatabase(Self.server.value)
        for host in ["127.0.0.1", "localhost"] {
            let pool = try TestDatabase.pool(database.settings(host: host))
            let row = try await pool.query(
                Query("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            ).one()
            #expect(try row.value(0) == true)
            #expect(try row.value(1) == "TLSv1.3")
            await pool.close()
        }
    }

    @Test(arguments: ["trusted", "hashed", "clear"])
    func `a server that asks for less than SCRAM is not logged in to`(role: String) async throws {
        let database = try await TestDatabase(Self.server.value)
        #expect(try await Self.refusal(database.settings(role: role))?.cause == .untrusted)
    }

    @Test func `a server of another authority or another name is not logged in to`() async throws {
        let database = try await TestDatabase(Self.server.value)
        let roots = try await Self.refusal(database.settings(roots: database.server.otherRoots))
        #expect(roots?.cause == .untrusted)
        #expect(try await Self.refusal(database.settings(host: "127.0.0.2"))?.cause == .untrusted)
        let none = try await Self.refusal(database.settings(roots: "/nowhere/root.pem"))
        #expect(none?.cause == .untrusted)
        #expect(none?.kind == .refused)
    }

    @Test func `a server without TLS is not logged in to`() async throws {
        let database = try await TestDatabase(PostgresServer(settings: ["ssl": "off"]))
        #expect(try await Self.refusal(database.settings())?.cause == .untrusted)
    }

    @Test func `a wrong password, role or database is refused, and none of it is told`() async throws {
        let database = try await TestDatabase(Self.server.value)
        let password = try await Self.refusal(database.settings(password: "blowfish"))
        #expect(password?.cause == .authentication)
        #expect(password?.sqlState?.code == "28P01")
        let role = try await Self.refusal(database.settings(role: "nobody"))
        #expect(role?.cause == .authentication)
        let settings = try ConnectionSettings(
            addresses: database.settings().addresses, database: "nowhere", role: PostgresServer.role,
            protection: database.settings().protection, limits: database.settings().limits)
        #expect(try await Self.refusal(settings)?.sqlState?.code == "3D000")
        #expect(!"\(String(describing: password))".contains("blowfish"))
    }

    @Test func `at a socket the server's owner has to be the one`() async throws {
        let database = try await TestDatabase()
        let pool = try TestDatabase.pool(database.socketSettings())
        #expect(try await pool.query(Query("SELECT 1::int8")).one().value(0) == Int64(1))
        await pool.close()
        #expect(try await Self.refusal(database.socketSettings(owner: "daemon"))?.cause == .untrusted)
    }

    @Test func `no description shows a password`() async throws {
        let database = try await TestDatabase()
        let settings = try database.settings()
        var text = ""
        dump(settings, to: &text)
        text += "\(settings) \(String(reflecting: settings))"
        #expect(text.contains("(password)"))
        #expect(!text.contains(PostgresServer.password))
    }

    @Test(arguments: [
        ("host name", 0), ("host, with a comma", 5432), ("", 5432), ("a b", 5432), ("host", 65_536), ("host", -1),
        ("/" + String(repeating: "x", count: 90), 5432),
    ])
    func `what is no address is none`(host: String, port: Int) { #expect(ServerAddress(host: host, port: port) == nil) }

    @Test func `settings with one flaw say which`() throws {
        let host = try #require(ServerAddress(host: "db.example"))
        let socket = try #require(ServerAddress(host: "/run/postgresql"))
        let password = try #require(Password("x"))
        let tls = Protection.tls(roots: "/root.pem", password: password)
        func flaw(
            _ addresses: [ServerAddress], database: String = "d", role: String = "r", _ protection: Protection = tls,
            parameters: [String: String] = [:], _ change: (inout ConnectionLimits) -> Void = { _ in }
        ) -> ConnectionSettings.Flaw? {
            do throws(ConnectionSettings.Flaw) {
                var limits = ConnectionLimits()
                change(&limits)
                _ = try ConnectionSettings(
                    addresses: addresses, database: database, role: role, protection: protection,
                    parameters: parameters, limits: limits)
                return nil
            } catch { return error }
        }
        #expect(flaw([host]) == nil)
        #expect(flaw([]) == .addresses)
        #expect(flaw([host, socket]) == .addresses)
        #expect(flaw([socket]) == .addresses)
        #expect(flaw([host], .socket(owner: "postgres")) == .addresses)
        #expect(flaw([host], database: "host=elsewhere") == .name)
        #expect(flaw([host], database: "postgresql://elsewhere") == .name)
        #expect(flaw([host], role: "") == .name)
        #expect(flaw([socket], .socket(owner: "")) == .name)
        #expect(flaw([host], .tls(roots: "", password: password)) == .path)
        #expect(flaw([host], parameters: ["a b": "c"]) == .parameter)
        #expect(flaw([host], parameters: ["a": "\n"]) == .parameter)
        #expect(flaw([host]) { $0.statement = .zero } == .limit)
        #expect(flaw([host]) { $0.answer = 0 } == .limit)
        #expect(Password("") == nil)
        #expect(Password("a\u{0}b") == nil)
    }

    @Test func `parameters reach the server as they are, spaces and all`() async throws {
        let database = try await TestDatabase()
        let pool = try TestDatabase.pool(
            database.settings(parameters: ["akashi.words": "a b\\c 'd'", "search_path": "\"$user\", public"]))
        let row = try await pool.query(
            Query("SELECT current_setting('akashi.words'), current_setting('search_path')")
        ).one()
        #expect(try row.value(0) == "a b\\c 'd'")
        #expect(try row.value(1) == "\"$user\", public")
        await pool.close()
    }

    @Test func `nobody can guess under which names a connection prepares its statements`() async throws {
        let database = try await TestDatabase()
        var beginnings: Set<String> = []
        for _ in 0..<3 {
            let pool = try database.pool { $0.connections = 1 }
            let name: String = try await pool.query(Query("SELECT name FROM pg_prepared_statements")).one().value(0)
            #expect(name.hasSuffix("-1"))
            beginnings.insert(String(name.dropLast(2)))
            await pool.close()
        }
        #expect(beginnings.count == 3)
        #expect(beginnings.allSatisfy { $0.count > 16 })
    }
}
