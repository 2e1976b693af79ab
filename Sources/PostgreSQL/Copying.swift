import CPostgreSQL

/// Takes rows for a table in the server's binary form (PostgreSQL 15, COPY), and waits where the server is slower.
package struct CopyWriter: ~Copyable, Sendable {
    private let connection: Connection
    private let deadline: ContinuousClock.Instant
    private var buffer: [UInt8]
    /// Rows so far.
    package private(set) var count = 0

    /// Bytes that are put together before they are sent.
    private static let portion = 64 << 10

    init(_ connection: Connection, until deadline: ContinuousClock.Instant) {
        self.connection = connection
        self.deadline = deadline
        buffer = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00] + [UInt8](repeating: 0, count: 8)
    }

    /// Adds a row; its values are of the very types of the columns, in their order.
    package mutating func write(_ row: [Parameter]) async throws(DatabaseFailure) {
        guard let columns = Int16(exactly: row.count) else { throw DatabaseFailure(.misuse) }
        buffer.append(bigEndian: columns)
        for value in row {
            let start = buffer.count
            buffer.append(bigEndian: Int32(-1))
            guard value.append(to: &buffer) else { continue }
            guard let length = Int32(exactly: buffer.count - start - 4) else { throw DatabaseFailure(.misuse) }
            withUnsafeBytes(of: length.bigEndian) { bytes in
                buffer.replaceSubrange(start..<start + 4, with: bytes)
            }
        }
        count += 1
        if buffer.count >= Self.portion { try await send() }
    }

    private mutating func send() async throws(DatabaseFailure) {
        try await connection.copy(buffer, until: deadline)
        buffer.removeAll(keepingCapacity: true)
    }

    /// Sends what is left, and the end of the rows.
    mutating func finish() async throws(DatabaseFailure) {
        buffer.append(bigEndian: Int16(-1))
        try await send()
    }
}

extension Connection {
    /// Begins a COPY from this program to the server, outside of pipeline mode, which does not have it.
    func beginCopy(_ text: String, until deadline: ContinuousClock.Instant) async throws(DatabaseFailure) {
        guard let handle else { throw DatabaseFailure(.lost) }
        guard flight == nil, !isCancelling else { throw DatabaseFailure(.misuse) }
        guard PQexitPipelineMode(handle.pointer) == 1,
            PQsendQueryParams(handle.pointer, text, 0, nil, nil, nil, nil, 1) == 1
        else {
            close()
            throw DatabaseFailure(.lost)
        }
        flight = Flight(queries: 1, isCopy: true)
        let outcome = await land(until: deadline, heedsCancellation: true)
        // Where the server did not begin it, the flight has landed.
        guard flight == nil else { return }
        leaveCopy()
        throw outcome.failure ?? DatabaseFailure(.misuse)
    }

    /// Sends rows and waits until the kernel has them all, so that no more than one portion is kept here.
    func copy(_ bytes: [UInt8], until deadline: ContinuousClock.Instant) async throws(DatabaseFailure) {
        guard let handle, flight?.isCopy == true else { throw DatabaseFailure(.lost) }
        var start = 0
        while start < bytes.count {
            let count = min(bytes.count - start, 1 << 20)
            let taken = bytes[start..<start + count].withUnsafeBytes { buffer in
                PQputCopyData(handle.pointer, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(count))
            }
            guard taken == 1 else { return try failCopy(.lost) }
            start += count
            while true {
                let left = PQflush(handle.pointer)
                guard left >= 0 else { return try failCopy(.lost) }
                guard left > 0 else { break }
                let wake = await poller.wait(for: .readingOrWriting, of: PQsocket(handle.pointer), until: deadline)
                guard wake == .ready else { return try failCopy(wake == .cancelled ? .cancelled : .timedOut) }
                guard self.handle != nil else { throw DatabaseFailure(.lost) }
                guard PQconsumeInput(handle.pointer) == 1 else { return try failCopy(.lost) }
            }
        }
    }

    /// A COPY that is not ended as it should be ends with its connection, which the server notices at once.
    private func failCopy(_ cause: DatabaseFailure.Cause) throws(DatabaseFailure) {
        close()
        throw DatabaseFailure(cause)
    }

    /// Ends a COPY, well or not, and says how many rows the server took.
    func endCopy(fails: Bool, until deadline: ContinuousClock.Instant) async throws(DatabaseFailure) -> Int {
        guard let handle, flight?.isCopy == true else { throw DatabaseFailure(.lost) }
        guard PQputCopyEnd(handle.pointer, fails ? "given up" : nil) == 1 else {
            close()
            throw DatabaseFailure(.lost)
        }
        let outcome = await land(until: deadline, heedsCancellation: !fails)
        leaveCopy()
        if let failure = outcome.failure { throw failure }
        guard let rows = outcome.answers.first ?? nil else { throw DatabaseFailure(.lost) }
        return rows.affected
    }

    private func leaveCopy() {
        if let handle, PQenterPipelineMode(handle.pointer) != 1 { close() }
    }
}

extension Transaction {
    /// Brings rows into a table with COPY.
    ///
    /// - Parameters:
    ///   - text: `COPY table (columns) FROM STDIN (FORMAT binary)`.
    ///   - produce: writes the rows. When it throws, the transaction cannot be committed.
    /// - Returns: how many rows the server took.
    @discardableResult
    package func copy(
        _ text: String, _ produce: @Sendable (inout CopyWriter) async throws -> Void
    ) async throws -> Int {
        let begun = await run([], last: [], heedsCancellation: true)
        if let failure = begun.failure { throw failure }
        do {
            try await connection.beginCopy(text, until: deadline)
            var writer = CopyWriter(connection, until: deadline)
            do {
                try await produce(&writer)
                try await writer.finish()
            } catch {
                _ = try? await connection.endCopy(fails: true, until: deadline)
                throw error
            }
            return try await connection.endCopy(fails: false, until: deadline)
        } catch {
            note(error as? DatabaseFailure ?? DatabaseFailure(.cancelled))
            throw error
        }
    }
}
