import Synchronization

/// Bounds of a pool.
package struct PoolLimits: Hashable, Sendable {
    /// Connections that are open at the same time.
    package var connections: Int = 8
    /// Callers that wait for one; the next is refused at once.
    package var waiting: Int = 1000
    /// How long a caller waits for one.
    package var wait: Duration = .seconds(2)
    /// How old a connection becomes before it is replaced, when nobody uses it.
    package var age: Duration = .seconds(1800)
    /// After how long without use the server is asked whether it is still there.
    package var idle: Duration = .seconds(15)

    /// The bounds as they are written here.
    package init() {}

    /// Whether each is usable: 1 to 1,000 connections, 0 to 1,000,000 waiting, times of 1 ms to a day.
    package var isUsable: Bool {
        (1...1000).contains(connections) && (0...1_000_000).contains(waiting)
            && [wait, age, idle].allSatisfy { $0 >= .milliseconds(1) && $0 <= .seconds(86_400) }
    }
}

/// What a pool did so far, and what it does now; plain values for whoever measures.
package struct PoolCounts: Hashable, Sendable {
    /// Connections that are open, or being opened.
    package var open = 0
    /// Those of them that somebody has, or that are being opened or cleaned.
    package var inUse = 0
    /// Callers that wait now.
    package var waiting = 0
    /// Connections made.
    package var connected = 0
    /// Connections that could not be made.
    package var failed = 0
    /// Connections that were given up after they had been made: lost, old, unhealthy or not clean in time.
    package var dropped = 0
    /// Callers that waited, and how long they did together.
    package var waits = 0
    /// As long as all callers waited together.
    package var waited: Duration = .zero
    /// Callers that were refused since too many waited.
    package var refused = 0
    /// Callers whose wait took too long.
    package var late = 0
    /// Transactions that were begun again.
    package var repeated = 0
    /// Commits whose answer was lost and that had to be asked for.
    package var asked = 0
    /// Those of them that nobody could tell.
    package var unknown = 0
}

