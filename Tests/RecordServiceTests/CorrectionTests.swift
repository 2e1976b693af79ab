import Foundation
import Exchange
import RecordService
import RecordSupport
import Records
import Testing
import TestSupport
import Vaccination

/// What a municipality does with files whose doses contradict those that were recorded, by the commands' own words.
@Suite struct CorrectionTests {
    private let stack: Stack
    private let folder: TemporaryFolder

    init() async throws {
        stack = try await Stack()
        folder = try TemporaryFolder()
    }

    private func load(_ lot: String, correcting: Bool = false) async throws -> [String] {
        let person = try TestPerson(1).record()
        var fields = [
            "individual_number": person.number.digits, "card_name": person.vaccinee.name,
            "birth_date": person.vaccinee.birthDate.description, "sex": person.vaccinee.sex.rawValue,
            "card_address": "見本県見本市", "municipality_code": Stack.mihon.code.digits,
            "name": person.vaccinee.name, "standing": person.standing.rawValue,
        ]
        for dose in person.history.doses {
            fields["dose\(dose.number)_date"] = dose.date.description
            fields["dose\(dose.number)_product"] = dose.product.code
            fields["dose\(dose.number)_lot"] = lot
        }
        let lines = [PeopleCSV.columns, PeopleCSV.columns.map { fields[$0] ?? "" }].map { $0.joined(separator: ",") }
        try folder.write("people.csv", Data((lines.joined(separator: "\n") + "\n").utf8))
        return try await FileCommands.load(
            folder.file("people.csv"), correcting: correcting, stack.configuration, now: stack.clock.now)
    }

    @Test func `a contradiction is told, listed for its municipality alone, and corrected; its certificates are named`()
        async throws
    {
        #expect(try await load("MH-1") == ["\(Stack.mihon.code): 1 people, 1 of them new / 登録しました"])
        let id = try await stack.issue(try stack.session(TestPerson(1))).manifest.certificateID

        let second = try await load("MH-2")
        #expect(second.count == 2)
        #expect(second.last?.contains("the doses of 1 people contradict each other") == true)
        #expect(second.last?.contains("食い違いがある1人") == true)
        await #expect(throws: ProblemCode.recordUnclear) { _ = try await stack.issue(try stack.session(TestPerson(1))) }

        let list = folder.file("unclear.csv")
        let said = try await FileCommands.listUnclear(
            of: Stack.mihon.code, to: list, stack.configuration, now: Stack.start)
        #expect(said.first?.hasPrefix("1 people whose doses contradict each other") == true)
        let lines = try String(contentsOfFile: list, encoding: .utf8).split(separator: "\n")
        #expect(lines.first.map(String.init) == UnclearCSV.columns.joined(separator: ","))
        #expect(lines.count == 1 + 6 && lines.filter { $0.contains("MH-2") }.count == 3)
        let attributes = try FileManager.default.attributesOfItem(atPath: list)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        // Nothing is overwritten.
        await #expect(throws: FileCommands.UnusableFile.self) {
            _ = try await FileCommands.listUnclear(
                of: Stack.mihon.code, to: list, stack.configuration, now: Stack.start)
        }

        let corrected = try await load("MH-2", correcting: true)
        #expect(corrected.last == "  \(id)")
        #expect(try await stack.issue(try stack.session(TestPerson(1))).manifest.doses == 3)
        let earlier = try await load("MH-1")
        #expect(
            earlier.count == 2
                && earlier.last?.contains("1 people have doses in this file that a correction ended") == true)
        #expect(try await stack.issue(try stack.session(TestPerson(1))).manifest.doses == 3)
        let log = try await stack.store.log(in: Stack.mihon.code, after: 0, limit: 99)
        #expect(log.filter { $0.event == .corrected }.map(\.actor) == [LogActor.local])
    }
}
