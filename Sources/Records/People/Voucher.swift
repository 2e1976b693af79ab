public import Foundation
public import Vaccination

/// How far a voucher is. It is spent while a dose that counts names it, so that a correction of the dose gives it back.
public enum VoucherState: String, Hashable, Sendable, Codable, CaseIterable {
    /// Issued, and not used.
    case issued
    /// A dose of the person that counts names it.
    case spent
    /// It was taken back, or another one was issued in its place.
    case void
}

/// Why a voucher was issued in the place of another one, or taken back.
public enum VoucherReason: String, Hashable, Sendable, Codable, CaseIterable {
    /// It was lost.
    case lost
    /// It cannot be read any more.
    case damaged
    /// The person has moved here (転入者への再発行).
    case movedIn = "moved_in"
    /// The person has moved away.
    case movedOut = "moved_out"
    /// It was issued in error.
    case error
    /// Something else.
    case other
}

/// A step of a voucher's history.
public struct VoucherEvent: Hashable, Sendable, Codable {
    /// What happened.
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        /// It was issued, or a file said that it had been.
        case issued
        /// It was issued in the place of another one.
        case reissued
        /// It was made void.
        case voided
    }

    /// What happened.
    public let kind: Kind
    /// When it was recorded, to the millisecond.
    public let at: Date
    /// Who made the change, as ``LogActor`` names them; `nil` for an import, which its own approvals name.
    public let by: String?
    /// Where the record has it from.
    public let source: DoseSource
    /// Why; `nil` where nothing was said.
    public let reason: VoucherReason?

    /// A step from its parts.
    public init(kind: Kind, at: Date, by: String?, source: DoseSource, reason: VoucherReason? = nil) {
        (self.kind, self.at, self.by, self.source, self.reason) = (kind, at, by, source, reason)
    }
}

/// A voucher (接種券) of a person, and what became of it. It is never removed.
public struct Voucher: Hashable, Sendable {
    /// How many a person has at most.
    public static let maximum = 40
    static let maximumEvents = 9

    /// The line that stands on it.
    public let line: VoucherLine
    /// The day on which it was issued; `nil` if no file has said so.
    public let issuedOn: CalendarDate?
    /// What happened to it, in the order in which it was recorded; at least one step.
    public let history: [VoucherEvent]

    init?(line: VoucherLine, issuedOn: CalendarDate?, history: [VoucherEvent]) {
        guard (1...Self.maximumEvents).contains(history.count) else { return nil }
        (self.line, self.issuedOn, self.history) = (line, issuedOn, history)
    }

    /// One that is new.
    init(_ line: VoucherLine, issuedOn: CalendarDate?, _ event: VoucherEvent) {
        (self.line, self.issuedOn, history) = (line, issuedOn, [event])
    }

    /// Whether it was made void.
    public var isVoid: Bool { history.last?.kind == .voided }

    /// How far it is, by the doses of whom it belongs to.
    public func state(by doses: DoseRecord) -> VoucherState {
        if isVoid { return .void }
        return doses.spends(line) ? .spent : .issued
    }

    func adding(_ event: VoucherEvent) -> Voucher {
        Voucher(line: line, issuedOn: issuedOn, history: history.suffix(Self.maximumEvents - 1) + [event]) ?? self
    }

    /// The same with the day of issue, where nobody had said it.
    func filled(issuedOn day: CalendarDate?) -> Voucher {
        Voucher(line: line, issuedOn: issuedOn ?? day, history: history) ?? self
    }
}

/// A voucher as a file says that it was issued.
public struct IssuedVoucher: Hashable, Sendable, Codable {
    /// The line that stands on it.
    public let line: VoucherLine
    /// The day on which it was issued, if the file says so.
    public let issuedOn: CalendarDate?

    /// A voucher from its parts.
    public init(line: VoucherLine, issuedOn: CalendarDate?) { (self.line, self.issuedOn) = (line, issuedOn) }
}

/// A voucher with how far it is.
public struct VoucherStanding: Hashable, Sendable {
    /// The voucher.
    public let voucher: Voucher
    /// How far it is.
    public let state: VoucherState
    /// The dose that has spent it.
    public let dose: DoseEntry?

    init(_ voucher: Voucher, _ doses: DoseRecord) {
        self.voucher = voucher
        state = voucher.state(by: doses)
        dose = state == .spent ? doses.spending(voucher.line) : nil
    }
}

extension Voucher: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the person, wherever it ends up.
    public var description: String { "Voucher(…)" }
    /// Shows no parts, to dumps and debuggers either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension IssuedVoucher: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the person, wherever it ends up.
    public var description: String { "IssuedVoucher(…)" }
    /// Shows no parts, to dumps and debuggers either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension VoucherStanding: CustomStringConvertible, CustomReflectable {
    /// Says how far it is; nothing of the person.
    public var description: String { "VoucherStanding(\(state.rawValue))" }
    /// Shows no parts, to dumps and debuggers either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
