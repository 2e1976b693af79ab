import Exchange
import Foundation
import HTTPService
import HTTPTypes
import Logging
import Metrics
import NIOCore
import ServiceLifecycle
import Synchronization

/// Keeps the gate as `vrs` says it: one long poll after the other, reconnecting with growing pauses.
///
/// Where `vrs` was never reached, or has been lost for longer than allowed, the gate is shut: what a terminal is told
/// then is that the record system cannot be asked, never anything of the record.
package final class GateKeeper: Service {
    private struct State {
        var gate: Gate?
        var lostSince: ContinuousClock.Instant?
        /// What the menu showed last besides the gate itself, to see when it changes by time alone.
        var shown: Shown?
    }
    private struct Shown: Equatable {
        let isOpen: Bool
        let isFresh: Bool
    }

    private static let pollTimeout: Duration = .seconds(40)
    private static let pauses: (least: Duration, most: Duration) = (.milliseconds(200), .seconds(5))

    private let state = Mutex(State())
    private let client: ServiceClient
    private let lostAfter: Duration
    private let hours: ServiceHours
    private let now: @Sendable () -> Date
    private let logger: Logger
    private let fresh: Meter
    /// The menu's revision.
    let revisions: Revisions

    init(
        client: ServiceClient, lostAfter: Duration, hours: ServiceHours, now: @escaping @Sendable () -> Date,
        metrics: PrometheusFactory, logger: Logger
    ) {
        self.client = client
        self.lostAfter = lostAfter
        self.hours = hours
        self.now = now
        self.logger = logger
        fresh = Meter(label: "akashi_gate_fresh", factory: metrics)
        revisions = Revisions(first: Int64(now().timeIntervalSince1970 * 1000))
    }

    /// The gate; throws where it is not known or was not confirmed for too long.
    var current: Gate {
        get throws(ProblemCode) {
            let state = state.withLock { $0 }
            guard let gate = state.gate, isFresh(state) else { throw .upstreamUnavailable }
            return gate
        }
    }

    /// Polls and watches the clock until the service group stops.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.poll() }
                group.addTask { await self.watchTime() }
            }
        }
    }

    private func poll() async {
        var pause = Self.pauses.least
        while !Task.isCancelled {
            let started = ContinuousClock.now
            let known = state.withLock { $0.gate?.revision }
            if let gate = await ask(after: known) {
                accept(gate)
                pause = Self.pauses.least
                // A `vrs` that does not hold the poll must not be asked without end.
                let isQuick = gate.revision == known && ContinuousClock.now - started < Self.pauses.least
                if !isQuick { continue }
            } else {
                lose()
            }
            try? await Task.sleep(for: pause * Double.random(in: 0.8...1.2))
            pause = min(pause * 2, Self.pauses.most)
        }
    }

    private func ask(after revision: Int64?) async -> Gate? {
        let path = "/centre/v1/gate" + (revision.map { "?after=\($0)" } ?? "")
        do {
            let response = try await client.send(.get, path, limit: Gate.maximumBytes, timeout: Self.pollTimeout)
            if response.status == 200, let gate = Gate(json: Data(response.body.readableBytesView)) { return gate }
            logger.warning("gate: unusable answer", metadata: ["status": .stringConvertible(response.status)])
        } catch {
            if error != .cancelled { logger.warning("gate: no answer", metadata: ["reason": .string(error.rawValue)]) }
        }
        return nil
    }

    private func accept(_ gate: Gate) {
        let changed = state.withLock { state in
            defer {
                state.gate = gate
                state.lostSince = nil
                state.shown = Shown(isOpen: hours.contains(now()), isFresh: true)
            }
            return state.gate?.revision != gate.revision || !isFresh(state)
        }
        fresh.set(1)
        guard changed else { return }
        logger.info(
            "gate",
            metadata: [
                "revision": .stringConvertible(Int(gate.revision)),
                "terminals": .stringConvertible(gate.terminals.count),
            ])
        revisions.advance()
    }

    private func lose() {
        state.withLock { state in
            if state.lostSince == nil { state.lostSince = .now }
        }
    }

    private func isFresh(_ state: State) -> Bool {
        state.gate != nil && (state.lostSince.map { .now - $0 < lostAfter } ?? true)
    }

    /// Once a second: does the menu change by time alone (opening, closing, the gate lost for too long)?
    private func watchTime() async {
        while !Task.isCancelled {
            let shown = state.withLock { state in
                let shown = Shown(isOpen: hours.contains(now()), isFresh: isFresh(state))
                defer { state.shown = shown }
                return (shown, changed: state.shown != nil && state.shown != shown)
            }
            fresh.set(shown.0.isFresh ? 1 : 0)
            if shown.changed { revisions.advance() }
            try? await Task.sleep(for: .seconds(1))
        }
    }
}
