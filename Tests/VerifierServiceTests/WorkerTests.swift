import Foundation
import IssuerSupport
import Rendering
import Scanning
import TestSupport
import Testing

/// What strangers' files may cost.
@Suite(.serialized, .requires(.program("verifier")))
struct WorkerTests {
    private let folder: TemporaryFolder
    private let served: Served

    init() throws {
        folder = try TemporaryFolder()
        try Issuers().writeTrust(to: folder)
        served = try VerifyTests.serve(folder, ["--scan-seconds", "1"])
    }

    private static func picture() throws -> Data {
        Data(try QRCode([.bytes("made up")], level: .l).png(pixelsPerModule: 4))
    }

    @Test func `a document without end costs one worker, and texts are answered meanwhile`() async throws {
        async let hostile = served.verify("application/pdf", Document.endless)
        for _ in 0..<20 { #expect(try await served.verify("a text").status == 200) }
        let answer = try await hostile
        #expect(answer.status == 422 && answer.code == "scan.timed_out")
        #expect(try await served.verify("image/png", Self.picture()).reasons == [["format.unknown"]])
    }

    @Test func `more documents than there are places for are refused at once, and to be sent again`() async throws {
        let served = self.served
        let count = 8 * ProcessInfo.processInfo.activeProcessorCount
        let answers = try await withThrowingTaskGroup(of: Served.Answer.self) { group in
            for _ in 0..<count { group.addTask { try await served.verify("application/pdf", Document.endless) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let busy = answers.filter { $0.status == 503 }
        #expect(!busy.isEmpty)
        #expect(busy.allSatisfy { $0.code == "service.busy" && $0.header("retry-after") == "1" })
        #expect(answers.filter { $0.status != 503 }.allSatisfy { $0.code == "scan.timed_out" })
        // Nothing is left over: one worker waits for the next file.
        try await eventually("one worker is left") { try served.workers.count == 1 }
        #expect(try await served.verify("image/png", Self.picture()).status == 200)
    }

    @Test func `a worker that waits is bounded in time and memory, and cannot write`() async throws {
        try await eventually("a worker is ready and has bounded itself") {
            guard let worker = try served.workers.first else { return false }
            let limits = try String(contentsOfFile: "/proc/\(worker)/limits", encoding: .utf8)
            func bounds(_ name: String) -> [Substring]? {
                limits.split(separator: "\n").first { $0.hasPrefix(name) }?.dropFirst(26).split(separator: " ")
            }
            return bounds("Max cpu time")?.prefix(2) == ["1", "1"]
                && bounds("Max file size")?.prefix(2) == ["0", "0"]
                && bounds("Max core file size")?.prefix(2) == ["0", "0"]
                && bounds("Max address space")?.prefix(2) == ["2147483648", "2147483648"]
        }
    }

    @Test func `a worker that waits takes no processor time`() async throws {
        try await eventually("a worker is ready and has sealed itself") { try served.workers.count == 1 && isSealed() }
        let before = try processorTime()
        try await Task.sleep(for: .seconds(1))
        let taken = try processorTime() - before
        #expect(taken <= 5, "\(taken) hundredths of a second in one second")
    }

    /// What the worker that waits has taken so far, in hundredths of a second (proc(5)).
    private func processorTime() throws -> Int {
        let worker = try #require(try served.workers.first)
        let line = try String(contentsOfFile: "/proc/\(worker)/stat", encoding: .utf8)
        // Behind the program's name, which may have blanks: field 3 and those that follow.
        let fields = try #require(line.split(separator: ")").last).split(separator: " ")
        return try #require(Int(fields[11])) + #require(Int(fields[12]))
    }

    @Test func `every thread of a worker that waits is sealed, so that it can open no file and reach nobody`()
        async throws
    {
        try await eventually("a worker is ready and has sealed itself", isSealed)
    }

    private func isSealed() throws -> Bool {
        guard let worker = try served.workers.first else { return false }
        let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(worker)/task")
        return try !threads.isEmpty
            && threads.allSatisfy { thread in
                try String(contentsOfFile: "/proc/\(worker)/task/\(thread)/status", encoding: .utf8)
                    .contains("\nSeccomp:\t2\n")
            }
    }

    @Test func `a worker that was killed is replaced`() async throws {
        try await eventually("a worker is ready") { try served.workers.count == 1 }
        for worker in try served.workers { kill(worker, SIGKILL) }
        try await eventually("it ended") { try served.workers.isEmpty }
        #expect(try await served.verify("image/png", Self.picture()).status == 200)
    }

    @Test func `workers end with the service`() async throws {
        try await eventually("a worker is ready") { try served.workers.count == 1 }
        let workers = try served.workers
        served.signal(SIGKILL)
        try await eventually("the workers ended") { workers.allSatisfy { kill($0, 0) != 0 } }
    }
}

/// What a worker answers is believed no more than the file that it read.
struct ScanMessageTests {
    private static let codes = ScanMessage.codes([
        ScannedCode(bytes: Array("first".utf8), page: 0), ScannedCode(bytes: [], page: 15),
    ])

    @Test func `codes and refusals come through as they are`() {
        #expect(ScanMessage(Self.codes.bytes) == Self.codes)
        #expect(ScanMessage(ScanMessage.codes([]).bytes) == .codes([]))
        let refusal = ScanMessage.refused(.tooManyPages(limit: Scanning.maximumPages))
        #expect(ScanMessage(refusal.bytes) == refusal)
    }

    @Test func `bad answers are refused or read, and never trap`() async {
        await BadInput.run(
            "worker's answers", samples: [Self.codes.bytes, ScanMessage.refused(.brokenPicture).bytes]
        ) { bytes in
            guard let message = ScanMessage(bytes) else { return }
            #expect(message.bytes == bytes)
        }
    }
}
