import CPostgreSQL
import Glibc
import Synchronization

/// A connection of libpq.
///
/// `@unchecked Sendable`: libpq lets one thread at a time use a connection, and only the actor that holds this uses it;
/// when nobody holds it any more, nobody else can use it beside the end.
final class ConnectionHandle: @unchecked Sendable {
    let pointer: OpaquePointer
    /// What the server said beside its answers; written while libpq reads for the actor.
    let notices = Notices()

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
        // Only code and severity of an error are ever formatted: no text of the server's reaches this process's errors.
        PQsetErrorVerbosity(pointer, PQERRORS_SQLSTATE)
        PQsetErrorContextVisibility(pointer, PQSHOW_CONTEXT_NEVER)
        PQsetNoticeReceiver(
            pointer,
            { argument, result in
                guard let argument, let result else { return }
                Unmanaged<Notices>.fromOpaque(argument).takeUnretainedValue().note(result)
            }, Unmanaged.passUnretained(notices).toOpaque())
    }

    deinit { PQfinish(pointer) }
}

/// What of a server's notices counts.
final class Notices: Sendable {
    private struct State {
        var replicationWaitEnded = false
        var hasEnded = false
    }
    private let state = Mutex(State())

    /// Whether a commit's wait for its replica was ended before the replica had it.
    var replicationWaitEnded: Bool { state.withLock { $0.replicationWaitEnded } }
    /// Whether the server said that it ends the connection, while nobody asked it anything.
    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    func clear() { state.withLock { $0.replicationWaitEnded = false } }

    /// The wait's end is a warning of the function that waits (`SyncRepWaitForLSN` in `syncrep.c`), whose name is sent with
    /// it and is in no language; where it is left out, the codes that the warning has are enough to doubt.
    fileprivate func note(_ result: OpaquePointer) {
        if ["FATAL", "PANIC"].contains(field("V", of: result)) { state.withLock { $0.hasEnded = true } }
        let code = SQLState(field("C", of: result) ?? "")?.code
        guard code == "01000" || code == "57P01" else { return }
        let function = field("R", of: result)
        guard function == nil || function == "SyncRepWaitForLSN" else { return }
        state.withLock { $0.replicationWaitEnded = true }
    }
}

/// A field of an error or a notice (PostgreSQL 15, 55.8), by its letter; at most 256 bytes of it.
private func field(_ letter: Unicode.Scalar, of result: OpaquePointer) -> String? {
    guard let text = PQresultErrorField(result, Int32(letter.value)) else { return nil }
    let bytes = UnsafeRawBufferPointer(start: text, count: strnlen(text, 256))
    return String(decoding: bytes, as: UTF8.self)
}

/// An answer of libpq.
///
/// `@unchecked Sendable`: libpq does not change an answer once it has given it, and all that is called here reads.
final class ResultHandle: @unchecked Sendable {
    private let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { PQclear(pointer) }

    var status: ExecStatusType { PQresultStatus(pointer) }
    var rowCount: Int { Int(PQntuples(pointer)) }
    var columnCount: Int { Int(PQnfields(pointer)) }
    var affected: String { PQcmdTuples(pointer).map { String(cString: $0) } ?? "" }
    var tag: String { PQcmdStatus(pointer).map { String(cString: $0) } ?? "" }

    func type(of column: Int) -> UInt32 { PQftype(pointer, Int32(clamping: column)) }
    func isBinary(_ column: Int) -> Bool { PQfformat(pointer, Int32(clamping: column)) == 1 }

    /// A value's bytes, which live as long as the answer; `nil` for NULL. Row and column are there.
    func bytes(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer? {
        let (row, column) = (Int32(clamping: row), Int32(clamping: column))
        guard PQgetisnull(pointer, row, column) == 0, let start = PQgetvalue(pointer, row, column) else { return nil }
        return UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(pointer, row, column)))
    }

    /// What an error says, without anything that may quote a row. One without a code is libpq's own: the connection's loss.
    var failure: DatabaseFailure {
        guard let state = field("C", of: pointer).flatMap({ SQLState($0) }) else { return DatabaseFailure(.lost) }
        return DatabaseFailure(
            DatabaseFailure.Cause(state), state, constraint: field("n", of: pointer), table: field("t", of: pointer))
    }

    /// Whether the error ended the connection.
    var isFatal: Bool { ["FATAL", "PANIC"].contains(field("V", of: pointer)) }
}

/// What a server is asked with to cancel what a connection runs.
///
/// `@unchecked Sendable`: libpq made it for use in another thread, and never changes it.
final class CancelHandle: @unchecked Sendable {
    private let pointer: OpaquePointer

    init?(_ connection: ConnectionHandle) {
        guard let pointer = PQgetCancel(connection.pointer) else { return nil }
        self.pointer = pointer
    }

    deinit { PQfreeCancel(pointer) }

    /// Asks, and returns once the server has passed it on: blocks in libpq 15 while it connects. The request holds a key of
    /// this connection alone, and is not encrypted (libpq before 17): whoever reads it can cancel a statement of it.
    func send() -> Bool {
        var message = [CChar](repeating: 0, count: 256)
        return PQcancel(pointer, &message, Int32(message.count)) == 1
    }
}
