/// What the programs have to share to speak with each other, as they say it for `--version`.
package enum ExchangeFormat {
    /// The labels of the messages.
    package static let described = [
        Application.label, SealedAnswer.label, Answer.label, Outcome.label, Refusal.label,
    ].joined(separator: ", ")
}
