import Dispatch
import Glibc

/// Ends the work on SIGTERM, SIGINT and SIGHUP in good order: screen restored, outcome reported.
package final class StopSignals {
    private let sources: [any DispatchSourceSignal]

    /// Takes the signals over; `stop` is called for each that comes.
    package init(_ stop: @escaping @Sendable () -> Void) {
        sources = [SIGTERM, SIGINT, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler(handler: stop)
            source.resume()
            return source
        }
    }

    /// Gives the signals back; call it when the work has ended.
    package func end() { for source in sources { source.cancel() } }
}
