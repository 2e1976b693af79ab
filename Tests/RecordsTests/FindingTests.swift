import Foundation
import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

/// People are found by more than the individual number, and by nothing that is not theirs.
@Suite struct FindingTests {
    private static let origin = ImportOrigin(medium: "MADE-UP-01", purpose: "Tests", format: .residents)

    private func entry(
        _ addressee: String = "0100", integrated: String? = nil, readings: [String] = [], names: [OtherName] = [],
        at: Int64 = 2021_04_01_00_00_00, sequence: Int64 = 0
    ) throws -> RegisterEntry {
        let addressee = try number(addressee)
        return try #require(
            RegisterEntry(
                addressee: addressee,
                integrated: integrated.flatMap(AddresseeNumber.init),
                readings: readings, otherNames: names, writtenAt: at, sequence: sequence))
    }

    /// A person as the residents' feed has one.
    private func resident(
        _ register: RegisterEntry, _ index: Int = 0, name: String = "見本　花子", standing: Standing = .resident
    ) throws -> NewPerson {
        let person = try Sample.person(index, name: name)
        let history = try #require(History([]))
        return try #require(
            NewPerson(
                number: person.number, vaccinee: person.vaccinee, standing: standing, register: register,
                history: history, keepsPassport: true))
    }

    @discardableResult
    private func write(_ changes: [PersonChange], to store: any RecordStore) async throws -> RecordImport {
        var batches = [changes.enumerated().map { ImportRow(line: $0 + 1, text: { "row" }, change: .success($1)) }]
        let staged = try await store.stage(
            try #require(Self.origin), as: .addition, in: Sample.city, maximumRefused: 100, now: Sample.now
        ) { batches.isEmpty ? nil : batches.removeFirst() }
        guard staged.state == .staged else { return staged }
        for name in ["operator-a", "operator-b"] {
            _ = try await store.approve(staged.number, by: name, in: Sample.city, now: Sample.now)
        }
        while true {
            let report = try await store.apply(staged.number, in: Sample.city, limit: 100, now: Sample.now)
            if report.state != .applying { return report }
        }
    }

    private func find(_ search: PersonSearch, in store: any RecordStore) async throws -> [PersonRecord]? {
        guard case .people(let people) = try await store.find(search, for: "Tests", in: Sample.city, now: Sample.now)
        else {
            return nil
        }
        return people
    }

    private func number(_ text: String) throws -> AddresseeNumber { try #require(AddresseeNumber(text)) }

    @Test(arguments: Engine.all)
    func `a person is found by each number and name, and by none of before`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let alias = try #require(OtherName(kind: .alias, name: "例示　花"))
        let person = try resident(
            try entry(integrated: "990100", readings: ["みほん　はなこ"], names: [alias]))
        let (birth, sex) = (person.vaccinee.birthDate, person.vaccinee.sex)
        try await write([.person(person)], to: store)
        let searches: [PersonSearch] = [
            .number(person.number), .addressee(try number("0100")), .integrated(try number("990100")),
            .name("見本花子", birthDate: birth, sex: sex), .name("ミホン ハナコ", birthDate: birth, sex: sex),
            .name("ﾐﾎﾝﾊﾅｺ", birthDate: birth, sex: sex), .name("例示　花", birthDate: birth, sex: sex),
        ]
        for search in searches {
            let found = try #require(try await find(search, in: store))
            #expect(found.map(\.vaccinee.name) == ["見本　花子"] && found.first?.register == person.register, "\(search)")
        }
        let other = try #require(BirthDate(iso: "1990-01-01"))
        let none: [PersonSearch] = [
            .number(try Sample.person(5).number), .addressee(try number("990100")), .integrated(try number("0100")),
            .addressee(try number("100")), .name("見本花子", birthDate: other, sex: sex),
            .name("見本花子", birthDate: birth, sex: sex == .male ? .female : .male),
            .name("花子", birthDate: birth, sex: sex),
        ]
        for search in none { #expect(try await find(search, in: store) == [], "\(search)") }

        // A later entry with another name and another number.
        let later = try resident(try entry("0200", at: 2022_04_01_00_00_00), name: "別姓　花子")
        try await write([.person(later)], to: store)
        for search in searches.dropFirst() { #expect(try await find(search, in: store) == [], "\(search)") }
        #expect(try await find(.addressee(try number("0200")), in: store)?.count == 1)
        #expect(try await store.verify(.region(Sample.city), pins: [], everything: true).breaks == [])
    }

    @Test(arguments: Engine.all)
    func `a search with too many hits shows none, and every search is in the log without what was asked`(engine: Engine)
        async throws
    {
        let place = try Place()
        let store = try engine.open(place)
        let first = try Sample.person(0)
        var people: [PersonChange] = []
        for index in 0...PersonSearch.maximumFound {
            let vaccinee = Vaccinee(
                name: "見本　同名", birthDate: first.vaccinee.birthDate, sex: first.vaccinee.sex)
            let person = NewPerson(
                number: try Sample.person(index).number, vaccinee: try #require(vaccinee), standing: .resident,
                history: try #require(History([])))
            people.append(.person(try #require(person)))
        }
        let search = PersonSearch.name("見本同名", birthDate: first.vaccinee.birthDate, sex: first.vaccinee.sex)
        try await write(Array(people.dropLast()), to: store)
        #expect(try await find(search, in: store)?.count == PersonSearch.maximumFound)
        try await write(people, to: store)
        #expect(try await find(search, in: store) == nil)
        #expect(try await find(.number(first.number), in: store)?.count == 1)
        let lines = try await store.log(in: Sample.city, after: 0, limit: 100).filter { $0.event == .searched }
        let details = lines.compactMap(\.detail)
        #expect(details.count == 3 && details[1] == "name too_many Tests")
        let pseudonym = try #require(details[2].split(separator: " ").dropFirst(2).first)
        #expect(details[2] == "number 1 \(pseudonym) Tests" && pseudonym.count == 24)
        // The same person by another way has the same pseudonym.
        #expect(details[0].split(separator: " ").contains(pseudonym))
        for detail in details { #expect(!detail.contains(first.number.digits) && !detail.contains("見本")) }
    }

    @Test(arguments: Engine.all, ["", String(repeating: "x", count: 101), "a\nb"])
    func `a search says what it is for`(engine: Engine, purpose: String) async throws {
        let place = try Place()
        let store = try engine.open(place)
        await #expect(throws: StoreError.invalid()) {
            try await store.find(
                .number(try Sample.person().number), for: purpose, in: Sample.city, now: Sample.now)
        }
    }

    // MARK: The register

    @Test(arguments: Engine.all)
    func `of two entries the later one counts, in whichever order they come, and doses stay`(engine: Engine)
        async throws
    {
        let place = try Place()
        let store = try engine.open(place)
        let person = try Sample.person(0, passport: "XX0000001")
        _ = try await store.write([person], as: .addition, in: Sample.city, now: Sample.now)
        let older = try resident(try entry(at: 2021_01_01_00_00_00), name: "見本　旧")
        let newer = try resident(
            try entry(at: 2021_02_01_00_00_00), name: "見本　新", standing: .movedAway)
        try await write([.person(newer), .person(older)], to: store)
        var record = try #require(try await store.person(person.number, in: Sample.city))
        #expect(record.vaccinee.name == "見本　新" && record.standing == .movedAway)
        #expect(record.history?.doses.count == 3 && record.vaccinee.passport?.number == "XX0000001")
        // An older feed that is read again says nothing new.
        let again = try await write([.person(older)], to: store)
        #expect(again.counts.unchanged == 1 && again.counts.older == 1 && again.state == .applied)
        // A list that somebody keeps does not know better who somebody is.
        _ = try await store.write([person], as: .addition, in: Sample.city, now: Sample.now)
        record = try #require(try await store.person(person.number, in: Sample.city))
        #expect(record.register == newer.register && record.vaccinee.name == "見本　新" && record.standing == .movedAway)
        #expect(record.vaccinee.passport?.number == "XX0000001")
        // Of one moment, the greater number counts.
        let same = try resident(try entry(at: 2021_02_01_00_00_00, sequence: 1), name: "見本　再")
        try await write([.person(same), .person(newer)], to: store)
        record = try #require(try await store.person(person.number, in: Sample.city))
        #expect(record.vaccinee.name == "見本　再" && record.standing == .resident)
    }

    @Test(arguments: Engine.all)
    func `another addressee number is taken of the same person alone`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let doses = try Sample.person(0)
        try await write([.person(try resident(try entry()))], to: store)
        _ = try await store.write([doses], in: Sample.city, now: Sample.now)
        // The number of the first by mistake in an entry of somebody else.
        let wrong = try resident(try entry("0200", at: 2022_01_01_00_00_00), name: "見本　別子")
        let report = try await write([.person(wrong)], to: store)
        #expect(report.counts.refused == 1)
        // Somebody who married, and came back.
        let right = try resident(try entry("0200", at: 2022_01_01_00_00_00), name: "例示　花子")
        #expect(try await write([.person(right)], to: store).counts.changed == 1)
        let record = try #require(try await store.person(doses.number, in: Sample.city))
        #expect(record.register?.addressee.text == "0200" && record.history?.doses.count == 3)
    }

    @Test(arguments: Engine.all)
    func `a person who was given another number keeps the record, by the register's later word alone`(engine: Engine)
        async throws
    {
        let place = try Place()
        let store = try engine.open(place)
        let (old, new) = (try Sample.person(0).number, try Sample.person(7).number)
        let first = try resident(try entry())
        try await write([.person(first)], to: store)
        _ = try await store.write([try Sample.person(0)], in: Sample.city, now: Sample.now)
        func told(
            _ number: IndividualNumber, name: String = "見本　花子", at: Int64 = 2022_01_01_00_00_00,
            isDayKnown: Bool = true
        ) throws -> PersonChange {
            let birth = first.vaccinee.birthDate
            let born = isDayKnown ? birth : try #require(BirthDate(year: birth.year, month: birth.month))
            let vaccinee = Vaccinee(name: name, birthDate: born, sex: first.vaccinee.sex)
            return .person(
                try #require(
                    NewPerson(
                        number: number, vaccinee: vaccinee ?? first.vaccinee, standing: .resident,
                        register: try entry(at: at), history: first.history, keepsPassport: true)))
        }
        try await store.noteRefusal(
            "record.unclear", of: .domestic, for: old, terminal: "ab", inquiry: "MH-1", in: Sample.city, now: Sample.now
        )
        // Of another name, of a day that is unknown, of the same moment, or before what is known: not this person, or nothing new.
        #expect(try await write([told(new, at: 2021_04_01_00_00_00)], to: store).counts.refused == 1)
        #expect(try await write([told(new, name: "見本　別子")], to: store).counts.refused == 1)
        #expect(try await write([told(new, isDayKnown: false)], to: store).counts.refused == 1)
        #expect(try await write([told(new, at: 2020_01_01_00_00_00)], to: store).counts.older == 1)
        let report = try await write([told(new)], to: store)
        #expect(report.counts.changed == 1 && report.counts.renumbered == 1)
        #expect(try await store.person(old, in: Sample.city) == nil)
        let record = try #require(try await store.person(new, in: Sample.city))
        #expect(record.history?.doses.count == 3 && record.register?.writtenAt == 2022_01_01_00_00_00)
        // An old file does not bring the old number back.
        #expect(try await write([told(old, at: 2021_06_01_00_00_00)], to: store).counts.older == 1)
        #expect(try await store.person(old, in: Sample.city) == nil)
        let line = try await store.log(in: Sample.city, after: 0, limit: 99).last { $0.event == .renumbered }
        #expect(line?.detail?.split(separator: " ").map(\.count) == [24, 24])
        #expect(try await store.verify(.region(Sample.city), pins: [], everything: true).breaks == [])
        // The number that is kept is the new one: it survives new keys.
        _ = try await store.rotateKeys(of: Sample.city, now: Sample.now) { _ in }
        #expect(try await store.person(new, in: Sample.city)?.history?.doses.count == 3)
        #expect(try await store.person(old, in: Sample.city) == nil)
        // By either number lines are found that name the person by the other.
        for number in [old, new] {
            var query = LogQuery()
            query.person = .found(.number(number))
            query.events = [.renumbered, .refused]
            let page = try await store.searchLog(
                query, in: .region(Sample.city), for: "Tests", after: 0, limit: 9, now: Sample.now)
            #expect(page.entries.map(\.event) == [.refused, .renumbered])
        }
    }

    @Test func `rows that nobody can repair say nothing of the file`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        try await write([.person(try resident(try entry()))], to: store)
        let rows = [
            ImportRow(line: 1, text: { "" }, person: .success(try resident(try entry(), 1))),
            ImportRow(line: 2, text: { "" }, person: .success(try resident(try entry("0300"), 2))),
        ]
        var batches = [rows]
        let staged = try await store.stage(
            try #require(Self.origin), as: .addition, in: Sample.city, maximumRefused: 0, now: Sample.now
        ) { batches.isEmpty ? nil : batches.removeFirst() }
        #expect(staged.state == .staged && staged.counts.refused == 1)
        _ = try await store.discard(staged.number, in: Sample.city, now: Sample.now)
        // Many of them are another municipality's file.
        batches = [
            try (1...9).map { index in
                ImportRow(line: index, text: { "" }, person: .success(try resident(try entry(), index)))
            } + [ImportRow(line: 10, text: { "" }, person: .success(try resident(try entry("0300"), 10)))]
        ]
        let other = try await store.stage(
            try #require(Self.origin), as: .addition, in: Sample.city, maximumRefused: 5, now: Sample.now
        ) { batches.isEmpty ? nil : batches.removeFirst() }
        #expect(other.state == .refused && other.counts.refused == 9)
    }

    @Test(arguments: Engine.all)
    func `an addressee number is one person's`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        try await write([.person(try resident(try entry(), 0))], to: store)
        let report = try await write([.person(try resident(try entry(), 1))], to: store)
        #expect(report.counts.refused == 1 && report.counts.new == 0)
        var reasons: [String] = []
        try await store.refusedRows(of: report.number, in: Sample.city) { reasons.append($0.reason) }
        #expect(reasons.count == 1 && reasons[0].contains("csv.other_person"))
        // Two rows of one file: the second is left out when it is written.
        let both = try await write(
            [.person(try resident(try entry("0300"), 2)), .person(try resident(try entry("0300"), 3))], to: store)
        #expect(both.counts.new == 2 && both.counts.skipped == 1)
        #expect(try await find(.addressee(try number("0300")), in: store)?.count == 1)
        #expect(try await store.person(try Sample.person(3).number, in: Sample.city) == nil)
    }

    @Test(arguments: Engine.all)
    func `a ledger's doses go to who has the addressee number, once`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let person = try resident(try entry(), 0)
        try await write([.person(person)], to: store)
        let doses = try Sample.person(0).history.doses
        let rows = try doses.map { PersonChange.dose($0, of: try number("0100")) }
        let first = try await write(rows + [.dose(doses[0], of: try number("0999"))], to: store)
        #expect(first.counts.changed == 3 && first.counts.refused == 1)
        let record = try #require(try await store.person(person.number, in: Sample.city))
        #expect(record.history?.doses == doses && record.register == person.register)
        #expect(try await write(rows, to: store).counts.unchanged == 3)
        // Each row by itself contradicts nothing: what they do together is counted as they are written.
        let product = try #require(Product.withCode("MODERNA"))
        let second = try #require(Dose(number: 1, date: doses[0].date, product: product, lot: "MHOTHER"))
        try await write([.person(try resident(try entry("0400"), 4))], to: store)
        let both = try await write(
            [.dose(doses[0], of: try number("0400")), .dose(second, of: try number("0400"))], to: store)
        #expect(both.counts.unclear == 1)
        #expect(try await store.verify(.region(Sample.city), pins: [], everything: true).breaks == [])
    }

    // MARK: Evidence and keys

    @Test(
        arguments: Engine.all,
        [
            "DELETE FROM finding",
            "UPDATE finding SET hash = zeroblob(16) WHERE person = 1 AND hash = (SELECT max(hash) FROM finding WHERE person = 1)",
            "UPDATE OR REPLACE finding SET person = 3 - person",
        ])
    func `a hand among what people are found by is found`(engine: Engine, sql: String) async throws {
        let place = try Place()
        let store = try engine.open(place)
        try await write(
            [.person(try resident(try entry(), 0)), .person(try resident(try entry("0200"), 1))], to: store)
        try await RawDatabase(place.path(of: Sample.city)).execute(
            sql, foreignKeys: false)
        #expect(!(try await store.verify(.region(Sample.city), pins: [], everything: true).breaks.isEmpty))
        if sql.contains("person = 3") {
            await #expect(throws: StoreError.broken()) {
                try await store.find(.addressee(try number("0100")), for: "Tests", in: Sample.city, now: Sample.now)
            }
        }
    }
}
