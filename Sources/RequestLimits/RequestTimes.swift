package import NIOCore
import NIOHTTP1

/// How long a client may take for each part of a request.
package struct RequestTimes: Hashable, Sendable {
    /// From a connection's beginning to the end of the TLS handshake, and from a request's first byte to the end of its
    /// header section.
    package let header: TimeAmount
    /// From the end of the header section to the end of the body.
    package let body: TimeAmount
    /// Between requests, and from a connection's beginning to the first one.
    package let idle: TimeAmount
    /// From the end of the body to the end of the answer, with the client that reads it; `nil` where whoever answers has a
    /// limit of its own.
    package let answer: TimeAmount?

    package init(header: TimeAmount, body: TimeAmount, idle: TimeAmount, answer: TimeAmount? = nil) {
        self.header = header
        self.body = body
        self.idle = idle
        self.answer = answer
    }
}

/// Why a service ends a connection by itself.
package enum RequestEnding: Hashable, Sendable {
    case handshakeTimeout, headerTimeout, bodyTimeout, answerTimeout, idle
    /// What came is no HTTP.
    case malformed
    /// The header section is longer than the decoder takes.
    case headerTooLarge
}

/// What a service says before it ends a connection; the connection's end is announced with it.
package struct LastWord: Sendable {
    let status: HTTPResponseStatus
    let mediaType: String
    let body: ByteBuffer

    package init(status: Int, mediaType: String, body: ByteBuffer) {
        self.status = HTTPResponseStatus(statusCode: status)
        self.mediaType = mediaType
        self.body = body
    }

    var head: HTTPResponseHead {
        HTTPResponseHead(
            version: .http1_1, status: status,
            headers: [
                "content-type": mediaType, "content-length": "\(body.readableBytes)", "cache-control": "no-store",
                "connection": "close",
            ])
    }
}
