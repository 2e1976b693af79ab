package import Exchange
package import Terminal

/// Whether a terminal serves customers. It outlives every session, and what only a person may end also every restart.
package struct ServiceState: Sendable {
    /// The last session, for the staff screen: its number and how it ended.
    package private(set) var last: (inquiry: InquiryNumber, exitCode: Int32)?
    /// The session that found a page that was not its own; `nil` in service, and after a restart.
    package private(set) var mismatch: InquiryNumber?
    /// How many answers in a row did not open; what lies between terminal and `vrs` can cause that, so that it ends no more
    /// than a session each time.
    package private(set) var unopened = 0
    private var pausedUntil: ContinuousClock.Instant?
    private var isKnownOutOfService = false
    private let marker: ServiceMarker

    /// The first pause after an answer that did not open; each further one is twice as long.
    package static let firstPause = Duration.seconds(5)
    /// No pause is longer: the terminal comes back by itself, however often it happens.
    package static let maximumPause = Duration.seconds(300)

    /// The state as it was left.
    package init(marker: ServiceMarker) { self.marker = marker }

    /// Whether the terminal stands still until a person has looked.
    package var isOutOfService: Bool { isKnownOutOfService || marker.isSet }

    /// How long no session begins after an answer that did not open; `nil` if one may.
    package func pause(at now: ContinuousClock.Instant) -> Duration? {
        guard let until = pausedUntil, until > now else { return nil }
        return now.duration(to: until)
    }

    /// Whether a session may begin.
    package func mayBegin(at now: ContinuousClock.Instant) -> Bool { !isOutOfService && pause(at: now) == nil }

    /// A session's process ended. Nothing that a later session does brings a terminal back that is out of service; the alarm
    /// ends only by a session that went well, or by a person.
    package mutating func ended(_ inquiry: InquiryNumber, exitCode: Int32, at now: ContinuousClock.Instant) {
        last = (inquiry, exitCode)
        switch exitCode {
        case SessionEnding.ExitCode.outOfService:
            isKnownOutOfService = true
            if mismatch == nil { mismatch = inquiry }
            // The session's process has done it already, unless it could not.
            marker.set()
        case SessionEnding.ExitCode.unopened:
            unopened = min(unopened + 1, 99)
            let pause = min(Self.firstPause * (1 << min(unopened - 1, 16)), Self.maximumPause)
            pausedUntil = now + pause
        case SessionEnding.printed.exitCode: (unopened, pausedUntil) = (0, nil)
        default: break
        }
    }

    /// A person who gave the operator's code has looked: back into service, and no alarm any more. `false` if the file that
    /// notes it cannot be removed; then the terminal stays as it is.
    package mutating func clear() -> Bool {
        guard marker.clear() else { return false }
        (isKnownOutOfService, mismatch, unopened, pausedUntil) = (false, nil, 0, nil)
        return true
    }
}
