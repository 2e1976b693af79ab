/// A password, which no description, mirror or error shows.
package struct Password: Sendable, CustomStringConvertible, CustomReflectable {
    let text: String

    /// - Parameter text: 1 to 1,000 bytes without a zero byte; `nil` for any other.
    package init?(_ text: String) {
        guard (1...1000).contains(text.utf8.count), !text.utf8.contains(0) else { return nil }
        self.text = text
    }

    /// Nothing of it.
    package var description: String { "(password)" }
    /// Nothing of it.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// What a connection is protected by, and what it logs in with: there is no way without either.
package enum Protection: Sendable {
    /// TLS 1.3 to a server whose certificate is of an authority in `roots` and in whose certificate the host stands
    /// (`sslmode=verify-full`), and SCRAM bound to that very connection (RFC 5802, RFC 5929 `tls-server-end-point`).
    ///
    /// A server that asks for less than SCRAM gets nothing: with `channel_binding=require` libpq answers neither a request
    /// for a clear or an MD5 password nor a server that lets everybody in (libpq 15 has no `require_auth`), and the log-in
    /// counts only if the password was used.
    ///
    /// - Parameters:
    ///   - roots: a PEM file of authorities.
    ///   - password: the role's.
    ///   - certificate: PEM files of a certificate of this program and its key, for a server that asks for it too.
    case tls(roots: String, password: Password, certificate: ClientCertificate? = nil)

    /// A Unix socket whose other end runs as a user of this machine, and where the kernel says who connects
    /// (`pg_hba.conf`: `peer`). No password is sent, so that nobody can ask for a weaker one.
    ///
    /// - Parameter owner: the user that the server runs as.
    case socket(owner: String)
}

/// PEM files of a certificate and its key.
package struct ClientCertificate: Hashable, Sendable {
    /// The certificate, with what is between it and its authority.
    package let certificate: String
    /// Its key, a file that its owner alone may read.
    package let key: String

    /// - Parameters:
    ///   - certificate: the certificate's path.
    ///   - key: the key's path.
    package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}

/// Which of several servers is wanted (PostgreSQL 15, 34.1.2, `target_session_attrs`).
package enum ServerKind: String, Hashable, Sendable {
    /// The one that takes writes.
    case readWrite = "read-write"
    /// One that takes none: a replica.
    case readOnly = "read-only"
    /// A replica, or, where none answers, any.
    case preferReplica = "prefer-standby"
}

/// Bounds in time and size of a connection. Each has a value that serves a busy service.
package struct ConnectionLimits: Hashable, Sendable {
    /// How long each address may take to let in.
    package var connecting: Duration = .seconds(3)
    /// How long a statement may run: told to the server, which ends it.
    package var statement: Duration = .seconds(10)
    /// How long a statement waits for a lock at the server.
    package var lock: Duration = .seconds(5)
    /// How long a transaction may do nothing before the server ends it with its connection.
    package var idleTransaction: Duration = .seconds(10)
    /// How long COMMIT is waited for, which nobody cancels: then its outcome is asked for.
    package var committing: Duration = .seconds(10)
    /// How long a connection may take to be clean again after a cancellation, before it is closed.
    package var cleaning: Duration = .seconds(2)
    /// After what time without an acknowledgement TCP gives the connection up (`tcp_user_timeout`, and keepalives).
    package var silence: Duration = .seconds(10)
    /// Bytes of one answer, of all statements that were sent together. One read may go beyond it.
    package var answer: Int = 64 << 20
    /// Statements that a connection keeps prepared; others are sent with their text.
    package var prepared: Int = 512

    /// The bounds as they are written here.
    package init() {}
}

/// Everything that a connection is made with; can only be right, but for what files and servers say.
package struct ConnectionSettings: Sendable {
    /// What is wrong with settings.
    package enum Flaw: String, Error, Hashable, Sendable {
        /// There is no address, there are more than 16, or sockets and hosts are mixed with the wrong protection.
        case addresses
        /// The name of database, role or program is empty, longer than 63 bytes, or has a control character.
        case name
        /// A path is empty or has a zero byte.
        case path
        /// A bound is zero, negative or beyond an hour (times), or beyond 1 GiB (size).
        case limit
        /// A parameter of the server is not a name in lower case with a value of at most 200 plain characters.
        case parameter
    }

    /// Where the servers are, in the order in which they are tried.
    package let addresses: [ServerAddress]
    /// The database.
    package let database: String
    /// The role.
    package let role: String
    /// What protects it.
    package let protection: Protection
    /// Which of the servers is wanted.
    package let kind: ServerKind
    /// What the program is called in `pg_stat_activity`.
    package let program: String
    /// Parameters of the server for each session, such as `search_path`.
    package let parameters: [String: String]
    /// Bounds.
    package let limits: ConnectionLimits

    /// - Parameters:
    ///   - addresses: 1 to 16, all of them sockets or none.
    ///   - database: its name.
    ///   - role: who logs in.
    ///   - protection: `socket` for sockets, `tls` for hosts.
    ///   - kind: which of the servers is wanted.
    ///   - program: what the program is called in `pg_stat_activity`.
    ///   - parameters: parameters of the server for each session.
    ///   - limits: bounds.
    package init(
        addresses: [ServerAddress], database: String, role: String, protection: Protection,
        kind: ServerKind = .readWrite, program: String = "akashi", parameters: [String: String] = [:],
        limits: ConnectionLimits = ConnectionLimits()
    ) throws(Flaw) {
        var paths: [String] = []
        let isSocket: Bool
        switch protection {
        case .tls(let roots, _, let certificate):
            isSocket = false
            paths = [roots] + [certificate?.certificate, certificate?.key].compactMap { $0 }
        case .socket(let owner):
            isSocket = true
            guard Self.isName(owner) else { throw .name }
        }
        guard (1...16).contains(addresses.count), addresses.allSatisfy({ $0.isSocket == isSocket }) else {
            throw .addresses
        }
        guard Self.isName(database), Self.isName(role), Self.isName(program) else { throw .name }
        guard paths.allSatisfy({ !$0.isEmpty && !$0.utf8.contains(0) }) else { throw .path }
        guard limits.isUsable else { throw .limit }
        guard parameters.allSatisfy({ Self.isParameter($0.key, $0.value) }) else { throw .parameter }
        self.addresses = addresses
        self.database = database
        self.role = role
        self.protection = protection
        self.kind = kind
        self.program = program
        self.parameters = parameters
        self.limits = limits
    }

    private static func isName(_ text: String) -> Bool {
        // "=" would make a database's name a list of settings to libpq.
        (1...63).contains(text.utf8.count) && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != 0x3D }
            && !text.contains("://")
    }

    private static func isParameter(_ name: String, _ value: String) -> Bool {
        (1...63).contains(name.utf8.count)
            && name.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F || $0 == 0x2E }
            && (1...200).contains(value.utf8.count) && value.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }
}

extension ConnectionLimits {
    fileprivate var isUsable: Bool {
        let times = [connecting, statement, lock, idleTransaction, committing, cleaning, silence]
        return times.allSatisfy { $0 >= .milliseconds(1) && $0 <= .seconds(3600) } && (1...1 << 30).contains(answer)
            && (0...10_000).contains(prepared)
    }
}

extension Duration {
    /// Whole milliseconds, at least 1.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return max(1, seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
