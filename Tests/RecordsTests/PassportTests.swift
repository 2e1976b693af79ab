import Foundation
import RecordSupport
import Records
import Testing
import Vaccination

/// Passports with their history: files end them and remove none, and a correction names the certificates that it touches.
@Suite struct PassportTests {
    private func passport(
        _ number: String = "XX0000001", _ name: String = "MIHON, HANAKO", expires: String = "2035-01-01"
    ) throws -> Passport {
        let day = try Sample.value(CalendarDate(iso: expires))
        return try Sample.value(
            Passport(
                number: number, writtenName: name, nationality: "JPN", expires: day
            ))
    }

    private func person(_ passport: Passport?, keeps: Bool = false, printed: Set<String> = []) throws -> NewPerson {
        let like = try Sample.person(0)
        let vaccinee = try Sample.value(
            Vaccinee(
                name: like.vaccinee.name, birthDate: like.vaccinee.birthDate, sex: like.vaccinee.sex,
                passport: passport))
        return try Sample.value(
            NewPerson(
                number: like.number, vaccinee: vaccinee, standing: .resident, history: like.history,
                printedOverseasPassports: printed, keepsPassport: keeps))
    }

    private func record(_ store: any RecordStore) async throws -> PersonRecord {
        try Sample.value(try await store.person(try Sample.person(0).number, in: Sample.city))
    }

    private let search = { PersonSearch.number(try Sample.person(0).number) }

