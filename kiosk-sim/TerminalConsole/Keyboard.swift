import CLinux
import Foundation
import Glibc
import Synchronization

/// Reads keys on a thread of its own and hands them out one at a time.
final class Keyboard: Sendable {
    private struct State {
        var keys: [Key] = []
        var waiter: (id: Int, continuation: CheckedContinuation<Key?, Never>)?
        var nextID = 0
        var pressed = 0
        var isOver = false
    }

    private let state = Mutex(State())
    private let input: Int32
    private let wakeReading: Int32
    private let wakeWriting: Int32
    private let finished = DispatchSemaphore(value: 0)
    /// How long an escape waits for what may follow it, in milliseconds.
    private static let escapeDelay: Int32 = 40

    /// A keyboard that begins to read; `nil` if the system has no pipes left.
    init?(input: Int32) {
        var ends: [Int32] = [-1, -1]
        guard akashi_pipe(&ends) == 0 else { return nil }
        self.input = input
        (wakeReading, wakeWriting) = (ends[0], ends[1])
        let thread = Thread { [self] in read() }
        thread.name = "keyboard"
        thread.start()
    }

    /// How many keys were pressed so far.
    var pressed: Int { state.withLock { $0.pressed } }

    /// The next key; `nil` when the task is cancelled or the terminal is gone.
    func next() async -> Key? {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let key: Key?? = state.withLock { state in
                    if state.isOver || Task.isCancelled { return .some(nil) }
                    if !state.keys.isEmpty { return .some(state.keys.removeFirst()) }
                    // Only one question is asked at a time: an earlier one that still waits was given up.
                    state.waiter?.continuation.resume(returning: nil)
                    state.waiter = (id, continuation)
                    return nil
                }
                if let key { continuation.resume(returning: key) }
            }
        } onCancel: {
            state.withLock { state in
                guard let waiter = state.waiter, waiter.id == id else { return }
                state.waiter = nil
                waiter.continuation.resume(returning: nil)
            }
        }
    }

    /// Forgets what was pressed ahead: an answer to one question is never one to the next.
    func forget() { state.withLock { $0.keys = [] } }

    /// Stops reading, so that another process can have the terminal; returns when the thread has let go of it.
    func stop() {
        var byte: UInt8 = 0
        _ = write(wakeWriting, &byte, 1)
        finished.wait()
        close(wakeReading)
        close(wakeWriting)
    }

    private func read() {
        var parser = KeyParser()
        var buffer = [UInt8](repeating: 0, count: 256)
        reading: while true {
            var polls = [
                pollfd(fd: input, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wakeReading, events: Int16(POLLIN), revents: 0),
            ]
            let ready = poll(&polls, 2, parser.isWaiting ? Self.escapeDelay : -1)
            if ready < 0, errno == EINTR { continue }
            if ready < 0 || polls[1].revents != 0 { break }
            if ready == 0 {
                deliver(parser.flush())
                continue
            }
            let count = Glibc.read(input, &buffer, buffer.count)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { break reading }
            deliver(parser.take(buffer[..<count]))
            // A PIN may have been among them.
            buffer.withUnsafeMutableBytes { bytes in
                if let start = bytes.baseAddress { akashi_erase(start, bytes.count) }
            }
        }
        state.withLock { state in
            state.isOver = true
            state.waiter?.continuation.resume(returning: nil)
            state.waiter = nil
            state.keys = []
        }
        finished.signal()
    }

    private func deliver(_ keys: [Key]) {
        for key in keys {
            state.withLock { state in
                state.pressed += 1
                if let waiter = state.waiter {
                    state.waiter = nil
                    waiter.continuation.resume(returning: key)
                } else if state.keys.count < 64 {
                    state.keys.append(key)
                }
            }
        }
    }
}
