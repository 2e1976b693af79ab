import CheckedConfiguration

/// The bounds that an operator may set.
package struct VRSLimits: Sendable {
    /// Certificates of one person on one day.
    package let perPersonAndDay: Int
    /// Applications under way at once, waiting ones included.
    package let applicationsUnderWay: Int
    /// How long after signing a report is waited for, in seconds; then a certificate is `unknown`.
    package let unknownAfter: Double
    /// How often certificates without a report are looked for.
    package let sweep: Duration
    /// How long a request at the gate waits for a change.
    package let gateWait: Duration

    init(_ section: ConfigurationSection?) throws(ConfigurationError) {
        perPersonAndDay = try section?.integer("perPersonAndDay", 1...1000, fallback: 10) ?? 10
        applicationsUnderWay = try section?.integer("applicationsUnderWay", 1...4096, fallback: 128) ?? 128
        unknownAfter = Double(
            try section?.integer("unknownAfterSeconds", 1...86_400, unit: "s", fallback: 1800) ?? 1800)
        sweep = try section?.seconds("sweepSeconds", 1...3600, fallback: 60) ?? .seconds(60)
        gateWait = try section?.seconds("gateWaitSeconds", 1...25, fallback: 20) ?? .seconds(20)
    }
}

/// What tests of the started program may ask for; refused without development mode.
package struct FaultPoints: Sendable {
    /// The process ends at once when the first intent is durable and nothing was signed yet.
    package var stopsAfterIntent = false
    /// A shorter validity of challenges, in seconds.
    package var challengeSeconds = Challenge.validSeconds

    init(_ root: ConfigurationSection, development: Bool) throws(ConfigurationError) {
        guard let section = try root.optionalSection("development") else { return }
        guard development else {
            throw root.error(
                "development", english: "fault points are for tests only; remove this, or start with --development",
                japanese: "テスト専用の設定です。外すか、--developmentを付けて起動してください。")
        }
        stopsAfterIntent = try section.value(
            "stopAfter", Expectation(english: "intent or nothing", japanese: "intent または nothing"), fallback: false
        ) { ["intent": true, "nothing": false][$0] }
        challengeSeconds = try section.integer("challengeSeconds", 1...180, unit: "s", fallback: Challenge.validSeconds)
    }
}
