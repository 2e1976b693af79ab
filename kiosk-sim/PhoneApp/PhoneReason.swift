package import CardChip
package import Exchange
package import HolderGuard

/// Why there is no certificate of one municipality. It says nothing of any other, and nothing of the person.
package enum PhoneReason: Error, Hashable, Sendable {
    /// `vrs` refused, in an answer that this session opened.
    case refused(ProblemCode)
    /// The mobile back end refused, or says that somebody does; nothing of a person or a record.
    case refusedOpenly(ProblemCode)
    /// No answer came. Never to be read as "no record".
    case unreachable
    /// What came back has another form.
    case unusable
    /// What came is not sealed to this session by the day's key, or was changed on the way: any relay can cause it.
    case unopened(SealedAnswer.OpenError)
    /// It opened and is not what it has to be: nothing of it was shown, and `vrs` was told that it was not kept.
    case guarded([GuardFinding])
    /// The phone did not keep it: the person did not want it, or there was no room.
    case notKept
    /// The passport's chip was not read, by a stable code.
    case passport(String)
    /// The session was cancelled.
    case cancelled
    /// Something went wrong inside.
    case `internal`

    /// A stable code.
    package var code: String {
        switch self {
        case .refused(let code), .refusedOpenly(let code): code.rawValue
        case .unreachable: "wallet.unreachable"
        case .unusable: "wallet.unusable"
        case .unopened: "answer.not_for_this_session"
        case .guarded(let findings): findings.first?.rawValue ?? "guard"
        case .notKept: "phone.not_kept"
        case .passport(let code): code
        case .cancelled: "phone.cancelled"
        case .internal: "phone.internal"
        }
    }

    init(_ failure: ApplicationFailure) {
        switch failure {
        case .refused(let refusal): self = .refused(refusal.code)
        case .service(let failure): self = PhoneReason(failure)
        case .unopened(.unreadable): self = .guarded([.content])
        case .unopened(let error): self = .unopened(error)
        }
    }

    init(_ failure: ServiceFailure) {
        switch failure {
        case .refused(let code): self = .refusedOpenly(code)
        case .unreachable: self = .unreachable
        case .unusable: self = .unusable
        }
    }
}

/// Why a presentation of the card ended before any application was sent: then nothing was asked of any municipality.
package enum PhoneEnding: Error, Hashable, Sendable {
    /// The person left.
    case left
    /// The service is closed, or refuses this phone.
    case refused(ProblemCode)
    /// The mobile back end could not be asked.
    case unreachable
    /// What it said has another form.
    case unusable
    /// The day's keys are not signed by a key that the app has pinned, or are not this day's.
    case statementUntrusted
    /// What was chosen cannot be asked in one presentation: nothing, more than eight, or the same twice.
    case choiceInvalid
    /// The card was not read.
    case card(CardError)
    /// Another card was held to the phone than the one that was read, or its chip does not sign by the key in its file.
    case otherChip
    /// The session was cancelled.
    case cancelled
    /// Something went wrong inside.
    case `internal`

    /// A stable code.
    package var code: String {
        switch self {
        case .left: "phone.left"
        case .refused(let code): code.rawValue
        case .unreachable: "wallet.unreachable"
        case .unusable: "wallet.unusable"
        case .statementUntrusted: "statement.untrusted"
        case .choiceInvalid: "phone.choice_invalid"
        case .card(let error): error.code
        case .otherChip: "card.other_chip"
        case .cancelled: "phone.cancelled"
        case .internal: "phone.internal"
        }
    }

    init(_ failure: ServiceFailure) {
        switch failure {
        case .refused(let code): self = .refused(code)
        case .unreachable: self = .unreachable
        case .unusable: self = .unusable
        }
    }
}
