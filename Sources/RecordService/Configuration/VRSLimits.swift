import CheckedConfiguration
package import Records

/// The bounds that an operator may set; what a file leaves out is as here.
package struct VRSLimits: Sendable {
    /// Certificates of one person on one day, and how many aborted ones beside them.
    package private(set) var perPersonAndDay = DailyLimit(issued: 10, aborted: 30)
    /// Applications under way at once, waiting ones included.
    package private(set) var applicationsUnderWay = 128
    /// How often the same application is answered again.
    package private(set) var redeliveries = 5
    /// A sealed refusal leaves at a multiple of this time after its application's arrival.
    package private(set) var refusalIntervalMilliseconds = 250
    /// How long after signing a report is waited for, in seconds; then a certificate is `unknown`.
    package private(set) var unknownAfterSeconds = 1800
    /// How often certificates without a report are looked for.
    package private(set) var sweepSeconds = 60
    /// How often every line and row of every region is compared with its evidence.
    package private(set) var verifySeconds = 3600
    /// How long a request for the access policy waits for a change.
    package private(set) var accessWaitSeconds = 20

    /// Above how many refused rows in a hundred nothing of an import goes in.
    package private(set) var refusedRowsPercent = 5

    init(_ section: ConfigurationSection?) throws(ConfigurationError) {
        guard let section else { return }
        func set(
            _ key: String, _ path: WritableKeyPath<VRSLimits, Int>, _ range: ClosedRange<Int>, unit: String = ""
        ) throws(ConfigurationError) {
            self[keyPath: path] = try section.integer(key, range, unit: unit, fallback: self[keyPath: path])
        }
        let issued = try section.integer("perPersonAndDay", 1...1000, fallback: perPersonAndDay.issued)
        let aborted = try section.integer(
            "abortedPerPersonAndDay", issued...1000, fallback: max(perPersonAndDay.aborted, issued))
        perPersonAndDay = DailyLimit(issued: issued, aborted: aborted)
        try set("applicationsUnderWay", \.applicationsUnderWay, 1...4096)
        try set("redeliveries", \.redeliveries, 0...100)
        try set("refusalIntervalMilliseconds", \.refusalIntervalMilliseconds, 10...5000, unit: "ms")
        try set("unknownAfterSeconds", \.unknownAfterSeconds, 1...86_400, unit: "s")
        try set("sweepSeconds", \.sweepSeconds, 1...3600, unit: "s")
        try set("verifySeconds", \.verifySeconds, 1...86_400, unit: "s")
        try set("refusedRowsPercent", \.refusedRowsPercent, 0...100)
        try set("gateWaitSeconds", \.accessWaitSeconds, 1...25, unit: "s")
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
