package import Hummingbird
package import MutualTLS
import Synchronization

/// What is known of one connection: filled once by its TLS handshake, read by every request on it.
package final class ConnectionState: Sendable {
    private let storage = Mutex<PeerCertificate?>(nil)

    /// The connection whose requests the current task answers.
    @TaskLocal package static var current: ConnectionState?

    /// The network that the connection comes from; `nil` for one of the same machine's file system.
    package let network: ClientNetwork?

    package init(peer: PeerCertificate? = nil, network: ClientNetwork? = nil) {
        self.network = network
        storage.withLock { $0 = peer }
    }

    /// The client's certificate, once the handshake is done.
    package internal(set) var peer: PeerCertificate? {
        get { storage.withLock { $0 } }
        set { storage.withLock { $0 = newValue } }
    }
}

/// What a handler leaves for the access log and the metrics: fields with names, and why the request was refused.
package final class RequestNotes: Sendable {
    private struct Values {
        var fields: [String: String] = [:]
        var code: String?
    }
    private let values = Mutex(Values())

    package init() {}

    /// All fields that were noted, by their name in the log.
    package var fields: [String: String] { values.withLock { $0.fields } }

    /// A field's value; `nil` when it was not noted. Identifiers only, nothing of a person.
    package subscript(field: String) -> String? {
        get { values.withLock { $0.fields[field] } }
        set { values.withLock { $0.fields[field] = newValue } }
    }

    /// The refusal's code; `nil` when the request was not refused.
    package var code: String? {
        get { values.withLock { $0.code } }
        set { values.withLock { $0.code = newValue } }
    }
}

/// The context of every request at a listener of our services.
package struct ServiceRequestContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// What the handler leaves for the access log.
    package let notes = RequestNotes()
    private let connection: ConnectionState?

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        connection = ConnectionState.current
    }

    /// The client's certificate: its identity. No request reaches a handler of a mutual-TLS listener without one.
    package var peer: PeerCertificate? { connection?.peer }

    /// The network that the request comes from, to bound what is asked from it; `nil` if there is none.
    package var network: ClientNetwork? { connection?.network }
}
