import Foundation
import Glibc
import PrintStream
import Terminal
import TestSupport
import Testing

struct PrinterTests {
    private let job = PrintJob(
        inquiry: "ABCDE-01234", copies: 2, pdf: Array("%PDF-1.7 ".utf8) + [UInt8](repeating: 7, count: 300_000),
        png: [1, 2, 3],
        receipt: "receipt\n")

    @Test func `a printer program gets the whole job on its standard input`() async throws {
        try await withFolder { folder in
            #expect(await Printer.command(["/bin/sh", "-c", "cat > '\(folder)/stream'"]).print(job) == .printed)
            var reader = PrintStreamReader()
            try reader.take(try #require(FileManager.default.contents(atPath: folder + "/stream")))
            let streamed = try reader.finish()
            #expect(streamed.documents[.pdf] == job.pdf)
            #expect(streamed.documents[.png] == job.png)
            #expect(streamed.copies == 2)
            #expect(streamed.receipt == job.receipt)
        }
    }

    @Test(
        arguments: [
            // It has all of the job: only what it says is known.
            (["/bin/sh", "-c", "cat > /dev/null; exit 0"], PrintResult.printed),
            (["/bin/sh", "-c", "cat > /dev/null; exit 69"], .notPrinted(.failed)),
            (["/bin/sh", "-c", "cat > /dev/null; exit 3"], .unknown),
            (["/bin/sh", "-c", "cat > /dev/null; kill -9 $$"], .unknown),
            // It has no whole job, which is never printed; unless it says that it was.
            (["/bin/sh", "-c", "exit 3"], .notPrinted(.failed)), (["/bin/sh", "-c", "exit 0"], .unknown),
            (["/nonexistent/printer"], .notPrinted(.unreachable)),
        ] as [([String], PrintResult)])
    func `of a page is known what the printer program said, and nothing else`(
        _ arguments: [String], _ result: PrintResult
    ) async {
        #expect(await Printer.command(arguments).print(job) == result)
    }

    /// A program that leaves its process id and that of a child behind, and goes on for ten minutes, SIGTERM or not.
    private static func stubborn(_ folder: String, _ first: String) -> [String] {
        [
            "/bin/sh", "-c",
            "trap '' TERM HUP INT; \(first) sleep 600 & echo $$ $! > '\(folder)/new'; mv '\(folder)/new' '\(folder)/ids'; wait; wait",
        ]
    }

    @Test(
        arguments: [
            ("cat > /dev/null;", PrintResult.unknown), ("head -c 100000 > /dev/null;", .notPrinted(.failed)),
            ("", .notPrinted(.failed)),
        ])
    func `a printer program that goes on after its end is killed with what it started, and holds nobody`(
        _ first: String, _ result: PrintResult
    ) async throws {
        try await withFolder { folder in
            let job = job
            let printing = Task { await Printer.command(Self.stubborn(folder, first)).print(job) }
            try await eventually("the printer's start") { FileManager.default.fileExists(atPath: folder + "/ids") }
            let start = ContinuousClock.now
            printing.cancel()
            #expect(await printing.value == result)
            #expect(ContinuousClock.now - start < .seconds(30))
            let ids = try String(contentsOfFile: folder + "/ids", encoding: .utf8).split(whereSeparator: \.isWhitespace)
            #expect(ids.count == 2)
            for id in ids { try await eventually("the end of process \(id)") { hasEnded(id) } }
        }
    }

    @Test func `what a printer program said before it was killed counts`() async throws {
        try await withFolder { folder in
            let job = job
            let program = ["/bin/sh", "-c", "cat > /dev/null; touch '\(folder)/done'"]
            for _ in 0..<8 {
                try? FileManager.default.removeItem(atPath: folder + "/done")
                let printing = Task { await Printer.command(program).print(job) }
                try await eventually("the page") { FileManager.default.fileExists(atPath: folder + "/done") }
                printing.cancel()
                // Either it ended by itself or it was killed first; a page that is out is never one that is not.
                #expect([.printed, .unknown].contains(await printing.value))
            }
        }
    }

    @Test func `a printer program has no descriptors of the terminal's but its streams`() async throws {
        try await withFolder { folder in
            let program = "cat > /dev/null; ls /proc/self/fd > '\(folder)/fds'"
            #expect(await Printer.command(["/bin/sh", "-c", program]).print(job) == .printed)
            let text = String(
                decoding: try #require(FileManager.default.contents(atPath: folder + "/fds")), as: UTF8.self)
            // 3 is the folder that ls itself reads.
            #expect(Set(text.split(separator: "\n").map(String.init)).isSubset(of: ["0", "1", "2", "3"]))
        }
    }

    @Test func `a device gets nothing but the PDF, and a missing one is told`() async throws {
        try await withFolder { folder in
            let path = folder + "/device"
            try #require(mkfifo(path, 0o600) == 0)
            let reading = Task.detached(executorPreference: LongRunning.threads) { readAll(path) }
            #expect(await Printer.device(path: path, takenIsPrinted: true).print(job) == .printed)
            #expect(await reading.value.map { Array($0) } == job.pdf + job.pdf)
            #expect(
                await Printer.device(path: folder + "/none", takenIsPrinted: true).print(job)
                    == .notPrinted(.unreachable))
        }
    }

    @Test func `of a page that a device took nothing is known, unless its operator lets that count`() async throws {
        try await withFolder { folder in
            let path = folder + "/device"
            try #require(mkfifo(path, 0o600) == 0)
            let reading = Task.detached(executorPreference: LongRunning.threads) { readAll(path) }
            #expect(await Printer.device(path: path, takenIsPrinted: false).print(job) == .unknown)
            #expect(await reading.value.map { Array($0) } == job.pdf + job.pdf)
        }
    }

    @Test func `a pipe that nobody reads holds nobody, and has printed nothing`() async throws {
        try await withFolder { folder in
            let path = folder + "/device"
            try #require(mkfifo(path, 0o600) == 0)
            let job = job
            let printing = Task { await Printer.device(path: path, takenIsPrinted: true).print(job) }
            printing.cancel()
            #expect(await printing.value == .notPrinted(.unreachable))
        }
    }

    @Test func `a device that takes a part and no more holds nobody, and nothing is known of it`() async throws {
        try await withFolder { folder in
            let path = folder + "/device"
            try #require(mkfifo(path, 0o600) == 0)
            let reader = open(path, O_RDONLY | O_NONBLOCK)
            defer { close(reader) }
            let job = job
            let printing = Task { await Printer.device(path: path, takenIsPrinted: true).print(job) }
            var byte: UInt8 = 0
            try await eventually("the first byte") { read(reader, &byte, 1) == 1 }
            printing.cancel()
            #expect(await printing.value == .unknown)
        }
    }

}

/// Whether a process is gone, or is only waited for by who started it.
private func hasEnded(_ id: Substring) -> Bool {
    guard let status = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8) else { return true }
    return status.contains(") Z ")
}

/// All bytes of a pipe until its other side is closed.
private func readAll(_ path: String) -> Data? {
    let file = open(path, O_RDONLY)
    guard file >= 0 else { return nil }
    return FileHandle(fileDescriptor: file, closeOnDealloc: true).readDataToEndOfFile()
}
