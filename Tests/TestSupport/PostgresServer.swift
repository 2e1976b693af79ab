import Foundation
import Glibc
import Synchronization

/// A PostgreSQL server of the tests' own (Debian's postgresql-15): a cluster in a temporary folder, at a free port of this
/// machine with TLS and at a Unix socket; ended with its holder.
///
/// Where the tests run as root it runs as the user `postgres`, since it refuses root.
public final class PostgresServer: Sendable {
    /// Debian's folder of the server's programs.
    public static let programs = "/usr/lib/postgresql/15/bin"
    /// The password of ``role``.
    public static let password = "swordfish"
    /// A role with a password that may do nothing special, but log in by TLS and SCRAM.
    public static let role = "akashi"

    /// Where everything of it lies.
    public let folder: TemporaryFolder
    /// Its port.
    public let port: Int
    /// The user of this machine that it runs as.
    public let owner: String
    private let settings: [String: String]
    private let program = Mutex<Program?>(nil)

    /// Its Unix socket.
    public var socket: String { "\(sockets)/.s.PGSQL.\(port)" }
    /// The folder of its Unix socket.
    public var sockets: String { folder.file("s") }
    /// The certificate of the authority that signed its certificate, of `localhost` and 127.0.0.1.
    public var roots: String { folder.file("root.pem") }
    /// An authority that signed nothing.
    public var otherRoots: String { folder.file("other.pem") }
    private var data: String { folder.file("data") }

    /// Makes a cluster and starts it.
    ///
    /// - Parameters:
    ///   - settings: of `postgresql.conf`, beside those that make it quick: `fsync` is off unless it is said.
    ///   - access: lines of `pg_hba.conf` before the usual ones.
    ///   - original: a server of which this is a replica that follows it, under the name `replica`.
    public init(
        settings: [String: String] = [:], access: [String] = [], replicaOf original: PostgresServer? = nil
    ) async throws {
        folder = try TemporaryFolder()
        port = try Self.freePort()
        var all = [
            "fsync": "off", "max_connections": "200", "shared_buffers": "16MB", "dynamic_shared_memory_type": "mmap",
            "jit": "off", "log_min_messages": "warning", "autovacuum": "off", "wal_level": "replica",
            "max_wal_size": "256MB", "logging_collector": "off", "lc_messages": "C",
        ]
        all.merge(settings) { $1 }
        self.settings = all
        owner = geteuid() == 0 ? "postgres" : NSUserName()
        for name in ["s", "data"] {
            try FileManager.default.createDirectory(atPath: folder.file(name), withIntermediateDirectories: false)
        }
        try await makeCertificates()
        try give(["s", "data", "server.pem", "server.key"])
        if let original {
            _ = try await run(
                "pg_basebackup",
                [
                    "-h", original.sockets, "-p", "\(original.port)", "-U", "postgres", "-D", data, "-X", "stream",
                    "-c", "fast",
                ]
            ).succeeded()
            let from = "host=\(original.sockets) port=\(original.port) user=postgres application_name=replica"
            try folder.write("data/postgresql.auto.conf", Data("primary_conninfo = '\(from)'\n".utf8))
            try folder.write("data/standby.signal", Data())
        } else {
            _ = try await run(
                "initdb",
                ["-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C", "--auth=trust", "--no-sync", "-k"]
            ).succeeded()
        }
        let lines =
            access + [
                "local all all trust", "local replication all trust", "hostssl all all 127.0.0.1/32 scram-sha-256",
            ]
        try folder.write("data/pg_hba.conf", Data((lines.joined(separator: "\n") + "\n").utf8))
        try give(["data/pg_hba.conf", "data/postgresql.auto.conf", "data/standby.signal"])
        try await start()
        if original == nil {
            _ = try await sql("CREATE ROLE \(Self.role) LOGIN PASSWORD '\(Self.password)'")
        }
    }

    deinit { program.withLock { $0 }?.signal(SIGQUIT) }

