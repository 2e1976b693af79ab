/// What is done to one session of a load run to bring services out of step: decided from seed and session alone, so
/// that a run can be repeated whatever order its sessions take.
struct SessionPlan: Sendable {
    /// Where a session ends before its time.
    enum Stop: Sendable {
        /// With a challenge and no application.
        case afterChallenge
        /// The connection is cut while the application is under way.
        case whileApplying
        /// With the document, reporting nothing.
        case withoutOutcome
    }

    /// How often the same application is sent.
    enum Sending: Sendable {
        /// Once.
        case once
        /// Again after its answer came, as after a lost answer.
        case again
        /// Twice at the same time, over two connections.
        case twiceAtOnce
    }

    /// Pauses before challenge, card, application and outcome.
    var pauses: [Duration] = [.zero, .zero, .zero, .zero]
    /// Where the session stops, if it does.
    var stop: Stop?
    /// How often the application is sent.
    var sending = Sending.once
    /// Whether the page counts as printed; otherwise the session is aborted.
    var isPrinted = true
    /// Whether the outcome is reported twice.
    var repeatsOutcome = false

    /// The good way, without disturbance.
    static let undisturbed = SessionPlan()

    /// A disturbed session: about one in four stops early, is sent twice, is aborted or reports twice.
    static func disturbed(session: Int, seed: UInt64) -> SessionPlan {
        var random = SplitMix64(state: seed &+ UInt64(truncatingIfNeeded: session) &* 0x9E37_79B9_7F4A_7C15)
        var plan = SessionPlan()
        plan.pauses = (0..<4).map { _ in
            Bool.random(using: &random) ? .zero : .milliseconds(Int.random(in: 1...60, using: &random))
        }
        switch Int.random(in: 0..<24, using: &random) {
        case 0: plan.stop = .afterChallenge
        case 1, 2: plan.stop = .whileApplying
        case 3: plan.stop = .withoutOutcome
        default: break
        }
        switch Int.random(in: 0..<8, using: &random) {
        case 0: plan.sending = .again
        case 1: plan.sending = .twiceAtOnce
        default: break
        }
        plan.isPrinted = Int.random(in: 0..<8, using: &random) != 0
        plan.repeatsOutcome = Int.random(in: 0..<8, using: &random) == 0
        return plan
    }
}

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators): for choices that must repeat, never
/// for keys.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
