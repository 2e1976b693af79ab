public import Foundation
public import Vaccination

/// Where a dose in the record comes from.
public enum DoseSource: String, Hashable, Sendable, Codable, CaseIterable {
    /// A file that a municipality loaded.
    case file
    /// A file that a municipality loaded to correct what was recorded.
    case correction
    /// Made-up people for tests.
    case madeUp = "made_up"
}

/// A dose as it was recorded, and what became of that. An entry is never changed but by ending, and never removed.
public struct DoseEntry: Hashable, Sendable {
    /// What was given.
    public let dose: Dose
    /// Where the record has it from; `nil` if a version before this recorded it, which did not keep that.
    public let source: DoseSource?
    /// When it was recorded, to the millisecond; `nil` as with ``source``.
    public let recordedAt: Date?
    /// When a correction ended it; `nil` while it counts.
    public let endedAt: Date?

    /// An entry from its parts.
    public init(dose: Dose, source: DoseSource?, recordedAt: Date?, endedAt: Date? = nil) {
        self.dose = dose
        self.source = source
        self.recordedAt = recordedAt
        self.endedAt = endedAt
    }

    /// Whether it counts.
    public var counts: Bool { endedAt == nil }

    /// The same, ended.
    func ended(at time: Date) -> DoseEntry {
        DoseEntry(dose: dose, source: source, recordedAt: recordedAt, endedAt: time)
    }
}

/// All that was ever recorded of a person's doses. Two sources that contradict each other stand side by side in it until
/// somebody corrects one of them.
public struct DoseRecord: Hashable, Sendable {
    /// How many entries a person has at most; additions leave the last nine to corrections.
    public static let maximumEntries = 99
    static let maximumAdded = 90

    /// The entries, in the order in which they were recorded.
    public let entries: [DoseEntry]

    /// A record of entries.
    public init(_ entries: [DoseEntry]) { self.entries = entries }

    /// The doses that count, by number, then by date.
    public var counted: [Dose] {
        entries.filter(\.counts).map(\.dose).sorted { ($0.number, $0.date) < ($1.number, $1.date) }
    }

    /// The doses that count; `nil` if they contradict each other: one number twice, or a later number with an earlier date.
    public var history: History? { History(counted) }

    /// The record after a file's doses came in, with the entries of before in front, in their order; `nil` if there would be
    /// too many.
    ///
    /// What is there already is not added again, also where it was corrected since: who loads an earlier file again
    /// does not undo a correction with it.
    ///
    /// - Parameter change: whether the doses that count and are not in the file end.
    func taking(_ doses: [Dose], as change: RecordChange, at time: Date) -> DoseRecord? {
        var entries = entries
        if change == .correction {
            for (index, entry) in entries.enumerated() where entry.counts && !doses.contains(entry.dose) {
                entries[index] = entry.ended(at: time)
            }
        }
        for dose in doses {
            let known = entries.filter { $0.dose == dose }
            guard change == .correction ? !known.contains(where: \.counts) : known.isEmpty else { continue }
            entries.append(DoseEntry(dose: dose, source: change.source, recordedAt: time))
        }
        let maximum = change == .correction ? Self.maximumEntries : max(Self.maximumAdded, self.entries.count)
        return entries.count <= maximum ? DoseRecord(entries) : nil
    }

    /// Whether a dose was recorded and does not count any more.
    func hasEnded(_ dose: Dose) -> Bool {
        let known = entries.filter { $0.dose == dose }
        return !known.isEmpty && !known.contains(where: \.counts)
    }
}

/// How what is written to a region stands to what is there.
public enum RecordChange: String, Hashable, Sendable, CaseIterable {
    /// Doses are added to those that are there, and nothing is taken away.
    case addition
    /// The doses of each person are from now on those that are written: the others stay in the record and do not count.
    case correction
    /// As ``addition``, of people who do not exist.
    case madeUp

    var source: DoseSource {
        switch self {
        case .addition: .file
        case .correction: .correction
        case .madeUp: .madeUp
        }
    }
}

/// What became of people who were written.
public struct PeopleWritten: Hashable, Sendable {
    /// How many were not there before.
    public var added = 0
    /// How many have, from now on, doses that contradict each other, so that nothing is issued for them.
    public var unclear = 0
    /// How many are in the file with doses that a correction ended before: these stay ended.
    public var passedOver = 0
    /// How many of the changes were gone through.
    var gone = 0
    /// How many would have too many entries, and are as they were.
    var tooMany = 0
    /// How many could not be written since the numbers are other people's, or nobody's, and are as they were.
    var refused = 0
    /// The certificates of people whose doses were corrected that name a dose which does not count any more, and are neither
    /// voided nor revoked: somebody has to decide of each whether it is revoked. The same correction again names them again.
    public var affected: [CertificateID] = []

    /// Nothing written.
    public init() {}
}

// An entry in a message, an assertion or a crash report must not show what a person was given.
extension DoseEntry: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the person.
    public var description: String { "DoseEntry(…)" }
    /// Shows no parts, to dumps and debuggers either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension DoseRecord: CustomStringConvertible, CustomReflectable {
    /// Says how many entries there are.
    public var description: String { "DoseRecord(\(entries.count))" }
    /// Shows no parts, to dumps and debuggers either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
