package import Exchange
package import Foundation
package import HTTPServer
import HTTPTypes
package import Logging
import Metrics
package import MutualTLS
import NIOCore
import ServiceLifecycle
import Synchronization
package import Waiting

/// What `vrs` tells a relay of who may use the service now, and for what.
package protocol PolledPolicy: Sendable {
    /// As it comes.
    associatedtype State: Decodable & Sendable

    /// A policy out of what came; `nil` if something in it has not its form.
    init?(_ state: State)

    /// What holds for all relays.
    var access: AccessPolicy { get }
}

extension AccessPolicy: PolledPolicy {
    package var access: AccessPolicy { self }
}

/// Keeps a policy as `vrs` says it: one long poll after the other, reconnecting with growing pauses.
///
/// If `vrs` was never reached, or has been lost for longer than allowed, nothing is let through: what a client is told
/// then is that the record system cannot be asked, never anything of the record.
package final class AccessPolicyPoller<Policy: PolledPolicy>: Service {
    /// Where `vrs` is asked.
    package struct Routes: Sendable {
        let access: Route
        let alive: Route

        /// - Parameters:
        ///   - access: for the policy, a long poll.
        ///   - alive: whether `vrs` is there.
        package init(access: Route, alive: Route) { (self.access, self.alive) = (access, alive) }
    }

    private struct State {
        var policy: Policy?
        var lostSince: ContinuousClock.Instant?
        /// `vrs` answered something since the policy was lost.
        var isHeard = false
        /// When `vrs` last answered anything.
        var heardAt: ContinuousClock.Instant?
        /// The poll that is under way.
        var asking: Task<Policy?, Never>?
        /// When the service is open.
        var hours: ServiceHours
        /// What the menu showed last besides the policy itself, to see when it changes by time alone.
        var shown: Shown?
    }
    private struct Shown: Equatable {
        let isOpen: Bool
        let isReached: Bool
    }

    /// For a poll that `vrs` holds until something changes.
    private static var pollTimeout: Duration { .seconds(40) }
    /// The most for a question that `vrs` answers at once, after shorter ones.
    private static var questionTimeout: Duration { .seconds(4) }
    /// Between two questions whether `vrs` is there.
    private static var probePause: Duration { .milliseconds(200) }
    /// A `vrs` that answers requests but not for the policy is asked no more often than this.
    private static var minimumPause: Duration { .milliseconds(200) }

    private let state: Mutex<State>
    private let client: MutualTLSClient
    private let routes: Routes
    private let lostAfter: Duration
    private let silentAfter: Duration
    private let pauses: (minimum: Duration, maximum: Duration)
    private let now: @Sendable () -> Date
    private let logger: Logger
    private let fresh: Meter
    private let lost: Meter
    /// The menu's revision; begins with the time of start in milliseconds, so that it also grows across restarts.
    package let revision: Watched<Int64>

    package init(
        client: MutualTLSClient, routes: Routes, configuration: RecordSystemConfiguration, hours: ServiceHours,
        now: @escaping @Sendable () -> Date, metrics: PrometheusFactory, logger: Logger
    ) {
        self.client = client
        self.routes = routes
        lostAfter = configuration.lostAfter
        silentAfter = configuration.silentAfter
        pauses = configuration.pollPauses
        state = Mutex(State(hours: hours))
        self.now = now
        self.logger = logger
        fresh = Meter(label: "akashi_gate_fresh", factory: metrics)
        lost = Meter(label: "akashi_gate_lost", factory: metrics)
        revision = Watched(Int64(now().timeIntervalSince1970 * 1000))
    }

    /// The policy; throws if it is not known or was not confirmed for too long.
    package var current: Policy {
        get throws(ProblemCode) {
            let state = state.withLock { $0 }
            guard let policy = state.policy, isFresh(state) else { throw .upstreamUnavailable }
            return policy
        }
    }

    /// Takes other hours of service, and has every menu made anew.
    package func replace(_ hours: ServiceHours) {
        state.withLock { state in
            state.hours = hours
            state.shown = nil
        }
        revision.update { $0 += 1 }
    }

    /// Whether `vrs` is there, as far as is known within about a second: what a menu and the supervisor are told. What is
    /// under way goes on by ``current`` for longer.
    package var isReached: Bool { state.withLock { $0.policy != nil && $0.lostSince == nil } }

    /// Polls and watches the clock until the service group stops.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.poll() }
                group.addTask { await self.watchTime() }
                group.addTask { await self.probe() }
            }
        }
    }

    private func poll() async {
        var pause = pauses.minimum
        var patience = silentAfter
        while !Task.isCancelled {
            let started = ContinuousClock.now
            // A lost policy is asked for without its revision: `vrs` would hold the answer back while nothing changes, and
            // the policy stay lost meanwhile.
            let known = state.withLock { $0.lostSince == nil ? $0.policy?.access.revision : nil }
            // Nor is there a reason to wait for long then: it may have gone out on a connection that is dead, and nothing else
            // would end it. A `vrs` that is only slow gets more time with each attempt.
            let limit = known == nil ? patience : Self.pollTimeout
            if let policy = await asking(after: known, limit: limit) {
                accept(policy)
                pause = pauses.minimum
                patience = silentAfter
                // A `vrs` that does not hold the poll must not be asked without end.
                let isQuick = policy.access.revision == known && ContinuousClock.now - started < Self.minimumPause
                if !isQuick { continue }
            } else {
                lose()
                if known == nil { patience = min(patience * 2, max(silentAfter, Self.questionTimeout)) }
            }
            await wait(pause * Double.random(in: 0.8...1.2))
            pause = min(pause * 2, pauses.maximum)
        }
    }

    /// Asks, so that ``lose()`` can end it: on a connection that has gone silent it would wait for long.
    private func asking(after revision: Int64?, limit: Duration) async -> Policy? {
        let task = Task { await ask(after: revision, limit: limit) }
        state.withLock { $0.asking = task }
        let policy = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        state.withLock { $0.asking = nil }
        return policy
    }

    /// Asks several times a second whether `vrs` is there, as long as it is taken to be.
    private func probe() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.probePause)
            guard isReached else { continue }
            var failure = await failureToAnswer()
            // The connection may have ended alone.
            if failure == .connection { failure = await failureToAnswer() }
            switch failure {
            case .connection: lose()
            case .timeout where isSilent: lose()
            case .timeout, .tooLarge, .cancelled, nil: break
            }
        }
    }

    /// Asks whether `vrs` is there; why no answer came.
    private func failureToAnswer() async -> MutualTLSClient.Failure? {
        let route = routes.alive
        do {
            _ = try await client.send(
                route.method, route.path(), limit: route.answer.maximumBytes,
                timeout: silentAfter - Self.probePause)
            heard()
            return nil
        } catch { return error }
    }

    /// Whether `vrs` has answered nothing for too long.
    private var isSilent: Bool {
        let heardAt = state.withLock { $0.heardAt }
        return heardAt.map { .now - $0 >= silentAfter - Self.probePause } ?? true
    }

    /// Notes that `vrs` answered some request: a lost policy is asked for without further waiting, so that it does not
    /// run out while `vrs` is back.
    package func heard() {
        state.withLock { state in
            state.heardAt = .now
            if state.lostSince != nil { state.isHeard = true }
        }
    }

    /// Waits, but once `vrs` was heard only for the shortest pause.
    private func wait(_ pause: Duration) async {
        let end = ContinuousClock.now + pause
        repeat {
            try? await Task.sleep(for: min(Self.minimumPause, end - .now))
            let isHeard = state.withLock { state in
                defer { state.isHeard = false }
                return state.isHeard
            }
            if isHeard { return }
        } while ContinuousClock.now < end && !Task.isCancelled
    }

    private func ask(after revision: Int64?, limit: Duration) async -> Policy? {
        let route = routes.access
        do {
            let response = try await client.send(
                route.method, route.path(after: revision), limit: route.answer.maximumBytes,
                timeout: limit)
            let state = try? JSONDecoder().decode(Policy.State.self, from: Data(response.body.readableBytesView))
            if response.status == 200, let policy = state.flatMap({ Policy($0) }) { return policy }
            logger.warning("gate: unusable answer", metadata: ["status": .stringConvertible(response.status)])
        } catch {
            // A connection ends also while `vrs` is there, as that of a certificate of before when it is struck off. Who was
            // told then that `vrs` is lost would be turned away, so it is asked once more on another one.
            if error == .connection, revision != nil { return await ask(after: nil, limit: silentAfter) }
            if error != .cancelled { logger.warning("gate: no answer", metadata: ["reason": .string(error.rawValue)]) }
        }
        return nil
    }

    private func accept(_ policy: Policy) {
        let changed = state.withLock { state in
            defer {
                state.policy = policy
                state.lostSince = nil
                state.isHeard = false
                state.heardAt = .now
                state.shown = Shown(isOpen: state.hours.contains(now()), isReached: true)
            }
            // Municipalities also rest, and go on, by themselves.
            let (before, after) = (state.policy?.access, policy.access)
            return before?.revision != after.revision || before?.municipalities != after.municipalities
                || state.lostSince != nil
        }
        fresh.set(1)
        lost.set(0)
        guard changed else { return }
        logger.info(
            "gate",
            metadata: [
                "revision": .stringConvertible(Int(policy.access.revision)),
                "terminals": .stringConvertible(policy.access.terminals.count),
            ])
        revision.update { $0 += 1 }
    }

    private func lose() {
        let isNew = state.withLock { state in
            state.asking?.cancel()
            guard state.lostSince == nil else { return false }
            state.lostSince = .now
            state.shown = Shown(isOpen: state.hours.contains(now()), isReached: false)
            return state.policy != nil
        }
        lost.set(1)
        if isNew { revision.update { $0 += 1 } }
    }

    /// Something else that the menu says has changed.
    package func showAgain() { revision.update { $0 += 1 } }

    private func isFresh(_ state: State) -> Bool {
        state.policy != nil && (state.lostSince.map { .now - $0 < lostAfter } ?? true)
    }

    /// Once a second: does the menu change by time alone (opening, closing)?
    private func watchTime() async {
        while !Task.isCancelled {
            let shown = state.withLock { state in
                let isReached = state.policy != nil && state.lostSince == nil
                let shown = Shown(isOpen: state.hours.contains(now()), isReached: isReached)
                defer { state.shown = shown }
                return (isFresh(state), changed: state.shown != nil && state.shown != shown)
            }
            fresh.set(shown.0 ? 1 : 0)
            if shown.changed { revision.update { $0 += 1 } }
            try? await Task.sleep(for: .seconds(1))
        }
    }
}
