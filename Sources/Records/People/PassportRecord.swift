public import Foundation
public import Vaccination

/// Why a passport counts no more.
public enum PassportReason: String, Hashable, Sendable, Codable, CaseIterable {
    /// The person has another one.
    case renewed
    /// It was recorded wrongly.
    case corrected
    /// The person's name has changed in it.
    case nameChange = "name_change"
    /// Nobody knows of a passport of the person any more.
    case withdrawn
}

/// Where a phone read a passport.
public enum PassportSource: String, Hashable, Sendable, Codable, CaseIterable {
    /// In its chip, by passive authentication.
    case chip
    /// In its machine-readable zone alone.
    case zone

    /// The same, as an entry has it.
    public var origin: DoseSource {
        switch self {
        case .chip: .passportChip
        case .zone: .passportZone
        }
    }
}

/// How the noting of a passport ended that a phone's application showed.
public enum PassportNoting: Hashable, Sendable {
    /// It is the passport that counts: the person's record as it is now, with its version, from which an intent may be recorded.
    case noted(PersonRecord)
    /// The person's record was written since it was read, or is gone; nothing was noted. What it says now is to be judged.
    case recordChanged
    /// The record says that this passport counts no more, since another one does, or since somebody took it back by hand; nothing was
    /// noted.
    case ended
}

/// A passport as it was recorded, and what became of that. An entry is never changed but by ending, and never removed.
public struct PassportEntry: Hashable, Sendable {
    /// The passport.
    public let passport: Passport
    /// Where the record has it from; `nil` if a version before this recorded it, which did not keep that.
    public let source: DoseSource?
    /// When it was recorded, to the millisecond; `nil` as with ``source``.
    public let recordedAt: Date?
    /// When it ended; `nil` while it counts.
    public let endedAt: Date?
    /// Why it ended.
    public let reason: PassportReason?
    /// Who said that it ended; `nil` while it counts.
    public let endedBy: DoseSource?

    /// An entry from its parts.
    public init(
        passport: Passport, source: DoseSource?, recordedAt: Date?, endedAt: Date? = nil,
        reason: PassportReason? = nil, endedBy: DoseSource? = nil
    ) {
        (self.passport, self.source, self.recordedAt) = (passport, source, recordedAt)
        (self.endedAt, self.reason, self.endedBy) = (endedAt, reason, endedBy)
    }

    /// Whether it counts.
    public var counts: Bool { endedAt == nil }

    func ended(at time: Date, _ reason: PassportReason, by source: DoseSource) -> PassportEntry {
        PassportEntry(
            passport: passport, source: self.source, recordedAt: recordedAt, endedAt: time, reason: reason,
            endedBy: source)
    }

    /// Whether somebody took it back who had to say so: a file that still has it does not bring it again.
    fileprivate var isTakenBackForGood: Bool {
        !counts && [.withdrawn, .corrected].contains(reason) && [.byOperator, .correction].contains(endedBy)
    }
}

/// All passports that were ever recorded of a person: at most one counts, the one that a certificate carries.
public struct PassportRecord: Hashable, Sendable {
    /// How many entries a person has at most.
    public static let maximumEntries = 30
    /// How many files lead to at most: the rest is for who corrects them by hand.
    static let maximumAdded = 24

    /// The entries, in the order in which they were recorded.
    public let entries: [PassportEntry]

    /// A record of entries; `nil` if there are too many, or two that count.
    public init?(_ entries: [PassportEntry]) {
        guard entries.count <= Self.maximumEntries, entries.count(where: \.counts) <= 1 else { return nil }
        self.entries = entries
    }

    /// None.
    public init() { entries = [] }

    /// The passport that a version before this recorded.
    init(_ passport: Passport?) {
        entries = passport.map { [PassportEntry(passport: $0, source: nil, recordedAt: nil)] } ?? []
    }

    /// The passport that counts.
    public var current: Passport? { entries.last(where: \.counts)?.passport }

    /// The record after a file said which passport the person has; `nil` if there would be too many.
    ///
    /// One that is known and ended is not taken again while another one counts, nor ever one that somebody took back by hand: who loads an
    /// earlier file again does not undo a renewal or a correction with it. A passport that is told without other names says nothing of
    /// them.
    func taking(_ told: Passport?, as change: RecordChange, at time: Date) -> PassportRecord? {
        if let current, let told, current.covers(told) { return self }
        if change != .correction, let told, let known = entries.last(where: { $0.passport.covers(told) }),
            current != nil || known.isTakenBackForGood
        {
            return self
        }
        let told = told.map { current?.lendingOtherNames(to: $0) ?? $0 }
        let reason: PassportReason =
            switch (current, told) {
            case (_, nil): .withdrawn
            case (let before?, let told?) where change != .correction:
                before.number != told.number ? .renewed : before.hasName(of: told) ? .corrected : .nameChange
            default: .corrected
            }
        return amended(to: told, for: reason, from: change.source, at: time)
    }

