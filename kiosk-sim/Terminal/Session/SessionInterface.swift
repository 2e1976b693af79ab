package import CardChip
package import Exchange
package import Vaccination

/// What a person answers to a question.
package enum Reply<Value: Sendable>: Sendable {
    /// This.
    case chosen(Value)
    /// Back to the question before.
    case back
    /// An end to it all.
    case cancel
}

/// What the terminal waits for while a person may still leave.
package enum Waiting: Hashable, Sendable {
    /// A card on the reader; the hint says what was wrong with what lay there.
    case card(hint: CardError?)
    /// The card's removal; nothing goes on before it.
    case removal
}

/// What the terminal does while the person can only watch.
package enum Progress: Hashable, Sendable {
    case menu, card, challenge, reading, sending, opening, checking, printing, reporting
    /// The application is sent once more: the connection broke, or the service is busy.
    case sendingAgain(Int)
}

/// The person's side of a session: an interactive screen, or a script.
///
/// Questions return when they are answered or when their task is cancelled (then whatever they return is not looked at);
/// the flow limits how long each may take.
package protocol SessionInterface: Sendable {
    /// How often the person has done anything: a wait for an answer ends only if this stands still.
    func activity() async -> Int
    /// The municipality where the person was resident when vaccinated.
    func municipality(of menu: Menu) async -> Reply<Menu.Entry>
    /// Which certificate.
    func kind(of entry: Menu.Entry, menu: Menu) async -> Reply<CertificateKind>
    /// How many copies.
    func copies(menu: Menu) async -> Reply<Copies>
    /// Whether the person agrees to what will be read, and why.
    func consent(to request: CertificateRequest, at entry: Menu.Entry, menu: Menu) async -> Reply<Void>
    /// The PIN; with one try left the warning is loud.
    func pin(triesLeft: Int, afterWrong: Bool) async -> Reply<PIN>
    /// Whether the contents of the page are right.
    func contents(of page: GuardedPage) async -> Reply<Void>
    /// The fee.
    func payment(yen: Int) async -> Reply<Void>
    /// Shows what is waited for; returns only when the person wants to leave.
    func wait(for what: Waiting) async
    /// Shows what is being done.
    func show(_ progress: Progress) async
    /// Reminds of card and certificate, with a bell, until the person stops it.
    func remind() async
    /// Says that the session will end soon if nothing is done.
    func nudge(_ left: Duration) async
    /// Says how it ended and what the person can do; returns when it was read.
    func end(_ ending: SessionEnding) async
    /// A step was reached; for traces, without any personal data.
    func reached(_ step: SessionStep) async
}
