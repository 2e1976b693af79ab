import Credentials
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import Scanning

/// Everything that `verifier serve --trust` answers.
struct ServiceResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    let trust: ReloadingTrust
    let scans: ScanQueue
    let page: PageFiles
    /// The time to judge validity by; the clock's where it is `nil`.
    let time: Date?

    func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
        var response = try await Refusals.answering(context.logger) { try await answer(request) }
        SecurityHeaders.add(to: &response.headers)
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(_ request: Request) async throws -> Response {
        let path = request.uri.path
        let isRead = request.method == .get || request.method == .head
        switch path {
        case "/v1/verify":
            guard request.method == .post else { throw MethodNotAllowed(allowed: "POST") }
            return try await verify(request)
        case "/v1/trust", "/health": break
        default: guard page.contains(path) else { throw Problem.notFound }
        }
        guard isRead else { throw MethodNotAllowed(allowed: "GET, HEAD") }
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
        guard announced ?? 0 <= input.longest else { throw Problem.tooLarge }
        return try await scans.reserving(announced ?? input.longest) {
            let buffer: ByteBuffer
            do { buffer = try await request.body.collect(upTo: input.longest) } catch is NIOTooManyBytesError {
                throw Problem.tooLarge
            }
            let body = Array(buffer.readableBytesView)
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

/// A method that a resource does not have.
struct MethodNotAllowed: Error { let allowed: String }

/// The one place where errors become HTTP.
enum Refusals {
    static func answering(_ logger: Logger, _ answer: () async throws -> Response) async throws -> Response {
        do { return try await answer() } catch let error as HTTPParserError {
            throw error  // Hummingbird answers 400 and ends the connection.
        } catch let problem as Problem {
            return response(problem)
        } catch let error as MethodNotAllowed {
            var response = response(.methodNotAllowed)
            response.headers[.allow] = error.allowed
            return response
        } catch {
            // The type only: a message may carry what must not stand in a log.
            logger.error("unexpected error", metadata: ["type": "\(type(of: error))"])
            return response(.failed)
        }
    }

    private static func response(_ problem: Problem) -> Response {
        var headers: HTTPFields = [.contentType: "application/problem+json", .cacheControl: "no-store"]
        if problem == .busy { headers[.retryAfter] = "1" }
        return Response(
            status: problem.status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: problem.json)))
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
