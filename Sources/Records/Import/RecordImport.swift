public import Foundation
public import Vaccination

/// How far an import has come.
public enum ImportState: String, Hashable, Sendable, Codable, CaseIterable {
    /// Its file is being read. What was broken off here is discarded when the next file of the region comes.
    case staging
    /// Read whole: it waits for two operators to approve it.
    case staged
    /// One operator has approved it, another one has to.
    case approved
    /// Two have: its people are being written, and the region is served meanwhile.
    case applying
    /// All of it is in the records, or was there before.
    case applied
    /// Too many of its rows were refused: nothing of it goes in.
    case refused
    /// It was discarded; nothing goes in any more.
    case discarded

    /// Whether something may still go into the records: a region has one such import at a time.
    public var isOpen: Bool { [.staging, .staged, .approved, .applying].contains(self) }
}

/// What a file that is imported is: which columns it has, and what its rows say.
public enum ImportFormat: String, Hashable, Sendable, Codable, CaseIterable {
    /// People with their doses, a row each (``PeopleFile``).
    case people
    /// The residents' feed of a municipality's integration system (統合連携DBファイル), see ``ResidentFile``.
    case residents
    /// Doses of an immunisation ledger (予防接種台帳), a row each, of people who are there (``LedgerFile``).
    case ledger
}

/// Where a file comes from, what it is for, and what it is, as its import says it for as long as the region is kept.
public struct ImportOrigin: Hashable, Sendable {
    /// How many characters each of them has.
    public static let lengths = 1...100

    /// What the file came on, such as a closed network or a numbered medium.
    public let medium: String
    /// What it is imported for.
    public let purpose: String
    /// Which columns it has, and what its rows say.
    public let format: ImportFormat

    /// An origin; `nil` if a text is empty, too long, or has control characters.
    public init?(medium: String, purpose: String, format: ImportFormat = .people) {
        guard Self.isRight(medium), Self.isRight(purpose) else { return nil }
        self.medium = medium
        self.purpose = purpose
        self.format = format
    }

    /// Whether a text can be a medium or a purpose: 1 to 100 characters, no controls.
    public static func isRight(_ text: String) -> Bool {
        lengths.contains(text.count) && text.unicodeScalars.count <= 2 * lengths.upperBound
            && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }
}

/// An import, what its file holds, and how far it has come. Names nobody but operators.
public struct RecordImport: Hashable, Sendable {
    /// Its number in the region, growing from 1.
    public let number: Int64
    /// How far it is.
    public let state: ImportState
    /// How its doses stand to those that were recorded.
    public let change: RecordChange
    /// Where its file comes from, and what for.
    public let origin: ImportOrigin
    /// When its file was read, to the millisecond.
    public let at: Date
    /// When it was applied, refused or discarded.
    public let endedAt: Date?
    /// Who had the file read, as ``LogActor`` names them.
    public let stagedBy: String
    /// The names of the operators who approved it, at most two.
    public let approvals: [String]
    /// The operator who confirmed that the file was erased wherever it had been; with that the rows that were refused go too.
    public let erasureConfirmedBy: String?
    /// What its rows are.
    public let counts: ImportCounts
    /// As ``PeopleWritten/affected``, those that are neither voided nor revoked by now: the first ``maximumAffected`` of them.
    public let affected: [CertificateID]
    /// How many these are in all.
    public let affectedCount: Int

    /// How many certificates a report names at most.
    public static let maximumAffected = 1000
}

/// How many rows of an import's file are what. When it was read, they were compared with the records of then.
public struct ImportCounts: Hashable, Sendable {
    /// Rows in all, without the header.
    public var rows = 0
    /// Those that cannot be taken, each with its reason.
    public var refused = 0
    /// Those that say what the records say already: nothing is done with them.
    public var unchanged = 0
    /// Among these, entries of the resident register that are older than what is recorded of it.
    public var older = 0
    /// Those of people who were not there. A person whom several rows are of is counted with each, here and below.
    public var new = 0
    /// Those of people who were there, and of whom something changes.
    public var changed = 0
    /// Among both, those after which the person's doses contradict each other, so that nothing is issued for them. Each row was
    /// compared with the records alone; once the import is written, they are counted as they were written.
    public var unclear = 0
    /// Doses that count no more then, since a correction does not name them.
    public var endedDoses = 0
    /// People who had a passport, and have none then.
    public var removedPassports = 0
    /// Those of people who get another individual number, which the register has given them.
    public var renumbered = 0
    /// How many people of ``new`` and ``changed`` were gone through by now: they are in the records, but for those skipped.
    public var applied = 0
    /// Among these, rows that could not be written any more, since the records have changed meanwhile: nothing can be added to a
    /// person's, or the numbers are another person's by now.
    public var skipped = 0

    /// None.
    public init() {}

    /// Refused rows that nobody can repair, since somebody has to decide of the person: they say nothing of the file.
    var forStaff = 0

    /// How many rows go in.
    public var staged: Int { new + changed }
}

/// One row of a file that is imported.
public struct ImportRow: Sendable {
    /// The line of the file, from 1.
    public let line: Int
    /// The line as it stands there, for who repairs it; asked for only where the row is refused.
    public let text: @Sendable () -> String
    /// The columns of the format, by their places in it, that the file does not have.
    public let lacking: [Int]
    /// What it says, or what is wrong with it.
    public let change: Result<PersonChange, CSVRefusals>

    /// A row from its parts.
    public init(
        line: Int, text: @escaping @Sendable () -> String, lacking: [Int] = [],
        change: Result<PersonChange, CSVRefusals>
    ) {
        self.line = line
        self.text = text
        self.lacking = lacking
        self.change = change
    }

    /// A row that is a person's.
    public init(line: Int, text: @escaping @Sendable () -> String, person: Result<NewPerson, CSVRefusals>) {
        self.init(line: line, text: text, change: person.map { .person($0) })
    }
}

/// A row that was not taken.
public struct RefusedRow: Hashable, Codable, Sendable {
    /// The line of the file, from 1.
    public let line: Int
    /// The line's fields in the order of the format's columns, and the whole line behind them where it could not be taken apart.
    public let text: String
    /// Why, in both languages, with the code.
    public let reason: String
    /// The columns of the format, by their places in it, that its file did not have; `nil` of a row that a version before this one
    /// staged.
    public let lacking: [Int]?

    /// A row from its parts.
    public init(line: Int, text: String, reason: String, lacking: [Int]? = []) {
        self.line = line
        self.text = text
        self.reason = reason
        self.lacking = lacking
    }

    /// The row that an import refused.
    public init(_ row: ImportRow, because reason: String) {
        self.init(line: row.line, text: row.text(), reason: reason, lacking: row.lacking)
    }
}

// A row in a message, an assertion or a crash report must not show the person.
extension ImportRow: CustomStringConvertible, CustomReflectable {
    /// The line's number.
    public var description: String { "ImportRow(\(line))" }
    /// Shows no parts, to dumps and debuggers either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension RefusedRow: CustomStringConvertible, CustomReflectable {
    /// The line's number.
    public var description: String { "RefusedRow(\(line))" }
    /// Shows no parts, to dumps and debuggers either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
