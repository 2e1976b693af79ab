import Exchange
import Foundation
import HTTPServer
import HTTPTypes
import MutualTLS
import NIOCore
import RecordService
import ServiceLifecycle
import TestSupport

/// A stack's record system behind its real listeners, on free ports.
struct Running: Sendable {
    let stack: Stack
    let addresses: [String: String]
    private let group: ServiceGroup
    private let task: Task<Void, any Error>

    static func with(_ stack: Stack, _ body: (Running) async throws -> Void) async throws {
        let group = ServiceGroup(
            configuration: .init(
                services: try stack.system.services(), logger: stack.logs.logger))
        let task = Task {
            defer { stack.ready.end() }
            try await group.run()
        }
        guard let addresses = try? await stack.ready.addresses else { return try await task.value }
        let running = Running(stack: stack, addresses: addresses, group: group, task: task)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(running))
        } catch {
            result = .failure(error)
        }
        await group.triggerGracefulShutdown()
        try await task.value
        try result.get()
    }

    /// Begins the end of the service and waits for it.
    func stop() async throws {
        await group.triggerGracefulShutdown()
        try await task.value
    }

    /// A client of a listener with the certificate in a file below the development keys.
    func client(_ listener: String, as name: String) throws -> MutualTLSClient {
        let keys = stack.folder + "/keys"
        guard let key = try PEMFile.privateKey("\(keys)/\(name).key.pem"),
            let identity = TLSIdentity(chain: PEMFile.certificates("\(keys)/\(name).pem"), key: key)
        else { throw TestFailure("no identity \(name)") }
        return MutualTLSClient(
            baseURL: "https://" + (addresses[listener] ?? ""), identity: identity,
            authorities: CertificateAuthorities(PEMFile.certificates(keys + "/ca.pem")))
    }

    /// Runs `body` with a client that is closed afterwards.
    func withClient(_ listener: String, as name: String, _ body: (MutualTLSClient) async throws -> Void) async throws {
        let client = try client(listener, as: name)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(client))
        } catch {
            result = .failure(error)
        }
        try await client.shutdown()
        try result.get()
    }

    func withOperator(_ body: (OperatorClient) async throws -> Void) async throws {
        try await withClient("inner", as: "operator/operator") { try await body(OperatorClient($0)) }
    }
}
