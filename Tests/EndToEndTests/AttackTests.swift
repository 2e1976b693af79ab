import AsyncHTTPClient
import Crypto
import Exchange
import ExchangeSupport
import Foundation
import Glibc
import MutualTLS
import NIOCore
import NIOHTTP1
import Signing
import StackSupport
import TestSupport
import Testing
import Vaccination

/// TCP connections that say nothing, or only so much, from an address of this machine's own.
private final class Strangers: Sendable {
    private let sockets: [Int32]

    init(_ count: Int, at base: String, from address: String, saying text: String = "") throws {
        guard let port = URL(string: base)?.port else { throw TestFailure("no port in \(base)") }
        var sockets: [Int32] = []
        for _ in 0..<count {
            let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard socket >= 0 else { break }
            sockets.append(socket)
            _ = Self.call(socket, address, 0, bind)
            guard Self.call(socket, "127.0.0.1", port, connect) else { continue }
            if !text.isEmpty { _ = send(socket, text, text.utf8.count, Int32(MSG_NOSIGNAL)) }
        }
        self.sockets = sockets
    }

    deinit { for socket in sockets { close(socket) } }

    private static func call(
        _ socket: Int32, _ host: String, _ port: Int, _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(clamping: port)).bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

/// The started programs, attacked.
extension EndToEnd {
    /// As many as shut every terminal out once; fewer unless the long tests run.
    private static var flood: Int { ProcessInfo.processInfo.environment["AKASHI_FUZZ_CASES"] == nil ? 600 : 4200 }

    @Test(arguments: [("127.0.0.2", ""), ("127.0.0.1", ""), ("127.0.0.2", "\u{16}\u{3}\u{1}")])
    func `connections that say nothing, or begin a handshake and stop, shut no terminal out`(
        _ address: String, _ text: String
    ) async throws {
        let stack = try Stack.current
        let strangers = try Strangers(Self.flood, at: stack.centre, from: address, saying: text)
        let start = ContinuousClock.now
        for _ in 0..<3 { _ = try await stack.issue() }
        #expect(ContinuousClock.now - start < .seconds(30))
        withExtendedLifetime(strangers) {}
    }

    @Test func `an operator that is taken off the list is cut off while vrs runs, and the centre is not`() async throws
    {
        let stack = try Stack.current
        let path = stack.keys + "/vrs/clients.yaml"
        let before = try String(contentsOfFile: path, encoding: .utf8)
        let without = before.split(separator: "\n").filter { !$0.contains("role: operator") }.joined(separator: "\n")
        try without.write(toFile: path, atomically: true, encoding: .utf8)
        try await eventually("the operator is cut off") { (try? await stack.operate("terminal", "list")) == nil }
        _ = try await stack.issue()
        try before.write(toFile: path, atomically: true, encoding: .utf8)
        try await eventually("the operator is back") { (try? await stack.operate("terminal", "list")) != nil }
    }

    @Test
    func `a terminal certificate that ends is refused from then on, on the connection that is kept and on new ones`()
        async throws
    {
        let stack = try Stack.current
        let (id, folder) = ("T9001", stack.folder + "/ending-terminal")
        let authority = try #require(
            IssuingAuthority(
                certificateFile: stack.keys + "/terminals/ca.pem", keyFile: stack.keys + "/terminals/ca.key.pem"))
        // A day that began so long ago that it ends in some seconds: enough to enrol it and to ask once.
        let end = Date(timeIntervalSince1970: Date.now.timeIntervalSince1970.rounded(.down) + 12)
        let issued = try authority.client(commonName: id, now: end - 86_400, days: 1)
        let (certificate, key) = (folder + "/terminal.pem", folder + "/terminal.key.pem")
        try KeyFile.writePublic(try issued.pem, to: certificate)
        try KeyFile.writePrivate(try #require(issued.key).pemRepresentation, to: key)
        try await stack.operate("terminal", "enrol", "--id", id, "--certificate", certificate)
        let terminal = try LiveTerminal(
            id, base: stack.centre, authority: stack.keys + "/ca.pem", certificate: certificate, key: key)

        var configuration = HTTPClient.Configuration(tlsConfiguration: terminal.client.configuration)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1
        let kept = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        func isAnswered() async -> Bool {
            let request = HTTPClientRequest(url: stack.centre + "/v1/menu")
            guard let response = try? await kept.execute(request, timeout: .seconds(20)) else { return false }
            _ = try? await response.body.collect(upTo: 1 << 20)
            return response.status == .ok
        }
        do {
            try await eventually("the terminal is known to the centre") { await isAnswered() }
            try await eventually("its certificate has ended") { await !isAnswered() }
            #expect(Date.now > end)
            #expect(await !isAnswered())
            try await kept.shutdown()
        } catch {
            try? await kept.shutdown()
            throw error
        }
        await #expect(throws: (any Error).self) { try await terminal.menu() }
        // Others go on.
        _ = try await stack.issue()
    }

    @Test func `a changed but right terminal signature gives the same certificate, and after an outcome none`()
        async throws
    {
        let stack = try Stack.current
        let session = try await stack.prepare()
        let first = try stack.open(try await session.terminal.apply(session.application), session)
        // Made with the key here; a relay gets another one as right without it.
        let again = session.draft.signed(
            chipSignature: session.chipSignature,
            deviceSignature: Array(
                try session.terminal.terminal.identity.key.signature(for: session.draft.transcript).rawRepresentation))
        #expect(again.bytes != session.application)
        let second = try stack.open(try await session.terminal.apply(again.bytes), session)
        #expect(first.manifest.certificateID == second.manifest.certificateID)
        #expect(try await session.terminal.report(session.outcome(.printed)).status == 204)
        #expect(try await stack.sealedRefusal(session) == .challengeUsed)
    }
}
