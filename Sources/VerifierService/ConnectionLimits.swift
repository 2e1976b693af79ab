import NIOCore
import RequestLimits

/// How long a client may take, and how many there may be.
struct ConnectionLimits: Sendable {
    /// The most connections at once; further ones wait to be accepted.
    let connections = 512
    /// The most bytes of all header fields of a request.
    let headerBytes = 16_384
    /// How long each part of a request may take.
    let times: RequestTimes

    /// - Parameter seconds: how long a client may take to send a request's body.
    init(seconds: Int) {
        times = RequestTimes(
            header: .seconds(Int64(min(seconds, 10))), body: .seconds(Int64(seconds)),
            idle: .seconds(Int64(2 * seconds)),
            answer: .seconds(120))
    }
}
