import Foundation
import HTTPTypes
import NIOCore
import NIOHTTP1

/// What a service says before it ends a connection; the connection's end is announced with it.
struct FinalResponse: Sendable {
    let status: HTTPResponseStatus
    let body: ByteBuffer

    /// Problem details for a request that never became whole; `nil` when nobody has asked anything yet.
    init?(_ ending: RequestEnding, as problem: (some ServiceProblem).Type) {
        guard let fault = RequestFault(ending) else { return nil }
        let problem = problem.init(fault)
        // RFC 6585 section 5; the routes' own limits are on bodies.
        let code = fault == .headerTooLarge ? 431 : problem.status.code
        guard let body = try? problem.details(status: code, notes: nil) else { return nil }
        status = HTTPResponseStatus(statusCode: code)
        self.body = ByteBuffer(bytes: body)
    }

    var head: HTTPResponseHead {
        HTTPResponseHead(
            version: .http1_1, status: status,
            headers: [
                "content-type": problemMediaType, "content-length": "\(body.readableBytes)",
                "cache-control": "no-store", "connection": "close",
            ])
    }
}
