import Crypto
import Exchange
import Foundation
import Records
import Synchronization
import Vaccination

/// Says whether certificates are still current, to whoever holds their tokens.
package struct CurrentAnswers: Sendable {
    /// How often a token may be asked with within ``window``; beyond it nothing is said.
    static let limit = 20
    /// A reply leaves at a multiple of this time after its query's arrival: how much had to be read is not to be seen.
    static let interval: Duration = .milliseconds(20)
    /// In seconds.
    static let window: Double = 600

    private let store: any CertificateStore
    private let desk: PhoneDesk
    private let counts = TokenCounts()
    private let metrics: VRSMetrics
    private let now: @Sendable () -> Date

    init(
        store: any CertificateStore, desk: PhoneDesk, metrics: VRSMetrics, now: @escaping @Sendable () -> Date
    ) {
        (self.store, self.desk, self.metrics, self.now) = (store, desk, metrics, now)
    }

    /// How many queries are under way at once; further ones are `service.busy`.
    package var places: ConcurrencyLimiter { desk.queryPlaces }

    /// The sealed reply to a sealed query. What is found behind its opening is sealed, also that the store cannot be asked.
    /// - Throws: `request.malformed` or `statement.unknown` where nothing could be sealed; `service.busy` where too many are under way.
    package func reply(to bytes: [UInt8]) async throws -> [UInt8] {
        // Phones never take all there is: kiosks go on beside them.
        try await places.admit { try await admittedReply(to: bytes) }
    }

    private func admittedReply(to bytes: [UInt8]) async throws -> [UInt8] {
        let (now, arrival) = (now(), ContinuousClock.now)
        guard let hash = CurrentQuery.Opened.statementHash(of: bytes) else { throw ProblemCode.requestMalformed }
        guard let key = desk.uploadKeys.key(statedBy: hash, now: now) else { throw ProblemCode.statementUnknown }
        guard let query = CurrentQuery.Opened(opening: bytes, by: key) else { throw ProblemCode.requestMalformed }
        let answer: CurrentAnswer
        do { answer = try await self.answer(query.token, of: Array(SHA256.hash(data: bytes)), now) } catch {
            answer = .unavailable
        }
        metrics.current(answer)
        let reply = try query.reply(answer)
        try? await Task.sleep(
            for: RefusalInterval.pause(after: ContinuousClock.now - arrival, Self.interval), tolerance: .zero)
        return reply
    }

    private func answer(_ token: [UInt8], of query: [UInt8], _ now: Date) async throws -> CurrentAnswer {
        guard let subject = desk.currentTokens.open(token),
            now.timeIntervalSince1970 < (Double(subject.lastDay) + 1) * 86_400,
            counts.admits(Array(token.prefix(20)), by: query, now, limit: Self.limit, window: Self.window)
        else { return .unknown }
        do {
            switch try await store.standing(of: subject.certificateID, in: subject.municipality) {
            case .current: return .current
            case .corrected: return .corrected
            case .revoked: return .revoked
            case .newerDoses: return .newerDoses
            case nil: return .unknown
            }
        } catch let error as StoreError where error == .unknownRegion() || error == .erased() {
            return .unknown
        }
    }
}

/// How often each token was asked with, in memory, the same query once: at most so many tokens are counted, and the window of all begins
/// anew with the first that has no place.
private final class TokenCounts: Sendable {
    private static let maximum = 100_000
    private let state = Mutex((began: Date.distantPast, queries: [[UInt8]: Set<[UInt8]>]()))

    func admits(_ token: [UInt8], by query: [UInt8], _ now: Date, limit: Int, window: Double) -> Bool {
        state.withLock { state in
            if abs(now.timeIntervalSince(state.began)) >= window || state.queries.count >= Self.maximum {
                state = (now, [:])
            }
            guard state.queries[token]?.contains(query) != true else { return true }
            guard state.queries[token, default: []].count < limit else { return false }
            state.queries[token, default: []].insert(query)
            return true
        }
    }
}
