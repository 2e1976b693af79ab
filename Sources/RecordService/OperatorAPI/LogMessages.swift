package import Foundation
package import Records
package import Vaccination

/// Asks to search in a log. With ``person`` it carries something of a person, only inward.
package struct LogSearchRequest: Codable, Sendable {
    /// Whom lines are about.
    package struct Person: Codable, Sendable {
        /// What sort of question it is: of ``Records/PersonSearch/Kind``, or `pseudonym`.
        package var by: String
        /// The question, as `vrs records find` takes it.
        package var value: String

        package init(by: String, value: String) { (self.by, self.value) = (by, value) }
    }

    package var person: Person?
    package var certificateID: CertificateID?
    package var inquiry: String?
    /// What a terminal's certificate hash begins with.
    package var terminal: String?
    /// What a line's actor begins with.
    package var actor: String?
    package var events: [LogEvent]?
    /// Lines of this instant and later.
    package var from: Date?
    /// Lines before this instant.
    package var to: Date?
    /// Whether only lines count by which an individual number was used; absent means no.
    package var numbersOnly: Bool?
    /// What for, 1 to 100 characters.
    package var purpose: String
    /// Only lines behind this number.
    package var after: Int64?
    /// At most so many lines.
    package var limit: Int?

    /// The name of a person's question that is a pseudonym.
    package static let pseudonym = "pseudonym"

    package init(purpose: String) { self.purpose = purpose }

    /// What is asked of the store; `nil` if it is out of its bounds.
    var query: LogQuery? {
        var query = LogQuery()
        if let person {
            if person.by == Self.pseudonym {
                guard person.value.utf8.count == LogQuery.pseudonymLength, person.value.allSatisfy(\.isHexDigit) else {
                    return nil
                }
                query.person = .pseudonym(person.value.lowercased())
            } else {
                guard let kind = PersonSearch.Kind(rawValue: person.by),
                    let search = PersonSearch(kind, written: person.value)
                else { return nil }
                query.person = .found(search)
            }
        }
        guard (1...64).contains(inquiry?.count ?? 1), ImportOrigin.isRight(purpose),
            [terminal, actor].allSatisfy({ $0.map { LogQuery.prefixLengths.contains($0.count) } ?? true }),
            after ?? 0 >= 0, OperatorPage.sizes.contains(limit ?? 1)
        else { return nil }
        query.certificateID = certificateID
        query.inquiry = inquiry
        query.terminal = terminal
        query.actor = actor
        query.events = Set(events ?? [])
        query.from = from
        query.to = to
        query.numbersOnly = numbersOnly ?? false
        return query
    }
}

/// A page of what a search in a log found.
package struct LogSearchReport: Codable, Sendable {
    /// The lines, in their order.
    package let lines: [LogReport]
    /// Behind which number the search goes on; absent at the end of the log.
    package let next: Int64?
    /// Whether more people fit than a search shows, so that no line is.
    package let tooMany: Bool

    init(_ page: LogPage) {
        lines = page.entries.map(LogReport.init)
        next = page.next
        tooMany = page.isTooMany
    }
}
