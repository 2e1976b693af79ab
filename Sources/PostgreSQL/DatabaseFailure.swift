/// Why a database did not do what was asked.
///
/// It never carries personal data: of what a server says, the SQLSTATE and the names of constraint and table are kept, and
/// neither its message nor its detail, which may quote a row.
package struct DatabaseFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What a caller may do about it.
    package enum Class: String, Hashable, Sendable {
        /// Nothing was done, and the same may succeed later by itself. (A statement that writes outside of ``Pool/write(_:_:)``
        /// may have been done where its answer was lost.)
        case transient
        /// Nothing was done, since what is stored does not allow it.
        case conflict
        /// What was read is not what was written, or cannot be read.
        case damage
        /// The server, or the check of it, does not let this program do it.
        case refused
        /// This program, or the server, is wrong.
        case fault
        /// Whether it was done is not known, or it is done and may be lost by a fail-over: neither done nor failed.
        case unknown
        /// Nothing was done, since the caller's task was cancelled.
        case cancelled
    }

    /// What happened.
    package enum Cause: String, Hashable, Sendable {
        // Transient.
        /// Another transaction came between (40001).
        case serialization
        /// Two transactions waited for each other (40P01).
        case deadlock
        /// A lock was not to be had in time (55P03), or an object is in use.
        case locked
        /// The server, or this process, has no room for more: connections, memory, disk (class 53, 58030).
        case exhausted
        /// A bound in time was reached, here or at the server (57014).
        case timedOut
        /// As many wait for a connection of the pool as may.
        case poolFull
        /// No connection of the pool became free in time.
        case poolBusy
        /// The connection was lost or ended by the server (class 08, 57P01 to 57P05).
        case lost
        /// No server of the settings could be reached, or none of the wanted kind.
        case unreachable
        /// The server does not take writes any more (25006).
        case readOnly
        /// The statement has to be prepared anew, since a table changed (26000, 0A000).
        case stale

        // Conflict (class 23).
        /// There is such a row already (23505).
        case unique
        /// A row that is referred to is missing, or is referred to (23503, 23001).
        case foreignKey
        /// A row does not meet a table's rule (23514, 23502).
        case check
        /// Two rows exclude each other (23P01).
        case exclusion
        /// Another constraint (23000, 40002).
        case constraint

        // Damage.
        /// The server finds its data or an index corrupted (XX001, XX002, 58P01), or a stored text is not what it should be
        /// (22P02).
        case corrupt
        /// A column's value is not of its type, or not where it should be.
        case undecodable

        // Refused.
        /// The role has no right to it, or a policy of rows forbids it (42501, 44000).
        case denied
        /// The log-in was refused (class 28), or there is no such database (3D000).
        case authentication
        /// The server is not proven to be the right one: its certificate, its name, its way of logging in, its owner.
        case untrusted
        /// A trigger of ours refused it (P0001).
        case raised

        // Fault.
        /// The statement is wrong (42601, 42P01 and others).
        case statement
        /// A parameter is out of its bounds for the server (class 22).
        case parameter
        /// This module was used otherwise than it says.
        case misuse
        /// More came than the settings allow for one answer.
        case tooLarge
        /// Another error of the server.
        case other

        // Unknown.
        /// The answer of COMMIT was lost, and nobody could tell.
        case outcome
        /// It is committed at the primary, and the wait for its replica was ended: a fail-over may lose it.
        case notReplicated

        // Cancelled.
        /// The caller's task was cancelled.
        case cancelled
    }

    /// What happened.
    package let cause: Cause
    /// The server's code (PostgreSQL 15, appendix A), five digits or capital letters, if it said one.
    package let sqlState: SQLState?
    /// The constraint that does not allow it, if the server named one.
    package let constraint: String?
    /// The table, if the server named one.
    package let table: String?

    /// A failure of this side.
    package init(_ cause: Cause) { self.init(cause, nil) }

    init(_ cause: Cause, _ sqlState: SQLState?, constraint: String? = nil, table: String? = nil) {
        self.cause = cause
        self.sqlState = sqlState
        self.constraint = constraint
        self.table = table
    }

    /// What a caller may do about it.
    package var kind: Class {
        switch cause {
        case .serialization, .deadlock, .locked, .exhausted, .timedOut, .poolFull, .poolBusy, .lost, .unreachable,
            .readOnly, .stale:
            .transient
        case .unique, .foreignKey, .check, .exclusion, .constraint: .conflict
        case .corrupt, .undecodable: .damage
        case .denied, .authentication, .untrusted, .raised: .refused
        case .statement, .parameter, .misuse, .tooLarge, .other: .fault
        case .outcome, .notReplicated: .unknown
        case .cancelled: .cancelled
        }
    }

    /// Class, cause and code, with the names; may be logged as it is.
    package var description: String {
        var text = "\(kind.rawValue): \(cause.rawValue)"
        if let sqlState { text += " (\(sqlState))" }
        if let constraint { text += ", constraint \(constraint)" }
        if let table { text += ", table \(table)" }
        return text
    }

    /// Whether a transaction in which it happened, and which was not committed, is begun again.
    var repeats: Bool {
        [.serialization, .deadlock, .lost, .unreachable, .readOnly, .stale].contains(cause)
    }

    /// Whether the server may not be what the pool's other connections think it is.
    var endsPool: Bool { cause == .lost || cause == .readOnly }

    /// Whether the connection is of no use after it.
    var endsConnection: Bool { [.lost, .readOnly, .stale, .tooLarge, .misuse].contains(cause) }
}
