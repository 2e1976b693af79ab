import Foundation
import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

/// Vouchers: whose they are, what spends them, and what is contradictory.
@Suite struct VoucherTests {
    static func line(_ number: Int, dose: Int = 1, of region: MunicipalityCode = Sample.city) throws -> VoucherLine {
        let digits = String(String(10_000_000_000 + number).dropFirst())
        return try Sample.value(
            VoucherLine(
                kind: 2, doseNumber: dose, municipality: region, number: try Sample.value(VoucherNumber(digits))))
    }

    static let day = CalendarDate(iso: "2021-05-10")

    /// A person with vouchers, and doses that name some.
    static func person(
        _ index: Int = 0, doses: Int = 1, issued: [VoucherLine] = [], naming: [Int: VoucherLine] = [:],
        venue: String? = nil, doctor: String? = nil
    ) throws -> NewPerson {
        let like = try Sample.person(index, doses: doses)
        var details: [Int: DoseDetails] = [:]
        for dose in like.history.doses {
            let told: DoseDetails = try Sample.value(
                DoseDetails(venue: venue, doctor: doctor, voucher: naming[dose.number]))
            details[dose.number] = told
        }
        return try Sample.value(
            NewPerson(
                number: like.number, vaccinee: like.vaccinee, standing: .resident, history: like.history,
                details: details, vouchers: issued.map { IssuedVoucher(line: $0, issuedOn: day) }))
    }

    private func search(_ index: Int = 0) throws -> PersonSearch { .number(try Sample.person(index).number) }

    private func record(_ index: Int = 0, in store: any RecordStore) async throws -> PersonRecord {
        try Sample.value(try await store.person(try Sample.person(index).number, in: Sample.city))
    }

    private func states(_ index: Int = 0, in store: any RecordStore) async throws -> [VoucherState] {
        let id = try await record(index, in: store).id
        return try await store.vouchers(ofPerson: id, in: Sample.city).map(\.state)
    }

    private func find(_ number: VoucherNumber, _ store: any RecordStore, of code: MunicipalityCode? = nil) async throws
        -> [Int64]
    {
        let found = try await store.find(
            .voucher(number, of: code), for: "Tests", in: Sample.city, now: Sample.now)
        guard case .people(let people) = found else { return [-1] }
        return people.map(\.id)
    }

    private func isSound(_ store: any RecordStore) async throws -> Bool {
        try await store.verify(.region(Sample.city), pins: [], everything: true).breaks.isEmpty
    }

    // MARK: By hand

