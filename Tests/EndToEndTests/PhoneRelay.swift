import Exchange
import ExchangeSupport
import Foundation
import MutualTLS
import StackSupport
import Synchronization
import TestSupport

/// Whoever stands between phones and `vrs`, has the keys of `wallet`, and keeps everything it sees.
final class PhoneRelay: Sendable {
    /// Where it stands.
    enum Place: String, CaseIterable {
        /// Between the phone and the right `wallet`, with that one's server certificate.
        case beforeWallet
        /// In the place of `wallet`, before `vrs`, with that one's client certificate, and without any of its checks.
        case insteadOfWallet
    }

    /// Hands bytes on as the request's, and gives the reply.
    typealias Pass = @Sendable (_ body: [UInt8]) async throws -> TestCentre.Response
    /// What it does with a request; `nil` closes the connection.
    typealias Deed =
        @Sendable (_ request: TestCentre.Request, _ pass: @escaping Pass) async throws -> TestCentre.Response?

    private let traffic = Mutex<[[UInt8]]>([])
    private let server = Mutex<TestCentre?>(nil)
    private let place: Place
    private let phones: TLSClient
    private let records: TLSClient

    private static let routes = [
        PhoneRoute.menu, PhoneRoute.keys, PhoneRoute.token, PhoneRoute.enrolment, PhoneRoute.challenge,
        PhoneRoute.application, PhoneRoute.outcome, PhoneRoute.current, PhoneRoute.revocation,
    ]

    /// Listens for phones.
    init(_ place: Place, _ stack: Stack, _ deed: @escaping Deed = { try await $1($0.body) }) async throws {
        (self.place, phones, records) = (place, stack.asPhone(), try stack.asWallet())
        let keys = stack.keys + "/wallet/server"
        guard let identity = TLSIdentity(certificateFile: keys + ".pem", keyFile: keys + ".key.pem") else {
            throw TestFailure("the certificate and key of wallet")
        }
        let server = try await TestCentre.start(identity, clients: nil) { [self] request in
            traffic.withLock { $0 += [Array(request.path.utf8), Array((request.inquiry ?? "").utf8), request.body] }
            return try await deed(request) { body in
                let reply = try await self.pass(request, body)
                self.traffic.withLock { $0 += [body, reply.body] }
                return reply
            }
        }
        self.server.withLock { $0 = server }
    }

    /// Where phones reach it.
    var url: String { server.withLock { $0?.url } ?? "" }
    /// Everything that went through it.
    var seen: [[UInt8]] { traffic.withLock { $0 } }
    /// The requests of one route.
    func asked(_ path: String) -> [TestCentre.Request] { server.withLock { $0 }?.asked(path) ?? [] }
    /// Closes its port.
    func stop() async { await server.withLock { $0 }?.stop() }

    private func pass(_ request: TestCentre.Request, _ body: [UInt8]) async throws -> TestCentre.Response {
        let path = String(request.path.prefix { $0 != "?" })
        guard let route = Self.routes.first(where: { $0.template == path }) else { throw TestFailure(path) }
        // The menu is that of the right one, which makes it of the policy alone.
        let isAsPhone = place == .beforeWallet || path == PhoneRoute.menu.template
        var headers: [String: String] = [:]
        headers[InquiryNumber.header] = request.inquiry
        headers[PageFormat.header] = request.pageFormats
        let reply = try await (isAsPhone ? phones : records).send(
            request.method, (isAsPhone ? "" : "/wallet") + request.path,
            body: body.isEmpty || !isAsPhone && path == PhoneRoute.challenge.template ? nil : body,
            type: route.request.mediaType, headers: headers)
        let type = reply.status < 300 ? route.answer.mediaType : Problem.mediaType
        return .init(status: reply.status, type: type, body: reply.body)
    }
}
