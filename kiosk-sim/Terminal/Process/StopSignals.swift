import Dispatch
import Glibc

/// Ends the work on SIGTERM, SIGINT and SIGHUP in good order: screen restored, outcome reported.
package final class StopSignals {
    private let sources: [any DispatchSourceSignal]

    package init(_ stop: @escaping @Sendable () -> Void) {
        sources = [SIGTERM, SIGINT, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler(handler: stop)
            source.resume()
            return source
        }
    }

    package func end() { for source in sources { source.cancel() } }
}
