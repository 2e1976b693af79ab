import AsyncHTTPClient
import Exchange
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A server with the centre's own certificate and keys that does not do what a centre does: what terminals must stand.
struct HostileCentre: Sendable {
    /// A request that a terminal sent it.
    struct Request: Sendable {
        let method: String
        let path: String
        let body: [UInt8]
    }

    /// What it answers.
    struct Answer: Sendable {
        var status = 200
        var type = "application/json"
        let body: [UInt8]
    }

    typealias Responder = @Sendable (Request) async throws -> Answer

    /// Where terminals reach it.
    let base: String
    private let channel: any NIOCore.Channel
    private let serving: Task<Void, Never>

    /// Listens on a free port with the centre's certificate.
    static func start(
        certificate: String, key: String, terminalAuthority: String, _ respond: @escaping Responder
    ) async throws -> HostileCentre {
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
        tls.minimumTLSVersion = .tlsv13
        tls.certificateVerification = .noHostnameVerification
        tls.trustRoots = .file(terminalAuthority)
        let context = try NIOSSLContext(configuration: tls)
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    return try NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>(
                        wrappingChannelSynchronously: channel)
                }
            }
        let serving = Task {
            _ = try? await server.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await connection in connections {
                        // A terminal that breaks a connection off ends that connection and nothing else.
                        group.addTask { try? await Self.serve(connection, respond) }
                    }
                }
            }
        }
        return HostileCentre(
            base: "https://127.0.0.1:\(server.channel.localAddress?.port ?? 0)", channel: server.channel,
            serving: serving)
    }

    /// Closes its port.
    func stop() async {
        try? await channel.close()
        serving.cancel()
        await serving.value
    }

    private static func serve(
        _ connection: NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>, _ respond: Responder
    ) async throws {
        try await connection.executeThenClose { inbound, outbound in
            var head: HTTPRequestHead?
            var body: [UInt8] = []
            for try await part in inbound {
                switch part {
                case .head(let value): (head, body) = (value, [])
                case .body(let bytes): body += Array(buffer: bytes)
                case .end:
                    guard let head else { return }
                    let answer = try await respond(Request(method: head.method.rawValue, path: head.uri, body: body))
                    let headers: HTTPHeaders = [
                        "Content-Type": answer.type, "Content-Length": String(answer.body.count),
                    ]
                    try await outbound.write(
                        .head(
                            HTTPResponseHead(
                                version: .http1_1, status: HTTPResponseStatus(statusCode: answer.status),
                                headers: headers)))
                    try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: answer.body))))
                    try await outbound.write(.end(nil))
                }
            }
        }
    }
}

/// A printer's raw port: takes what comes over TCP and keeps it for the test.
struct PrinterPort: Sendable {
    /// The port on 127.0.0.1.
    let port: Int
    private let channel: any NIOCore.Channel
    private let receiving: Task<[[UInt8]], Never>

    /// Listens on a free port.
    static func open() async throws -> PrinterPort {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let receiving = Task {
            let jobs = try? await server.executeThenClose { connections in
                var jobs: [[UInt8]] = []
                do {
                    for try await connection in connections {
                        jobs.append(
                            try await connection.executeThenClose { inbound, _ in
                                var job: [UInt8] = []
                                for try await bytes in inbound { job += Array(buffer: bytes) }
                                return job
                            })
                    }
                } catch {
                    return jobs
                }
                return jobs
            }
            return jobs ?? []
        }
        return PrinterPort(port: server.channel.localAddress?.port ?? 0, channel: server.channel, receiving: receiving)
    }

    /// Closes the port and gives every job that came, in order.
    func close() async -> [[UInt8]] {
        try? await channel.close()
        return await receiving.value
    }
}
