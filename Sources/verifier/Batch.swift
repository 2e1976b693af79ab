import ArgumentParser
import Credentials
import Foundation

/// `verifier check --batch`: lines in, JSON lines out, in order, on all cores; memory does not grow with the input.
struct Batch {
    let verifier: Verifier
    let now: Date
    let summaryOnly: Bool

    /// How many lines are in work at once, and in one task.
    private static let block = 4096
    private static let share = 128

    private struct Counts {
        var checked = 0
        var valid = 0
        var test = 0

        static func += (left: inout Counts, right: Counts) {
            left.checked += right.checked
            left.valid += right.valid
            left.test += right.test
        }
    }

    func run() async throws {
        let clock = ContinuousClock()
        let start = clock.now
        var counts = Counts()
        var reader = LineReader(longest: Verifier.longestText)
        while true {
            let lines = reader.next(Self.block)
            guard !lines.isEmpty else { break }
            let (output, part) = await check(lines)
            counts += part
            if !summaryOnly { for bytes in output { FileHandle.standardOutput.write(Data(bytes)) } }
        }
        if summaryOnly {
            let passed = clock.now - start
            let seconds = Double(passed.components.seconds) + Double(passed.components.attoseconds) / 1e18
            let rate = seconds > 0 ? Double(counts.checked) / seconds : 0
            print(
                """
                {"checked":\(counts.checked),"valid":\(counts.valid),"invalid":\(counts.checked - counts.valid),\
                "test":\(counts.test),"seconds":\((seconds * 1000).rounded() / 1000),"per_s":\(rate.rounded())}
                """)
        }
        if counts.checked == 0 { throw ExitCode(2) }
        if counts.valid < counts.checked { throw ExitCode(1) }
    }

    private func check(_ lines: [String]) async -> ([[UInt8]], Counts) {
        await withTaskGroup(of: (Int, [UInt8], Counts).self) { group in
            for start in stride(from: 0, to: lines.count, by: Self.share) {
                let share = lines[start..<min(start + Self.share, lines.count)]
                group.addTask { work(start, share) }
            }
            var outputs: [(Int, [UInt8])] = []
            var counts = Counts()
            for await (start, output, part) in group {
                outputs.append((start, output))
                counts += part
            }
            return (outputs.sorted { $0.0 < $1.0 }.map(\.1), counts)
        }
    }

    private func work(_ start: Int, _ lines: ArraySlice<String>) -> (Int, [UInt8], Counts) {
        var output: [UInt8] = []
        var counts = Counts()
        for line in lines {
            // A line is one code: should it hold several certificates, the one that is not valid speaks for it.
            let verdicts = verifier.check([line], at: now)
            guard let verdict = verdicts.first(where: { !$0.isValid }) ?? verdicts.first else { continue }
            counts.checked += 1
            counts.valid += verdict.isValid ? 1 : 0
            counts.test += verdict.isTest ? 1 : 0
            if !summaryOnly {
                output += verdict.jsonBytes()
                output.append(0x0A)
            }
        }
        return (start, output, counts)
    }
}

/// Lines of standard input, bounded each; empty lines are passed over.
struct LineReader {
    private let longest: Int
    private var buffer: [UInt8] = []
    private var start = 0
    private var ended = false

    init(longest: Int) { self.longest = longest }

    /// Up to `count` further lines. What is too long for a line is cut, so that it is refused as too long.
    mutating func next(_ count: Int) -> [String] {
        var lines: [String] = []
        var skipping = false
        while lines.count < count {
            if let end = buffer[start...].firstIndex(of: 0x0A) {
                if !skipping { append(start..<end, to: &lines) }
                skipping = false
                start = end + 1
                continue
            }
            if buffer.count - start > longest + 1 {
                if !skipping { append(start..<buffer.count, to: &lines) }
                skipping = true
                start = buffer.count
            }
            buffer.removeFirst(start)
            start = 0
            if ended {
                if !skipping { append(0..<buffer.count, to: &lines) }
                buffer = []
                break
            }
            let block = (try? FileHandle.standardInput.read(upToCount: 1 << 20)) ?? Data()
            if block.isEmpty { ended = true } else { buffer += block }
        }
        return lines
    }

    private func append(_ range: Range<Int>, to lines: inout [String]) {
        let line = String(decoding: buffer[range], as: UTF8.self)
        if line.utf8.contains(where: { $0 > 0x20 }) { lines.append(line) }
    }
}
