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

/// Where a file comes from and what it is for, as its import says it for as long as the region is kept.
public struct ImportOrigin: Hashable, Sendable {
    /// How many characters each of them has.
    public static let lengths = 1...100

    /// What the file came on, such as a closed network or a numbered medium.
    public let medium: String
    /// What it is imported for.
    public let purpose: String

    /// An origin; `nil` if a text is empty, too long, or has control characters.
    public init?(medium: String, purpose: String) {
        for text in [medium, purpose] {
            guard Self.lengths.contains(text.count), text.unicodeScalars.count <= 2 * Self.lengths.upperBound,
                text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
            else { return nil }
        }
        self.medium = medium
        self.purpose = purpose
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
    /// People who were not there.
    public var new = 0
    /// People who were there, and of whom something changes.
    public var changed = 0
    /// Among both, people whose doses contradict each other then, so that nothing is issued for them.
    public var unclear = 0
    /// Doses that count no more then, since a correction does not name them.
    public var endedDoses = 0
    /// People who had a passport, and have none then.
    public var removedPassports = 0
    /// How many people of ``new`` and ``changed`` were gone through by now: they are in the records, but for those skipped.
    public var applied = 0
    /// Among these, people who were left as they are, since their record has grown meanwhile to where nothing can be added.
    public var skipped = 0

    /// None.
    public init() {}

    /// How many people go in.
    public var staged: Int { new + changed }
}

/// One row of a file that is imported.
public struct ImportRow: Sendable {
    /// The line of the file, from 1.
    public let line: Int
    /// The line as it stands there, for who repairs it; asked for only where the row is refused.
    public let text: @Sendable () -> String
    /// The person, or what is wrong with the row.
    public let person: Result<NewPerson, CSVRefusals>

    /// A row from its parts.
    public init(line: Int, text: @escaping @Sendable () -> String, person: Result<NewPerson, CSVRefusals>) {
        self.line = line
        self.text = text
        self.person = person
    }
}

/// A row that was not taken.
public struct RefusedRow: Hashable, Codable, Sendable {
    /// The line of the file, from 1.
    public let line: Int
    /// The line's fields in the order of ``PeopleCSV/columns``, and what ``PeopleFile`` adds to them.
    public let text: String
    /// Why, in both languages, with the code.
    public let reason: String

    /// A row from its parts.
    public init(line: Int, text: String, reason: String) {
        self.line = line
        self.text = text
        self.reason = reason
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
