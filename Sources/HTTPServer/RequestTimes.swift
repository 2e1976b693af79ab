import NIOCore

/// How long a client may take for each part of a request.
struct RequestTimes: Hashable, Sendable {
    /// From a connection's beginning to the end of the TLS handshake, and from a request's first byte to the end of its
    /// header section.
    let header: TimeAmount
    /// From the end of the header section to the end of the body.
    let body: TimeAmount
    /// Between requests, and from a connection's beginning to the first one.
    let idle: TimeAmount
    /// From the end of the body to the end of the answer, with the client that reads it; `nil` when whoever answers has a
    /// limit of its own.
    let answer: TimeAmount?
}

/// Why a service ends a connection by itself.
enum RequestEnding: Hashable, Sendable {
    case handshakeTimeout, headerTimeout, bodyTimeout, answerTimeout, idle
    /// What came is no HTTP.
    case malformed
    /// The header section is longer than the decoder takes.
    case headerTooLarge
    /// The client's certificate has ended, or is not taken any more.
    case refusedClient
}
