public import Foundation
public import Vaccination

/// Where a dose in the record comes from.
public enum DoseSource: String, Hashable, Sendable, Codable, CaseIterable {
    /// A file that a municipality loaded.
    case file
    /// A file that a municipality loaded to correct what was recorded.
    case correction
    /// An operator's command.
    case byOperator = "operator"
    /// Made-up people for tests.
    case madeUp = "made_up"
    /// The chip of a passport that the holder showed to a phone; of passports alone.
    case passportChip = "chip"
    /// The machine-readable zone of such a passport, whose chip was not read; of passports alone.
    case passportZone = "zone"
}

/// A dose as it was recorded, and what became of that. An entry is never changed but by ending, and never removed.
public struct DoseEntry: Hashable, Sendable {
    /// What was given.
    public let dose: Dose
    /// Where the record has it from; `nil` if a version before this recorded it, which did not keep that.
    public let source: DoseSource?
    /// When it was recorded, to the millisecond; `nil` as with ``source``.
    public let recordedAt: Date?
    /// When a correction ended it, or an entry took its place that says more of the same dose; `nil` while it counts.
    public let endedAt: Date?
    /// Where it was given and by whom, and the voucher that it names.
    public let details: DoseDetails
    /// Why it cannot have spent that voucher; `nil` if it has, or names none. While such an entry counts, nothing is issued.
    public let dispute: VoucherDispute?

    /// An entry from its parts.
    public init(
        dose: Dose, source: DoseSource?, recordedAt: Date?, endedAt: Date? = nil,
        details: DoseDetails = DoseDetails(), dispute: VoucherDispute? = nil
    ) {
        self.dose = dose
        self.source = source
        self.recordedAt = recordedAt
        self.endedAt = endedAt
        self.details = details
        self.dispute = dispute
    }

    /// Whether it counts.
    public var counts: Bool { endedAt == nil }

