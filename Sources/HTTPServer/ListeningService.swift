package import CheckedConfiguration
import Glibc
import NIOCore
import ServiceLifecycle
import Synchronization

/// A listener that runs, and says which one it is if it cannot listen.
package struct ListeningService: Service {
    let name: String
    let host: String
    let port: Int
    let isBound: Flag
    let application: any Service

    /// Something that becomes so, once.
    final class Flag: Sendable {
        private let state = Mutex(false)
        var isSet: Bool { state.withLock { $0 } }
        func set() { state.withLock { $0 = true } }
    }

    package func run() async throws {
        do {
            try await application.run()
        } catch  where !isBound.isSet && !(error is CancellationError) {
            throw ListenFailure(listener: name, host: host, port: port, error: (error as? IOError)?.errnoCode)
        }
    }
}

/// An address that a listener cannot listen on.
package struct ListenFailure: ExplainedError, Hashable, Sendable {
    /// The listener's name, such as `terminal`.
    package let listener: String
    /// The address.
    package let host: String
    /// The port.
    package let port: Int
    /// The system's error number; `nil` if the address is none.
    package let error: Int32?

    package init(listener: String, host: String, port: Int, error: Int32?) {
        self.listener = listener
        self.host = host
        self.port = port
        self.error = error
    }

    package var exitStatus: ExitStatus { .unavailable }

    private var place: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    package var english: String {
        let cause =
            switch error {
            case EADDRINUSE:
                "another program, or another start of this one, has this port; end it, or give another port"
            case EADDRNOTAVAIL: "this host does not have that address; give one that `ip address` shows"
            case EACCES: "this port needs a right that the program has not; give a port from 1024 on"
            case let number?: "the system says \(String(cString: strerror(number))); give another address or port"
            case nil: "that is no address of a host; give one that `ip address` shows"
            }
        return "the listener \(listener) cannot listen on \(place): \(cause)"
    }

    package var japanese: String {
        let cause =
            switch error {
            case EADDRINUSE: "ポートは使用中です。使っているプログラムを終了するか、別のポートを指定してください。"
            case EADDRNOTAVAIL: "この機械にないアドレスです。ip address で表示されるものを指定してください。"
            case EACCES: "このポートを使う権限がありません。1024以上のポートを指定してください。"
            case let number?: "\(String(cString: strerror(number)))。別のアドレスかポートを指定してください。"
            case nil: "アドレスとして解釈できません。ip address で表示されるものを指定してください。"
            }
        return "入口 \(listener) は \(place) で待ち受けできません。\(cause)"
    }
}
