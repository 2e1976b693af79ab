import Exchange
import Foundation
import RecordService
import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

/// Approved imports are written by the running service.
@Suite struct ImportRunnerTests {
    private func stage(_ people: [NewPerson], in store: any RecordStore) async throws -> RecordImport {
        var batches = [people.enumerated().map { ImportRow(line: $0 + 2, text: { "" }, person: .success($1)) }]
        return try await store.stage(
            try #require(ImportOrigin(medium: "MADE-UP", purpose: "Tests")), as: .addition, in: Stack.mihon.code,
            maximumRefused: 0, now: Stack.start
        ) { batches.popLast() }
    }

    private func people(_ range: Range<Int>) throws -> [NewPerson] { try range.map { try TestPerson($0).record() } }

    @Test func `what was approved before the service began goes on when it does`() async throws {
        let stack = try await Stack()
        let staged = try await stage(try people(100..<300), in: stack.store)
        for name in ["a", "b"] {
            _ = try await stack.store.approve(staged.number, by: name, in: Stack.mihon.code, now: Stack.start)
        }
        _ = try await stack.store.apply(staged.number, in: Stack.mihon.code, limit: 7, now: Stack.start)
        try await Running.with(stack) { _ in
            try await eventually("all are in") {
                try await stack.store.imports(in: Stack.mihon.code).first?.counts.applied == 200
            }
        }
        let last = try TestPerson(299).record().number
        #expect(try await stack.store.person(last, in: Stack.mihon.code) != nil)
    }

    @Test func `people are issued to while an import is written, and it names who approved it`() async throws {
        let stack = try await Stack()
        let residents = (1...8).map { TestPerson($0) }
        for person in residents { try await stack.write(person) }
        let staged = try await stage(try people(1000..<1800), in: stack.store)
        try await Running.with(stack) { running in
            for name in ["operator/operator", "operator/operator2"] {
                try await running.withClient("inner", as: name) { client in
                    _ = try await OperatorClient(client).approve(import: staged.number, in: Stack.mihon.code)
                }
            }
            var meanwhile = 0
            for person in residents {
                _ = try await stack.issue(try stack.session(person))
                if try await stack.store.imports(in: Stack.mihon.code).first?.state == .applying { meanwhile += 1 }
            }
            #expect(meanwhile > 0)
            try await eventually("all are in") {
                try await stack.store.imports(in: Stack.mihon.code).first?.state == .applied
            }
            try await running.withOperator { client in
                let report = try #require(try await client.imports(in: Stack.mihon.code).first)
                #expect(report.approvals == ["development operator", "second development operator"])
            }
        }
        let log = try await stack.store.log(in: Stack.mihon.code, after: 0, limit: 1000)
        let approvers = log.filter { $0.event == .importApproved }.compactMap(\.actor)
        #expect(Set(approvers).count == 2 && approvers.allSatisfy { $0.count == 64 })
    }

    @Test func `a region that cannot be read does not keep another's import waiting`() async throws {
        let stack = try await Stack()
        let codes = try await stack.store.municipalities().map(\.code)
        let (broken, sound) = (try #require(codes.first), try #require(codes.last))
        guard broken != sound else { return }
        for code in [broken, sound] {
            var batches = [[ImportRow(line: 2, text: { "" }, person: .success(try TestPerson(500).record()))]]
            let staged = try await stack.store.stage(
                try #require(ImportOrigin(medium: "MADE-UP", purpose: "Tests")), as: .addition, in: code,
                maximumRefused: 0, now: Stack.start
            ) { batches.popLast() }
            for name in ["a", "b"] {
                _ = try await stack.store.approve(staged.number, by: name, in: code, now: Stack.start)
            }
        }
        try await RawDatabase(stack.folder + "/records/regions/\(broken.digits).sqlite").execute(
            "UPDATE import SET medium = 'another'")
        try await Running.with(stack) { _ in
            try await eventually("the sound one is in") {
                try await stack.store.imports(in: sound).first?.state == .applied
            }
        }
    }

    @Test func `an import whose rows are gone rests, and everything else goes on`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let staged = try await stage(try people(100..<120), in: stack.store)
        for name in ["a", "b"] {
            _ = try await stack.store.approve(staged.number, by: name, in: Stack.mihon.code, now: Stack.start)
        }
        try FileManager.default.removeItem(
            atPath: stack.folder + "/records/imports/\(Stack.mihon.code.digits)-\(staged.number).people")
        try await Running.with(stack) { running in
            try await eventually("it is told") { stack.logs.text.contains("import rests") }
            try await eventually("operators see it") { stack.system.degraded() == ["import.resting"] }
            _ = try await stack.issue(try stack.session(person))
            try await running.withOperator { client in
                let ended = try await client.discard(import: staged.number, in: Stack.mihon.code)
                #expect(ended.state == .discarded)
            }
            try await eventually("nothing rests any more") { stack.system.degraded() == [] }
        }
        let again = try await stage(try people(100..<120), in: stack.store)
        #expect(again.state == .staged)
    }
}
