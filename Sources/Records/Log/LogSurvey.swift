import Foundation

/// What is unusual in a region's log, or in many: computed line by line, in bounded memory. <doc:LogReports> has the rules.
public struct LogSurvey: Sendable {
    /// Above what something is told.
    public struct Rules: Hashable, Sendable, Encodable {
        /// Hours in Japan, from the first up to and without the last, in which staff look people up.
        public var staffHours = 7..<20
        /// Minutes of the day in Japan in which terminals are in use: 06:30 to 23:00.
        public var terminalMinutes = 390..<1380
        /// How many look-ups by number of one operator on one day are told at the least,
        public var dayMinimum = 20
        /// if they are more than so many times the median of that operator's own days.
        public var dayFactor = 5.0
        /// How many searches of one operator without a hit, or with too many, are told at the least,
        public var emptyMinimum = 10
        /// if they are at least this share of that operator's searches.
        public var emptyShare = 0.3
        /// By how many operators one person was looked up.
        public var operatorsOfPerson = 3
        /// How many applications a terminal had at the least,
        public var terminalMinimum = 20
        /// for its share of refusals to be told if it is at least this,
        public var terminalShare = 0.2
        /// and so many times the share over all terminals.
        public var terminalFactor = 3.0

        /// Those that are used unless somebody says otherwise.
        public init() {}
    }

    /// Something unusual.
    public struct Finding: Hashable, Sendable, Encodable {
        /// Which rule found it.
        public enum Rule: String, Hashable, Sendable, Encodable, CaseIterable {
            case numberHours = "number.hours"
            case numberDay = "number.day"
            case searchEmpty = "search.empty"
            case personSeveral = "person.several"
            case terminalHours = "terminal.hours"
            case terminalRefusals = "terminal.refusals"
        }
        /// Which rule found it.
        public let rule: Rule
        /// Whose: an actor, a terminal, or a pseudonym.
        public let subject: String
        /// How many times.
        public let count: Int
        /// Of how many, or beside which usual number, as the rule has it; `nil` where there is none.
        public let beside: Double?
        /// The day in Japan, if it is about one.
        public let day: String?

        /// A finding from its parts.
        package init(rule: Rule, subject: String, count: Int, beside: Double?, day: String?) {
            (self.rule, self.subject, self.count, self.beside, self.day) = (rule, subject, count, beside, day)
        }
    }

    /// How many events of each kind that are always told: <doc:LogReports> lists them.
    public static let counted: [LogEvent] = [
        .searched, .logSearched, .listed, .exported, .imported, .corrected, .importApproved, .renumbered, .refused,
        .voidedByOperator, .revokedByOperator, .contradiction, .unreported, .restored, .redone, .keyRotationBegun,
        .segmentClosed, .segmentRemoved, .evidenceBroken, .stopped, .unstopped, .suspended, .issuingHalted,
        .terminalEnrolled, .terminalRevoked,
    ]

    /// How many people, operators and terminals are told apart at the most: more are counted and not looked at.
    static let (mostPeople, mostNames) = (100_000, 20_000)
    /// How many findings of a rule are told at the most, those of the largest counts.
    static let mostFindings = 50

    /// What was used.
    public let rules: Rules
    /// How many lines were looked at.
    public private(set) var lines = 0
    /// How many lines of each event.
    public private(set) var events: [LogEvent: Int] = [:]
    /// How many look-ups by number there were by operators, and how many by terminals.
    public private(set) var (numbersByOperators, numbersByTerminals) = (0, 0)
    /// Whether there were more people, operators or terminals than are told apart.
    public private(set) var isPartial = false
    private var actors: [String: Actor] = [:]
    private var terminals: [String: Terminal] = [:]
    private var people: [Pseudonym: People] = [:]

    private struct Actor {
        var searches = 0
        var empty = 0
        var outside = 0
        /// Look-ups by number, by the day in Japan since 1970.
        var days: [Int: Int] = [:]
    }

    private struct Terminal {
        var issued = 0
        var refused = 0
        var outside = 0
    }

    /// Twelve bytes.
    private struct Pseudonym: Hashable {
        let high: UInt64
        let low: UInt32

        init?(_ text: some StringProtocol) {
            guard text.utf8.count == LogQuery.pseudonymLength, let high = UInt64(text.prefix(16), radix: 16),
                let low = UInt32(text.suffix(8), radix: 16)
            else { return nil }
            (self.high, self.low) = (high, low)
        }

        var text: String {
            let (high, low) = (String(high, radix: 16), String(low, radix: 16))
            return String(repeating: "0", count: 16 - high.count) + high
                + String(repeating: "0", count: 8 - low.count) + low
        }
    }

    /// Who looked somebody up: a few, and how many there were of them.
    private struct People {
        var actors: Set<Int> = []
        var count = 0
    }

    /// A survey of nothing.
    public init(_ rules: Rules = Rules()) { self.rules = rules }

    // MARK: Lines

