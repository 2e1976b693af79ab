package import Foundation

/// One change that has to survive a restore of the records, as it stands in a journal.
package struct JournalEntry: Codable, Hashable, Sendable {
    /// The log whose database made the change, as text: `control` or a municipality's code.
    package let log: String
    /// The database's own number of the change: from 1, without gaps, never used again.
    package let order: Int64
    /// How many lines the log had when the transaction began that made it: a database that lacks the change and has fewer
    /// was put back, one that has as many stopped before it committed.
    package let lines: Int64
    /// When it was made, in milliseconds since 1970.
    package let at: Int64
    /// What was changed.
    package let change: Change

    package init(log: String, order: Int64, lines: Int64, at: Int64, change: Change) {
        self.log = log
        self.order = order
        self.lines = lines
        self.at = at
        self.change = change
    }

    /// What was changed. Nothing here is personal data: a stop list entry is the keyed hash that the store keeps.
    ///
    /// A version that does not know one of these refuses the journal, and with it the store.
    package enum Change: Codable, Hashable, Sendable {
        /// All that the database knew at this moment follows: a journal that begins, or begins anew.
        case begun
        /// A certificate was voided or revoked; `event` is the line that its log got.
        case revoked(certificate: String, event: String, codes: [Code])
        /// A terminal's certificate ended before its time.
        case ended(certificateHash: Data)
        /// A terminal was shut out, and its certificate with it.
        case terminalRevoked(id: String, certificateHash: Data)
        /// A terminal got another certificate, and the one before ended.
        case terminalRenewed(
            id: String, endedHash: Data, certificateHash: Data, certificateDER: Data, notAfter: Int64)
        /// A device was revoked, whose certificate ends then, in milliseconds since 1970.
        case deviceRevoked(keyHash: Data, notAfter: Int64)
        /// A person or a card was put on the stop list.
        case stopped(hash: Data, subject: String)
        /// A person or a card was taken off it.
        case unstopped(hash: Data, subject: String)
        /// Revocation lists were published under this counter.
        case published(counter: Int64)
        /// Two operators decided something of a region.
        case decided(Decision)
        /// A life of the records began.
        case incarnation(Int64)
        /// What a region had kept long enough of some people was erased.
        case erased([Erasure])
    }

    /// What was erased of one person. The person is told by the row and a pseudonym, the row alone may be somebody else's in a
    /// backup.
    package struct Erasure: Codable, Hashable, Sendable {
        /// The row of the person in its region.
        package let person: Int64
        /// The pseudonyms that the person had, the last one first: see ``LogStore``.
        package let pseudonyms: [String]
        /// The decision of the two operators.
        package let decision: Int64
        /// Identifiers of the certificates.
        package let certificates: [String]
        /// Whether all doses are, with vouchers and passports.
        package let doses: Bool
        /// Whether the individual number is, and other things stay.
        package let number: Bool
        /// Random bytes in the place of what that number was found by.
        package let numberHash: Data?
        /// Whether nothing of the person stays.
        package let isWhole: Bool

        package init(
            person: Int64, pseudonyms: [String], decision: Int64, certificates: [String], doses: Bool, number: Bool,
            numberHash: Data?, isWhole: Bool
        ) {
            (self.person, self.pseudonyms, self.decision) = (person, pseudonyms, decision)
            (self.certificates, self.doses, self.number) = (certificates, doses, number)
            (self.numberHash, self.isWhole) = (numberHash, isWhole)
        }
    }

    /// What two operators decided of a region; see ``RegionDecision``.
    package struct Decision: Codable, Hashable, Sendable {
        package let number: Int64
        package let region: String
        /// `settings` or `erasure`.
        package let subject: String
        /// The settings as JSON.
        package let content: String?
        package let reason: String
        package let proposedBy: String
        package let approvedBy: String

        package init(
            number: Int64, region: String, subject: String, content: String?, reason: String, proposedBy: String,
            approvedBy: String
        ) {
            self.number = number
            self.region = region
            self.subject = subject
            self.content = content
            self.reason = reason
            self.proposedBy = proposedBy
            self.approvedBy = approvedBy
        }
    }

    /// A code that a list by code names; see ``RevocableCode``.
    package struct Code: Codable, Hashable, Sendable {
        package let keyID: Data
        package let hash: Data
        package let expires: Int64

        package init(_ code: RevocableCode) {
            keyID = Data(code.keyID)
            hash = Data(code.hash)
            expires = code.expires.storedMilliseconds
        }
    }
}

/// How far a journal, all its files together and in whatever order they are read, goes for one log.
package struct JournalSpan: Hashable, Sendable {
    /// The order from which on everything has to be there.
    package private(set) var begun: Int64 = 0
    private var orders = IndexSet()

    /// The highest order; 0 without any.
    package var last: Int64 { orders.last.map(Int64.init) ?? 0 }

    package init() {}

    /// Counts an entry; one that stands twice counts once.
    package mutating func add(_ entry: JournalEntry) {
        guard entry.order > 0, entry.order < Int64(Int.max) else { return }
        if entry.change == .begun { begun = max(begun, entry.order) }
        orders.insert(Int(entry.order))
    }

    /// Whether all that a database made up to an order is there.
    package func covers(_ order: Int64) -> Bool {
        begun > 0 && last >= order && orders.contains(integersIn: Int(begun)...Int(last))
    }
}

/// The journal, as one database follows it.
struct JournalFollower: Sendable {
    let journal: Journal
    /// Makes an entry's change again.
    let redo: @Sendable (JournalEntry, Ledger) throws -> Void
    /// Puts all that the database knows into the journal.
    let begin: @Sendable (Date, Ledger) throws -> Void
}
