import CPostgreSQL

extension Connection {
    /// Connects to the first server of the settings that is of the wanted kind.
    ///
    /// libpq's own list of hosts is not used: without a thread for it, libpq has no bound for each, and asks the resolver
    /// while it blocks.
    ///
    /// - Parameters:
    ///   - settings: where and how.
    ///   - generation: of the pool.
    ///   - preferred: the address to begin with.
    /// - Returns: the connection and its address.
    static func open(
        _ settings: ConnectionSettings, generation: Int = 0, preferred: ServerAddress? = nil
    ) async throws(DatabaseFailure) -> (connection: Connection, address: ServerAddress) {
        let poller = try Poller.shared()
        let addresses =
            settings.addresses.filter { $0 == preferred } + settings.addresses.filter { $0 != preferred }
        var failure = DatabaseFailure(.unreachable)
        let kinds = settings.kind == .preferReplica ? ["standby", "any"] : [settings.kind.rawValue]
        for kind in kinds {
            for address in addresses {
                for numeric in await resolve(address, poller, settings) {
                    do {
                        let handle = try await connect(settings, address, numeric: numeric, wanted: kind, poller)
                        let connection = Connection(settings, generation: generation, poller: poller, handle: handle)
                        return (connection, address)
                    } catch {
                        // A cancelled caller tries no further; of the others the most telling is kept.
                        if error.cause == .cancelled { throw error }
                        if error.cause != .unreachable || failure.cause == .unreachable { failure = error }
                    }
                }
            }
        }
        throw failure
    }

    private static func resolve(
        _ address: ServerAddress, _ poller: Poller, _ settings: ConnectionSettings
    ) async -> [String?] {
        if address.isSocket { return [nil] }
        if address.isNumeric { return [address.host] }
        return await poller.blocking(until: .now + settings.limits.connecting) { address.resolve() } ?? []
    }

    private static func connect(
        _ settings: ConnectionSettings, _ address: ServerAddress, numeric: String?, wanted kind: String,
        _ poller: Poller
    ) async throws(DatabaseFailure) -> ConnectionHandle {
        let deadline = ContinuousClock.now + settings.limits.connecting
        guard let handle = settings.start(address, numeric: numeric, wanted: kind) else {
            throw DatabaseFailure(.exhausted)
        }
        var readiness = Poller.Readiness.writing
        connecting: while true {
            guard PQstatus(handle.pointer) != CONNECTION_BAD else { throw refusal(of: handle) }
            let wake = await poller.wait(for: readiness, of: PQsocket(handle.pointer), until: deadline)
            guard wake == .ready else { throw DatabaseFailure(wake == .cancelled ? .cancelled : .unreachable) }
            switch PQconnectPoll(handle.pointer) {
            case PGRES_POLLING_OK: break connecting
            case PGRES_POLLING_READING: readiness = .reading
            case PGRES_POLLING_WRITING: readiness = .writing
            default: throw refusal(of: handle)
            }
        }
        if case .tls = settings.protection {
            // Channel binding was required, which only SCRAM in TLS has; that both were used is looked at all the same.
            guard PQsslInUse(handle.pointer) == 1, PQconnectionUsedPassword(handle.pointer) == 1 else {
                throw DatabaseFailure(.untrusted)
            }
        }
        guard PQserverVersion(handle.pointer) >= 140_000 else { throw DatabaseFailure(.other) }
        guard PQsetnonblocking(handle.pointer, 1) == 0, PQenterPipelineMode(handle.pointer) == 1 else {
            throw DatabaseFailure(.lost)
        }
        return handle
    }

    /// Why a server did not let in. libpq 15 keeps no code of it but in its text, which holds the code alone of what the
    /// server says; its own sentences are known by their words, and none of them leaves this function.
    private static func refusal(of handle: ConnectionHandle) -> DatabaseFailure {
        let text = PQerrorMessage(handle.pointer).map { String(cString: $0) } ?? ""
        for line in text.split(separator: "\n").reversed() {
            guard let state = SQLState(line.suffix(5)), line.dropLast(5).hasSuffix(":  ") else { continue }
            let cause = DatabaseFailure.Cause(state)
            return DatabaseFailure(cause == .lost ? .unreachable : cause, state)
        }
        // A password was asked for where none is ever sent: at a socket.
        if PQconnectionNeedsPassword(handle.pointer) == 1 { return DatabaseFailure(.untrusted) }
        let untrusted = [
            "SSL", "certificate", "channel binding", "requirepeer", "peer user", "authentication method", "SCRAM",
        ]
        // A connection that is cut in the handshake says SSL too, and is a loss.
        let isLoss = text.contains("SYSCALL") || text.contains("unexpectedly")
        return DatabaseFailure(!isLoss && untrusted.contains { text.contains($0) } ? .untrusted : .unreachable)
    }
}
