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

/// How often a device's key has signed, as its hardware counts (Apple's App Attest).
public struct DeviceCounter: Hashable, Sendable {
    /// SHA-256 of the key, 32 bytes.
    public let keyHash: [UInt8]
    /// The count that came with an attempt.
    public let value: UInt32

    /// A count of a device.
    public init(keyHash: [UInt8], value: UInt32) { (self.keyHash, self.value) = (keyHash, value) }
}

/// The highest count that a device had shown before.
public struct HighestCounter: Hashable, Sendable {
    /// The count.
    public let value: UInt32
    /// When it came, to the millisecond.
    public let at: Date

    /// A count and when it came.
    public init(value: UInt32, at: Date) { (self.value, self.at) = (value, at) }
}

/// What became of attempts that were to be counted.
public enum AttemptOutcome: Hashable, Sendable {
    /// They were; with what the device's highest count was before, `nil` if none was noted or is known.
    case counted(HighestCounter?)
    /// One of them has reached its limit: none was counted, and no device's count noted.
    case limitReached
}

/// How often a phone or a card has tried something. ``RecordStore`` says what holds for every concern.
///
/// **Durability.** A count is durable before its caller hears ``AttemptOutcome/counted(_:)``. Only a keyed hash is stored, with the count and its end. Neither the
/// log nor the evidence of the control file knows of counts: every application has one, and the head of the file would be sealed
/// anew for each; what a hand or a backup takes back with them are attempts of an hour or a day, and nobody's certificate depends on
/// one alone. A caller that lost the answer and asks again counts once more: an attempt may be lost in that way, never gained.
///
/// A device's highest count stands beside its attempts, in the same write and in the same form, and is kept until
/// ``StoreTimes/counterKept`` behind the last time that it rose.
///
/// **Concurrency.** Of any number of racing callers at most `limit` hear ``AttemptOutcome/counted(_:)`` until the count ends. Calls are
/// committed with others' claims, many at once.
public protocol AttemptStore: Sendable {
    /// Counts one attempt of each subject, unless one of them has as many as its limit: all are counted, or none.
    ///
    /// A count begins with the first attempt and ends at that one's `until`; later attempts do not prolong it. What has ended is removed a
    /// few at a time by the same call.
    /// - Parameters:
    ///   - subjects: at most eight, each with the number of attempts that it has until then.
    ///   - until: when counts end that begin now.
    ///   - counter: what a device's hardware has counted, noted with the attempts if it is higher than any before.
    func countAttempts(
        _ subjects: [AttemptSubject: Int], of kind: AttemptKind, until: Date, noting counter: DeviceCounter?, now: Date
    ) async throws -> AttemptOutcome
}

extension AttemptStore {
    /// ``countAttempts(_:of:until:noting:now:)`` where no device has counted.
    /// - Returns: whether they were counted.
    public func countAttempts(
        _ subjects: [AttemptSubject: Int], of kind: AttemptKind, until: Date, now: Date
    ) async throws -> Bool {
        try await countAttempts(subjects, of: kind, until: until, noting: nil, now: now) != .limitReached
    }

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
