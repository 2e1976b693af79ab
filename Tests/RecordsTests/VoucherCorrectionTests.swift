import Foundation
import RecordSupport
import Records
import Testing
import Vaccination

/// What a correction says nothing of stays: voucher, venue and doctor of a dose whose day or lot was wrong.
@Suite struct VoucherCorrectionTests {
    private static func dose(_ number: Int = 1, lot: String, _ day: String = "2021-06-01") throws -> Dose {
        let like = try Sample.person(0).history.doses[0]
        return try Sample.value(
            Dose(number: number, date: try Sample.value(CalendarDate(iso: day)), product: like.product, lot: lot))
    }

    private static func person(
        _ doses: [Dose], voucher: VoucherLine? = nil, venue: String? = nil, doctor: String? = nil,
        issued: [VoucherLine] = []
    ) throws -> NewPerson {
        let like = try Sample.person(0)
        let details = try Sample.value(DoseDetails(venue: venue, doctor: doctor, voucher: voucher))
        return try Sample.value(
            NewPerson(
                number: like.number, vaccinee: like.vaccinee, standing: .resident,
                history: try Sample.value(History(doses)), details: [1: details],
                vouchers: issued.map { IssuedVoucher(line: $0, issuedOn: nil) }))
    }

    private func record(_ store: any RecordStore) async throws -> PersonRecord {
        try Sample.value(try await store.person(try Sample.person(0).number, in: Sample.city))
    }

    private func counting(_ store: any RecordStore) async throws -> [DoseEntry] {
        try await record(store).doses.entries.filter(\.counts)
    }

    private func states(_ store: any RecordStore) async throws -> [VoucherState] {
        try await store.vouchers(ofPerson: try await record(store).id, in: Sample.city).map(\.state)
    }

    @Test(arguments: Engine.all)
    func `the correction of a lot keeps voucher, venue and doctor`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let line = try VoucherTests.line(1)
        _ = try await store.write(
            [Self.person([Self.dose(lot: "MH01")], voucher: line, venue: "見本会場", doctor: "見本 太郎")], in: Sample.city,
            now: Sample.now)
        for _ in 1...2 {
            _ = try await store.write(
                [Self.person([Self.dose(lot: "MH10")])], as: .correction, in: Sample.city, now: Sample.now + 60)
            let entries = try await counting(store)
            #expect(entries.map(\.dose.lot) == ["MH10"])
            #expect(entries.map(\.details) == [DoseDetails(venue: "見本会場", doctor: "見本 太郎", voucher: line)])
            #expect(try await states(store) == [.spent])
        }
        // What it says counts.
        _ = try await store.write(
            [Self.person([Self.dose(lot: "MH11")], venue: "別の会場")], as: .correction, in: Sample.city,
            now: Sample.now + 90)
        #expect(
            try await counting(store).map(\.details) == [
                DoseDetails(venue: "別の会場", doctor: "見本 太郎", voucher: line)
            ])
    }

    @Test(arguments: Engine.all)
    func `one dose in the place of two takes nothing of either that the other contradicts`(engine: Engine) async throws
    {
        let place = try Place()
        let store = try engine.open(place)
        for lot in ["MH01", "MH02"] {
            _ = try await store.write(
                [Self.person([Self.dose(lot: lot)], venue: "会場\(lot)")], as: .addition, in: Sample.city,
                now: Sample.now)
        }
        _ = try await store.write(
            [Self.person([Self.dose(lot: "MH03")])], as: .correction, in: Sample.city, now: Sample.now + 60)
        #expect(try await counting(store).map(\.details) == [DoseDetails()])
    }

    @Test(arguments: Engine.all)
    func `a voucher that the wrong day had spent is the right day's when the wrong one ends`(engine: Engine)
        async throws
    {
        let place = try Place()
        let store = try engine.open(place)
        let line = try VoucherTests.line(1)
        _ = try await store.write(
            [Self.person([Self.dose(lot: "MH01", "2021-06-11")], voucher: line)], in: Sample.city, now: Sample.now)
        let right = try Self.dose(lot: "MH01")
        _ = try await store.write(
            [Self.person([right], voucher: line)], as: .addition, in: Sample.city, now: Sample.now + 1)
        #expect(try await counting(store).map(\.dispute) == [nil, .spent])
        _ = try await store.write([Self.person([right])], as: .correction, in: Sample.city, now: Sample.now + 2)
        #expect(try await counting(store).map(\.dose) == [right])
        #expect(try await counting(store).map(\.details.voucher) == [line])
        #expect(try await record(store).history != nil)
        #expect(try await states(store) == [.spent])
    }

    @Test(arguments: Engine.all)
    func `a voucher that a file brought first still takes the place of the lost one`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let (lost, next) = (try VoucherTests.line(1, dose: 2), try VoucherTests.line(2, dose: 2))
        _ = try await store.write(
            [Self.person([Self.dose(lot: "MH01")], issued: [lost, next])], in: Sample.city, now: Sample.now)
        for _ in 1...2 {
            let standing = try await store.reissue(
                next, on: try Sample.value(VoucherTests.day), to: .number(try Sample.person(0).number), for: .lost,
                in: Sample.city, now: Sample.now + 60)
            #expect(standing.state == .issued && standing.voucher.line == next)
            #expect(try await states(store) == [.void, .issued])
        }
        #expect(
            try await store.log(in: Sample.city, after: 0, limit: 99).map(\.event).filter {
                [.voucherReissued, .searched].contains($0)
            } == [.voucherReissued, .searched])
    }

    @Test(arguments: Engine.all)
    func `a day of issue that nobody had said is filled in once, and another one is refused`(engine: Engine)
        async throws
    {
        let place = try Place()
        let store = try engine.open(place)
        let line = try VoucherTests.line(1)
        let search = PersonSearch.number(try Sample.person(0).number)
        let day = try Sample.value(VoucherTests.day)
        _ = try await store.write(
            [Self.person([Self.dose(lot: "MH01")], issued: [line])], in: Sample.city, now: Sample.now)
        for _ in 1...2 {
            let standing = try await store.issue(line, on: day, to: search, in: Sample.city, now: Sample.now)
            #expect(standing.voucher.issuedOn == day)
        }
        let other = try Sample.value(CalendarDate(iso: "2021-05-11"))
        await #expect(throws: StoreError.conflict()) {
            try await store.issue(line, on: other, to: search, in: Sample.city, now: Sample.now)
        }
    }

    @Test(arguments: Engine.all)
    func `who asks by hand for somebody who is not there is in the log`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        _ = try await store.write([Self.person([Self.dose(lot: "MH01")])], in: Sample.city, now: Sample.now)
        let nobody = PersonSearch.number(try Sample.person(7).number)
        await #expect(throws: StoreError.notFound()) {
            try await store.amend(passport: nil, of: nobody, for: .withdrawn, in: Sample.city, now: Sample.now)
        }
        let last = try #require(try await store.log(in: Sample.city, after: 0, limit: 99).last)
        #expect(last.event == .searched && last.detail == "number 0 passport")
    }
}
