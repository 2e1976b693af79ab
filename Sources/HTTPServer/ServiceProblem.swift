package import Foundation
package import HTTPTypes
package import Hummingbird
package import Logging
import NIOCore
import NIOHTTP1

/// A refusal of a service, as its clients are told it in problem details (RFC 9457).
package protocol ServiceProblem: Error {
    /// What is wrong with a request whatever the service's own rules say.
    init(_ fault: RequestFault)

    /// What an error that ended a request is to its client: a problem keeps what it says, and an error that the service
    /// does not know is a ``RequestFault``.
    init(ending error: any Error)

    /// The stable code, lower case and dotted.
    var code: String { get }

    /// The HTTP status; 500 means an error of our own, of which nothing more is said.
    var status: HTTPResponse.Status { get }

    /// Whether the same request may succeed a little later without anything else changing.
    var isTransient: Bool { get }

    /// How many seconds a client should wait before it asks again; `nil` if that would be of no use.
    var retryAfterSeconds: Int? { get }

    /// The problem details' JSON.
    ///
    /// - Parameters:
    ///   - status: the HTTP status that is sent.
    ///   - notes: what is known of the request; `nil` when it never became whole.
    func details(status: Int, notes: RequestNotes?) throws -> Data
}

extension ServiceProblem {
    package var retryAfterSeconds: Int? { isTransient ? 1 : nil }
}

/// The media type of problem details (RFC 9457 section 3).
let problemMediaType = "application/problem+json"

/// Gives the answer, or what was thrown as problem details: the one place where errors become HTTP.
package func answering<Problem: ServiceProblem>(
    _ problem: Problem.Type, notes: RequestNotes? = nil, logger: Logger, _ answer: () async throws -> Response
) async throws -> Response {
    do {
        return try await answer()
    } catch let error as HTTPParserError {
        throw error  // It is answered already, and the connection ended.
    } catch {
        let problem = Problem(ending: error)
        notes?.code = problem.code
        if problem.status == .internalServerError {
            // The type only: a message may carry what must not stand in a log.
            logger.error("unexpected error", metadata: ["type": "\(type(of: error))"])
        }
        return try Response(problem, notes: notes)
    }
}

/// Turns whatever a handler throws into problem details.
package struct ProblemMiddleware<Problem: ServiceProblem>: RouterMiddleware {
    package typealias Context = ServiceRequestContext

    package init() {}

    package func handle(
        _ request: Request, context: ServiceRequestContext,
        next: (Request, ServiceRequestContext) async throws -> Response
    ) async throws -> Response {
        try await answering(Problem.self, notes: context.notes, logger: context.logger) {
            try await next(request, context)
        }
    }
}

extension Response {
    /// Problem details for a refusal.
    package init(_ problem: some ServiceProblem, notes: RequestNotes?) throws {
        var headers: HTTPFields = [.contentType: problemMediaType, .cacheControl: "no-store"]
        if let seconds = problem.retryAfterSeconds { headers[.retryAfter] = "\(seconds)" }
        let details = try problem.details(status: problem.status.code, notes: notes)
        self.init(status: problem.status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: details)))
    }
}
