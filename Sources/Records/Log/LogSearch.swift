public import Foundation
public import Vaccination

/// What lines of a log are searched for: those that fit all that is given; every line without anything.
public struct LogQuery: Hashable, Sendable {
    /// Whom lines are about.
    public enum Person: Hashable, Sendable {
        /// The people whom a search finds now; a number also finds lines about somebody whom the region does not know.
        case found(PersonSearch)
        /// Whom a line names so; lines of the person's certificates do not, but their intents.
        case pseudonym(String)
    }

    /// Whom lines are about; not in the control log.
    public var person: Person?
    /// The certificate that lines are about.
    public var certificateID: CertificateID?
    /// The inquiry number that lines have.
    public var inquiry: String?
    /// What a terminal's certificate hash begins with, ``prefixLengths`` characters.
    public var terminal: String?
    /// What a line's actor begins with, ``prefixLengths`` characters.
    public var actor: String?
    /// What lines report; nothing for all.
    public var events: Set<LogEvent> = []
    /// Lines of this instant and later.
    public var from: Date?
    /// Lines before this instant.
    public var to: Date?
    /// Whether only lines count by which an individual number was used (``LogEntry/usesNumber``).
    public var numbersOnly = false

    /// How much of a terminal's or an actor's name is given, in characters.
    public static let prefixLengths = 6...80
    /// How many characters a pseudonym has.
    public static let pseudonymLength = 24

    /// One that finds everything.
    public init() {}

    /// What kinds of questions are asked, for the line that reports the search; none of their contents.
    var kinds: String {
        var kinds: [String] = []
        switch person {
        case .found(let search): kinds.append("person:\(search.kind.rawValue)")
        case .pseudonym: kinds.append("pseudonym")
        case nil: break
        }
        if certificateID != nil { kinds.append("certificate") }
        if inquiry != nil { kinds.append("inquiry") }
        if terminal != nil { kinds.append("terminal") }
        if actor != nil { kinds.append("actor") }
        if !events.isEmpty { kinds.append("event") }
        if from != nil || to != nil { kinds.append("time") }
        if numbersOnly { kinds.append("numbers") }
        return kinds.isEmpty ? "everything" : kinds.joined(separator: ",")
    }

    /// Whether a line fits, the person aside.
    func fits(_ entry: LogEntry) -> Bool {
        func begins(_ text: String?, _ prefix: String?) -> Bool {
            prefix.map { text?.utf8.starts(with: $0.utf8) ?? false } ?? true
        }
        return (certificateID == nil || entry.certificateID == certificateID)
            && (inquiry == nil || entry.inquiry == inquiry) && begins(entry.terminal, terminal)
            && begins(entry.actor, actor) && (events.isEmpty || events.contains(entry.event))
            && from.map { entry.at >= $0 } ?? true && to.map { entry.at < $0 } ?? true
            && (!numbersOnly || entry.usesNumber)
    }
}

/// A page of what a search in a log found.
public struct LogPage: Hashable, Sendable {
    /// The lines that fit, in their order; fewer than were asked for also where the search was broken off for having looked at
    /// many.
    public var entries: [LogEntry] = []
    /// Behind which line it goes on; `nil` at the end of the log.
    public var next: Int64?
    /// Whether more people fit than a search shows: no line is.
    public var isTooMany = false

    /// One without a line.
    public init() {}
}

/// Looking in the logs, closed segments and lines at hand alike. ``RecordStore`` says what holds for every concern.
///
/// **Durability.** That somebody searched is in the log before an answer is given, with what kind of question and what for, never with
/// whom or what was searched for.
///
/// **Concurrency.** A search goes on behind a line's number: lines that were closed in between are found once.
public protocol LogSearchStore: Sendable {
    /// Searches in a log.
    /// - Parameters:
    ///   - log: a region's, or the control log, which names no people.
    ///   - purpose: what for, 1 to 100 characters without personal data.
    ///   - sequence: only lines behind this number.
    ///   - limit: at most so many lines, 1 to 10,000.
    /// - Throws: ``StoreError/segmentDamaged(_:)`` if the file of a segment that has to be read is missing or damaged.
    func searchLog(
        _ query: LogQuery, in log: LogName, for purpose: String, after sequence: Int64, limit: Int, now: Date
    ) async throws -> LogPage

    /// Gives every line of a log that is from a span of time to `body`, in order; segments that have none are not read. For reports.
    func foldLog<Value: Sendable>(
        _ log: LogName, from: Date, to: Date, into value: Value,
        _ body: @escaping @Sendable (inout Value, LogEntry) -> Void
    ) async throws -> Value

    /// Writes into the region's log what somebody listed, before it is shown.
    func noteListed(_ what: LogListing, count: Int, in region: MunicipalityCode, now: Date) async throws

    /// Writes into the control log that a report was made over logs of a span of time.
    func noteLogReport(regions: Int, from: Date, to: Date, now: Date) async throws
}
