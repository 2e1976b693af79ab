package import Exchange
package import Hummingbird
import Logging
import Synchronization

/// What is known of one connection: filled once by its TLS handshake, read by every request on it.
package final class ConnectionState: Sendable {
    private let storage = Mutex<PeerCertificate?>(nil)

    /// The connection whose requests the current task answers.
    @TaskLocal package static var current: ConnectionState?

    package init(peer: PeerCertificate? = nil) { storage.withLock { $0 = peer } }

    /// The client's certificate, once the handshake is done.
    package internal(set) var peer: PeerCertificate? {
        get { storage.withLock { $0 } }
        set { storage.withLock { $0 = newValue } }
    }
}

/// What a handler leaves for the access log and the metrics: the terminal's id and the refusal's code.
package final class RequestNotes: Sendable {
    private struct Values {
        var terminal: String?
        var code: ProblemCode?
        var inquiry: InquiryNumber?
    }
    private let values = Mutex(Values())

    /// The enrolled terminal's id, such as `T0001`.
    package var terminal: String? {
        get { values.withLock { $0.terminal } }
        set { values.withLock { $0.terminal = newValue } }
    }

    /// Why the request was refused; `nil` where it was not.
    package var code: ProblemCode? {
        get { values.withLock { $0.code } }
        set { values.withLock { $0.code = newValue } }
    }

    /// The session's inquiry number.
    package var inquiry: InquiryNumber? {
        get { values.withLock { $0.inquiry } }
        set { values.withLock { $0.inquiry = newValue } }
    }
}

/// The context of every request at a TLS entrance.
package struct ServiceRequestContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// What the handler leaves for the access log.
    package let notes = RequestNotes()
    private let connection: ConnectionState?

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        connection = ConnectionState.current
    }

    /// The client's certificate: its identity. No request reaches a handler without one.
    package var peer: PeerCertificate {
        get throws(ProblemCode) {
            guard let peer = connection?.peer else { throw .terminalUnknown }
            return peer
        }
    }

    /// The session's inquiry number, where the request carried one.
    package var inquiry: InquiryNumber? { notes.inquiry }

    /// The session's inquiry number; throws where the request carried none.
    package func requiredInquiry() throws(ProblemCode) -> InquiryNumber {
        guard let inquiry else { throw .requestMalformed }
        return inquiry
    }
}
