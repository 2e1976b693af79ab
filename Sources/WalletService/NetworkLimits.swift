import Crypto
import Exchange
import HTTPServer
import Synchronization

/// How much is taken from one network, in memory alone: a bucket for each network and purpose, which is full at first, and
/// fills evenly. Networks are known by a salted hash that nobody can make again once the process has ended, and the oldest
/// are forgotten first.
final class NetworkLimits: Sendable {
    /// What is bounded apart from one another.
    enum Purpose: UInt8, CaseIterable {
        case enrolment, challenge, application, outcome, current, revocation
    }

    /// How much fits into a bucket, and how long an empty one takes to be full.
    struct Rate: Hashable, Sendable {
        let count: Int
        let period: Duration
        init(_ count: Int, per period: Duration) { (self.count, self.period) = (count, period) }
    }

    private struct Key: Hashable {
        let high: UInt64
        let low: UInt64
    }

    private struct Bucket {
        var level: Double
        var at: ContinuousClock.Instant
    }

    /// Two generations: what was asked for since the last change, and what was asked for before.
    private struct State {
        var young: [Key: Bucket] = [:]
        var old: [Key: Bucket] = [:]
    }

    private let rates: [Purpose: Rate]
    private let maximum: Int
    private let salt = SymmetricKey(size: .bits256)
    private let state = Mutex(State())

    /// - Parameters:
    ///   - rates: one for each purpose; a purpose without one is not bounded.
    ///   - maximum: how many buckets are kept, at least two.
    init(_ rates: [Purpose: Rate], maximum: Int) { (self.rates, self.maximum) = (rates, maximum) }

    /// How many buckets are kept now.
    var count: Int { state.withLock { $0.young.count + $0.old.count } }

    /// Takes one out of a network's bucket; throws if it is empty, with how long it takes until there is one again. Whoever
    /// has no network shares one bucket.
    func take(_ purpose: Purpose, _ network: ClientNetwork?, now: ContinuousClock.Instant = .now) throws(PhoneProblem) {
        guard let rate = rates[purpose] else { return }
        let perSecond = Double(rate.count) / (rate.period / .seconds(1))
        let key = key(purpose, network)
        let wait = state.withLock { state -> Double? in
            var bucket = state.young[key] ?? state.old[key] ?? Bucket(level: Double(rate.count), at: now)
            bucket.level = min(
                Double(rate.count), bucket.level + max(0, (now - bucket.at) / .seconds(1)) * perSecond)
            bucket.at = now
            let isTaken = bucket.level >= 1
            if isTaken { bucket.level -= 1 }
            state.old[key] = nil
            if state.young[key] == nil, state.young.count >= maximum / 2 {
                (state.old, state.young) = (state.young, [:])
            }
            state.young[key] = bucket
            return isTaken ? nil : (1 - bucket.level) / perSecond
        }
        if let wait { throw PhoneProblem(.limitNetwork, retryAfterSeconds: max(1, Int(wait.rounded(.up)))) }
    }

    private func key(_ purpose: Purpose, _ network: ClientNetwork?) -> Key {
        let code = HMAC<SHA256>.authenticationCode(for: [purpose.rawValue] + (network?.prefix ?? []), using: salt)
        return code.withUnsafeBytes { bytes in
            Key(
                high: bytes.loadUnaligned(as: UInt64.self), low: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            )
        }
    }
}
