import Exchange
import Foundation
import HTTPTypes
import MutualTLS
import NIOCore
import NIOPosix
import NIOSSL
import TestSupport

/// A phone's connection: TLS without a client certificate, from an address of the test's choice.
struct Phone: Sendable {
    /// What came back.
    struct Answer: Sendable {
        let status: Int
        let headers: [String: String]
        let body: [UInt8]

        var mediaType: String? { headers["content-type"] }
        /// The refusal, if it is one.
        var problem: Problem? { mediaType == Problem.mediaType ? Problem(parsing: body) : nil }

        /// An answer out of what came so far; `nil` until it is whole.
        fileprivate init?(_ bytes: [UInt8]) {
            guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
            let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
            guard let status = lines[0].split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { return nil }
            var headers: [String: String] = [:]
            for line in lines.dropFirst() {
                guard let colon = line.firstIndex(of: ":") else { continue }
                headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
                    in: .whitespaces)
            }
            let body = Array(bytes[end.upperBound...])
            let length = headers["content-length"].flatMap { Int($0) } ?? 0
            guard body.count >= length else { return nil }
            (self.status, self.headers, self.body) = (status, headers, Array(body.prefix(length)))
        }
    }

    let port: Int
    /// Where it comes from, such as `127.7.1.9`.
    var address = "127.0.0.1"
    /// Who vouches for the service.
    let authorities: CertificateAuthorities
    var maximumVersion: TLSVersion?

    func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: [UInt8] = [], type: String = "",
        headers: [String: String] = [:]
    ) async throws -> Answer {
        var head = "\(method.rawValue) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if !type.isEmpty { head += "Content-Type: \(type)\r\n" }
        head += "Content-Length: \(body.count)\r\n\r\n"
        let request = ByteBuffer(bytes: Array(head.utf8) + body)
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(authorities.roots)
        configuration.maximumTLSVersion = maximumVersion
        let context = try NIOSSLContext(configuration: configuration)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(to: SocketAddress(ipAddress: address, port: 0))
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        NIOSSLClientHandler(context: context, serverHostname: nil))
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(request)
            var bytes: [UInt8] = []
            for try await buffer in inbound {
                bytes += buffer.readableBytesView
                if let answer = Answer(bytes) { return answer }
            }
            throw TestFailure("the connection ended: \(String(decoding: bytes, as: UTF8.self))")
        }
    }
}
