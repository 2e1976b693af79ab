import Foundation
import StackSupport
import Synchronization
import TestSupport
import Testing
import Vaccination

/// `vrs keys rotate` beside the started programs.
@Suite(.serialized)
struct KeyRotationTests {
    private final class Seen: Sendable {
        let isDone = Mutex(false)
        let issued = Mutex(0)
    }

    private static let kills = ProcessInfo.processInfo.environment["AKASHI_KILLS"].flatMap { Int($0) } ?? 3

    @Test func `killed at any moment it loses nobody, pages go on, and it ends by the same command`() async throws {
        let stack = try await Stack.start(in: Stack.newFolder(), terminals: 4, people: 3000)
        do {
            try await rotate(stack)
        } catch {
            await stack.end()
            throw error
        }
        await stack.end()
    }

    private func rotate(_ stack: Stack) async throws {
        let configuration = stack.folder + "/rotate.yaml"
        // The same people come again and again.
        let limited = try stack.template("vrs.yaml", ["templates:": "limits: {perPersonAndDay: 1000}\ntemplates:"])
        try stack.write(limited, "vrs.yaml.in")
        try await stack.restartRecordSystem()
        try await stack.untilUpstreamIsBack()
        let residents = stack.people.filter(\.isOrdinary).prefix(40)
        @Sendable func issue(_ index: Int) async throws {
            let person = residents[index % residents.count]
            let session = try await stack.terminal().prepare(
                stack.request(in: person.municipality), card: stack.card(person))
            _ = try await session.answer(from: stack.answerKey)
        }
        try stack.write(
            try stack.template(
                "vrs.yaml", ["@VRS_CENTRE_PORT@": "0", "@VRS_INNER_PORT@": "0", "@VRS_OPERATIONS_PORT@": "0"]),
            "rotate.yaml")
        let arguments = ["keys", "rotate", "--config", configuration, "--development", "--all"]
        func keys() throws -> [String: String] {
            try stack.municipalities.reduce(into: [:]) { keys, code in
                keys[code.digits] = try String(
                    contentsOfFile: "\(stack.keys)/vrs/regions/\(code.digits).json", encoding: .utf8)
            }
        }
        let before = try keys()
        let begun = ContinuousClock.now
        let whole = try await Program.run(Programs.path("vrs"), arguments, folder: stack.folder)
        let took = ContinuousClock.now - begun
        #expect(whole.status == 0, "\(whole.output)\(whole.errors)")
        for code in stack.municipalities { #expect(whole.output.contains("\(code): ")) }

        let seen = Seen()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while !seen.isDone.withLock({ $0 }) {
                    try await issue(seen.issued.withLock { $0 })
                    seen.issued.withLock { $0 += 1 }
                }
            }
            group.addTask {
                defer { seen.isDone.withLock { $0 = true } }
                var random = Seeded("kills of a rotation")
                var (cut, longest) = (0, took)
                while cut < Self.kills {
                    let program = try Program(Programs.path("vrs"), arguments, folder: stack.folder)
                    let moment = longest * Double.random(in: 0.05...1, using: &random)
                    try await Task.sleep(for: moment)
                    // One that had ended before was quicker than the first, and is none of the number.
                    if program.isRunning { cut += 1 } else { longest = moment }
                    try await program.cut()
                    let floor = seen.issued.withLock { $0 }
                    try await eventually("a page behind it") { seen.issued.withLock { $0 } > floor }
                }
            }
            try await group.waitForAll()
        }
        let last = try await Program.run(Programs.path("vrs"), arguments, folder: stack.folder)
        #expect(last.status == 0, "\(last.output)\(last.errors)")
        for (code, text) in try keys() {
            #expect(text != before[code] && !text.contains("previous"), "\(code)")
        }
        // The regions are sound, everybody is there, and the service goes on.
        let verified = try await Program.run(
            Programs.path("vrs"), ["log", "verify", "--config", configuration, "--development"], folder: stack.folder)
        #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
        #expect(!stack.logs.contains("evidence broken"))
        for index in residents.indices { try await issue(index) }
        // Twice at once is one too many.
        let (first, second) = (
            try Program(Programs.path("vrs"), arguments, folder: stack.folder),
            try Program(Programs.path("vrs"), arguments, folder: stack.folder)
        )
        let statuses = [try await first.end(), try await second.end()]
        #expect(statuses.contains(0))
        if let refused = zip(statuses, [first, second]).first(where: { $0.0 != 0 })?.1 {
            #expect(refused.errors.contains("store.locked") && refused.errors.contains("使用中"), "\(refused.errors)")
        }
    }
}
