public import Foundation
public import Vaccination

/// How long something is kept, counted from the day behind the one that it begins with (Civil Code 民法 140条, 143条).
public enum RetentionPeriod: Hashable, Sendable {
    /// So many years.
    case years(Int)
    /// For ever.
    case forever

    /// Whether it is over at the beginning of a day: 29 February has its anniversary on the 28th where there is no 29th.
    func isOver(since day: CalendarDate, on cutoff: CalendarDate) -> Bool {
        guard case .years(let years) = self else { return false }
        let end =
            CalendarDate(year: day.year + years, month: day.month, day: day.day)
            ?? CalendarDate(year: day.year + years, month: day.month, day: 28)
        return end.map { $0 < cutoff } ?? false
    }
}

/// How long a region keeps what it knows of people. What is due is erased by a yearly run that two operators decide
/// (``RetentionStore``).
public struct RetentionRules: Hashable, Sendable {
    /// The years that each kind may be kept, the law's fewest first: 予防接種法施行令 6条の2 for doses.
    public static let bounds = (doses: 5...100, provision: 7...100, deceasedNumbers: 0...100)

    /// All of a person's doses with vouchers and passports, after the last dose.
    public let doses: RetentionPeriod
    /// What a certificate held, after it was asked for.
    public let provision: RetentionPeriod
    /// The individual number of somebody who died, after the death.
    public let deceasedNumbers: RetentionPeriod

    /// Those of a region that has set none: the law's fewest, and five years for numbers of the deceased.
    public static let initial = RetentionRules(
        unchecked: .years(bounds.doses.lowerBound), .years(bounds.provision.lowerBound), .years(5))

    private init(unchecked doses: RetentionPeriod, _ provision: RetentionPeriod, _ deceasedNumbers: RetentionPeriod) {
        (self.doses, self.provision, self.deceasedNumbers) = (doses, provision, deceasedNumbers)
    }

    /// Rules from their parts; `nil` if one is out of ``bounds``.
    public init?(doses: RetentionPeriod, provision: RetentionPeriod, deceasedNumbers: RetentionPeriod) {
        func isRight(_ period: RetentionPeriod, _ bounds: ClosedRange<Int>) -> Bool {
            if case .years(let years) = period { bounds.contains(years) } else { true }
        }
        guard isRight(doses, Self.bounds.doses), isRight(provision, Self.bounds.provision),
            isRight(deceasedNumbers, Self.bounds.deceasedNumbers)
        else { return nil }
        self.init(unchecked: doses, provision, deceasedNumbers)
    }

    /// 1 April, in Japan, of the fiscal year (年度) that an instant is in: a run of that year erases what was kept long enough
    /// before.
    public static func cutoff(at now: Date) -> CalendarDate? {
        guard let day = CalendarDate.inJapan(secondsSince1970: now.timeIntervalSince1970) else { return nil }
        return CalendarDate(year: day.month >= 4 ? day.year : day.year - 1, month: 4, day: 1)
    }
}

// As JSON a number of years, or "forever".
extension RetentionPeriod: Codable {
    private static let word = "forever"

    /// Reads a period.
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let years = try? value.decode(Int.self) {
            self = .years(years)
        } else if try value.decode(String.self) == Self.word {
            self = .forever
        } else {
            throw DecodingError.dataCorruptedError(in: value, debugDescription: "a period out of its bounds")
        }
    }

    /// Writes what ``init(from:)`` reads.
    public func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .years(let years): try value.encode(years)
        case .forever: try value.encode(Self.word)
        }
    }
}

extension RetentionRules: Codable {
    private enum Members: String, CodingKey { case doses, provision, deceasedNumbers }

    /// Reads rules; such out of ``bounds`` are a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Members.self)
        guard
            let rules = RetentionRules(
                doses: try values.decode(RetentionPeriod.self, forKey: .doses),
                provision: try values.decode(RetentionPeriod.self, forKey: .provision),
                deceasedNumbers: try values.decode(RetentionPeriod.self, forKey: .deceasedNumbers))
        else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "years out of their bounds"))
        }
        self = rules
    }

    /// Writes what ``init(from:)`` reads.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Members.self)
        try values.encode(doses, forKey: .doses)
        try values.encode(provision, forKey: .provision)
        try values.encode(deceasedNumbers, forKey: .deceasedNumbers)
    }
}
