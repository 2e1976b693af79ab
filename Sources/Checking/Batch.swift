package import Credentials
package import Foundation

/// Checks one code a line: lines in, JSON lines out, in order, on all cores; memory does not grow with the input.
package struct Batch: Sendable {
    private let verifier: Verifier
    private let now: Date
    private let summaryOnly: Bool

    /// A batch.
    ///
    /// - Parameters:
    ///   - verifier: whom to trust.
    ///   - now: the time to judge validity by.
    ///   - summaryOnly: whether one line with counts and rate is written in place of a line for each code.
    package init(verifier: Verifier, now: Date, summaryOnly: Bool) {
        self.verifier = verifier
        self.now = now
        self.summaryOnly = summaryOnly
    }

    /// How many codes there were.
    package struct Counts: Sendable {
        /// The codes that were checked.
        package var checked = 0
        /// Those of them that are valid.
        package var valid = 0
        /// Those of them for which only the trust folder's test part vouches.
        package var test = 0
    }

    /// How many blocks are in work or wait for their turn to be written: enough that no core waits for the reader.
    private static let window = 4 * ProcessInfo.processInfo.activeProcessorCount

    /// What came of one block of lines.
    private struct Part: Sendable {
        let position: Int
        var output: [UInt8] = []
        var counts = Counts()
    }

    /// Reads all lines and writes the answers.
    ///
    /// - Parameters:
    ///   - input: the lines.
    ///   - output: where the answers go.
    package func run(from input: FileHandle, to output: FileHandle) async -> Counts {
        let clock = ContinuousClock()
        let start = clock.now
        var total = Counts()
        var reader = LineReader(descriptor: input.fileDescriptor, maximum: Verifier.maximumTextBytes)
        await withTaskGroup(of: Part.self) { group in
            var started = 0
            var written = 0
            var waiting: [Int: Part] = [:]
            var lines = 0
            while true {
                // Who feeds lines by hand gets each answer before the next line is waited for.
                while started - written < Self.window, started == written || reader.isReady, let block = reader.next() {
                    group.addTask { [position = started, lines] in check(block, position, from: lines + 1) }
                    started += 1
                    lines += LineReader.lines(in: block)
                }
                guard let part = await group.next() else { break }
                waiting[part.position] = part
                while let part = waiting.removeValue(forKey: written) {
                    if !summaryOnly { output.write(Data(part.output)) }
                    total.checked += part.counts.checked
                    total.valid += part.counts.valid
                    total.test += part.counts.test
                    written += 1
                }
            }
        }
        if summaryOnly { output.write(Data((summary(total, clock.now - start) + "\n").utf8)) }
        return total
    }

    private func check(_ block: [UInt8], _ position: Int, from first: Int) -> Part {
        var part = Part(position: position)
        var start = 0
        var number = first - 1
        while start < block.count {
            let end = LineReader.lineFeed(in: block, from: start) ?? block.count
            let line = block[start..<end]
            start = end + 1
            number += 1
            guard !line.allSatisfy(Self.isBlank), let verdict = verdict(String(decoding: line, as: UTF8.self)) else {
                continue
            }
            part.counts.checked += 1
            part.counts.valid += verdict.isValid ? 1 : 0
            part.counts.test += verdict.isTest ? 1 : 0
            if !summaryOnly {
                part.output += verdict.jsonBytes(line: number)
                part.output.append(0x0A)
            }
        }
        return part
    }

    // Space, TAB, VT, FF and CR; other control characters are content, if of no code.
    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || (0x0B...0x0D).contains(byte) }

    /// The one answer to a line. Should it hold several certificates, they are judged as what was shown together, and one
    /// that is not valid speaks for all.
    private func verdict(_ text: String) -> Verdict? {
        var verdicts = verifier.check([text], at: now)
        if verdicts.count > 1 { verdicts = verifier.check(groups: [[text]], at: now) }
        return verdicts.first { !$0.isValid } ?? verdicts.first
    }

    private func summary(_ total: Counts, _ passed: Duration) -> String {
        let seconds = passed / .seconds(1)
        let rate = seconds > 0 ? Double(total.checked) / seconds : 0
        let peak = Self.peakMemory.map { ",\"peak_kib\":\($0)" } ?? ""
        return """
            {"checked":\(total.checked),"valid":\(total.valid),"invalid":\(total.checked - total.valid),\
            "test":\(total.test),"seconds":\((seconds * 1000).rounded() / 1000),"per_s":\(rate.rounded())\(peak)}
            """
    }

    /// The most memory that this process held, in KiB, as Linux counts it.
    private static var peakMemory: Int? {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
        else { return nil }
        return line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }
    }
}
