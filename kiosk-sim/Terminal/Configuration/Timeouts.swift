import CheckedConfiguration

/// When waiting ends, each in whole seconds; the end of any of them ends the whole session.
package struct Timeouts: Hashable, Sendable {
    /// The person does nothing.
    package var inactivity: Duration = .seconds(90)
    /// No card is put on the reader.
    package var card: Duration = .seconds(60)
    /// The chip does not finish.
    package var chip: Duration = .seconds(20)
    /// The card is not taken away.
    package var removal: Duration = .seconds(60)
    /// The centre gives no challenge.
    package var challenge: Duration = .seconds(15)
    /// The centre gives no answer, all retries included.
    package var answer: Duration = .seconds(60)
    /// The printer does not finish.
    package var printing: Duration = .seconds(120)
    /// The outcome cannot be delivered, all retries included.
    package var outcome: Duration = .seconds(30)
    /// The reminder and the last screen end by themselves.
    package var reminder: Duration = .seconds(60)
    /// Nobody's session is longer than this.
    package var session: Duration = .seconds(900)

    /// The ordinary ones.
    package init() {}

    /// The ordinary ones but for those that a mapping sets.
    init(_ section: ConfigurationSection?) throws(ConfigurationError) {
        guard let section else { return }
        func set(_ key: String, _ path: WritableKeyPath<Timeouts, Duration>) throws(ConfigurationError) {
            self[keyPath: path] = try section.seconds(
                key, 1...3600, fallback: Int(self[keyPath: path].components.seconds))
        }
        try set("inactivity", \.inactivity)
        try set("card", \.card)
        try set("chip", \.chip)
        try set("removal", \.removal)
        try set("challenge", \.challenge)
        try set("answer", \.answer)
        try set("printing", \.printing)
        try set("outcome", \.outcome)
        try set("reminder", \.reminder)
        try set("session", \.session)
    }
}
