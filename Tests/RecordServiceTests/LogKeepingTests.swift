import CheckedConfiguration
import Foundation
import RecordService
import RecordSupport
import Records
import Synchronization
import TestSupport
import Testing
import Vaccination

/// What the service and the commands do with logs: closing, searching, verifying, reporting.
@Suite struct LogKeepingTests {
    private static func filled() async throws -> Stack {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        _ = try await stack.issue(try stack.session(person))
        try await stack.write(TestPerson(2), in: Stack.rei)
        return stack
    }

    private static func segments(_ stack: Stack) async throws -> Int {
        try await stack.store.segments(of: Stack.mihon.code).count
    }

    @Test func `the service closes what is due once a day, and tries again what it could not`() async throws {
        let stack = try await Self.filled()
        let closer = stack.system.closer
        await closer.closeIfDue()
        #expect(try await Self.segments(stack) == 0)
        stack.clock.advance(150 * 86_400)
        let folder = stack.configuration.log.folder
        try Data().write(to: URL(fileURLWithPath: folder))
        await closer.closeIfDue()
        #expect(stack.system.degraded().contains("log.not_closed"))
        #expect(stack.logs.text.contains("log not closed"))
        try FileManager.default.removeItem(atPath: folder)
        await closer.closeIfDue()
        #expect(!stack.system.degraded().contains("log.not_closed"))
        #expect(try await Self.segments(stack) == 1)
        // Later on the same day nothing is looked at.
        let file = try #require(try await stack.store.segments(of: Stack.mihon.code).first?.file)
        let path = "\(folder)/\(Stack.mihon.code)/\(file)"
        try FileManager.default.moveItem(atPath: path, toPath: path + ".kept")
        stack.clock.advance(3600)
        await closer.closeIfDue()
        #expect(stack.system.degraded() == [])
        stack.clock.advance(86_400)
        await closer.closeIfDue()
        #expect(stack.system.degraded() == ["log.segment_damaged"] && stack.logs.text.contains(file))
        try FileManager.default.moveItem(atPath: path + ".kept", toPath: path)
        await closer.closeIfDue()
        #expect(stack.system.degraded() == [])
    }

    @Test func `vrs log close and verify speak of every region, whatever is wrong with one`() async throws {
        let stack = try await Self.filled()
        let later = stack.clock.now + 150 * 86_400
        var said: [String] = []
        #expect(try await FileCommands.closeLogs([], stack.configuration, now: later) { said.append($0) })
        #expect(
            said.count == 2 && said[0].hasPrefix("990019: lines 1–") && said[1].hasPrefix("990027: lines 1–1 closed"))
        let sound = try await FileCommands.verify([], stack.configuration)
        #expect(sound.isSound && sound.lines.contains { $0.hasPrefix("990019:") && $0.contains("1 closed segments") })

