import CLinux
import CoreFoundation
import Dispatch
import Glibc
import Synchronization

/// A descriptor that a printer reads from, whose writing can be stopped from outside however slowly it is read.
final class PrinterStream: Sendable {
    let descriptor: Int32
    private let stopReading: Int32
    private let stopWriting: Int32
    private let isStopped = Mutex(false)

    /// Takes over a descriptor that does not block; `nil`, with the descriptor closed, if the system has no pipes left.
    init?(_ descriptor: Int32) {
        var ends: [Int32] = [-1, -1]
        guard akashi_pipe(&ends) == 0 else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
        (stopReading, stopWriting) = (ends[0], ends[1])
    }

    deinit {
        close(stopReading)
        close(stopWriting)
    }

    /// A pipe: a stream into it, and the other end for a program; `nil` if the system has none left.
    static func pipe() -> (stream: PrinterStream, reading: Int32)? {
        var ends: [Int32] = [-1, -1]
        guard akashi_pipe(&ends) == 0 else { return nil }
        guard akashi_set_nonblocking(ends[1]) == 0, let stream = PrinterStream(ends[1]) else {
            close(ends[0])
            return nil
        }
        return (stream, ends[0])
    }

    /// Ends ``send(_:)`` and closes the descriptor, now or as soon as it begins.
    func stop() {
        isStopped.withLock { isStopped in
            guard !isStopped else { return }
            isStopped = true
            var byte: UInt8 = 0
            _ = Glibc.write(stopWriting, &byte, 1)
        }
    }

    /// Writes all pieces, without a copy of them, and closes the descriptor: how many bytes were taken, and whether all of
    /// them. Call it once.
    func send(_ pieces: [[UInt8]]) async -> (count: Int, isWhole: Bool) {
        // Away from the threads that serve screen and network: a printer takes pages at its own pace.
        await onThread { [self] in
            defer { close(descriptor) }
            return write(pieces)
        }
    }

    /// Writes all pieces: how many bytes were taken, and whether all of them.
    func write(_ pieces: [[UInt8]]) -> (count: Int, isWhole: Bool) {
        var sent = 0
        for piece in pieces {
            var written = 0
            while written < piece.count {
                guard let count = write(piece, from: written) else { return (sent, false) }
                written += count
                sent += count
            }
        }
        return (sent, true)
    }

    /// Waits until something of `events` can be done, or the time is up; `false` if it was stopped.
    func isReady(for events: Int32, milliseconds: Int32 = -1) -> Bool {
        var polls = [
            pollfd(fd: stopReading, events: Int16(POLLIN), revents: 0),
            pollfd(fd: descriptor, events: Int16(events), revents: 0),
        ]
        // Without events the descriptor is left out: its end would be told at once, again and again.
        let ready = poll(&polls, events == 0 ? 1 : 2, milliseconds)
        if ready < 0 { return errno == EINTR }
        return polls[0].revents == 0
    }

    /// Writes what the other side takes now, after waiting for it; `nil` if it was stopped or the other side has gone.
    private func write(_ piece: [UInt8], from start: Int) -> Int? {
        guard isReady(for: POLLOUT) else { return nil }
        return withoutBrokenPipeSignal {
            let count = piece.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + start }, piece.count - start)
            }
            if count < 0, errno == EINTR || errno == EAGAIN { return 0 }
            return count > 0 ? count : nil
        }
    }

    /// A side that stopped reading is an error of the write, whatever the process does with SIGPIPE.
    private func withoutBrokenPipeSignal<Result>(_ body: () -> Result) -> Result {
        var signals = sigset_t()
        var before = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, &before)
        defer {
            // The signal of such a write is this thread's own: taken here, or it would come once it is let through.
            var atOnce = timespec()
            while sigtimedwait(&signals, nil, &atOnce) == SIGPIPE {}
            pthread_sigmask(SIG_SETMASK, &before, nil)
        }
        return body()
    }
}

/// Runs blocking work on a thread of its own queue.
func onThread<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(returning: work()) }
    }
}
