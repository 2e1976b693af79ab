/// What stands between a guess and the operator's code: a pause after each wrong one, and a lockout after several.
package struct OperatorLock: Hashable, Sendable {
    /// What became of a code.
    package enum Answer: Hashable, Sendable {
        /// It is the operator's.
        case right
        /// It is not; the next one counts after this time.
        case wrong(wait: Duration)
        /// It was not looked at: so much of the wait is left.
        case locked(wait: Duration)
    }

    /// After so many wrong codes in a row the code is locked.
    package static let allowed = 5
    /// How long at first; twice as long after each further wrong code.
    package static let firstLockout = Duration.seconds(300)
    /// No lockout is longer.
    package static let maximumLockout = Duration.seconds(3600)

    private let code: String?
    private var wrong = 0
    private var lockedUntil: ContinuousClock.Instant?

    /// A lock with the operator's code; without one nothing opens it.
    package init(code: String?) { self.code = code }

    /// How long no code is looked at, at an instant; `nil` if one is.
    package func wait(at now: ContinuousClock.Instant) -> Duration? {
        guard let until = lockedUntil, until > now else { return nil }
        return now.duration(to: until)
    }

    /// Judges a code that was typed.
    package mutating func enter(_ typed: String, at now: ContinuousClock.Instant) -> Answer {
        if let wait = wait(at: now) { return .locked(wait: wait) }
        guard isRight(typed) else {
            wrong = min(wrong + 1, Self.allowed + 16)
            let pause = Self.pause(after: wrong)
            lockedUntil = now + pause
            return .wrong(wait: pause)
        }
        (wrong, lockedUntil) = (0, nil)
        return .right
    }

    /// The pause behind so many wrong codes in a row.
    static func pause(after wrong: Int) -> Duration {
        guard wrong >= allowed else { return .seconds(1 << max(0, wrong - 1)) }
        return min(firstLockout * (1 << (wrong - allowed)), maximumLockout)
    }

    /// Compares in a time that does not depend on what was typed, but for its length.
    private func isRight(_ typed: String) -> Bool {
        guard let code, !code.isEmpty, typed.utf8.count == code.utf8.count else { return false }
        return zip(typed.utf8, code.utf8).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
