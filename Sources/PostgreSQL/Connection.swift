import CPostgreSQL

/// One connection to a server, used by one task at a time.
///
/// The actor has no thread: whoever calls it writes to the socket and reads from it on its own, and ``Poller`` wakes it. It
/// is in libpq's pipeline mode all the time but for COPY: what is sent together is followed by one Sync, and after an error
/// the server skips the rest up to it.
actor Connection {
    nonisolated let settings: ConnectionSettings
    /// Which generation of its pool it is of.
    nonisolated let generation: Int
    nonisolated let opened = ContinuousClock.now
    nonisolated let poller: Poller
    /// `nil` once it is closed.
    var handle: ConnectionHandle?
    /// What is on its way.
    var flight: Flight?
    /// Statements that the server has prepared for it.
    private var prepared: [StatementKey: String] = [:]
    private var preparedCount = 0
    /// What their names begin with, 128 bits that nobody can guess: whoever could put a text of theirs in a statement could otherwise
    /// prepare another one under a name that this connection uses next, in somebody else's transaction.
    private let statementNames: String
    /// What brings it back to where it can be used, after somebody went away from his statement.
    private var cleaning: Task<Bool, Never>?

    init(_ settings: ConnectionSettings, generation: Int, poller: Poller, handle: ConnectionHandle) {
        self.settings = settings
        self.generation = generation
        self.poller = poller
        self.handle = handle
        var generator = SystemRandomNumberGenerator()
        statementNames = "s\(String(generator.next(), radix: 36))\(String(generator.next(), radix: 36))-"
    }

    /// Ends it; the server ends what it ran.
    func close() {
        handle = nil
        flight = nil
    }

    var isOpen: Bool { handle != nil }

    /// The socket, which libpq may have closed.
    private func socket(_ handle: ConnectionHandle) -> Int32 { PQsocket(handle.pointer) }

    // MARK: - Statements

    /// Sends queries in one go and waits for all answers.
    ///
    /// Where the task is cancelled or the deadline comes, what runs is cancelled at the server and the caller goes on at
    /// once; ``clean()`` says whether the connection can be used again.
    ///
    /// - Parameters:
    ///   - queries: what is sent. None of them asks the server for nothing but a sign of life.
    ///   - deadline: when it is given up.
    ///   - heedsCancellation: whether the task's cancellation ends it.
    func run(
        _ queries: [Query], until deadline: ContinuousClock.Instant, heedsCancellation: Bool = true
    ) async -> FlightOutcome {
        guard let handle else { return FlightOutcome(failure: DatabaseFailure(.lost)) }
        // The caller went away from his last statement, or two tasks are at it.
        guard flight == nil, cleaning == nil else { return FlightOutcome(failure: DatabaseFailure(.misuse)) }
        handle.notices.clear()
        var flight = Flight(queries: queries.count)
        for (index, query) in queries.enumerated() {
            guard query.values.count <= Int(PQ_QUERY_PARAM_MAX_LIMIT) else {
                close()
                return FlightOutcome(failure: DatabaseFailure(.misuse), failedQuery: index)
            }
            guard send(query, at: index, in: &flight, handle) else {
                close()
                return FlightOutcome(failure: DatabaseFailure(.lost))
            }
        }
        guard PQpipelineSync(handle.pointer) == 1 else {
            close()
            return FlightOutcome(failure: DatabaseFailure(.lost))
        }
        self.flight = flight
        return await land(until: deadline, heedsCancellation: heedsCancellation)
    }

    /// Puts a query, and before it what prepares it, into libpq's buffer.
    private func send(_ query: Query, at index: Int, in flight: inout Flight, _ handle: ConnectionHandle) -> Bool {
        let key = query.key
        var name = prepared[key]
        let wasPrepared = name != nil
        if name == nil {
            // Twice in one flight: the first prepares it for both.
            for case .preparing(key, let earlier) in flight.steps { name = earlier }
        }
        if name == nil, prepared.count < settings.limits.prepared {
            preparedCount += 1
            let new = "\(statementNames)\(preparedCount)"
            guard PQsendPrepare(handle.pointer, new, query.text, Int32(key.types.count), key.types) == 1 else {
                return false
            }
            flight.steps.append(.preparing(key, name: new))
            name = new
        }
        flight.steps.append(.query(index, wasPrepared: wasPrepared))
        return query.withPointers { values, lengths, formats in
            let count = Int32(query.values.count)
            if let name {
                return PQsendQueryPrepared(handle.pointer, name, count, values, lengths, formats, 1) == 1
            }
            return PQsendQueryParams(
                handle.pointer, query.text, count, key.types, values, lengths, formats, 1) == 1
        }
    }

    /// Writes what is left to write, reads and takes in until the flight has landed.
    func land(until deadline: ContinuousClock.Instant, heedsCancellation: Bool) async -> FlightOutcome {
        var isAtEnd = false
        while let handle, flight != nil {
            let left = PQflush(handle.pointer)
            if left < 0 { isAtEnd = true }
            switch takeAnswers(handle) {
            case .landed: return landed(handle)
            case .copying: return FlightOutcome(failure: nil)
            case .isLost: return lost()
            case .goesOn: if isAtEnd { return lost() }
            }
            let wake = await poller.wait(
                for: left > 0 ? .readingOrWriting : .reading, of: socket(handle), until: deadline,
                heedsCancellation: heedsCancellation)
            guard wake == .ready else { return abandon(wake, cancels: heedsCancellation) }
            guard self.handle != nil, flight != nil else { break }
            flight?.bytes += Int(akashi_waiting_bytes(socket(handle)))
            if let bytes = flight?.bytes, bytes > settings.limits.answer {
                close()
                return FlightOutcome(failure: DatabaseFailure(.tooLarge))
            }
            // What came before the end is still taken in: it may be the answer.
            if PQconsumeInput(handle.pointer) != 1 { isAtEnd = true }
        }
        return lost()
    }

    private func takeAnswers(_ handle: ConnectionHandle) -> Flight.Progress {
        while PQisBusy(handle.pointer) == 0 {
            let result = PQgetResult(handle.pointer).map(ResultHandle.init)
            let progress = flight?.take(result) { key, name in prepared[key] = name } ?? .isLost
            guard case .goesOn = progress else { return progress }
        }
        return .goesOn
    }

    private func landed(_ handle: ConnectionHandle) -> FlightOutcome {
        guard let flight else { return lost() }
        self.flight = nil
        let outcome = FlightOutcome(
            answers: flight.answers, failure: flight.failure, failedQuery: flight.failedQuery,
            replicationWaitEnded: handle.notices.replicationWaitEnded)
        if flight.isFatal || PQstatus(handle.pointer) != CONNECTION_OK { close() }
        return outcome
    }

    /// The connection is gone: what the server said last is why.
    private func lost() -> FlightOutcome {
        let flight = flight
        let isDoubtful = handle?.notices.replicationWaitEnded ?? false
        close()
        // An error that left the connection as it was is not why it ended.
        let said = flight?.isFatal == true ? flight?.failure : nil
        return FlightOutcome(
            answers: flight?.answers ?? [], failure: said ?? DatabaseFailure(.lost),
            replicationWaitEnded: isDoubtful)
    }

    /// The caller does not wait any longer: the server is asked to end what runs. Where nobody may cancel it, as a commit, the
    /// connection is closed and its outcome is another question.
    private func abandon(_ wake: Poller.Wake, cancels: Bool) -> FlightOutcome {
        let answers = flight?.answers ?? []
        if cancels, flight?.isCopy == false {
            cleaning = Task { await self.cancelAndLand() }
        } else {
            close()
        }
        return FlightOutcome(
            answers: answers, failure: DatabaseFailure(wake == .cancelled ? .cancelled : .timedOut))
    }

    // MARK: - Cleaning

    private func cancelAndLand() async -> Bool {
        let deadline = ContinuousClock.now + settings.limits.cleaning
        // Only a request that was certainly passed on cannot hit a later statement.
        guard let handle, let request = CancelHandle(handle),
            await poller.blocking(until: deadline, heedsCancellation: false, { request.send() }) == true
        else {
            close()
            return false
        }
        guard flight != nil else { return isOpen }
        _ = await land(until: deadline, heedsCancellation: false)
        return isOpen
    }

    /// Brings the connection to where the next task can use it: nothing on its way, no transaction open. Not cancelled by
    /// the caller's cancellation; bounded by ``ConnectionLimits/cleaning``.
    ///
    /// - Returns: whether it can be used; otherwise it is closed.
    func clean() async -> Bool {
        let deadline = ContinuousClock.now + settings.limits.cleaning
        if let cleaning {
            let isClean = await cleaning.value
            self.cleaning = nil
            // Another look at the server: a cancellation that came late has hit nothing by then.
            guard isClean, await run([], until: deadline, heedsCancellation: false).failure == nil else {
                close()
                return false
            }
        }
        guard let handle, flight == nil else {
            close()
            return false
        }
        if PQtransactionStatus(handle.pointer) != PQTRANS_IDLE {
            _ = await run([Query("ROLLBACK")], until: deadline, heedsCancellation: false)
        }
        guard let handle = self.handle, cleaning == nil, PQtransactionStatus(handle.pointer) == PQTRANS_IDLE else {
            close()
            return false
        }
        return true
    }

    /// Whether a connection that nobody used is still there: what came meanwhile is read, and after a long time the server
    /// is asked.
    func isHealthy(asks: Bool) async -> Bool {
        guard let handle, flight == nil, PQconsumeInput(handle.pointer) == 1, PQisBusy(handle.pointer) == 0,
            PQstatus(handle.pointer) == CONNECTION_OK, PQtransactionStatus(handle.pointer) == PQTRANS_IDLE,
            !handle.notices.hasEnded
        else { return false }
        if settings.kind == .readWrite, isReadOnly(handle) { return false }
        guard asks else { return true }
        let deadline = ContinuousClock.now + min(settings.limits.connecting, .seconds(1))
        return await run([], until: deadline, heedsCancellation: false).failure == nil
    }

    /// What the server says of itself unasked, whenever it changes.
    private func isReadOnly(_ handle: ConnectionHandle) -> Bool {
        ["in_hot_standby", "default_transaction_read_only"].contains { (name: String) in
            PQparameterStatus(handle.pointer, name).map { String(cString: $0) } == "on"
        }
    }

    /// Whether the server is being asked to end what a caller went away from.
    var isCancelling: Bool { cleaning != nil }
}

extension Query {
    /// The values as libpq wants them: pointers into one piece of memory, lengths, and that they are binary.
    func withPointers<Result>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> Result
    ) -> Result {
        guard !values.isEmpty else { return body(nil, nil, nil) }
        // A byte of its own, so that the pointer of an empty value is one too: a null pointer would mean NULL.
        var bytes: [UInt8] = [0]
        var places: [(offset: Int, length: Int)?] = []
        for value in values {
            let start = bytes.count
            let isThere = value.append(to: &bytes)
            places.append(isThere ? (start, bytes.count - start) : nil)
        }
        bytes.append(0)
        return bytes.withUnsafeBytes { buffer in
            let base = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            let pointers = places.map { place in place.flatMap { place in base.map { $0 + place.offset } } }
            let lengths = places.map { Int32(clamping: $0?.length ?? 0) }
            let formats = [Int32](repeating: 1, count: places.count)
            return body(pointers, lengths, formats)
        }
    }
}
