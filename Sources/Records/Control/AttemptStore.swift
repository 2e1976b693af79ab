public import Foundation

/// What attempts are counted of.
public enum AttemptSubject: Hashable, Sendable {
    /// A device, by the hash of its key, 32 bytes.
    case device([UInt8])
    /// A card, by SHA-256 of its chip key file, 32 bytes.
    case card([UInt8])

    /// The bytes that name it.
    var hash: [UInt8] {
        switch self {
        case .device(let hash), .card(let hash): hash
        }
    }
}

/// Which attempts: each kind has counts of its own.
public enum AttemptKind: String, Hashable, Sendable, CaseIterable {
    /// Applications.
    case application
    /// Applications whose sealed files do not open, or are not what they have to be.
    case unreadable
    /// Enrolments.
    case enrolment
    /// Questions whether a certificate is still current.
    case query
}

/// How often a phone or a card has tried something. ``RecordStore`` says what holds for every concern.
///
/// **Durability.** A count is durable before its caller hears `true`. Only a keyed hash is stored, with the count and its end. Neither the
/// log nor the evidence of the control file knows of counts: every application has one, and the head of the file would be sealed
/// anew for each; what a hand or a backup takes back with them are attempts of an hour or a day, and nobody's certificate depends on
/// one alone. A caller that lost the answer and asks again counts once more: an attempt may be lost in that way, never gained.
///
/// **Concurrency.** Of any number of racing callers at most `limit` hear `true` until the count ends. Calls are committed with others'
/// claims, many at once.
public protocol AttemptStore: Sendable {
    /// Counts one attempt of each subject, unless one of them has as many as its limit: all are counted, or none.
    ///
    /// A count begins with the first attempt and ends at that one's `until`; later attempts do not prolong it. What has ended is removed a
    /// few at a time by the same call.
    /// - Parameters:
    ///   - subjects: at most eight, each with the number of attempts that it has until then.
    ///   - until: when counts end that begin now.
    /// - Returns: whether they were counted.
    func countAttempts(
        _ subjects: [AttemptSubject: Int], of kind: AttemptKind, until: Date, now: Date
    ) async throws -> Bool
}

extension AttemptStore {
    /// ``countAttempts(_:of:until:now:)`` of applications.
    public func countAttempts(_ subjects: [AttemptSubject: Int], until: Date, now: Date) async throws -> Bool {
        try await countAttempts(subjects, of: .application, until: until, now: now)
    }

    /// ``countAttempts(_:of:until:now:)`` of one subject.
    public func countAttempt(
        _ subject: AttemptSubject, of kind: AttemptKind = .application, limit: Int, until: Date, now: Date
    ) async throws -> Bool {
        try await countAttempts([subject: limit], of: kind, until: until, now: now)
    }
}

extension AttemptSubject: CustomStringConvertible, CustomReflectable {
    /// What it is, never the value.
    public var description: String {
        switch self {
        case .device: "device"
        case .card: "card"
        }
    }
    /// Shows no parts, to dumps and debuggers either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
