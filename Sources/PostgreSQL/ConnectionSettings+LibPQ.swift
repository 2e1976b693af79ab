import CPostgreSQL

extension ConnectionSettings {
    /// A file that is nowhere: `/dev/null` is no folder. libpq looks into the home folder for what it is not told.
    private static let nowhere = "/dev/null/none"

    /// libpq's settings for one address (PostgreSQL 15, 34.1.2). Each that it would otherwise take from the environment or
    /// the home folder is given.
    ///
    /// - Parameters:
    ///   - address: of ``addresses``.
    ///   - numeric: its numeric address, so that libpq does not block in a resolver; `nil` for a socket.
    ///   - kind: which server is wanted there.
    func libraryOptions(_ address: ServerAddress, numeric: String?, wanted kind: String) -> [(String, String)] {
        let silence = max(1, limits.silence.wholeMilliseconds / 1000)
        var options = [
            ("host", address.host), ("port", "\(address.port)"), ("dbname", database), ("user", role),
            ("application_name", program), ("client_encoding", "UTF8"), ("options", startOptions),
            ("target_session_attrs", kind), ("passfile", Self.nowhere), ("gssencmode", "disable"),
            ("tcp_user_timeout", "\(limits.silence.wholeMilliseconds)"), ("keepalives", "1"),
            ("keepalives_idle", "\(silence)"), ("keepalives_interval", "\(max(1, silence / 3))"),
            ("keepalives_count", "3"), ("sslcrl", Self.nowhere), ("sslcrldir", Self.nowhere),
        ]
        if let numeric { options.append(("hostaddr", numeric)) }
        switch protection {
        case .tls(let roots, let password, let certificate):
            options += [
                ("sslmode", "verify-full"), ("sslrootcert", roots), ("channel_binding", "require"),
                ("ssl_min_protocol_version", "TLSv1.3"), ("password", password.text),
                ("sslcert", certificate?.certificate ?? Self.nowhere), ("sslkey", certificate?.key ?? Self.nowhere),
            ]
        case .socket(let owner):
            options += [("sslmode", "disable"), ("requirepeer", owner), ("channel_binding", "disable")]
        }
        return options
    }

    /// What the server is told at the start: bounds that hold there even if this program is gone, and forms that do not
    /// depend on the server's configuration.
    private var startOptions: String {
        var list = [
            ("statement_timeout", "\(limits.statement.wholeMilliseconds)"),
            ("lock_timeout", "\(limits.lock.wholeMilliseconds)"),
            ("idle_in_transaction_session_timeout", "\(limits.idleTransaction.wholeMilliseconds)"),
            // A statement whose client is gone is ended, so that a connection's end is a cancellation too.
            ("client_connection_check_interval", "1000"),
            ("timezone", "UTC"),
        ]
        list += parameters.sorted { $0.key < $1.key }
        return list.map { name, value in
            "-c \(name)=" + value.map { $0 == " " || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
        }.joined(separator: " ")
    }

    /// Begins a connection; `nil` where there is no memory for it.
    func start(_ address: ServerAddress, numeric: String?, wanted kind: String) -> ConnectionHandle? {
        let options = libraryOptions(address, numeric: numeric, wanted: kind)
        return withStrings(options.map(\.0)) { names in
            withStrings(options.map(\.1)) { values in PQconnectStartParams(names, values, 0) }
        }.map(ConnectionHandle.init)
    }
}

/// Runs a body with a list of C strings that ends with a null pointer.
private func withStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
    var bytes: [CChar] = []
    var offsets: [Int] = []
    for string in strings {
        offsets.append(bytes.count)
        bytes.append(contentsOf: string.utf8CString)
    }
    return bytes.withUnsafeBufferPointer { buffer in
        let pointers = offsets.map { offset in buffer.baseAddress.map { $0 + offset } } + [nil]
        return pointers.withUnsafeBufferPointer { list in
            guard let base = list.baseAddress else { preconditionFailure("the list has its end in it") }
            return body(base)
        }
    }
}
