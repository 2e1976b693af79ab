public import Foundation
public import Vaccination

/// How long lines of a region's log are at hand, and how long closed segments are kept.
public struct LogKeeping: Hashable, Sendable {
    /// Lines of the last so many days, and of the rest of the month before them, are in the database.
    public var daysAtHand: Int
    /// After so many years a closed segment's file is removed; `nil` for never.
    public var yearsKept: Int?
    /// The most lines that a segment has: others wait while it is closed.
    package var linesPerSegment: Int64 = 20_000

    /// What is kept, unless somebody says otherwise: three months at hand, seven years.
    public init(daysAtHand: Int = 92, yearsKept: Int? = 7) {
        self.daysAtHand = daysAtHand
        self.yearsKept = yearsKept
    }

    /// Lines before this instant are closed: the beginning, in Japan, of the month that was so many days ago.
    func closingBefore(_ now: Date) -> Date {
        Self.inJapan { $0.dateInterval(of: .month, for: $1)?.start }(now - Double(daysAtHand) * 86_400)
    }

    /// Segments whose last line is from before this instant are removed; `nil` for none.
    func removingBefore(_ now: Date) -> Date? {
        yearsKept.map { years in Self.inJapan { $0.date(byAdding: .year, value: -years, to: $1) }(now) }
    }

    private static func inJapan(_ body: @escaping (Calendar, Date) -> Date?) -> (Date) -> Date {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(secondsFromGMT: 9 * 3600) ?? .gmt
        return { [calendar] date in body(calendar, date) ?? .distantPast }
    }
}

/// A closed part of a region's log, which lies in a file of its own.
public struct LogSegment: Hashable, Sendable {
    /// The numbers of its first and last line.
    public let first, last: Int64
    /// The chain up to its last line, 32 bytes.
    public let hash: [UInt8]
    /// The name of its file in the region's folder.
    public let file: String
    /// The file's size.
    public let bytes: Int64
    /// The earliest and the latest instant of its lines.
    public let from, to: Date
    /// When its file was removed since it had been kept long enough; `nil` while it is kept.
    public let removed: Date?
}

/// What a closing did.
public struct LogClosing: Hashable, Sendable {
    /// The segments that were closed, from the first on.
    public var closed: [LogSegment] = []
    /// The segments whose files were removed.
    public var removed: [LogSegment] = []
    /// The files of earlier segments that are missing or have another size, by their names.
    public var damaged: [String] = []

    /// One that did nothing.
    public init() {}
}

/// Closed parts of regions' logs. ``RecordStore`` says what holds for every concern; <doc:Segments> how they lie there.
///
/// **Durability.** A segment's file is whole and on the disk before its lines leave the database, which they do in one
/// transaction with the line that says so. A closing that is broken off at any moment loses no line and has none twice; the next one
/// goes on with it.
///
/// **Concurrency.** A region is read and written meanwhile. Two that close the same lines close them once.
public protocol SegmentStore: Sendable {
    /// Closes what of a region's log is no longer at hand, and removes files that were kept long enough. Nothing is done, and no file
    /// is made, for a region that nobody was written to.
    /// - Throws: ``StoreError/broken(_:)`` if the lines are not as they were written, ``StoreError/unavailable(_:)`` if the folder of
    ///   segments cannot be written to.
    func closeLog(of region: MunicipalityCode, keeping: LogKeeping, now: Date) async throws -> LogClosing

    /// A region's closed segments, from the first on.
    func segments(of region: MunicipalityCode) async throws -> [LogSegment]

    /// Reads the files of all closed segments and looks whether they continue each other up to the lines at hand, which
    /// ``EvidenceStore/verify(_:pins:everything:)`` looks at. Nothing is changed.
    /// - Parameter pins: heads that the log is known to have had; those that lie in a segment are compared.
    func verifySegments(of region: MunicipalityCode, pins: [LogHead]) async throws -> EvidenceReport
}
