import Foundation
import RecordSupport
import Records
import Testing
import TestSupport
import Vaccination

/// Every write is safe to repeat after an error of unknown effect.
@Suite struct RepetitionTests {
    /// Calls until it succeeds, as a caller does that got an error and does not know more.
    private func persistently<Value>(_ body: () async throws -> Value) async throws -> Value {
        var attempts = 0
        while true {
            do {
                return try await body()
            } catch let error as StoreError where error.isTransient && attempts < 10 {
                attempts += 1
            }
        }
    }

    @Test(arguments: Engine.all)
    func `one certificate through a failing store is issued, logged and counted once`(engine: Engine) async throws {
        var random = Seeded("faults while issuing")
        let place = try Place()
        let store = try engine.open(place)
        let faulty = FaultyStore(store)
        let person = try Sample.person(passport: "XX0000001")
        let record = try await store.with(person)
        let rounds = 40
        var issued: Set<CertificateID> = []
        for _ in 0..<rounds {
            func someFaults() -> [FaultyStore.Moment] {
                (0..<Int.random(in: 0...3, using: &random)).compactMap { _ in
                    FaultyStore.Moment.allCases.randomElement(using: &random)
                }
            }
            let application = Sample.hash()
            let challenge = Sample.hash()
            let day = try #require(CalendarDate(iso: "2023-11-15"))
            let proposed = Sample.id()
            faulty.failNextWrites(someFaults())
            let claim = try await persistently {
                try await faulty.claim(
                    challengeHash: challenge, transcriptHash: application, certificateID: proposed, issuedOn: day,
                    expires: Sample.now + 180, now: Sample.now)
            }
            switch claim {
            case .fresh: break
            case .repeated(let earlier): #expect(earlier.certificateID == proposed)
            case .used: Issue.record("an application was refused its own challenge")
            }
            let intent = try Sample.intent(of: record, id: proposed, kind: .overseas, application: application)
            faulty.failNextWrites(someFaults())
            let recorded = try await persistently { try await faulty.record(intent, limit: DailyLimit(rounds)) }
            #expect(recorded == .recorded || recorded == .resumed(intent))
            faulty.failNextWrites(someFaults())
            let signed = try await persistently {
                try await faulty.recordSigned(
                    proposed, in: Sample.city, codeHashes: [application], now: Sample.now)
            }
            #expect(signed == .changed || signed == .repeated)
            faulty.failNextWrites(someFaults())
            let outcome = try await persistently {
                try await faulty.recordOutcome(proposed, in: Sample.city, printed: true, now: Sample.now)
            }
            #expect(outcome == .changed || outcome == .repeated)
            issued.insert(proposed)
        }
        let log = try await store.log(in: Sample.city, after: 0, limit: 10_000)
        #expect(log.count { $0.event == .intent } == rounds)
        #expect(log.count { $0.event == .printed } == rounds)
        #expect(Set(log.compactMap(\.certificateID)) == issued)
        #expect(try await store.person(person.number, in: Sample.city)?.printedOverseasPassports == ["XX0000001"])
        // The limit counted each once.
        #expect(try await store.record(try Sample.intent(of: record), limit: DailyLimit(rounds)) == .limitReached)
    }

    @Test(arguments: Engine.all)
    func `a phone through a failing store enrols, tries, is revoked and shows a passport once`(engine: Engine)
        async throws
    {
        var random = Seeded("faults of phones")
        let place = try Place()
        let store = try engine.open(place)
        let faulty = FaultyStore(store)
        let record = try await store.with(try Sample.person())
        for round in 0..<20 {
            func someFaults() -> [FaultyStore.Moment] {
                (0..<Int.random(in: 0...3, using: &random)).compactMap { _ in
                    FaultyStore.Moment.allCases.randomElement(using: &random)
                }
            }
            let device = try Sample.value(
                EnrolledDevice(
                    keyHash: Sample.hash(), kind: "ios", level: "secure-enclave", notAfter: Sample.now + 1000,
                    certificateDER: [1], codeHash: Sample.hash()))
            let token = Sample.hash()
            faulty.failNextWrites(someFaults())
            let enrolled = try await persistently {
                try await faulty.enrol(device, token: token, expires: Sample.now + 60, now: Sample.now)
            }
            #expect(enrolled == .fresh || enrolled == .repeated(device))
            let faults = someFaults()
            faulty.failNextWrites(faults)
            let until = Sample.now + 60
            let counted = try await persistently {
                try await faulty.countAttempt(.device(device.keyHash), limit: 1, until: until, now: Sample.now)
            }
            // Lost at most, never gained.
            #expect(counted == !faults.contains(.after))
            #expect(
                try await !store.countAttempt(.device(device.keyHash), limit: 1, until: until, now: Sample.now))
            faulty.failNextWrites(someFaults())
            let revoked = try await persistently {
                try await faulty.revokeDevice(codeHash: device.codeHash, now: Sample.now)
            }
            #expect(revoked == device.keyHash)
            let day = try #require(CalendarDate(iso: "2035-01-01"))
            let passport = try Sample.value(
                Passport(
                    number: "XX000000\(round)", romajiName: "MIHON, HANAKO", nationality: "JPN", expires: day))
            faulty.failNextWrites(someFaults())
            var noting = PassportNoting.recordChanged
            while noting == .recordChanged {
                noting = try await persistently {
                    let now = try Sample.value(try await store.people(in: Sample.city, after: 0, limit: 1).people.first)
                    return try await faulty.notePassport(
                        passport, source: .chip, of: now.version, person: record.id, in: Sample.city, now: Sample.now)
                }
            }
            guard case .noted(let noted) = noting else { throw Sample.Missing() }
            #expect(noted.passports.entries.count == round + 1 && noted.vaccinee.passport == passport)
        }
        #expect(try await store.controlLog(after: 0, limit: 999).count { $0.event == .deviceRevoked } == 20)
        #expect(try await store.log(in: Sample.city, after: 0, limit: 999).count { $0.event == .passportNoted } == 20)
    }
}