    @Test(arguments: Engine.all)
    func `a voucher is issued, issued again and made void, each once, and the log names its person by pseudonym`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        _ = try await store.write([Self.person(0), Self.person(1)], in: Sample.city, now: Sample.now)
        let (one, two) = (try Self.line(1, dose: 2), try Self.line(2, dose: 2))
        let day = try Sample.value(Self.day)
        for _ in 1...2 {
            let issued = try await store.issue(one, on: day, to: search(), in: Sample.city, now: Sample.now)
            #expect(issued.state == .issued && issued.voucher.issuedOn == day)
        }
        await #expect(throws: StoreError.conflict()) {
            try await store.issue(one, on: day, to: search(1), in: Sample.city, now: Sample.now)
        }
        for _ in 1...2 {
            let again = try await store.reissue(
                two, on: day, to: search(), for: .lost, in: Sample.city, now: Sample.now + 60)
            #expect(again.state == .issued && again.voucher.history.map(\.kind) == [.reissued])
        }
        #expect(try await states(in: store) == [.void, .issued])
        let voided = try await store.vouchers(ofPerson: record(in: store).id, in: Sample.city)[0].voucher
        #expect(
            voided.history.map(\.reason) == [nil, .lost] && voided.history.map(\.source) == [.byOperator, .byOperator])
        // What is void may be somebody else's then, and stays what it was for whom it belonged to.
        _ = try await store.issue(one, on: day, to: search(1), in: Sample.city, now: Sample.now)
        #expect(try await find(one.number, store).count == 2)
        for _ in 1...2 {
            #expect(try await store.void(two, for: .error, in: Sample.city, now: Sample.now).state == .void)
        }
        await #expect(throws: StoreError.conflict()) {
            try await store.issue(two, on: day, to: search(), in: Sample.city, now: Sample.now)
        }
        let lines = try await store.log(in: Sample.city, after: 0, limit: 99).filter {
            [.voucherIssued, .voucherReissued, .voucherVoided].contains($0.event)
        }
        #expect(lines.map(\.event) == [.voucherIssued, .voucherReissued, .voucherIssued, .voucherVoided])
        let pseudonym = try Sample.value(lines[0].detail)
        #expect(pseudonym.count == 24)
        #expect(lines[1].detail == "\(pseudonym) 1 lost" && lines[3].detail == "\(pseudonym) error")
        #expect(lines[2].detail != pseudonym)
        #expect(try await isSound(store))
    }

    @Test(arguments: Engine.all)
    func `somebody who moved here gets a voucher in the place of another municipality's, nobody else does`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        _ = try await store.write([Self.person(0)], in: Sample.city, now: Sample.now)
        let day = try Sample.value(Self.day)
        await #expect(throws: StoreError.notFound()) {
            try await store.reissue(
                try Self.line(1), on: day, to: search(), for: .lost, in: Sample.city, now: Sample.now)
        }
        let issued = try await store.reissue(
            Self.line(1), on: day, to: search(), for: .movedIn, in: Sample.city, now: Sample.now)
        #expect(issued.voucher.history.map(\.reason) == [.movedIn])
        await #expect(throws: StoreError.invalid()) {
            try await store.issue(
                try Self.line(2, of: Sample.town), on: day, to: search(), in: Sample.city, now: Sample.now)
        }
        await #expect(throws: StoreError.notFound()) {
            try await store.issue(try Self.line(2), on: day, to: search(5), in: Sample.city, now: Sample.now)
        }
        await #expect(throws: StoreError.notFound()) {
            try await store.void(try Self.line(9), for: .error, in: Sample.city, now: Sample.now)
        }
    }

    @Test(arguments: Engine.all)
    func `a spent voucher is neither made void nor replaced, and the correction of its dose gives it back`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let line = try Self.line(1, dose: 2)
        _ = try await store.write(
            [Self.person(0, doses: 2, issued: [line], naming: [2: line])], in: Sample.city, now: Sample.now)
        #expect(try await states(in: store) == [.spent])
        await #expect(throws: StoreError.conflict()) {
            try await store.void(line, for: .error, in: Sample.city, now: Sample.now)
        }
        await #expect(throws: StoreError.conflict()) {
            try await store.reissue(
                try Self.line(2, dose: 2), on: try Sample.value(Self.day), to: search(), for: .lost, in: Sample.city,
                now: Sample.now)
        }
        _ = try await store.write(
            [Self.person(0, doses: 1)], as: .correction, in: Sample.city, now: Sample.now + 60)
        #expect(try await states(in: store) == [.issued])
        #expect(try await store.void(line, for: .error, in: Sample.city, now: Sample.now).state == .void)
    }

    // MARK: Doses that name vouchers

    @Test(arguments: Engine.all)
    func `a dose spends the voucher that it names, and one that nobody knew is the person's from then on`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let (one, two) = (try Self.line(1), try Self.line(2, dose: 2))
        let person = try Self.person(0, doses: 2, issued: [one], naming: [1: one, 2: two])
        _ = try await store.write([person], in: Sample.city, now: Sample.now)
        #expect(try await states(in: store) == [.spent, .spent])
        let before = try await record(in: store)
        #expect(before.history == person.history)
        // The same again changes nothing.
        _ = try await store.write([person], in: Sample.city, now: Sample.now + 60)
        let after = try await record(in: store)
        #expect(after == before && after.version == before.version)
        for line in [one, two] {
            #expect(try await find(line.number, store) == [before.id])
            #expect(try await find(line.number, store, of: Sample.city) == [before.id])
            #expect(try await find(line.number, store, of: Sample.town) == [])
        }
        #expect(try await isSound(store))
    }

    @Test(arguments: Engine.all)
    func `a dose with somebody else's voucher, or a void one, stands in the record unclear until it is corrected`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let (taken, void) = (try Self.line(1), try Self.line(2, dose: 2))
        _ = try await store.write([Self.person(0, issued: [taken])], in: Sample.city, now: Sample.now)
        _ = try await store.write([Self.person(1, issued: [void])], in: Sample.city, now: Sample.now)
        _ = try await store.void(void, for: .error, in: Sample.city, now: Sample.now)
        let wrong = try Self.person(1, doses: 2, naming: [1: taken, 2: void])
        // Of the first dose it is already known that it was given: what is new is the voucher.
        let written = try await store.write([wrong], as: .addition, in: Sample.city, now: Sample.now + 60)
        #expect(written.unclear == 1)
        let unclear = try await record(1, in: store)
        #expect(unclear.history == nil && unclear.doses.counted == wrong.history.doses)
        #expect(
            unclear.doses.entries.filter(\.counts).map(\.dispute) == [.otherPerson, .void])
        #expect(try await store.unclear(in: Sample.city, after: 0, limit: 9).people.map(\.id) == [unclear.id])
        #expect(try await record(0, in: store).history != nil)
        #expect(try await states(0, in: store) == [.issued])
        // Told again it is no more contradictory than before.
        _ = try await store.write([wrong], in: Sample.city, now: Sample.now + 90)
        #expect(try await record(1, in: store) == unclear)
        for _ in 1...2 {
            _ = try await store.write([wrong], as: .correction, in: Sample.city, now: Sample.now + 100)
            #expect(try await record(1, in: store) == unclear)
        }
        // Without the vouchers the doses are right.
        for _ in 1...2 {
            let corrected = try await store.write(
                [Self.person(1, doses: 2)], as: .correction, in: Sample.city, now: Sample.now + 120)
            #expect(corrected.unclear == 0)
        }
        let right = try await record(1, in: store)
        #expect(right.history == wrong.history && right.doses.entries.filter(\.counts).count == 2)
        #expect(right.doses.entries.count == unclear.doses.entries.count + 2)
        #expect(try await isSound(store))
    }

    @Test(arguments: Engine.all)
    func `two sources that name two vouchers for one dose contradict each other`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        _ = try await store.write([Self.person(0, naming: [1: Self.line(1)])], in: Sample.city, now: Sample.now)
        let second = try Self.person(0, naming: [1: Self.line(2)])
        #expect(try await store.write([second], as: .addition, in: Sample.city, now: Sample.now + 1).unclear == 1)
        #expect(try await record(in: store).doses.entries.map(\.dispute) == [nil, .second])
        // The correction says which.
        #expect(try await store.write([second], as: .correction, in: Sample.city, now: Sample.now + 2).unclear == 0)
        #expect(try await record(in: store).doses.entries.last?.details.voucher == Self.line(2))
        #expect(try await states(in: store) == [.issued, .spent])
    }

    @Test(arguments: Engine.all)
    func `one voucher that two doses name is spent by the first`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let line = try Self.line(1)
        _ = try await store.write([Self.person(0, naming: [1: line])], in: Sample.city, now: Sample.now)
        let like = try Sample.person(0, doses: 1)
        let dose = try Sample.value(
            Dose(number: 1, date: like.history.doses[0].date, product: like.history.doses[0].product, lot: "OTHER"))
        let second = try Sample.value(
            NewPerson(
                number: like.number, vaccinee: like.vaccinee, standing: .resident,
                history: try Sample.value(History([dose])), details: [1: try Sample.value(DoseDetails(voucher: line))]))
        _ = try await store.write([second], in: Sample.city, now: Sample.now + 1)
        #expect(try await record(in: store).doses.entries.map(\.dispute) == [nil, .spent])
    }

    // MARK: Venue and doctor

    @Test(arguments: Engine.all)
    func `what was not known of a dose is filled in, and what is different stands beside it and is no contradiction`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        for person in [
            try Self.person(0), try Self.person(0, venue: "見本会場"), try Self.person(0, doctor: "見本　医子"),
            try Self.person(0, venue: "見本会場"), try Self.person(0),
        ] {
            _ = try await store.write([person], in: Sample.city, now: Sample.now)
        }
        var entries = try await record(in: store).doses.entries
        #expect(entries.map(\.counts) == [false, false, true])
        #expect(entries.last?.details == DoseDetails(venue: "見本会場", doctor: "見本　医子"))
        let other = try Self.person(0, venue: "別の会場")
        for _ in 1...2 { _ = try await store.write([other], in: Sample.city, now: Sample.now + 1) }
        let both = try await record(in: store)
        entries = both.doses.entries
        #expect(entries.map(\.counts) == [false, false, true, true])
        #expect(both.history == other.history && both.doses.counted.count == 1)
        // The correction leaves one, with what it does not contradict.
        _ = try await store.write([other], as: .correction, in: Sample.city, now: Sample.now + 2)
        let corrected = try await record(in: store).doses.entries.filter(\.counts)
        #expect(corrected.map(\.details) == [DoseDetails(venue: "別の会場", doctor: "見本　医子")])
        #expect(corrected.map(\.source) == [.correction])
    }

    @Test(arguments: Engine.all)
    func `a certificate of a dose of which more is known by now names nothing that was taken back`(engine: Engine)
        async throws
    {
        let place = try Place()
        let store = try engine.open(place)
        _ = try await store.signed(try Self.person(0))
        let told = try Self.person(0, venue: "見本会場")
        for change in [RecordChange.addition, .correction] {
            let written = try await store.write([told], as: change, in: Sample.city, now: Sample.now + 1)
            #expect(written.affected == [] && written.passedOver == 0)
        }
    }

    // MARK: Evidence, keys, versions

    @Test(
        arguments: Engine.all,
        [
            "DELETE FROM voucher", "UPDATE voucher SET sealed = zeroblob(60)",
            "UPDATE voucher SET person = person + 1, position = 7 - position",
            "UPDATE voucher SET position = position + 1",
        ])
    func `a hand among vouchers is found`(engine: Engine, sql: String) async throws {
        let place = try Place()
        let store = try engine.open(place)
        _ = try await store.write(
            [Self.person(0, issued: [Self.line(1)]), Self.person(1, issued: [Self.line(2)])], in: Sample.city,
            now: Sample.now)
        try await RawDatabase(place.path(of: Sample.city)).execute(sql, foreignKeys: false)
        #expect(try await !isSound(store))
        await #expect(throws: StoreError.broken()) {
            try await store.issue(
                try Self.line(1), on: try Sample.value(Self.day), to: search(1), in: Sample.city, now: Sample.now)
        }
    }

    @Test(arguments: Engine.all)
    func `vouchers, details and passports are what they were under new keys, and no file holds their digits`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let line = try Self.line(1)
        _ = try await store.write(
            [Self.person(0, issued: [line], naming: [1: line], venue: "見本会場")], in: Sample.city, now: Sample.now)
        let before = try await record(in: store)
        let vouchers = try await store.vouchers(ofPerson: before.id, in: Sample.city)
        _ = try await store.rotateKeys(of: Sample.city, now: Sample.now) { _ in }
        let again = try engine.open(place)
        #expect(try await record(in: again) == before)
        #expect(try await again.vouchers(ofPerson: before.id, in: Sample.city) == vouchers)
        #expect(try await find(line.number, again) == [before.id])
        #expect(try await isSound(again))
        for path in try FileManager.default.subpathsOfDirectory(atPath: place.folder) {
            guard let bytes = FileManager.default.contents(atPath: place.folder + "/" + path) else { continue }
            #expect(bytes.range(of: Data(line.number.digits.utf8)) == nil, "\(path)")
        }
    }

    @Test func `a store of region 8 is taken over, and what was recorded there is as it was`() async throws {
        let place = try Place()
        let before: PersonRecord
        do {
            let store = try place.sqlite()
            before = try await store.with(try Sample.person(0, passport: "XX0000001"))
        }
        try await place.closed()
        try await RawDatabase(place.path(of: Sample.city)).execute(
            "DROP TABLE voucher; DELETE FROM grdb_migrations WHERE identifier = 'region: vouchers'", foreignKeys: false)
        let store = try place.sqlite()
        #expect(try await record(in: store) == before)
        #expect(try await isSound(store))
        _ = try await store.issue(
            Self.line(1), on: try Sample.value(Self.day), to: search(), in: Sample.city, now: Sample.now)
        #expect(try await find(Self.line(1).number, store) == [before.id])
        #expect(try await isSound(store))
    }
}