    /// Takes the next line.
    public mutating func add(_ entry: LogEntry) {
        lines += 1
        events[entry.event, default: 0] += 1
        switch entry.event {
        case .searched: search(entry)
        case .intent, .refused: application(entry)
        default: break
        }
    }

    private static func inJapan(_ instant: Date) -> (day: Int, minute: Int) {
        let seconds = Int(instant.timeIntervalSince1970.rounded(.down)) + 9 * 3600
        let day = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        return (day, (seconds - day * 86_400) / 60)
    }

    private mutating func search(_ entry: LogEntry) {
        let parts = (entry.detail ?? "").split(separator: " ", maxSplits: 40)
        guard parts.count >= 2 else { return }
        let name = entry.actor ?? "-"
        guard actors[name] != nil || actors.count < Self.mostNames else {
            isPartial = true
            return
        }
        let (day, minute) = Self.inJapan(entry.at)
        var actor = actors[name] ?? Actor()
        actor.searches += 1
        if parts[1] == "0" || parts[1] == "too_many" { actor.empty += 1 }
        if parts[0] == "number" {
            numbersByOperators += 1
            if !rules.staffHours.contains(minute / 60) { actor.outside += 1 }
            actor.days[day, default: 0] += 1
        }
        actors[name] = actor
        for person in parts.dropFirst(2).prefix(max(0, Int(parts[1]) ?? 0)).compactMap({ Pseudonym($0) }) {
            guard people[person] != nil || people.count < Self.mostPeople else {
                isPartial = true
                continue
            }
            people[person, default: People()].count += 1
            people[person]?.actors.insert(name.hashValue)
        }
    }

    private mutating func application(_ entry: LogEntry) {
        numbersByTerminals += 1
        guard let name = entry.terminal else { return }
        guard terminals[name] != nil || terminals.count < Self.mostNames else {
            isPartial = true
            return
        }
        var terminal = terminals[name] ?? Terminal()
        if entry.event == .intent { terminal.issued += 1 } else { terminal.refused += 1 }
        if !rules.terminalMinutes.contains(Self.inJapan(entry.at).minute) { terminal.outside += 1 }
        terminals[name] = terminal
    }

    // MARK: Findings

    /// What is unusual, rule by rule, the largest counts first.
    public var findings: [Finding] {
        let found = operators + several + atTerminals
        return Finding.Rule.allCases.flatMap { rule in
            found.filter { $0.rule == rule }.sorted {
                ($1.count, $0.subject, $0.day ?? "") < ($0.count, $1.subject, $1.day ?? "")
            }.prefix(Self.mostFindings)
        }
    }

    private var operators: [Finding] {
        actors.flatMap { name, actor in
            var findings: [Finding] = []
            if actor.outside > 0 {
                findings.append(
                    Finding(rule: .numberHours, subject: name, count: actor.outside, beside: nil, day: nil))
            }
            let counts = actor.days.values.sorted()
            if let middle = counts.isEmpty ? nil : counts[(counts.count - 1) / 2] {
                for (day, count) in actor.days
                where count >= rules.dayMinimum && Double(count) > rules.dayFactor * Double(middle) {
                    findings.append(
                        Finding(
                            rule: .numberDay, subject: name, count: count, beside: Double(middle),
                            day: Self.text(ofDay: day)))
                }
            }
            if actor.empty >= rules.emptyMinimum, Double(actor.empty) >= rules.emptyShare * Double(actor.searches) {
                findings.append(
                    Finding(
                        rule: .searchEmpty, subject: name, count: actor.empty, beside: Double(actor.searches), day: nil)
                )
            }
            return findings
        }
    }

    private static func text(ofDay day: Int) -> String {
        Date(timeIntervalSince1970: Double(day) * 86_400).formatted(.iso8601.year().month().day())
    }

    private var several: [Finding] {
        people.filter { $0.value.actors.count >= rules.operatorsOfPerson }.map { person, found in
            Finding(
                rule: .personSeveral, subject: person.text, count: found.actors.count, beside: Double(found.count),
                day: nil)
        }
    }

    private var atTerminals: [Finding] {
        let refused = terminals.values.reduce(0) { $0 + $1.refused }
        let all = terminals.values.reduce(refused) { $0 + $1.issued }
        let usual = all == 0 ? 0 : Double(refused) / Double(all)
        return terminals.flatMap { name, terminal in
            var findings: [Finding] = []
            if terminal.outside > 0 {
                findings.append(
                    Finding(rule: .terminalHours, subject: name, count: terminal.outside, beside: nil, day: nil))
            }
            let count = terminal.issued + terminal.refused
            let share = count == 0 ? 0 : Double(terminal.refused) / Double(count)
            if count >= rules.terminalMinimum, share >= rules.terminalShare, share >= rules.terminalFactor * usual {
                findings.append(
                    Finding(
                        rule: .terminalRefusals, subject: name, count: terminal.refused, beside: Double(count), day: nil
                    ))
            }
            return findings
        }
    }
}
