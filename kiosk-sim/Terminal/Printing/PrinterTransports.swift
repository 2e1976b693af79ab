import CoreFoundation
import CLinux
import Dispatch
import Glibc
import NIOCore
import NIOPosix
import PrintStream

extension Printer {
    /// A program that takes the job as a print stream on its standard input and ends with 0 when it has printed.
    package static func command(_ arguments: [String]) -> Printer {
        Printer { job throws(PrinterFailure) in
            guard
                let streamed = StreamedJob(
                    inquiry: job.inquiry, copies: job.copies, documents: [.pdf: job.pdf, .png: job.png],
                    receipt: job.receipt)
            else { throw .failed }
            let ends = try openPipe()
            var process: pid_t = 0
            let started = ArgumentVector.with(arguments) { akashi_spawn(arguments[0], $0, ends.reading, 1, &process) }
            close(ends.reading)
            guard started == 0 else {
                close(ends.writing)
                throw .unreachable
            }
            let child = process
            // Away from the threads that serve screen and network: a printer takes pages at its own pace.
            let isDone = await onThread { () -> Bool in
                let isWhole = writeAll(streamed.chunks(), to: ends.writing)
                close(ends.writing)
                return akashi_wait(child) == 0 && isWhole
            }
            guard isDone else { throw .failed }
        }
    }

    /// A device file or named pipe that takes raw PDF, once a copy.
    package static func device(path: String) -> Printer {
        Printer { job throws(PrinterFailure) in
            let isDone = await onThread { () -> Bool? in
                let device = akashi_open_device(path)
                guard device >= 0 else { return nil }
                defer { close(device) }
                return writeAll(Array(repeating: job.pdf, count: job.copies), to: device)
            }
            guard let isDone else { throw .unreachable }
            guard isDone else { throw .failed }
        }
    }

    /// A printer that takes raw PDF over TCP (port 9100), one connection a copy; it closes its side when it has it.
    package static func network(host: String, port: Int) -> Printer {
        Printer { job throws(PrinterFailure) in
            for _ in 0..<job.copies { try await send(job.pdf, host: host, port: port) }
        }
    }

    private static func send(_ pdf: [UInt8], host: String, port: Int) async throws(PrinterFailure) {
        let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>
        do {
            channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.seconds(5))
                .channelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
                .connect(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel(
                            wrappingChannelSynchronously: channel,
                            configuration: .init(isOutboundHalfClosureEnabled: true))
                    }
                }
        } catch { throw .unreachable }
        do {
            try await channel.executeThenClose { input, output in
                try await output.write(ByteBuffer(bytes: pdf))
                output.finish()
                // Nothing that a printer says back is needed; that it closes says that it has everything.
                for try await _ in input {}
            }
        } catch { throw .failed }
    }

    private static func openPipe() throws(PrinterFailure) -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        guard akashi_pipe(&ends) == 0 else { throw .failed }
        return (ends[0], ends[1])
    }

    /// Writes all pieces, without a copy of them; `false` if the other side stopped reading.
    private static func writeAll(_ pieces: [[UInt8]], to descriptor: Int32) -> Bool {
        // A side that stopped reading is an error of the write, whatever the process does with SIGPIPE.
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
        for piece in pieces {
            var sent = 0
            while sent < piece.count {
                let count = piece.withUnsafeBytes {
                    write(descriptor, $0.baseAddress.map { $0 + sent }, piece.count - sent)
                }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                sent += count
            }
        }
        return true
    }
}

/// Runs blocking work on a thread of its own queue.
func onThread<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(returning: work()) }
    }
}
