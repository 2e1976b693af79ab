import Foundation
import PostgreSQL
import TestSupport
import Testing

/// A database of one test's own in a server.
struct TestDatabase {
    let server: PostgresServer
    let name: String

    init(_ server: PostgresServer? = nil) async throws {
        self.server = if let server { server } else { try await .shared() }
        name = try await self.server.database()
    }

    /// Settings for TLS and SCRAM.
    func settings(
        host: String = "127.0.0.1", port: Int? = nil, role: String = PostgresServer.role,
        password: String = PostgresServer.password, roots: String? = nil, kind: ServerKind = .readWrite,
        parameters: [String: String] = [:], _ change: (inout ConnectionLimits) -> Void = { _ in }
    ) throws -> ConnectionSettings {
        let address = try #require(ServerAddress(host: host, port: port ?? server.port))
        let password = try #require(Password(password))
        return try ConnectionSettings(
            addresses: [address], database: name, role: role,
            protection: .tls(roots: roots ?? server.roots, password: password), kind: kind, parameters: parameters,
            limits: Self.limits(change))
    }

    /// Settings for a Unix socket: the server's own, or another's that passes everything on.
    func socketSettings(
        _ folder: String? = nil, owner: String? = nil, kind: ServerKind = .readWrite,
        _ change: (inout ConnectionLimits) -> Void = { _ in }
    ) throws -> ConnectionSettings {
        let address = try #require(ServerAddress(host: folder ?? server.sockets, port: server.port))
        return try ConnectionSettings(
            addresses: [address], database: name, role: PostgresServer.role,
            protection: .socket(owner: owner ?? (folder == nil ? server.owner : NSUserName())), kind: kind,
            limits: Self.limits(change))
    }

    /// Bounds for a machine that is busy with other things.
    static func limits(_ change: (inout ConnectionLimits) -> Void) -> ConnectionLimits {
        var limits = ConnectionLimits()
        limits.connecting = .seconds(30)
        limits.statement = .seconds(60)
        limits.lock = .seconds(60)
        limits.idleTransaction = .seconds(60)
        limits.committing = .seconds(60)
        limits.cleaning = .seconds(30)
        limits.silence = .seconds(60)
        change(&limits)
        return limits
    }

    func pool(_ change: (inout PoolLimits) -> Void = { _ in }) throws -> Pool { try Self.pool(settings(), change) }

    static func pool(
        _ settings: ConnectionSettings, _ change: (inout PoolLimits) -> Void = { _ in }
    ) throws -> Pool {
        var limits = PoolLimits()
        limits.wait = .seconds(120)
        change(&limits)
        return try Pool(settings, limits: limits)
    }

    /// As the superuser.
    @discardableResult
    func sql(_ text: String) async throws -> String { try await server.sql(text, database: name) }
}

/// Transactions with time enough for a busy machine.
extension TransactionOptions {
    static var patient: TransactionOptions { TransactionOptions(limit: .seconds(120)) }
}

/// The failure that an operation ends with.
func failure<Value>(_ body: () async throws -> Value, sourceLocation: SourceLocation = #_sourceLocation) async
    -> DatabaseFailure?
{
    do {
        _ = try await body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch let failure as DatabaseFailure {
        return failure
    } catch {
        Issue.record("\(error)", sourceLocation: sourceLocation)
    }
    return nil
}
