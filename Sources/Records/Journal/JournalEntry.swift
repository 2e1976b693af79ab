import Foundation

/// One change that has to survive a restore of the records, as it stands in a journal.
struct JournalEntry: Codable, Hashable, Sendable {
    /// The log whose database made the change, as text: `control` or a municipality's code.
    let log: String
    /// The database's own number of the change: from 1, without gaps, never used again.
    let order: Int64
    /// How many lines the log had when the transaction began that made it: a database that lacks the change and has fewer
    /// was put back, one that has as many stopped before it committed.
    let lines: Int64
    /// When it was made, in milliseconds since 1970.
    let at: Int64
    let change: Change

    /// What was changed. Nothing here is personal data: a stop list entry is the keyed hash that the store keeps.
    enum Change: Codable, Hashable, Sendable {
        /// All that the database knew at this moment follows: a journal that begins, or begins anew.
        case begun
        /// A certificate was voided or revoked; `event` is the line that its log got.
        case revoked(certificate: String, event: String, codes: [Code])
        /// A terminal was shut out, and its certificate with it.
        case terminalRevoked(id: String, certificateHash: Data)
        /// A terminal got another certificate, and the one before ended.
        case terminalRenewed(
            id: String, endedHash: Data, certificateHash: Data, certificateDER: Data, notAfter: Int64)
        /// A person or a card was put on the stop list.
        case stopped(hash: Data, subject: String)
        /// A person or a card was taken off it.
        case unstopped(hash: Data, subject: String)
        /// Revocation lists were published under this counter.
        case published(counter: Int64)
        /// A life of the records began.
        case incarnation(Int64)
    }

    /// A code that a list by code names; see ``RevocableCode``.
    struct Code: Codable, Hashable, Sendable {
        let keyID: Data
        let hash: Data
        let expires: Int64

        init(_ code: RevocableCode) {
            keyID = Data(code.keyID)
            hash = Data(code.hash)
            expires = code.expires.storedMilliseconds
        }
    }
}

/// How far a journal, all its files together, goes for one log.
struct JournalSpan: Hashable, Sendable {
    /// The order from which on everything has to be there.
    private(set) var begun: Int64 = 0
    /// The highest order.
    private(set) var last: Int64 = 0
    /// How many orders there are from ``begun`` on.
    private var count: Int64 = 0

    init() {}

    mutating func add(_ entry: JournalEntry) {
        if entry.change == .begun, entry.order > begun {
            begun = entry.order
            count = 0
        }
        if entry.order >= begun { count += 1 }
        last = max(last, entry.order)
    }

    /// Whether all that a database made up to an order is there.
    func covers(_ order: Int64) -> Bool { begun > 0 && last >= order && count == last - begun + 1 }
}

/// The journal, as one database follows it.
struct JournalFollower: Sendable {
    let journal: Journal
    /// Makes an entry's change again.
    let redo: @Sendable (JournalEntry, Ledger) throws -> Void
    /// Puts all that the database knows into the journal.
    let begin: @Sendable (Date, Ledger) throws -> Void
}