    private static func freePort() throws -> Int {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, size) == 0 && getsockname(socket, $0, &size) == 0
            }
        }
        guard result else { throw TestFailure("no free port: \(errno)") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Gives files to the user that the server runs as.
    private func give(_ names: [String]) throws {
        if geteuid() == 0 {
            guard let user = getpwnam(owner)?.pointee else { throw TestFailure("no user \(owner)") }
            for name in names { chown(folder.file(name), user.pw_uid, user.pw_gid) }
        }
        for name in names where name.hasSuffix(".key") || name == "data" {
            chmod(folder.file(name), name == "data" ? 0o700 : 0o600)
        }
    }

    private func command(_ name: String, _ arguments: [String]) -> (String, [String]) {
        let path = "\(Self.programs)/\(name)"
        guard geteuid() == 0 else { return (path, arguments) }
        // It becomes the program: its number is the server's.
        return ("setpriv", ["--reuid=\(owner)", "--regid=\(owner)", "--clear-groups", path] + arguments)
    }

    private func run(_ name: String, _ arguments: [String]) async throws -> Program.Outcome {
        let (path, arguments) = command(name, arguments)
        return try await Program.run(path, arguments, folder: folder.path, within: .seconds(300))
    }

    private func makeCertificates() async throws {
        let make = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        for (name, subject) in [("root", "made-up root"), ("other", "another made-up root")] {
            _ = try await Program.run(
                "openssl",
                make + [
                    "-subj", "/CN=\(subject)", "-keyout", folder.file("\(name).key"), "-out",
                    folder.file("\(name).pem"),
                ]
            ).succeeded()
        }
        _ = try await Program.run(
            "openssl",
            make + [
                "-subj", "/CN=server", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext",
                "basicConstraints=critical,CA:FALSE", "-CA", folder.file("root.pem"), "-CAkey", folder.file("root.key"),
                "-keyout", folder.file("server.key"), "-out", folder.file("server.pem"),
            ]
        ).succeeded()
    }

    // MARK: - Its life

    /// Starts it, at first or after it ended, and waits until it lets in.
    public func start() async throws {
        let all = [
            "port": "\(port)", "listen_addresses": "127.0.0.1", "unix_socket_directories": sockets, "ssl": "on",
            "ssl_cert_file": folder.file("server.pem"), "ssl_key_file": folder.file("server.key"),
        ].merging(settings) { $1 }
        let (path, arguments) = command(
            "postgres", ["-D", data] + all.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] })
        let started = try Program(path, arguments)
        program.withLock { $0 = started }
        try await eventually("a PostgreSQL server") {
            guard started.isRunning else { throw TestFailure("the server ended: \(started.errors)") }
            return try await Program.run(
                "\(Self.programs)/pg_isready", ["-q", "-h", sockets, "-p", "\(port)"]
            ).status == 0
        }
    }

    /// The number of the server's first process.
    public var pid: Int32 { program.withLock { $0?.pid ?? -1 } }

    /// Everything that it has written to its log.
    public var log: String { program.withLock { $0?.errors ?? "" } }

    /// Ends it as a power cut would: all its processes at once.
    public func cut() async throws {
        guard let started = program.withLock({ $0 }) else { return }
        let children = try String(contentsOfFile: "/proc/\(started.pid)/task/\(started.pid)/children", encoding: .utf8)
        started.signal(SIGKILL)
        for child in children.split(separator: " ").compactMap({ Int32($0) }) { kill(child, SIGKILL) }
        try await started.end()
    }

    /// Ends it without waiting for those who are connected.
    public func stop() async throws {
        guard let started = program.withLock({ $0 }) else { return }
        started.signal(SIGINT)
        try await started.end()
    }

    /// Makes a replica the one that takes writes.
    public func promote() async throws {
        _ = try await run("pg_ctl", ["promote", "-w", "-D", data]).succeeded()
    }

    /// Runs statements as the superuser with `psql` and gives what they give, a line for each row.
    @discardableResult
    public func sql(_ text: String, database: String = "postgres") async throws -> String {
        let data = try await Program.run(
            "\(Self.programs)/psql",
            [
                "-h", sockets, "-p", "\(port)", "-U", "postgres", "-d", database, "-XAtq", "-v", "ON_ERROR_STOP=1",
                "-c",
                text,
            ]
        ).succeeded()
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// A new database, which ``role`` owns.
    public func database() async throws -> String {
        let name = "test_" + UUID().uuidString.replacing("-", with: "").lowercased()
        try await sql("CREATE DATABASE \(name) OWNER \(Self.role)")
        return name
    }

    // MARK: - Shared

    private static let left = Mutex<(pid: Int32, path: String)?>(nil)

    private static let process = Task {
        let server = try await PostgresServer()
        // Nobody lets go of what a process shares.
        left.withLock { $0 = (server.pid, server.folder.path) }
        atexit {
            guard let left = PostgresServer.left.withLock({ $0 }) else { return }
            kill(left.pid, SIGQUIT)
            try? FileManager.default.removeItem(atPath: left.path)
        }
        return server
    }

    /// The server of this process, whose tests have a database each.
    public static func shared() async throws -> PostgresServer { try await process.value }
}

extension Requirement {
    /// PostgreSQL's server.
    public static let postgres = Requirement.executable("\(PostgresServer.programs)/postgres", package: "postgresql-15")
}