    @Test(arguments: Engine.all)
    func `a file with another passport ends the one before, and says why`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let steps: [(Passport?, PassportReason?)] = [
            (try passport(), nil), (try passport(expires: "2036-01-01"), .corrected),
            (try passport("XX0000001", "REIJI, HANAKO", expires: "2036-01-01"), .nameChange),
            (try passport("XX0000002", "REIJI, HANAKO"), .renewed), (nil, .withdrawn),
        ]
        for (index, step) in steps.enumerated() {
            _ = try await store.write([person(step.0)], in: Sample.city, now: Sample.now + Double(index))
            let found = try await record(store)
            #expect(found.vaccinee.passport == step.0 && found.passports.current == step.0)
            #expect(found.passports.entries.last(where: { !$0.counts })?.reason == step.1)
        }
        let all = try await record(store).passports.entries
        #expect(all.map(\.passport) == steps.compactMap(\.0) && all.allSatisfy { $0.source == .file })
        #expect(all.map(\.recordedAt) == (0..<4).map { Sample.now + Double($0) })
        #expect(all.map(\.endedAt) == (1..<5).map { Sample.now + Double($0) })
    }

    @Test(arguments: Engine.all)
    func
        `an earlier file does not bring a passport back, one without names says nothing of them, and nothing is written`(
            engine: Engine
        ) async throws
    {
        let place = try Place()
        let store = try engine.open(place)
        let (first, second) = (try passport(), try passport("XX0000002", "MIHON (REIJI), HANAKO (MARY)"))
        _ = try await store.write([person(first)], in: Sample.city, now: Sample.now)
        _ = try await store.write([person(second)], in: Sample.city, now: Sample.now + 1)
        let before = try await record(store)
        #expect(before.vaccinee.passport?.otherFamilyNames == ["REIJI"])
        for told in [
            try person(first), try person(second), try person(passport("XX0000002")), try person(nil, keeps: true),
        ] {
            _ = try await store.write([told], in: Sample.city, now: Sample.now + 2)
            let after = try await record(store)
            #expect(after == before && after.version == before.version)
        }
        // A correction does.
        _ = try await store.write([person(first)], as: .correction, in: Sample.city, now: Sample.now + 3)
        #expect(try await record(store).vaccinee.passport == first)
        #expect(try await record(store).passports.entries.map(\.reason) == [.renewed, .corrected, nil])
    }

    @Test(arguments: Engine.all)
    func `a passport that is corrected names the overseas certificates that show it, one that is renewed none`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let first = try person(passport(), printed: ["XX0000001"])
        let overseas = try await store.signed(first, kind: .overseas)
        _ = try await store.signed(first)
        func amend(_ passport: Passport?, _ reason: PassportReason, at time: Double) async throws -> [CertificateID] {
            try await store.amend(
                passport: passport, of: search(), for: reason, in: Sample.city, now: Sample.now + time)
        }
        #expect(try await amend(passport(expires: "2036-01-01"), .corrected, at: 1) == [])
        #expect(try await amend(passport("XX0000002"), .renewed, at: 2) == [])
        #expect(try await amend(passport("XX0000001", "REIJI, HANAKO"), .nameChange, at: 3) == [])
        #expect(try await amend(passport(), .corrected, at: 4) == [])
        for _ in 1...2 { #expect(try await amend(passport("XX0000003"), .corrected, at: 5) == [overseas]) }
        let found = try await record(store)
        #expect(found.passports.entries.count == 6 && found.passports.entries.last?.source == .byOperator)
        // What was printed before stays known, and what the certificate showed.
        #expect(found.printedOverseasPassports == ["XX0000001"])
        #expect(try await amend(nil, .withdrawn, at: 6) == [overseas])
        _ = try await store.revoke(overseas, in: Sample.city, now: Sample.now)
        #expect(try await amend(nil, .withdrawn, at: 7) == [])
        let lines = try await store.log(in: Sample.city, after: 0, limit: 99).filter { $0.event == .passportCorrected }
        #expect(
            lines.compactMap { $0.detail?.split(separator: " ").last.map(String.init) } == [
                "corrected", "renewed", "name_change", "corrected", "corrected", "withdrawn",
            ])
        #expect(try await store.verify(.region(Sample.city), pins: [], everything: true).breaks == [])
    }

    @Test(arguments: Engine.all)
    func `a file that changes a name in a passport names the certificates too`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let overseas = try await store.signed(try person(passport(), printed: ["XX0000001"]), kind: .overseas)
        let written = try await store.write(
            [person(passport("XX0000001", "REIJI, HANAKO"))], as: .addition, in: Sample.city, now: Sample.now + 1)
        #expect(written.affected == [overseas])
    }

    @Test(arguments: Engine.all)
    func `a passport that an operator took back does not come again with a file, and a correction brings it`(
        engine: Engine
    )
        async throws
    {
        let place = try Place()
        let store = try engine.open(place)
        _ = try await store.write([person(passport())], in: Sample.city, now: Sample.now)
        _ = try await store.amend(
            passport: nil, of: try search(), for: .withdrawn, in: Sample.city, now: Sample.now + 1)
        let before = try await record(store)
        #expect(before.passports.entries.map(\.endedBy) == [.byOperator])
        _ = try await store.write([person(passport())], in: Sample.city, now: Sample.now + 2)
        #expect(try await record(store) == before)
        _ = try await store.write([person(passport())], as: .correction, in: Sample.city, now: Sample.now + 3)
        #expect(try await record(store).passports.current == passport())
        // One that only a file forgot comes again with the next.
        _ = try await store.write([person(nil)], in: Sample.city, now: Sample.now + 4)
        _ = try await store.write([person(passport())], in: Sample.city, now: Sample.now + 5)
        #expect(try await record(store).passports.current == passport())
    }

    @Test(arguments: Engine.all)
    func `another expiry alone leaves the other names that a passport has`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        _ = try await store.write(
            [person(passport("XX0000001", "MIHON (REIJI), HANAKO"))], in: Sample.city, now: Sample.now)
        _ = try await store.write([person(passport(expires: "2040-01-01"))], in: Sample.city, now: Sample.now + 1)
        let found = try await record(store).passports
        #expect(found.current == (try passport("XX0000001", "MIHON (REIJI), HANAKO", expires: "2040-01-01")))
        #expect(found.entries.first?.reason == .corrected)
    }

    @Test(arguments: Engine.all)
    func `files leave room for corrections by hand`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        for index in 0..<24 {
            _ = try await store.write(
                [person(passport("XX\(1_000_000 + index)"))], in: Sample.city, now: Sample.now + Double(index))
        }
        await #expect(throws: StoreError.invalid()) {
            try await store.write([person(passport("XX2000000"))], in: Sample.city, now: Sample.now + 30)
        }
        _ = try await store.amend(
            passport: try passport("XX2000000"), of: try search(), for: .corrected, in: Sample.city,
            now: Sample.now + 31)
        #expect(try await record(store).passports.current?.number == "XX2000000")
    }

    // MARK: Shown to a phone

    private func note(
        _ passport: Passport, _ source: PassportSource = .chip, of record: PersonRecord, in store: any RecordStore,
        at time: Double
    ) async throws -> PassportNoting {
        try await store.notePassport(
            passport, source: source, of: record.version, person: record.id, in: Sample.city,
            now: Sample.now + time)
    }

    @Test(arguments: Engine.all, PassportSource.allCases)
    func `a passport that is shown to a phone counts from then on, once, and its source is kept`(
        engine: Engine, source: PassportSource
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        _ = try await store.write([person(nil)], in: Sample.city, now: Sample.now)
        let before = try await record(store)
        let shown = try passport()
        #expect(try await note(shown, source, of: before, in: store, at: 1) == .noted(try await record(store)))
        let after = try await record(store)
        #expect(after.version > before.version && after.vaccinee.passport == shown)
        #expect(
            after.passports.entries == [
                PassportEntry(passport: shown, source: source.origin, recordedAt: Sample.now + 1)
            ])
        // Whoever read the record before, and asks again, judges anew.
        #expect(try await note(shown, source, of: before, in: store, at: 2) == .recordChanged)
        #expect(try await note(shown, source, of: after, in: store, at: 3) == .noted(after))
        #expect(try await record(store).version == after.version)
        let lines = try await store.log(in: Sample.city, after: 0, limit: 99).filter { $0.event == .passportNoted }
        #expect(lines.count == 1)
        #expect(lines.first?.detail?.hasSuffix(" \(source.rawValue) application by phone") == true)
        // An intent of the record of before is refused, one of the record that was given is not.
        let (old, new) = (try Sample.intent(of: before), try Sample.intent(of: after))
        #expect(try await store.record(old, limit: DailyLimit(9), of: before.version) == .recordChanged)
        #expect(try await store.record(new, limit: DailyLimit(9), of: after.version) == .recorded)
        #expect(try await store.verify(.region(Sample.city), pins: [], everything: true).breaks == [])
    }

    @Test(arguments: Engine.all)
    func `one with another number renews the one before, and one with the same keeps its other names`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        _ = try await store.write(
            [person(passport("XX0000001", "MIHON (REIJI), HANAKO (MARY)"))], in: Sample.city, now: Sample.now)
        var before = try await record(store)
        // A zone says nothing of other names.
        #expect(try await note(try passport(), .zone, of: before, in: store, at: 1) == .noted(before))
        // What is shown counts for what somebody typed.
        let steps: [(shown: Passport, recorded: Passport, reason: PassportReason)] = [
            (
                try passport(expires: "2036-01-01"),
                try passport("XX0000001", "MIHON (REIJI), HANAKO (MARY)", expires: "2036-01-01"), .corrected
            ),
            (
                try passport("XX0000001", "MIHON, HANA"), try passport("XX0000001", "MIHON (REIJI), HANA (MARY)"),
                .nameChange
            ),
            (try passport("XX0000002"), try passport("XX0000002"), .renewed),
        ]
        for (index, step) in steps.enumerated() {
            let noted = try await note(step.shown, of: before, in: store, at: Double(index + 2))
            before = try await record(store)
            #expect(noted == .noted(before))
            #expect(before.vaccinee.passport == step.recorded)
            #expect(before.passports.entries.dropLast().last?.reason == step.reason)
            #expect(before.passports.entries.dropLast().last?.endedBy == .passportChip)
        }
        #expect(try await store.verify(.region(Sample.city), pins: [], everything: true).breaks == [])
    }

    @Test(arguments: Engine.all)
    func `one that was renewed or that an operator took back does not count again`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let (first, second) = (try passport(), try passport("XX0000002"))
        for (index, one) in [first, second].enumerated() {
            _ = try await store.write([person(one)], in: Sample.city, now: Sample.now + Double(index))
        }
        let renewed = try await record(store)
        #expect(try await note(first, of: renewed, in: store, at: 2) == .ended)
        _ = try await store.amend(
            passport: nil, of: try search(), for: .withdrawn, in: Sample.city, now: Sample.now + 3)
        let withdrawn = try await record(store)
        #expect(try await note(second, of: withdrawn, in: store, at: 4) == .ended)
        #expect(try await record(store) == withdrawn)
        // One that a file forgot does.
        guard case .noted(let found) = try await note(first, of: withdrawn, in: store, at: 5) else {
            throw Sample.Missing()
        }
        #expect(found.passports.current == first)
        _ = try await store.write([person(nil)], in: Sample.city, now: Sample.now + 6)
        let forgotten = try await record(store)
        #expect(forgotten.passports.current == nil)
        #expect(try await note(first, of: forgotten, in: store, at: 7) == .noted(try await record(store)))
        #expect(try await record(store).passports.current == first)
    }

    @Test(arguments: Engine.all)
    func `other names of a passport that a file forgot come back with it`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let whole = try passport("XX0000001", "MIHON (REIJI), HANAKO")
        for (index, one) in [whole, nil].enumerated() {
            _ = try await store.write([person(one)], in: Sample.city, now: Sample.now + Double(index))
        }
        _ = try await note(try passport(), .zone, of: try await record(store), in: store, at: 2)
        #expect(try await record(store).vaccinee.passport == whole)
    }

    @Test(arguments: Engine.all)
    func `what is shown leaves room for corrections by hand, and nobody's passport is nobody's`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        _ = try await store.write([person(nil)], in: Sample.city, now: Sample.now)
        for index in 0..<24 {
            let shown = try passport("XX\(1_000_000 + index)")
            _ = try await note(shown, of: try await record(store), in: store, at: Double(index))
        }
        let full = try await record(store)
        #expect(full.passports.entries.count == 24)
        await #expect(throws: StoreError.conflict()) {
            try await note(try passport("XX2000000"), of: full, in: store, at: 30)
        }
        let gone = try await store.notePassport(
            try passport(), source: .chip, of: 1, person: 99, in: Sample.city, now: Sample.now)
        #expect(gone == .recordChanged)
    }

    @Test func `a record of before this has its passport as the one entry, whose source nobody knows`() throws {
        let like = try Sample.person(0)
        let (shown, other) = (try passport(), try passport("XX0000002"))
        let vaccinee = try Sample.value(
            Vaccinee(
                name: like.vaccinee.name, birthDate: like.vaccinee.birthDate, sex: like.vaccinee.sex, passport: shown))
        let old = PersonFields(vaccinee: vaccinee, standing: .resident)
        #expect(old.passports.entries == [PassportEntry(passport: shown, source: nil, recordedAt: nil)])
        let json = String(decoding: try old.json(), as: UTF8.self)
        #expect(!json.contains("passports"))
        let two = [shown, other].map { PassportEntry(passport: $0, source: nil, recordedAt: nil) }
        #expect(PassportRecord(two) == nil)
    }
}
