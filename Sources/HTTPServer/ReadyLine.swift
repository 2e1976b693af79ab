import Foundation
package import NIOCore
import Synchronization
import Waiting

/// Prints one line on standard output when all listeners are bound: `listening terminal=127.0.0.1:41234 …`.
package final class ReadyLine: Sendable {
    private let listeners: [String]
    private let bound = Mutex<[String: String]>([:])
    private let complete = Watched<[String: String]?>(nil)
    private let print: @Sendable (String) -> Void

    /// - Parameters:
    ///   - listeners: the listeners' names, in the order in which the line shows them.
    ///   - print: writes the line; standard output by default.
    package init(_ listeners: [String], print: @escaping @Sendable (String) -> Void = ReadyLine.standardOutput) {
        self.listeners = listeners
        self.print = print
    }

    /// Writes a line to standard output at once, also when that is a pipe.
    package static let standardOutput: @Sendable (String) -> Void = { line in
        try? FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
    }

    /// The services ended before all their listeners were bound.
    package struct NeverReady: Error {}

    /// Every listener's `host:port`, once all are bound.
    ///
    /// - Throws: ``NeverReady`` if ``end()`` was called before.
    package var addresses: [String: String] {
        get async throws(NeverReady) {
            guard let addresses = await complete.wait(while: { $0 == nil }) else { throw NeverReady() }
            return addresses
        }
    }

    /// Lets nobody wait any more: what runs the listeners has ended.
    package func end() { complete.close() }

    /// A listener accepts connections at an address.
    package func bound(_ name: String, _ address: SocketAddress?) {
        let place = "\(address?.ipAddress ?? "?"):\(address?.port ?? 0)"
        let all = bound.withLock { bound -> [String: String]? in
            bound[name] = place
            return bound.count == listeners.count ? bound : nil
        }
        guard let all else { return }
        print("listening " + listeners.map { "\($0)=\(all[$0] ?? "?")" }.joined(separator: " "))
        complete.update { $0 = all }
    }
}
