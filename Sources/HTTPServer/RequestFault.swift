import Hummingbird
import NIOCore

/// What is wrong with a request whatever the service's own rules say.
package enum RequestFault: Error, Hashable, Sendable {
    /// What came is no HTTP, or its fields or body have another form than the route takes.
    case malformed
    /// The header section is larger than the listener takes.
    case headerTooLarge
    /// The body is larger than the route takes.
    case bodyTooLarge
    /// The request did not become whole in time.
    case timedOut
    /// There is no such route, or none with this method.
    case unknownRoute
    /// The service is ending.
    case cancelled
    /// Something went wrong inside, of which nothing more is said.
    case unexpected

    /// What an error that ended a request is.
    package init(_ error: any Error) {
        switch error {
        case let fault as RequestFault: self = fault
        case is NIOTooManyBytesError: self = .bodyTooLarge
        case let error as any HTTPResponseError:
            switch error.status {
            case .notFound, .methodNotAllowed: self = .unknownRoute
            case .contentTooLarge: self = .bodyTooLarge
            case let status where status.kind == .clientError: self = .malformed
            default: self = .unexpected
            }
        case is CancellationError: self = .cancelled
        default: self = .unexpected
        }
    }

    /// What a connection's end means for a client that waits; `nil` when it has asked nothing yet.
    init?(_ ending: RequestEnding) {
        switch ending {
        case .headerTimeout, .bodyTimeout: self = .timedOut
        case .malformed: self = .malformed
        case .headerTooLarge: self = .headerTooLarge
        case .handshakeTimeout, .answerTimeout, .idle, .refusedClient: return nil
        }
    }
}