    /// The same, ended.
    func ended(at time: Date) -> DoseEntry {
        DoseEntry(
            dose: dose, source: source, recordedAt: recordedAt, endedAt: time, details: details, dispute: dispute)
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

    /// The doses that count, by number, then by date; one of which several entries differ in venue or doctor alone is one.
    public var counted: [Dose] {
        // As almost everybody's are.
        if zip(entries, entries.dropFirst()).allSatisfy({ $0.dose.number < $1.dose.number }) {
            return entries.filter(\.counts).map(\.dose)
        }
        var doses: [Dose] = []
        for entry in entries where entry.counts && !doses.contains(entry.dose) { doses.append(entry.dose) }
        return doses.sorted { ($0.number, $0.date) < ($1.number, $1.date) }
    }

    /// The doses that count; `nil` if they contradict each other: one number twice, a later number with an earlier date, or a
    /// voucher that one of them cannot have spent.
    public var history: History? {
        entries.contains { $0.counts && $0.dispute != nil } ? nil : History(counted)
    }

    /// What is known of a dose that counts: of several entries the first that says it.
    func details(of dose: Dose) -> DoseDetails? {
        let counting = entries.filter { $0.counts && $0.dose == dose }
        return counting.isEmpty ? nil : counting.reduce(DoseDetails()) { $0.filled(from: $1.details) }
    }

    /// The entry that counts and has spent a voucher.
    func spending(_ line: VoucherLine) -> DoseEntry? {
        entries.first { $0.counts && $0.dispute == nil && $0.details.voucher == line }
    }

    /// Whether an entry that counts has spent a voucher.
    func spends(_ line: VoucherLine) -> Bool { spending(line) != nil }

    /// The record after a file's doses came in, with the entries of before in front, in their order; `nil` if there would be
    /// too many.
    ///
    /// What is there already is not added again, also where it was corrected since: who loads an earlier file again
    /// does not undo a correction with it. An entry that says more of a dose takes the place of one that says less; two that say
    /// something different of it stand side by side. A correction leaves one entry of each dose that it names; what it says
    /// nothing of stays, also where one dose takes the place of one of the same number, but for a voucher that still cannot have been
    /// spent.
    ///
    /// - Parameters:
    ///   - change: whether the doses that count and are not in the file end.
    ///   - dispute: why a dose cannot have spent a voucher, as far as vouchers say it.
    func taking(
        _ told: [ToldDose], as change: RecordChange, at time: Date,
        dispute: (VoucherLine) throws -> VoucherDispute? = { _ in nil }
    ) rethrows -> DoseRecord? {
        // Of somebody who is new, in a file without vouchers: each dose is one entry, whatever the change is.
        if entries.isEmpty, told.allSatisfy({ $0.details.voucher == nil }),
            zip(told, told.dropFirst()).allSatisfy({ $0.dose.number < $1.dose.number })
        {
            let maximum = change == .correction ? Self.maximumEntries : Self.maximumAdded
            guard told.count <= maximum else { return nil }
            return DoseRecord(
                told.map { DoseEntry(dose: $0.dose, source: change.source, recordedAt: time, details: $0.details) })
        }
        var record = Writer(entries: entries)
        // What a correction takes away, by the dose's number: a lot or a day that was wrong, where one takes the place of one.
        var replaced: [Int: [DoseEntry]] = [:]
        if change == .correction {
            for index in record.entries.indices
            where record.entries[index].counts && !told.contains(where: { $0.dose == record.entries[index].dose }) {
                replaced[record.entries[index].dose.number, default: []].append(record.entries[index])
                record.entries[index] = record.entries[index].ended(at: time)
            }
        }
        for one in told {
            let entry: (details: DoseDetails, dispute: VoucherDispute?)? =
                change == .correction
                ? try record.correct(
                    one,
                    insteadOf: told.count { $0.dose.number == one.dose.number } == 1
                        ? replaced[one.dose.number] ?? [] : [],
                    at: time, dispute)
                : try record.add(one, at: time, dispute)
            guard let entry else { continue }
            record.entries.append(
                DoseEntry(
                    dose: one.dose, source: change.source, recordedAt: time, details: entry.details,
                    dispute: entry.dispute))
        }
        let maximum = change == .correction ? Self.maximumEntries : max(Self.maximumAdded, self.entries.count)
        return record.entries.count <= maximum ? DoseRecord(record.entries) : nil
    }

    /// Entries that change. What it ends makes room for an entry, whose details and dispute it gives; `nil` if there is to be none.
    private struct Writer {
        typealias Judge = (VoucherLine) throws -> VoucherDispute?
        var entries: [DoseEntry]

        private func counting(_ dose: Dose) -> [Int] {
            entries.indices.filter { entries[$0].counts && entries[$0].dose == dose }
        }

        /// Why a dose cannot have spent a voucher, by the other doses too.
        private func dispute(
            _ told: ToldDose, _ details: DoseDetails, _ judge: Judge
        ) rethrows -> VoucherDispute? {
            guard let voucher = details.voucher else { return nil }
            let others = entries.filter { $0.counts && $0.dispute == nil }
            if others.contains(where: { $0.dose == told.dose && $0.details.voucher.map { $0 != voucher } ?? false }) {
                return .second
            }
            if others.contains(where: { $0.dose != told.dose && $0.details.voucher == voucher }) { return .spent }
            return try judge(voucher)
        }

        mutating func add(
            _ told: ToldDose, at time: Date, _ judge: Judge
        ) rethrows -> (details: DoseDetails, dispute: VoucherDispute?)? {
            let known = entries.filter { $0.dose == told.dose }
            guard !known.isEmpty else { return (told.details, try dispute(told, told.details, judge)) }
            let counting = counting(told.dose)
            guard !counting.isEmpty, !known.contains(where: { $0.details.covers(told.details) }) else { return nil }
            guard
                let index = counting.first(where: {
                    entries[$0].dispute == nil && entries[$0].details.agrees(with: told.details)
                })
            else { return (told.details, try dispute(told, told.details, judge)) }
            let details = entries[index].details.filled(from: told.details)
            entries[index] = entries[index].ended(at: time)
            return (details, try dispute(told, details, judge))
        }

        /// - Parameter replaced: entries of the same number that this correction has ended.
        mutating func correct(
            _ told: ToldDose, insteadOf replaced: [DoseEntry], at time: Date, _ judge: Judge
        ) rethrows -> (details: DoseDetails, dispute: VoucherDispute?)? {
            let counting = counting(told.dose)
            let before = counting.map { entries[$0] }
            for index in counting { entries[index] = entries[index].ended(at: time) }
            let known = before.isEmpty && Set(replaced.map(\.dose)).count == 1 ? replaced : before
            var details = told.details.filled(
                from: .agreed(known.map { $0.dispute == nil ? $0.details : $0.details.withoutVoucher }))
            if details.voucher == nil {
                // The entry that spent it may be the one that was wrong.
                let filled = details.filled(from: .agreed(known.map(\.details)))
                if filled.voucher != nil, try self.dispute(told, filled, judge) == nil { details = filled }
            }
            let dispute = try self.dispute(told, details, judge)
            if let only = before.first, before.count == 1, only.details == details, only.dispute == dispute {
                entries[counting[0]] = only
                return nil
            }
            return (details, dispute)
        }
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
    /// Whether somebody has a row's number that was reserved for another person.
    var isBehind = false
    /// How many could not be written, for each reason, and are as they were.
    var refused: [PersonRefusal: Int] = [:]
    /// The certificates of people whose doses or passport were corrected that name a dose which does not count any more, or a passport
    /// that was taken back, and are neither voided nor revoked: somebody has to decide of each whether it is revoked. The same correction again names them again.
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
