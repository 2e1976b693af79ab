import CLinux
import Glibc
import PrintStream

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

    /// A device file or named pipe that takes raw PDF, once a copy. It says nothing, and that it took everything may mean
    /// a buffer of the system: that counts as printed only where `takenIsPrinted`.
    package static func device(path: String, takenIsPrinted: Bool) -> Printer {
        Printer { job in
            guard let device = await openDevice(path) else { return .notPrinted(.unreachable) }
            guard let stream = PrinterStream(device) else { return .notPrinted(.unreachable) }
            let sent = await withTaskCancellationHandler {
                await stream.send(Array(repeating: job.pdf, count: job.copies))
            } onCancel: {
                stream.stop()
            }
            if sent.isWhole { return taken(takenIsPrinted) }
            return sent.count == 0 ? .notPrinted(.failed) : .unknown
        }
    }

    /// What is said of a page that went out whole to a printer that says nothing.
    private static func taken(_ isPrinted: Bool) -> PrintResult { isPrinted ? .printed : .unknown }

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

    /// A printer that takes raw PDF over TCP (port 9100), one connection a copy. It says nothing: at most that it has
    /// acknowledged all of it and then closed its side, which counts as printed only where `takenIsPrinted`.
    package static func network(host: String, port: Int, takenIsPrinted: Bool) -> Printer {
        Printer { job in
            let addresses = await PrinterConnection.addresses(host: host, port: port)
            for copy in 0..<job.copies {
                switch await PrinterConnection.bring(job.pdf, to: addresses) {
                case .taken: continue
                case .unreachable where copy == 0: return .notPrinted(.unreachable)
                case .nothingSent where copy == 0: return .notPrinted(.failed)
                // An earlier copy may be out.
                case .unreachable, .nothingSent, .unknown: return .unknown
                }
            }
            return taken(takenIsPrinted)
        }
    }
}
