import Foundation
import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

/// A segment's file is whole or not there, and whatever else lies in its place is refused.
@Suite struct SegmentFileTests {
    // MARK: Kills

    private static let kills = ProcessInfo.processInfo.environment["AKASHI_KILLS"].flatMap { Int($0) } ?? 3

    @Test(.timeLimit(.minutes(30)))
    func `a closing that is killed at any moment loses no line and has none twice`() async throws {
        var random = Seeded("kills of a closing")
        var cut = 0
        for round in 0..<(Self.kills * 20) where cut < Self.kills {
            let place = try Place()
            let before: [LogEntry]
            do {
                let store = try place.sqlite()
                for index in 0..<400 {
                    try await store.noteRefusal(
                        "record.unclear", of: .domestic, for: try Sample.person(index % 7).number,
                        terminal: String(repeating: "ab", count: 32), inquiry: "MH-\(index)", in: Sample.city,
                        now: Sample.now)
                }
                before = try await SegmentTests.all(store)
            }
            try await place.closed()
            let (folder, delay) = (place.folder, UInt32.random(in: 1000...120_000, using: &random))
            let result = await #expect(processExitsWith: .signal(SIGKILL)) {
                [folder = folder as String, delay = delay as UInt32] in
                let store = try Place(existing: folder).sqlite()
                Thread.detachNewThread {
                    usleep(delay)
                    kill(getpid(), SIGKILL)
                }
                _ = try await store.closeLog(of: Sample.city, keeping: SegmentTests.keeping(9), now: SegmentTests.later)
                _ = FileManager.default.createFile(atPath: folder + "/done", contents: nil)
                try await Task.sleep(for: .seconds(60))
            }
            try #require(result != nil)
            if !FileManager.default.fileExists(atPath: folder + "/done") { cut += 1 }
            let store = try place.sqlite()
            #expect(try await Array(SegmentTests.all(store).prefix(before.count)) == before, "round \(round)")
            _ = try await store.closeLog(of: Sample.city, keeping: SegmentTests.keeping(9), now: SegmentTests.later)
            let after = try await SegmentTests.all(store)
            #expect(Array(after.prefix(before.count)) == before)
            #expect(after.map(\.sequence) == (1...Int64(after.count)).map { $0 })
            #expect(try await SegmentTests.sound(store))
            #expect(try await store.segments(of: Sample.city).count == (before.count + 8) / 9)
        }
        #expect(cut == Self.kills)
    }

    // MARK: The reader

    @Test func `bad bytes of a segment's file never trap, and none passes for another`() async throws {
        let key = [UInt8](repeating: 3, count: 32)
        let (bytes, header) = try SegmentFile.sample(lines: 1500, detail: "見本, \"a\"\n", key: key)
        #expect(try SegmentFile.count(bytes, header, key: key) == 1500)
        await BadInput.run("segments", samples: [bytes], cases: BadInput.cases / 5) { input in
            guard input != bytes, let count = try? SegmentFile.count(input, header, key: key) else { return }
            Issue.record("other bytes are read as \(count) lines")
        }
    }

    @Test func `bad records never trap, and what is read is written as the same bytes`() async throws {
        let (short, long) = ("1,2,intent,,,,,\n", "1,-2,refused,A,\"\",\"a,\"\"b\",c,local:0\n")
        let seeds = [short, long, short + long].map { Array($0.utf8) }
        for seed in seeds { #expect(try SegmentLines.roundTrip(seed) == seed) }
        for wrong in [
            "01,2,a,,,,,\n", "1,2,\"a\",,,,,\n", "1,2,,,,,,\n", "1,2,a,,,,\n", "1,2,a,,,,,,\n", "1,2,a\r,,,,,\n",
        ] {
            #expect(throws: SegmentFault.changed) { try SegmentLines.roundTrip(Array(wrong.utf8)) }
        }
        await BadInput.run("lines of segments", samples: seeds) { input in
            guard let written = try? SegmentLines.roundTrip(input) else { return }
            #expect(input.starts(with: written))
        }
    }
}
