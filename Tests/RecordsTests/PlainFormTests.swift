import Foundation
import RecordSupport
import Records
import Testing
import TestSupport
import Vaccination

/// What is sealed in fields is JSON as Foundation's coders know it, whoever writes or reads it.
@Suite struct PlainFormTests {
    private static let plainName = "見本　花子 Ünïcode \u{7F}\u{2028}葛\u{E0100}"
    /// Names that JSON writes with an escape.
    private static let otherNames = [
        "見本/花子", "見本\"花子", "見本\\花子", "見本\t花子", "見本\u{1}花子", "見本\u{1F}花子", "見本\n花子\u{8}\u{C}\r",
    ]

    private func contents(name: String) throws -> [IssueContent] {
        let person = try Sample.person(name: name, passport: "XX7654321")
        let passports = [person.vaccinee.passport, nil]
        return try passports.flatMap { passport in
            try Sex.allCases.flatMap { sex in
                let vaccinee = try #require(
                    Vaccinee(name: name, birthDate: person.vaccinee.birthDate, sex: sex, passport: passport))
                return [[], person.history.doses].flatMap { doses in
                    [true, false].map { IssueContent(vaccinee: vaccinee, doses: doses, exceeds: $0) }
                }
            }
        }
    }

    private func registers(name: String) throws -> [RegisterEntry?] {
        let addressee = try #require(AddresseeNumber("0000000100"))
        let day = try #require(CalendarDate(iso: "2020-04-01"))
        let names = try OtherName.Kind.allCases.map { try #require(OtherName(kind: $0, name: name)) }
        return [
            nil, RegisterEntry(addressee: addressee, writtenAt: 0),
            RegisterEntry(
                addressee: addressee, integrated: addressee, readings: [name, "みほん"], otherNames: names,
                nationality: name, changedOn: day, residentFrom: day, residentUntil: day,
                writtenAt: 99_999_999_999_999),
        ]
    }

    private func doses() throws -> [Dose] {
        let date = try #require(CalendarDate(iso: "1999-12-31"))
        return try Product.all.enumerated().flatMap { index, product in
            try [1, 9, 10, 99].map { number in
                try #require(Dose(number: number, date: date, product: product, lot: "aZ-. \(index)", country: "USA"))
            }
        }
    }

    private func json(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return try encoder.encode(value)
    }

    private func expectPlain<Value: PlainForm & Equatable>(_ value: Value) throws {
        let expected = try json(value)
        #expect(try Data(value.json()) == expected)
        #expect(Value(plainJSON: expected) == value)
        #expect(try JSONDecoder().decode(Value.self, from: expected) == value)
    }

    @Test func `what is written is what JSONEncoder writes with sorted keys, and is read without it`() throws {
        for content in try contents(name: Self.plainName) {
            try expectPlain(content)
            for standing in Standing.allCases {
                for register in try registers(name: Self.plainName) {
                    try expectPlain(
                        PersonFields(vaccinee: content.vaccinee, standing: standing, register: register))
                }
            }
        }
        for dose in try doses() {
            try expectPlain(dose)
            for (source, time) in [(DoseSource?.none, Date?.none), (.file, Sample.now), (.correction, Sample.now)] {
                for end in [nil, Sample.now + 0.5, Date(timeIntervalSince1970: 0)] {
                    try expectPlain(DoseEntry(dose: dose, source: source, recordedAt: time, endedAt: end))
                }
            }
            // As versions before this wrote it.
            #expect(
                DoseEntry(plainJSON: try json(dose)) == DoseEntry(dose: dose, source: nil, recordedAt: nil))
        }
        for passport in ["XX1234567", "A"] { try expectPlain(passport) }
    }

    @Test func `vouchers, passports and what is told of doses have one form`() throws {
        let line = try #require(VoucherLine("219900190000000001"))
        let day = try #require(CalendarDate(iso: "2021-05-10"))
        let dose = try #require(try doses().first)
        for venue in [nil, "見本　会場 Ünïcode 葛\u{E0100}"] {
            for voucher in [nil, line] {
                let details = try #require(DoseDetails(venue: venue, doctor: venue, voucher: voucher))
                for dispute in [nil] + VoucherDispute.allCases {
                    try expectPlain(
                        DoseEntry(
                            dose: dose, source: .byOperator, recordedAt: Sample.now, endedAt: Sample.now,
                            details: details, dispute: dispute))
                }
            }
        }
        let passports = try ["MIHON, HANAKO", "MIHON (REIJI)(SMITH), HANAKO (MARY)", "MIHON"].map {
            try #require(Passport(number: "XX1", writtenName: $0, nationality: "JPN", expires: day))
        }
        let person = try Sample.person(name: Self.plainName)
        for passport in passports {
            try expectPlain(passport)
            for entry in [
                PassportEntry(passport: passport, source: nil, recordedAt: nil),
                PassportEntry(
                    passport: passport, source: .file, recordedAt: Sample.now, endedAt: Sample.now,
                    reason: .nameChange, endedBy: .byOperator),
            ] {
                try expectPlain(entry)
                let record = try #require(PassportRecord([entry]))
                try expectPlain(
                    PersonFields(vaccinee: person.vaccinee, standing: .resident, passports: record))
            }
        }
        for issuedOn in [nil, day] { try expectPlain(IssuedVoucher(line: line, issuedOn: issuedOn)) }
        for reason in [nil] + VoucherReason.allCases {
            try expectPlain(
                VoucherEvent(kind: .voided, at: Sample.now, by: reason?.rawValue, source: .file, reason: reason))
        }
    }

    @Test(arguments: otherNames)
    func `a text that needs an escape is left to Foundation's coders`(name: String) throws {
        for content in try contents(name: name) {
            #expect(IssueContent(plainJSON: try json(content)) == nil)
            #expect(try JSONDecoder().decode(IssueContent.self, from: Data(content.json())) == content)
            #expect(try IssueContent(json: json(content)) == content)
        }
    }

    @Test func `members in any order are read, as older versions wrote them`() throws {
        let dose = try #require(try doses().first)
        let members = try String(decoding: json(dose), as: UTF8.self).dropFirst().dropLast().split(separator: ",")
        var random = Seeded("the order of members")
        for _ in 0..<50 {
            let text = "{\(members.shuffled(using: &random).joined(separator: ","))}"
            #expect(Dose(plainJSON: Data(text.utf8)) == dose)
        }
    }

    /// One flaw each; the first is the form that they are made from.
    private static let dose = #"{"country":"JPN","date":"2021-06-01","lot":"AB1","number":1,"product":"MODERNA"}"#
    private static let forms = [
        dose,
        "", "{}", "[]", "null", "\"\"", "{", dose + " ", dose + "}", String(dose.dropLast()), " " + dose,
        dose.replacing("{", with: "{ "), dose.replacing(",\"date\"", with: " ,\"date\""),
        dose.replacing("\"number\":", with: "\"number\": "), dose.replacing(",\"number\":1", with: ""),
        dose.replacing(":1,", with: ":1,\"number\":2,"), dose.replacing(":1,", with: ":1,\"number\":1,"),
        dose.replacing(":1,", with: ":1,\"other\":1,"), dose.replacing(":1,", with: ":01,"),
        dose.replacing(":1,", with: ":0,"), dose.replacing(":1,", with: ":100,"), dose.replacing(":1,", with: ":-1,"),
        dose.replacing(":1,", with: ":1.0,"), dose.replacing(":1,", with: ":1e0,"),
        dose.replacing(":1,", with: ":\"1\","), dose.replacing(":1,", with: ":null,"),
        dose.replacing(":1,", with: ":true,"), dose.replacing(":1,", with: ":,"),
        dose.replacing("JPN", with: "J\\u0050N"), dose.replacing("JPN", with: "jpn"),
        dose.replacing("JPN", with: "J\nN"), dose.replacing("AB1", with: "A\\/1"),
        dose.replacing("2021-06-01", with: "2021-06-31"), dose.replacing("MODERNA", with: "NOBODY"),
        dose.replacing("country", with: "c\\u006funtry"), dose.replacing("\"AB1\"", with: "AB1"),
        dose.replacing("\"AB1\"", with: "\"AB1"), dose.replacing("}", with: ",}"), "[\(dose)]",
    ]

    @Test(arguments: forms)
    func `a form that is not plain is read as JSONDecoder reads it, or refused as it refuses`(form: String) throws {
        let expected = try? JSONDecoder().decode(Dose.self, from: Data(form.utf8))
        #expect((try? Dose(json: Data(form.utf8))) == expected)
        #expect((Dose(plainJSON: Data(form.utf8)) != nil) == (form == Self.dose))
    }

    @Test func `any byte of a form changed is read as JSONDecoder reads it, or refused as it refuses`() throws {
        let content = try #require(try contents(name: "見本　花子").first { $0.vaccinee.passport != nil })
        let bytes = Array(try json(content))
        var random = Seeded("changed bytes")
        for place in bytes.indices {
            var changed = bytes
            changed[place] =
                [0x00, 0x20, 0x22, 0x2C, 0x31, 0x5C, 0x7B, 0x7D, 0x80, 0xFF].randomElement(using: &random) ?? 0
            let expected = try? JSONDecoder().decode(IssueContent.self, from: Data(changed))
            #expect((try? IssueContent(json: Data(changed))) == expected, "byte \(place) is \(changed[place])")
            let cut = Data(bytes[..<place])
            #expect(throws: DecodingError.self) { try IssueContent(json: cut) }
        }
    }

    @Test(arguments: otherNames + [plainName])
    func `a person is read back with whatever the name holds`(name: String) async throws {
        let place = try Place()
        let store = try place.sqlite()
        let person = try Sample.person(name: name, passport: "XX7654321", printed: ["XX1"])
        let record = try await store.with(person)
        #expect(record.vaccinee == person.vaccinee && record.history == person.history)
        let intent = try Sample.intent(of: record)
        #expect(try await store.record(intent, limit: DailyLimit(9)) == .recorded)
        #expect(try await store.record(intent, limit: DailyLimit(9)) == .resumed(intent))
    }
}
