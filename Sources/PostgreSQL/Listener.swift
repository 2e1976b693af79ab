import CPostgreSQL

/// A connection of its own that hears what others tell (LISTEN, NOTIFY), and comes back after a loss.
///
/// What is told while it is away is not kept by the server: whoever listens looks by himself each time it says
/// ``Event/listening``, and now and then besides.
package final class Listener: Sendable {
    /// What a listener tells.
    package enum Event: Hashable, Sendable {
        /// It listens from now on, for the first time or again: what was told before may have been missed.
        case listening
        /// Somebody told something on a channel.
        case notification(channel: String, payload: String)
    }

    private let settings: ConnectionSettings
    private let queries: [Query]
    private let check: Duration

    /// - Parameters:
    ///   - settings: where; the server that takes writes, since a replica passes nothing on.
    ///   - channels: 1 to 100 names.
    ///   - check: after how long a silence the server is asked whether it is still there.
    /// - Throws: `misuse` for channels that are none.
    package init(
        _ settings: ConnectionSettings, channels: [String], check: Duration = .seconds(10)
    ) throws(DatabaseFailure) {
        let names = channels.compactMap(Query.quoted)
        guard names.count == channels.count, (1...100).contains(names.count), check >= .milliseconds(1) else {
            throw DatabaseFailure(.misuse)
        }
        self.settings = settings
        self.check = check
        queries = names.map { Query("LISTEN \($0)") }
    }

    /// Listens until the task is cancelled.
    ///
    /// - Parameter handle: takes events one after the other. While it is busy, the server and the kernel keep what comes.
    package func run(_ handle: @Sendable (Event) async -> Void) async {
        guard let poller = try? Poller.shared() else { return }
        var failures = 0
        while !Task.isCancelled {
            if let connection = try? await Connection.open(settings).connection {
                let begun = await connection.run(queries, until: .now + settings.limits.statement)
                if begun.failure == nil {
                    failures = 0
                    await handle(.listening)
                    await listen(on: connection, handle)
                }
                await connection.close()
            }
            failures += 1
            // 20 ms after a loss, at most 1.3 s while no server is there.
            _ = await poller.sleep(until: .now + Pool.pause(after: failures) * 2)
        }
    }

    /// Tells what comes until the connection is lost or the task is cancelled.
    private func listen(on connection: Connection, _ handle: @Sendable (Event) async -> Void) async {
        while !Task.isCancelled {
            guard let events = await connection.notifications() else { return }
            for event in events { await handle(event) }
            if events.isEmpty, await connection.wait(until: .now + check) == .late {
                guard await connection.run([], until: .now + settings.limits.connecting).failure == nil else { return }
            }
        }
    }
}

extension Connection {
    /// What came since; `nil` where the connection is gone.
    fileprivate func notifications() -> [Listener.Event]? {
        guard let handle, flight == nil, PQconsumeInput(handle.pointer) == 1, PQisBusy(handle.pointer) == 0,
            PQstatus(handle.pointer) == CONNECTION_OK
        else { return nil }
        var events: [Listener.Event] = []
        while events.count < 1000, let notice = PQnotifies(handle.pointer) {
            defer { PQfreemem(notice) }
            let texts = [notice.pointee.relname, notice.pointee.extra].map { $0.map { String(cString: $0) } ?? "" }
            events.append(.notification(channel: texts[0], payload: texts[1]))
        }
        return events
    }

    /// Waits until something came.
    fileprivate func wait(until deadline: ContinuousClock.Instant) async -> Poller.Wake {
        guard let handle else { return .ready }
        return await poller.wait(for: .reading, of: PQsocket(handle.pointer), until: deadline)
    }
}
