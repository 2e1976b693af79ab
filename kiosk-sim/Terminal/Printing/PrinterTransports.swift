import CLinux
import Glibc
import NIOCore
import NIOPosix
import PrintStream
import Waiting

extension Printer {
    /// A program that takes the job as a print stream on its standard input. It ends with 0 when it has printed, with
    /// ``PrintStream/nothingPrinted`` if it printed nothing; after any other end, or before one, nothing is known.
    package static func command(_ arguments: [String]) -> Printer {
        Printer { job in
            guard
                let streamed = StreamedJob(
                    inquiry: job.inquiry, copies: job.copies, documents: [.pdf: job.pdf, .png: job.png],
                    receipt: job.receipt)
            else { return .notPrinted(.failed) }
            guard let (stream, reading) = PrinterStream.pipe() else { return .notPrinted(.unreachable) }
            let program = PrinterProgram(arguments, input: reading)
            close(reading)
            guard let program else {
                stream.stop()
                _ = await stream.send([])
                return .notPrinted(.unreachable)
            }
            return await withTaskCancellationHandler {
                let isWhole = await stream.send(streamed.chunks()).isWhole
                return result(status: await program.ended(), isWhole: isWhole)
            } onCancel: {
                stream.stop()
                program.kill()
            }
        }
    }

    private static func result(status: Int32?, isWhole: Bool) -> PrintResult {
        switch status {
        case 0 where isWhole: .printed
        // It says that it printed what it did not have.
        case 0: .unknown
        case PrintStream.nothingPrinted: .notPrinted(.failed)
        // A job without its end is not printed.
        default: isWhole ? .unknown : .notPrinted(.failed)
        }
    }

    /// A device file or named pipe that takes raw PDF, once a copy. It says nothing: that it took everything is all that
    /// is known of it.
    package static func device(path: String) -> Printer {
        Printer { job in
            guard let device = await openDevice(path) else { return .notPrinted(.unreachable) }
            guard let stream = PrinterStream(device) else { return .notPrinted(.unreachable) }
            let sent = await withTaskCancellationHandler {
                await stream.send(Array(repeating: job.pdf, count: job.copies))
            } onCancel: {
                stream.stop()
            }
            if sent.isWhole { return .printed }
            return sent.count == 0 ? .notPrinted(.failed) : .unknown
        }
    }

    /// Opens a device; a named pipe as soon as somebody reads it. `nil` if that cannot be done, or not before the task is
    /// cancelled.
    private static func openDevice(_ path: String) async -> Int32? {
        while !Task.isCancelled {
            let device = akashi_open_device(path)
            if device >= 0 { return device }
            guard device == -ENXIO else { return nil }
            try? await Task.sleep(for: .milliseconds(50))
        }
        return nil
    }

    /// A printer that takes raw PDF over TCP (port 9100), one connection a copy; it closes its side when it has it.
    package static func network(host: String, port: Int) -> Printer {
        Printer { job in
            for copy in 0..<job.copies {
                guard let channel = await connect(host: host, port: port) else {
                    return copy == 0 ? .notPrinted(.unreachable) : .unknown
                }
                guard await send(job.pdf, over: channel) else { return .unknown }
            }
            return .printed
        }
    }

    private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// A connection to a printer; `nil` if there is none, or none before the task is cancelled.
    private static func connect(host: String, port: Int) async -> Connection? {
        let connecting = Task {
            try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.seconds(5))
                .channelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
                .connect(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try Connection(
                            wrappingChannelSynchronously: channel,
                            configuration: .init(isOutboundHalfClosureEnabled: true))
                    }
                }
        }
        let connection = try? await withTimeLimit(.seconds(10)) { try? await connecting.value }
        if let connection { return connection }
        // One that still comes is not used.
        Task { try? await connecting.value.executeThenClose { _, _ in } }
        return nil
    }

    /// Whether the printer has taken a page and closed its side.
    private static func send(_ pdf: [UInt8], over connection: Connection) async -> Bool {
        do {
            try await connection.executeThenClose { input, output in
                try await output.write(ByteBuffer(bytes: pdf))
                output.finish()
                // Nothing that a printer says back is needed; that it closes says that it has everything.
                for try await _ in input {}
                try Task.checkCancellation()
            }
            return true
        } catch { return false }
    }
}
