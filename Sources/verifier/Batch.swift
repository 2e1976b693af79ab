import ArgumentParser
import Credentials
import Foundation

/// `verifier check --batch`: lines in, JSON lines out, in order, on all cores; memory does not grow with the input.
struct Batch {
    let verifier: Verifier
    let now: Date
    let summaryOnly: Bool

    /// How many blocks are in work or wait for their turn to be written: enough that no core waits for the reader.
    private static let window = 4 * ProcessInfo.processInfo.activeProcessorCount

    /// What came of one block of lines.
    private struct Part: Sendable {
        let position: Int
        var output: [UInt8] = []
        var checked = 0
        var valid = 0
        var test = 0
    }

    func run() async throws {
        let clock = ContinuousClock()
        let start = clock.now
        var total = Part(position: 0)
        var reader = LineReader(longest: Verifier.longestText)
        await withTaskGroup(of: Part.self) { group in
            var started = 0
            var written = 0
            var waiting: [Int: Part] = [:]
            while true {
                // Who feeds lines by hand gets each answer before the next line is waited for.
                while started - written < Self.window, started == written || reader.isReady, let block = reader.next() {
                    group.addTask { [position = started] in check(block, position) }
                    started += 1
                }
                guard let part = await group.next() else { break }
                waiting[part.position] = part
                while let part = waiting.removeValue(forKey: written) {
                    if !summaryOnly { FileHandle.standardOutput.write(Data(part.output)) }
                    total.checked += part.checked
                    total.valid += part.valid
                    total.test += part.test
                    written += 1
                }
            }
        }
        if summaryOnly { print(summary(total, clock.now - start)) }
        if total.checked == 0 { throw ExitCode(2) }
        if total.valid < total.checked { throw ExitCode(1) }
    }

    private func check(_ block: [UInt8], _ position: Int) -> Part {
        var part = Part(position: position)
        var start = 0
        while start < block.count {
            let end = LineReader.lineFeed(in: block, from: start) ?? block.count
            let line = block[start..<end]
            start = end + 1
            guard line.contains(where: { $0 > 0x20 }) else { continue }
            // A line is one code: should it hold several certificates, the one that is not valid speaks for it.
            let verdicts = verifier.check([String(decoding: line, as: UTF8.self)], at: now)
            guard let verdict = verdicts.first(where: { !$0.isValid }) ?? verdicts.first else { continue }
            part.checked += 1
            part.valid += verdict.isValid ? 1 : 0
            part.test += verdict.isTest ? 1 : 0
            if !summaryOnly {
                part.output += verdict.jsonBytes()
                part.output.append(0x0A)
            }
        }
        return part
    }

    private func summary(_ total: Part, _ passed: Duration) -> String {
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
