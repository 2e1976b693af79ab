import CheckedConfiguration
import Exchange
import Foundation
import RecordService
import RecordSupport
import Records
import Synchronization
import Testing
import Vaccination

/// What operators' commands do and say, from the operator's configuration to the lines on the screen.
@Suite struct OperatorCommandsTests {
    private func said(
        by running: Running, json: Bool = false, _ body: (OperatorCommands) async throws -> Void
    ) async throws -> [String] {
        let keys = running.stack.folder + "/keys"
        let file = try ConfigurationFile(
            text: """
                vrs: https://\(running.addresses["inner"] ?? "")
                authorities: [\(keys)/ca.pem]
                certificate: \(keys)/operator/operator.pem
                key: \(keys)/operator/operator.key.pem
                """, name: "operator.yaml")
        let lines = Mutex<[String]>([])
        try await OperatorCommands.run(
            file, json: json, now: Stack.start, say: { line in lines.withLock { $0.append(line) } }, body)
        return lines.withLock { $0 }
    }

    @Test func `a suspension is said and shown until it is resumed`() async throws {
        try await Running.with(try await Stack()) { running in
            let lines = try await said(by: running) { commands in
                try await commands.suspend(.terminal("T0002"))
                try await commands.showSuspensions()
                try await commands.resume(.terminal("T0002"))
                try await commands.showSuspensions()
            }
            #expect(
                lines == [
                    "suspended terminal:T0002 / 停止しました", "suspended terminal:T0002", "resumed terminal:T0002 / 再開しました",
                    "everything is in service / すべて稼働中",
                ])
        }
    }

    @Test func `a folder of terminals is enrolled once and listed in columns`() async throws {
        try await Running.with(try await Stack()) { running in
            let folder = running.stack.folder + "/keys/terminals"
            let lines = try await said(by: running) { commands in
                try await commands.enrolFolder(folder)
                try await commands.enrolFolder(folder)
                try await commands.revoke(terminal: "T0003")
                try await commands.listTerminals()
            }
            #expect(
                lines.prefix(3) == [
                    "enrolled 1 terminals / 1台を登録しました", "enrolled 0 terminals / 0台を登録しました",
                    "revoked T0003 / 失効させました",
                ])
            #expect(
                lines.dropFirst(3).map { $0.prefix(16) } == [
                    "T0001  active   ", "T0002  active   ", "T0003  revoked  ",
                ])
        }
    }

    @Test func `a voucher is issued, replaced and listed, and a passport amended, in the operator's name`() async throws
    {
        let stack = try await Stack()
        let person = TestPerson.traveller(1)
        try await stack.write(person)
        let id = try await stack.issue(
            try stack.session(person, .overseas)
        ).manifest.certificateID
        let code = Stack.mihon.code
        func line(_ number: Int) throws -> VoucherLine {
            try Sample.value(VoucherLine("24\(code)000000000\(number)"))
        }
        let (first, second) = (try line(1), try line(2))
        let day = try #require(CalendarDate(iso: "2021-05-10"))
        let who = PersonReference(by: .number, text: person.number)
        let passport = try #require(Passport(written: "ＴＺ７,\"MIHON (REIJI), HANAKO\",JPN,令和17年1月1日"))
        try await Running.with(stack) { running in
            let lines = try await said(by: running) { commands in
                try await commands.issue(VoucherIssue(person: who, line: first, issuedOn: day), in: code)
                try await commands.issue(
                    VoucherIssue(person: who, line: second, issuedOn: day, reason: .lost), in: code)
                try await commands.void(VoucherVoid(line: second, reason: .error), in: code)
                try await commands.listVouchers(VoucherQuestion(person: who, purpose: "Tests"), in: code)
                try await commands.amend(
                    PassportAmendment(person: who, passport: passport, reason: .corrected), in: code)
            }
            #expect(lines.first == "\(first.digits): issued / 未使用, issued on / 発行日 2021-05-10")
            #expect(lines.filter { $0.hasPrefix("\(first.digits): void / 無効") }.count == 1)
            #expect(lines.contains { $0.contains("voided / 無効化, lost / 紛失, operator, ") })
            #expect(lines.last == "  \(id)")
            await #expect(throws: OperatorFailure.refused(.conflict)) {
                _ = try await said(by: running) { commands in
                    try await commands.issue(VoucherIssue(person: who, line: second, issuedOn: day), in: code)
                }
            }
            let log = try await stack.store.log(in: code, after: 0, limit: 99)
            let events: [LogEvent] = [.voucherIssued, .voucherReissued, .voucherVoided, .searched, .passportCorrected]
            let own = log.filter { events.contains($0.event) }
            #expect(own.map(\.event) == events && own.allSatisfy { $0.actor?.count == 64 })
            #expect(own.allSatisfy { $0.detail?.contains("000000000") == false })
        }
    }

    @Test func `a full page of a list says how to go on`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        for _ in 1...3 { _ = try await stack.issue(try stack.session(person)) }
        let ids = try await stack.store.certificates(in: Stack.mihon.code, state: .signed, limit: 9)
            .map(\.certificateID.text)
        try await Running.with(stack) { running in
            let lines = try await said(by: running) { commands in
                let region = Stack.mihon.code
                try await commands.listCertificates(in: region, state: .signed, limit: 2)
                try await commands.listCertificates(
                    in: region, state: .signed, after: CertificateID(ids[1]), limit: 2)
                try await commands.showLog(of: region, after: 0, limit: 2)
            }
            #expect(lines.prefix(2).map { String($0.prefix(12)) } == Array(ids.prefix(2)))
            #expect(lines[2] == "there may be more: --after \(ids[1]) / 続きがあれば --after \(ids[1])")
            #expect(lines[3].hasPrefix(ids[2]))
            #expect(lines.count == 7 && lines[6].hasPrefix("there may be more: --after 2 "))
        }
    }

    @Test func `a report in JSON is one line that reads back`() async throws {
        try await Running.with(try await Stack()) { running in
            let lines = try await said(by: running, json: true) { try await $0.listTerminals() }
            let reports = try OperatorJSON.decode([TerminalReport].self, from: Array(try #require(lines.first).utf8))
            #expect(lines.count == 1 && reports.map(\.id) == ["T0001", "T0002"])
        }
    }
}