        let file = try #require(try await stack.store.segments(of: Stack.mihon.code).first?.file)
        try FileManager.default.removeItem(atPath: "\(stack.configuration.log.folder)/990019/\(file)")
        // The other one is no database any more.
        let other = stack.folder + "/records/regions/990027.sqlite"
        for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: other + suffix) }
        try Data(repeating: 0x5A, count: 8192).write(to: URL(fileURLWithPath: other))
        let broken = try await FileCommands.verify([], stack.configuration)
        #expect(!broken.isSound)
        for text in [
            "BROKEN 990019: segment: lines 1–", "is missing / ありません", "BROKEN 990027: store.corrupt", "control: ",
        ] {
            #expect(broken.lines.contains { $0.contains(text) }, "\(text): \(broken.lines)")
        }
        said = []
        #expect(try await !FileCommands.closeLogs([], stack.configuration, now: later + 86_400) { said.append($0) })
        #expect(
            said.contains { $0.hasPrefix("990019: \(file) is missing") }
                && said.contains { $0.contains("store.corrupt") })
    }

    @Test func `an operator searches a log, pages through it, and is in it`() async throws {
        let stack = try await Self.filled()
        let person = TestPerson(1)
        try await Running.with(stack) { running in
            try await running.withOperator { client in
                var request = LogSearchRequest(purpose: "request 1")
                request.person = LogSearchRequest.Person(by: "number", value: person.number)
                let found = try await client.searchLog(.region(Stack.mihon.code), request)
                #expect(found.lines.map(\.event) == [.intent, .signed] && found.next == nil && !found.tooMany)
                #expect(found.lines.map(\.usesNumber) == [true, false])
                request.limit = 1
                let first = try await client.searchLog(.region(Stack.mihon.code), request)
                request.after = first.next
                #expect(try await client.searchLog(.region(Stack.mihon.code), request).lines.map(\.event) == [.signed])
                let lines = try await stack.store.log(in: Stack.mihon.code, after: 0, limit: 99).suffix(3)
                #expect(
                    lines.map(\.detail) == [
                        "person:number 0 2 request 1", "person:number 0 1 request 1",
                        "person:number \(first.next ?? 0) 1 request 1",
                    ])
                #expect(lines.allSatisfy { $0.actor?.count == 64 })
            }
        }
        #expect(!stack.logs.text.contains(person.number))
    }

    @Test func `a report is JSON or words in two languages, per region and in total`() async throws {
        let stack = try await Self.filled()
        let configuration = stack.configuration
        for _ in 0..<10 {
            _ = try await FileCommands.find(
                .addressee(try #require(AddresseeNumber("1"))), for: "Tests", in: Stack.mihon.code, configuration,
                now: Stack.start)
        }
        let (from, to) = (Stack.start - 86_400, Stack.start + 86_400)
        let said = Mutex<[String]>([])
        func report(json: Bool) async throws -> [String] {
            said.withLock { $0 = [] }
            let isWhole = try await FileCommands.reportLogs(
                [], from: from, to: to, json: json, configuration, now: Stack.start
            ) { line in said.withLock { $0.append(line) } }
            #expect(isWhole)
            return said.withLock { $0 }
        }
        let words = try await report(json: false)
        for text in ["total: ", "990019: ", "  searched: 10", "! search.empty: local:", "該当なし", "1 at terminals"] {
            #expect(words.contains { $0.contains(text) }, "\(text): \(words)")
        }
        let text = try #require(try await report(json: true).first)
        let json = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let total = try #require(json["total"] as? [String: Any])
        #expect((total["findings"] as? [[String: Any]])?.map { $0["rule"] as? String } == ["search.empty"])
        #expect((json["logs"] as? [[String: Any]])?.map { $0["log"] as? String } == ["control", "990019", "990027"])
        #expect(try await stack.store.controlLog(after: 0, limit: 99).filter { $0.event == .logSearched }.count == 2)

        let month = LogReporting.lastMonth(before: Stack.start)
        #expect(month.lowerBound.formatted(.iso8601) == "2026-09-30T15:00:00Z")
        #expect(month.upperBound.formatted(.iso8601) == "2026-10-31T15:00:00Z")
    }

    @Test func `lists of people that go to a file stand in the log before they can be read`() async throws {
        let stack = try await Self.filled()
        let list = stack.folder + "/unclear.csv"
        _ = try await FileCommands.listUnclear(of: Stack.mihon.code, to: list, stack.configuration, now: Stack.start)
        let line = try await stack.store.log(in: Stack.mihon.code, after: 0, limit: 99).last
        #expect(line?.event == .listed && line?.detail == "unclear 0" && line?.actor == LogActor.local)
    }

    @Test(arguments: [
        ("daysAtHand: 30", "records.log.daysAtHand"), ("yearsKept: 0", "records.log.yearsKept"),
        ("yearsKept: always", "records.log.yearsKept"), ("days: 100", "records.log.days"),
    ])
    func `a wrong setting of logs is told with its place`(text: String, keyPath: String) async throws {
        let stack = try await Stack()
        func load(_ log: String) async throws -> VRSConfiguration {
            let yaml = Stack.yaml(keys: stack.folder + "/keys", records: stack.folder + "/records", limits: "{}")
                .replacing("vrs/root-signing.pem}", with: "vrs/root-signing.pem, log: {\(log)}}")
            return try await VRSConfiguration(
                try ConfigurationFile(text: yaml, name: "vrs.yaml"), development: true, now: Stack.start)
        }
        let error = await #expect(throws: ConfigurationError.self) { _ = try await load(text) }
        #expect(error?.keyPath == keyPath)
        let right = try await load("yearsKept: forever, daysAtHand: 400, folder: /elsewhere").log
        #expect(right.keeping == LogKeeping(daysAtHand: 400, yearsKept: nil) && right.folder == "/elsewhere")
        #expect(try await load("").log.folder == stack.folder + "/records/segments")
    }
}
