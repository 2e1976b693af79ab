package import CardChip
package import Exchange
package import HolderGuard

/// How a customer's session ended.
package enum SessionEnding: Error, Hashable, Sendable {
    /// The page was printed.
    case printed
    /// The person left at a step.
    case left(SessionStep)
    /// A wait ended at a step.
    case timedOut(SessionStep)
    /// The centre or `vrs` refused.
    case refused(ProblemCode)
    /// Card or reader ended it.
    case card(CardError)
    /// The centre could not be asked: nothing is known about records.
    case unreachable
    /// The centre's answer to a question other than the application has another form.
    case unusable
    /// The printer failed, or it is not known what it did.
    case printer(PrinterFailure)
    /// The answer does not open with this session's keys, or was not sealed by the pinned key: any relay can cause that, and
    /// it ends this session alone.
    case unopened
    /// The page is not the one that this person's application asked for: the terminal goes out of service.
    case outOfService([GuardFinding])
    /// The terminal was told to stop.
    case interrupted
    /// Something went wrong inside the terminal.
    case `internal`

    /// A stable code, lower case and dotted; refusals keep their own.
    package var code: String {
        switch self {
        case .printed: "printed"
        case .left: "left"
        case .timedOut: "timeout"
        case .refused(let code): code.rawValue
        case .card(let error): error.code
        case .unreachable: "centre.unreachable"
        case .unusable: "centre.unusable"
        case .printer(let failure): failure.rawValue
        case .unopened: "guard.answer"
        case .outOfService(let findings): findings.first?.rawValue ?? "guard"
        case .interrupted: "interrupted"
        case .internal: "terminal.internal"
        }
    }

    /// The process's exit code: the parent learns from it, and only from it, how a session ended.
    package var exitCode: Int32 {
        switch self {
        case .printed: 0
        case .left: 10
        case .timedOut: 11
        case .refused: 12
        case .card: 13
        case .unreachable, .unusable: 14
        case .printer: 15
        case .unopened: ExitCode.unopened
        case .outOfService: ExitCode.outOfService
        case .interrupted: 17
        case .internal: 18
        }
    }

    /// Whether a process that ended with this code has told its customer how the session ended.
    package static func saysItself(_ exitCode: Int32) -> Bool { exitCode == 0 || (10...19).contains(exitCode) }

    /// Exit codes with a meaning of their own.
    package enum ExitCode {
        /// A script's expectation was not met.
        package static let unexpected: Int32 = 1
        /// A person has to look at the terminal before it goes on.
        package static let outOfService: Int32 = 16
        /// The answer did not open: somebody has to look at what lies between, if it happens again.
        package static let unopened: Int32 = 19
    }
}