    /// What becomes of a record when the holder shows a passport to a phone.
    enum Shown {
        /// The record then; the same if it says so already.
        case after(PassportRecord)
        /// The record says that this passport counts no more.
        case ended
        /// There would be too many.
        case tooMany
    }

    /// The record after the holder showed a passport.
    ///
    /// Of a passport with the number of the one that counts, what was read of it itself counts, and not what somebody typed; one that ended
    /// is not taken again while another one counts, nor ever one that somebody took back by hand. Other names stand in no zone: those that
    /// are recorded of a passport of the same number stay.
    func showing(_ shown: Passport, from source: PassportSource, at time: Date) -> Shown {
        if let current, current.covers(shown) { return .after(self) }
        let isOther = current.map { $0.number != shown.number } ?? false
        if let known = entries.last(where: { $0.passport.covers(shown) }), isOther || known.isTakenBackForGood {
            return .ended
        }
        let like = isOther ? nil : current ?? entries.last(where: { $0.passport.number == shown.number })?.passport
        let told = like?.givingOtherNames(to: shown) ?? shown
        let reason: PassportReason =
            isOther ? .renewed : current?.romajiName == told.romajiName ? .corrected : .nameChange
        return amended(to: told, for: reason, from: source.origin, at: time).map { .after($0) } ?? .tooMany
    }

    /// The record with another passport, or none; `nil` if there would be too many.
    func amended(
        to told: Passport?, for reason: PassportReason, from source: DoseSource, at time: Date
    ) -> PassportRecord? {
        guard current != told else { return self }
        let isByHand = [.byOperator, .correction].contains(source)
        guard isByHand || entries.count < Self.maximumAdded else { return nil }
        return PassportRecord(
            entries.map { $0.counts ? $0.ended(at: time, reason, by: source) : $0 }
                + (told.map { [PassportEntry(passport: $0, source: source, recordedAt: time)] } ?? []))
    }

    /// Whether a certificate that shows a passport shows something that was taken back: one that was renewed was right. What was
    /// recorded last of all that is shown alike decides.
    func hasTakenBack(_ shown: Passport) -> Bool {
        guard let last = entries.last(where: { $0.passport.isShown(as: shown) }) else { return false }
        return !last.counts && last.reason != .renewed
    }

    /// Whether anything was taken back.
    var hasTakenBack: Bool { entries.contains { !$0.counts && $0.reason != .renewed } }
}

extension Passport {
    fileprivate func hasName(of other: Passport) -> Bool {
        romajiName == other.romajiName && otherFamilyNames == other.otherFamilyNames
            && otherGivenNames == other.otherGivenNames
    }

    /// Whether it says all that is told of the passport.
    fileprivate func covers(_ told: Passport) -> Bool {
        self == told
            || told.otherFamilyNames.isEmpty && told.otherGivenNames.isEmpty && number == told.number
                && romajiName == told.romajiName && nationality == told.nationality && expires == told.expires
    }

    /// The same passport as told, with the other names that this one has, where it is told without any: another expiry alone.
    fileprivate func lendingOtherNames(to told: Passport) -> Passport {
        guard told.otherFamilyNames.isEmpty, told.otherGivenNames.isEmpty, number == told.number,
            romajiName == told.romajiName, nationality == told.nationality
        else { return told }
        return Passport(
            number: told.number, romajiName: told.romajiName, otherFamilyNames: otherFamilyNames,
            otherGivenNames: otherGivenNames, nationality: told.nationality, expires: told.expires) ?? told
    }

    /// The passport as it was shown, with the other names that this one has, if it is the same by its number and shows none.
    fileprivate func givingOtherNames(to shown: Passport) -> Passport {
        guard shown.otherFamilyNames.isEmpty, shown.otherGivenNames.isEmpty, number == shown.number else {
            return shown
        }
        return Passport(
            number: shown.number, romajiName: shown.romajiName, otherFamilyNames: otherFamilyNames,
            otherGivenNames: otherGivenNames, nationality: shown.nationality, expires: shown.expires) ?? shown
    }

    /// Whether a certificate says the same of both.
    fileprivate func isShown(as other: Passport) -> Bool {
        number == other.number && romajiName == other.romajiName && nationality == other.nationality
    }
}

// What is written in a message, an assertion or a crash report must not show the person.
extension PassportEntry: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the person, wherever it ends up.
    public var description: String { "PassportEntry(…)" }
    /// Shows no parts, to dumps and debuggers either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension PassportRecord: CustomStringConvertible, CustomReflectable {
    /// Says how many entries there are.
    public var description: String { "PassportRecord(\(entries.count))" }
    /// Shows no parts, to dumps and debuggers either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
