import Credentials
import Foundation
import HTTPServer
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Scanning

/// Everything that `verifier serve --trust` answers.
struct ServiceResponder: HTTPResponder {
    typealias Context = VerifierRequestContext

    let trust: ReloadingTrust
    let capacity: ServiceCapacity
    let page: PageFiles
    /// The time to judge validity by; `nil` means the clock's.
    let time: Date?

    func respond(to request: Request, context: VerifierRequestContext) async throws -> Response {
        var response = try await answering(Problem.self, logger: context.logger) {
            try await answer(request, context.address)
        }
        SecurityHeaders.add(to: &response.headers)
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(_ request: Request, _ address: String) async throws -> Response {
        let path = request.uri.path
        let isRead = request.method == .get || request.method == .head
        switch path {
        case "/v1/verify":
            guard request.method == .post else { return try .methodNotAllowed(allowed: "POST") }
            return try await verify(request, address)
        case "/v1/trust", "/health": break
        default: guard page.contains(path) else { throw Problem.notFound }
        }
        guard isRead else { return try .methodNotAllowed(allowed: "GET, HEAD") }
        switch path {
        case "/v1/trust":
            return try await capacity.check(for: address) { [trust] in
                Result { try Self.json(TrustAnswer(trust.current)) }
            }.get()
        case "/health": return try Self.json(["status": "ok"])
        default:
            guard let file = page.response(path, request.headers) else { throw Problem.notFound }
            return file
        }
    }

    private func verify(_ request: Request, _ address: String) async throws -> Response {
        let input = try VerifyInput(request.headers)
        let announced = request.headers[.contentLength].flatMap { Int($0) }
        guard announced ?? 0 <= input.maximumBytes else { throw Problem.tooLarge }
        let memory = capacity.memory(for: input)
        var (body, taken) = ([UInt8](), 0)
        defer { memory.give(taken, for: address) }
        for try await part in request.body {
            guard body.count + part.readableBytes <= input.maximumBytes else { throw Problem.tooLarge }
            guard memory.take(part.readableBytes, for: address) else { throw Problem.busy }
            taken += part.readableBytes
            body += part.readableBytesView
        }
        guard !body.isEmpty else { throw Problem.inputEmpty }
        let texts: [String]
        if input.isScanned {
            let codes = try await capacity.codes(in: body, for: address)
            guard !codes.isEmpty else { throw Problem.noCode }
            texts = codes.map(\.text)
        } else {
            texts = try input.texts(body)
        }
        return try await check(texts, address)
    }

    private func check(_ texts: [String], _ address: String) async throws -> Response {
        let (verifier, now) = (trust.current.verifier, time ?? Date())
        let verdicts = try await capacity.check(for: address) {
            let budget = CheckBudget()
            return verifier.check(groups: [texts], at: now) { budget.isLeft }
        }
        guard let verdicts else { throw Problem.tooCostly }
        return try Self.json(VerifyAnswer(verdicts, at: now))
    }

    private static func json(_ value: some Encodable) throws -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try AnswerEncoder.encode(value))))
    }
}

extension Response {
    /// The refusal of a method that a resource does not have.
    static func methodNotAllowed(allowed: String) throws -> Response {
        var response = try Response(Problem.methodNotAllowed, notes: nil)
        response.headers[.allow] = allowed
        return response
    }
}

/// What a browser is told with every answer.
enum SecurityHeaders {
    // Names that HTTPTypes does not know; they are well formed.
    private static let extra: [(HTTPField.Name, String)] = [
        ("Referrer-Policy", "no-referrer"),
        ("Permissions-Policy", "camera=(self), microphone=(), geolocation=()"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ].compactMap { name, value in HTTPField.Name(name).map { ($0, value) } }
    static let resourcePolicy = HTTPField.Name("Cross-Origin-Resource-Policy")

    private static let contentPolicy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob: data:",
        "connect-src 'self'", "media-src blob: mediastream:", "font-src 'self'", "manifest-src 'self'",
        "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'",
    ].joined(separator: "; ")

    static func add(to headers: inout HTTPFields) {
        headers[.contentSecurityPolicy] = contentPolicy
        headers[.xContentTypeOptions] = "nosniff"
        for (name, value) in extra { headers[name] = value }
        if let resourcePolicy { headers[resourcePolicy] = "same-origin" }
    }
}

/// What is known of a request beside itself: from which address it comes.
struct VerifierRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The client's IP address; empty if it has none.
    let address: String

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        address = source.channel.remoteAddress?.ipAddress ?? ""
    }
}
