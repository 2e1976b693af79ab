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
    typealias Context = BasicRequestContext

    let trust: ReloadingTrust
    let scans: ScanQueue
    let page: PageFiles
    /// The time to judge validity by; `nil` means the clock's.
    let time: Date?

    func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
        var response = try await answering(Problem.self, logger: context.logger) { try await answer(request) }
        SecurityHeaders.add(to: &response.headers)
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(_ request: Request) async throws -> Response {
        let path = request.uri.path
        let isRead = request.method == .get || request.method == .head
        switch path {
        case "/v1/verify":
            guard request.method == .post else { return try .methodNotAllowed(allowed: "POST") }
            return try await verify(request)
        case "/v1/trust", "/health": break
        default: guard page.contains(path) else { throw Problem.notFound }
        }
        guard isRead else { return try .methodNotAllowed(allowed: "GET, HEAD") }
        switch path {
        case "/v1/trust": return try Self.json(TrustAnswer(trust.current))
        case "/health": return try Self.json(["status": "ok"])
        default:
            guard let file = page.response(path, request.headers) else { throw Problem.notFound }
            return file
        }
    }

    private func verify(_ request: Request) async throws -> Response {
        let input = try VerifyInput(request.headers)
        let announced = request.headers[.contentLength].flatMap { Int($0) }
        guard announced ?? 0 <= input.maximumBytes else { throw Problem.tooLarge }
        return try await scans.reserving(announced ?? input.maximumBytes) {
            let body = Array(try await request.body.collect(upTo: input.maximumBytes).readableBytesView)
            guard !body.isEmpty else { throw Problem.inputEmpty }
            let now = time ?? Date()
            let texts = try await texts(input, body)
            return try Self.json(VerifyAnswer(trust.current.verifier.check(groups: [texts], at: now), at: now))
        }
    }

    private func texts(_ input: VerifyInput, _ body: [UInt8]) async throws(Problem) -> [String] {
        switch input {
        case .text, .json, .smartHealthCardFile: return try input.texts(body)
        case .picture, .document:
            let codes = try await scans.codes(in: body)
            guard !codes.isEmpty else { throw .noCode }
            return codes.map(\.text)
        }
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
