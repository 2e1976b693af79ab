import Dispatch
import Foundation
import Synchronization

/// Keys for many simulated cards at once, kept on disk so that the next run has them without waiting.
///
/// Making a key takes 0.1 s, so the keys are put together from a small stock of primes: 2k primes, from k keys made
/// in full, give k(2k − 1) keys. Each key is different and signs like any other, but **anyone who holds two moduli that
/// share a prime can compute both private keys**. That is good enough for load tests and for nothing else.
public final class RSAKeyPool: Sendable {
    private let folder: String
    private let state = Mutex(State())

    private struct State {
        var primes: [BigNumber] = []
        var taken = 0
    }

    /// A pool that keeps its stock in a folder, which is made on first use (mode 0700).
    public init(cacheFolder: String) { folder = cacheFolder }

    /// The next keys. One pool never gives the same key twice; another pool on the same folder gives the same keys again.
    ///
    /// - Parameter count: 0 to 100,000.
    public func take(_ count: Int) throws -> [RSAKey] {
        try state.withLock { state in
            guard (0...100_000).contains(count) else { throw SimulatedCardError.openSSL("RSAKeyPool.take") }
            let range = state.taken..<state.taken + count
            try stock(&state, pairs: range.upperBound)
            let primes = state.primes
            let keys = try Self.concurrently(count) { index in
                let (i, j) = Self.pair(range.lowerBound + index)
                return try RSAKey(primes: primes[j], primes[i])
            }
            state.taken = range.upperBound
            return keys
        }
    }

    /// The pair of primes of a key: (0,1), (0,2), (1,2), (0,3) …, so that a larger stock keeps the earlier keys.
    private static func pair(_ index: Int) -> (Int, Int) {
        var (j, rest) = (1, index)
        while rest >= j {
            rest -= j
            j += 1
        }
        return (rest, j)
    }

    /// Fills the stock until it has this many pairs.
    private func stock(_ state: inout State, pairs: Int) throws {
        var needed = state.primes.count / 2
        while needed * (2 * needed - 1) < pairs { needed += 1 }
        let have = state.primes.count / 2
        guard needed > have else { return }
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let folder = folder
        let keys = try Self.concurrently(needed - have) { index in
            let path = "\(folder)/simulated-\(have + index).pem"
            do throws(SimulatedCardError) {
                let text = String(validating: try PrivateFile.read(path), as: UTF8.self)
                if let key = text.flatMap({ try? RSAKey(pem: $0) }) { return key }
            } catch {
                // One that is not there is made; one that others may have read is not used.
                guard case .unreadable = error else { throw error }
            }
            let key = try RSAKey.generate()
            try PrivateFile.write(Array(try key.pem().utf8), to: path)
            return key
        }
        for key in keys { state.primes += try key.primes() }
    }

    private static func concurrently<Value: Sendable>(
        _ count: Int, _ make: @Sendable (Int) throws -> Value
    ) throws -> [Value] {
        let results = Mutex<[Int: Result<Value, any Error>]>([:])
        DispatchQueue.concurrentPerform(iterations: count) { index in
            let result = Result { try make(index) }
            results.withLock { $0[index] = result }
        }
        let all = results.withLock { $0 }
        return try (0..<count).map { index in
            guard let result = all[index] else { throw SimulatedCardError.openSSL("concurrentPerform") }
            return try result.get()
        }
    }
}
