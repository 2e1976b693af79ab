import Dispatch
import Scanning
import Synchronization

/// Bounds what pictures and documents may cost at once: workers at work, requests that wait for one, and the memory that
/// bodies of requests take while they come in.
final class ScanQueue: Sendable {
    private struct State {
        var running = 0
        var bytes = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let scanner: IsolatedScanner
    private let state = Mutex(State())
    private let threads = DispatchQueue(label: "akashi.scan", attributes: .concurrent)
    private let workers: Int
    private let queue: Int
    private let maximumBytes: Int

    /// - Parameters:
    ///   - workers: how many files are read at once.
    ///   - queue: how many requests may wait for a worker.
    ///   - maximumBytes: the memory for all bodies that are received or read at once, in bytes.
    init(scanner: IsolatedScanner, workers: Int, queue: Int, maximumBytes: Int) {
        self.scanner = scanner
        self.workers = workers
        self.queue = queue
        self.maximumBytes = maximumBytes
    }

    /// Does something while so many bytes count as taken.
    func reserving<Result>(
        _ bytes: Int, isolation: isolated (any Actor)? = #isolation, _ work: () async throws -> Result
    ) async throws -> Result {
        let isFree = state.withLock { state in
            guard state.bytes + bytes <= maximumBytes else { return false }
            state.bytes += bytes
            return true
        }
        guard isFree else { throw Problem.busy }
        defer { state.withLock { $0.bytes -= bytes } }
        return try await work()
    }

    /// The codes of a file, once it is its turn.
    ///
    /// - Throws: ``Problem/busy`` at once if too many wait already, and why the file cannot be read.
    func codes(in file: [UInt8]) async throws(Problem) -> [ScannedCode] {
        try await enter()
        defer { leave() }
        let result = await withCheckedContinuation { continuation in
            threads.async { [scanner] in
                continuation.resume(returning: Result { () throws(ScanError) in try scanner.codes(in: file) })
            }
        }
        do { return try result.get() } catch { throw Problem(error) }
    }

    private enum Place { case free, wait, full }

    private func enter() async throws(Problem) {
        switch state.withLock({ take(&$0) }) {
        case .free: return
        case .full: throw .busy
        case .wait: break
        }
        await withCheckedContinuation { continuation in
            // Somebody may have left meanwhile.
            let isFree = state.withLock { state in
                guard state.running >= workers else {
                    state.running += 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    private func take(_ state: inout State) -> Place {
        if state.running < workers {
            state.running += 1
            return .free
        }
        return state.waiting.count < queue ? .wait : .full
    }

    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            // Who waits takes over the place.
            guard !state.waiting.isEmpty else {
                state.running -= 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