/// The connections to the servers of one set of settings: to one server at a time, and after a fail-over to the next.
///
/// Who comes first is served first. At most ``PoolLimits/connections`` are open; who finds none waits, within bounds in number
/// and time. A connection that was lost, or a server that takes no more writes, ends all connections of its time.
package final class Pool: Sendable {
    /// Where connections go and how.
    package let settings: ConnectionSettings
    /// The bounds.
    package let limits: PoolLimits
    let poller: Poller

    private struct Idle {
        let connection: Connection
        let since: ContinuousClock.Instant
    }

    /// What a caller that waited gets: a connection, or the right to open one.
    private enum Grant {
        case connection(Idle)
        case place
    }

    private struct State {
        var idle: [Idle] = []
        var open = 0
        var generation = 0
        var isClosed = false
        var preferred: ServerAddress?
        /// Those who wait, by the numbers of their waits; in the queue are also such as went away.
        var waiting: Set<UInt64> = []
        var queue: [UInt64] = []
        var head = 0
        var grants: [UInt64: Grant] = [:]
        var counts = PoolCounts()
        /// Who waits for the last connection to be closed.
        var closers: [UInt64] = []

        mutating func nextWaiter() -> UInt64? {
            while head < queue.count {
                let number = queue[head]
                head += 1
                if head == queue.count {
                    queue.removeAll(keepingCapacity: true)
                    head = 0
                } else if head > 1024, head > queue.count / 2 {
                    queue.removeFirst(head)
                    head = 0
                }
                if waiting.remove(number) != nil { return number }
            }
            return nil
        }

        /// Hands places that became free to those who wait.
        mutating func passOn(_ limits: PoolLimits) -> [UInt64] {
            var woken: [UInt64] = []
            while open < limits.connections, let number = nextWaiter() {
                open += 1
                grants[number] = .place
                woken.append(number)
            }
            if isClosed, open == 0 {
                woken += closers
                closers = []
            }
            return woken
        }
    }
    private let state = Mutex(State())

    /// - Parameters:
    ///   - settings: where and how.
    ///   - limits: of the pool.
    /// - Throws: `misuse` for limits that are none, `exhausted` where this process has no descriptor or thread left.
    package init(_ settings: ConnectionSettings, limits: PoolLimits = PoolLimits()) throws(DatabaseFailure) {
        guard limits.isUsable else { throw DatabaseFailure(.misuse) }
        self.settings = settings
        self.limits = limits
        poller = try Poller.shared()
    }

    /// What it did so far, and what it does now.
    package var counts: PoolCounts {
        state.withLock { state in
            var counts = state.counts
            counts.open = state.open
            counts.inUse = state.open - state.idle.count
            counts.waiting = state.waiting.count
            return counts
        }
    }

    func count(_ change: (inout PoolCounts) -> Void) { state.withLock { change(&$0.counts) } }

    // MARK: - Taking and giving back

    /// A connection that nobody else has until ``release(_:)``.
    ///
    /// - Parameter deadline: when the caller gives up, if that is before the pool's own bound.
    func acquire(until deadline: ContinuousClock.Instant) async throws(DatabaseFailure) -> Connection {
        enum Step {
            case take(Idle)
            case open
            case wait(UInt64)
            case fail(DatabaseFailure)
        }
        let limits = limits
        let number = poller.number()
        let step: Step = state.withLock { state in
            guard !state.isClosed else { return .fail(DatabaseFailure(.misuse)) }
            // Nobody waits where one is idle or a place is free: both go to those who wait first.
            if let idle = state.idle.popLast() { return .take(idle) }
            if state.open < limits.connections {
                state.open += 1
                return .open
            }
            guard state.waiting.count < limits.waiting else {
                state.counts.refused += 1
                return .fail(DatabaseFailure(.poolFull))
            }
            state.waiting.insert(number)
            state.queue.append(number)
            return .wait(number)
        }
        switch step {
        case .take(let idle): return try await checked(idle)
        case .open: return try await open()
        case .wait(let number): return try await waitForTurn(number, until: deadline)
        case .fail(let failure): throw failure
        }
    }

    private func waitForTurn(
        _ number: UInt64, until deadline: ContinuousClock.Instant
    ) async throws(DatabaseFailure) -> Connection {
        let began = ContinuousClock.now
        let wake = await poller.wait(number, until: min(deadline, began + limits.wait), heedsCancellation: true) {
            self.state.withLock { $0.grants[number] == nil }
        }
        let grant = state.withLock { state in
            state.counts.waits += 1
            state.counts.waited += began.duration(to: .now)
            let grant = state.grants.removeValue(forKey: number)
            if grant == nil {
                state.waiting.remove(number)
                if wake == .late { state.counts.late += 1 }
            }
            return grant
        }
        switch grant {
        case .connection(let idle): return try await checked(idle)
        case .place: return try await open()
        case nil: throw DatabaseFailure(wake == .cancelled ? .cancelled : wake == .late ? .poolBusy : .misuse)
        }
    }

    private func checked(_ idle: Idle) async throws(DatabaseFailure) -> Connection {
        let since = idle.since.duration(to: .now)
        let isCurrent = state.withLock { $0.generation == idle.connection.generation }
        if isCurrent, idle.connection.opened.duration(to: .now) < limits.age,
            await idle.connection.isHealthy(asks: since > limits.idle)
        {
            return idle.connection
        }
        // Its place is ours.
        await idle.connection.close()
        count { $0.dropped += 1 }
        return try await open()
    }

    private func open() async throws(DatabaseFailure) -> Connection {
        let (generation, preferred) = state.withLock { ($0.generation, $0.preferred) }
        do {
            let (connection, address) = try await Connection.open(
                settings, generation: generation, preferred: preferred)
            state.withLock { state in
                state.counts.connected += 1
                state.preferred = address
            }
            return connection
        } catch {
            leave { $0.failed += error.cause == .cancelled ? 0 : 1 }
            throw error
        }
    }

    /// Gives a place up.
    private func leave(_ change: (inout PoolCounts) -> Void) {
        let limits = limits
        let woken = state.withLock { state in
            state.open -= 1
            change(&state.counts)
            return state.passOn(limits)
        }
        for number in woken { poller.end(number) }
    }

    /// Gives a connection back: cleaned first if need be, without keeping the caller, and closed where that takes too long.
    func release(_ connection: Connection) async {
        if await connection.isCancelling { Task { await self.settle(connection) } } else { await settle(connection) }
    }

    private func settle(_ connection: Connection) async {
        guard await connection.clean() else { return leave { $0.dropped += 1 } }
        let limits = limits
        let isOld = connection.opened.duration(to: .now) >= limits.age
        let idle = Idle(connection: connection, since: .now)
        enum Place {
            case given(UInt64)
            case kept
            case gone
        }
        let place: Place = state.withLock { state in
            guard !isOld, !state.isClosed, state.generation == connection.generation else { return .gone }
            guard let number = state.nextWaiter() else {
                state.idle.append(idle)
                return .kept
            }
            state.grants[number] = .connection(idle)
            return .given(number)
        }
        switch place {
        case .given(let number): poller.end(number)
        case .kept: break
        case .gone:
            await connection.close()
            leave { $0.dropped += 1 }
        }
    }

    /// Ends all connections of the time of `connection`, those in use when they are given back: the next go to the server
    /// that is then the right one.
    func dropAll(since connection: Connection) async {
        let limits = limits
        let (idle, woken) = state.withLock { state -> ([Idle], [UInt64]) in
            guard state.generation == connection.generation else { return ([], []) }
            state.generation += 1
            let idle = state.idle
            state.idle = []
            state.open -= idle.count
            state.counts.dropped += idle.count
            return (idle, state.passOn(limits))
        }
        for idle in idle { await idle.connection.close() }
        for number in woken { poller.end(number) }
    }

    /// Closes it: idle connections at once, those in use when they are given back, which is waited for within the limit.
    /// Nobody gets a connection any more.
    ///
    /// - Parameter limit: how long is waited.
    package func close(within limit: Duration = .seconds(10)) async {
        let number = poller.number()
        let (idle, woken, isLast) = state.withLock { state -> ([Idle], [UInt64], Bool) in
            state.isClosed = true
            let idle = state.idle
            state.idle = []
            state.open -= idle.count
            let woken = Array(state.waiting)
            state.waiting = []
            state.queue = []
            state.head = 0
            if state.open > 0 { state.closers.append(number) }
            return (idle, woken, state.open == 0)
        }
        for idle in idle { await idle.connection.close() }
        for number in woken { poller.end(number) }
        guard !isLast else { return }
        _ = await poller.wait(number, until: .now + limit, heedsCancellation: false) {
            self.state.withLock { $0.open > 0 }
        }
    }
}
