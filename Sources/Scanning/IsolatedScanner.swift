import CWorker
import Synchronization

/// Reads codes out of strangers' files in processes of their own, one a file.
///
/// The libraries that read pictures and documents cannot be interrupted and were written in languages where a mistake is
/// more than an error: a hostile file costs one worker, not the program. A worker is kept started for the next file, so
/// that a file does not wait for a program's start.
public final class IsolatedScanner: Sendable {
    private struct Worker {
        let process: Int32
        let link: Int32
        func end() { akashi_worker_end(process, link) }
    }

    private let program: String
    private let seconds: Int
    private let keepsOneReady: Bool
    private let ready = Mutex<Worker?>(nil)

    /// A scanner that starts a program as its worker.
    ///
    /// - Parameters:
    ///   - program: the path of a program that answers to `scan-worker SECONDS` with ``ScanWorker``.
    ///   - seconds: how long one file may take, in processor time; by the clock four times as long, since others may be at
    ///     work too.
    ///   - keepsOneReady: whether a worker is started before it is needed.
    public init(program: String, seconds: Int = 20, keepsOneReady: Bool = false) {
        self.program = program
        self.seconds = seconds
        self.keepsOneReady = keepsOneReady
        if keepsOneReady { prepare() }
    }

    deinit { ready.withLock { $0.take() }?.end() }

    /// All codes in a PNG, JPEG or PDF, as `Scanning.codes(in:)` finds them. Blocks the calling thread.
    ///
    /// What strangers give may have as many codes as there may be, so that many are looked for.
    ///
    /// - Throws: as `Scanning.codes(in:)`, and ``ScanError/workerEnded`` if the file was too much for the worker.
    public func codes(in bytes: [UInt8]) throws(ScanError) -> [ScannedCode] {
        try codes(in: bytes, .any, expecting: Scanning.maximumCodes)
    }

    /// The codes in a file that should be of one form, and have so many.
    package func codes(
        in bytes: [UInt8], _ form: ScanRequest.Form, expecting expected: Int
    ) throws(ScanError) -> [ScannedCode] {
        guard bytes.count <= Scanning.maximumBytes else {
            throw .tooManyBytes(limit: Scanning.maximumBytes)
        }
        guard let worker = takeReady() ?? start() else { throw .workerMissing }
        defer {
            worker.end()
            if keepsOneReady { prepare() }
        }
        let request = ScanRequest(form: form, expecting: expected, count: bytes.count)
        let answer = try exchange(request.head + bytes, with: worker)
        switch ScanMessage(answer) {
        case .codes(let codes): return codes
        case .refused(let error): throw error
        case nil: throw .workerEnded
        }
    }

    private func takeReady() -> Worker? {
        guard let worker = ready.withLock({ $0.take() }) else { return nil }
        // It says nothing before it is asked: if there is something to receive, it is the end.
        if akashi_worker_wait(worker.link, 0, 0) == 0 { return worker }
        worker.end()
        return nil
    }

    private func prepare() {
        guard ready.withLock({ $0 == nil }), let worker = start() else { return }
        let spare = ready.withLock { kept -> Worker? in
            guard kept == nil else { return worker }
            kept = worker
            return nil
        }
        spare?.end()
    }

    private func start() -> Worker? {
        var (process, link): (Int32, Int32) = (0, -1)
        let error = program.withCString { path in
            "scan-worker".withCString { command in
                String(seconds).withCString { seconds in
                    let arguments: [UnsafeMutablePointer<CChar>?] =
                        [path, command, seconds].map { .init(mutating: $0) } + [nil]
                    return akashi_worker_start(path, arguments, &process, &link)
                }
            }
        }
        return error == 0 ? Worker(process: process, link: link) : nil
    }

    // Sends everything and receives everything up to the worker's end, in whatever order it goes, before the deadline.
    private func exchange(_ message: [UInt8], with worker: Worker) throws(ScanError) -> [UInt8] {
        let deadline = ContinuousClock.now + .seconds(4 * seconds)
        var sent = 0
        var received: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let left = (deadline - .now) / .milliseconds(1)
            guard left >= 1, akashi_worker_wait(worker.link, sent < message.count ? 1 : 0, Int32(left)) == 1 else {
                throw .workerEnded
            }
            if sent < message.count {
                let count = message[sent...].withUnsafeBytes {
                    akashi_worker_send(worker.link, $0.baseAddress, $0.count)
                }
                guard count >= 0 else { throw .workerEnded }
                sent += count
                if sent == message.count { akashi_worker_finish(worker.link) }
            }
            let count = akashi_worker_receive(worker.link, &block, block.count)
            if count == -1 { return received }
            guard count >= 0, received.count + count <= ScanMessage.maximumBytes else { throw .workerEnded }
            received += block.prefix(count)
        }
    }
}
