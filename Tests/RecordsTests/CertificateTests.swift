import Foundation
import RecordSupport
import Records
import Testing
import Vaccination

/// Certificates: intent, signing, outcome.
@Suite struct CertificateTests {
    @Test(arguments: Engine.all, IssueChannel.allCases)
    func `a certificate knows by which channel it was asked for`(engine: Engine, channel: IssueChannel) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let record = try await store.with(Sample.person(1))
        let sample = try Sample.intent(of: record)
        let intent = Intent(
            certificateID: sample.certificateID, municipality: sample.municipality, kind: sample.kind, channel: channel,
            copies: 1, personID: record.id, terminal: sample.terminal, applicationHash: sample.applicationHash,
            transcriptHash: sample.transcriptHash, sessionSigningKey: sample.sessionSigningKey, inquiry: sample.inquiry,
            at: sample.at, issuedOn: sample.issuedOn, content: sample.content)
        #expect(try await store.record(intent, limit: DailyLimit(1)) == .recorded)
        #expect(try await store.certificate(intent.certificateID, in: Sample.city)?.channel == channel)
        #expect(try await store.record(intent, limit: DailyLimit(1)) == .resumed(intent))
        #expect(try await store.verify(.region(Sample.city), pins: [], everything: true).breaks.isEmpty)
    }

    @Test(arguments: Engine.all)
    func `an intent goes to the register and the log before anything is signed`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let record = try await store.with(try Sample.person())
        let intent = try Sample.intent(of: record)
        #expect(try await store.record(intent, limit: DailyLimit(3)) == .recorded)
        let entry = try #require(try await store.certificate(intent.certificateID, in: Sample.city))
        #expect(entry.state == .intended)
        #expect(entry.sessionSigningKey == intent.sessionSigningKey)
        #expect(entry.transcriptHash == intent.transcriptHash)
        #expect(entry.copies == 2)
        #expect(entry.issuedOn == intent.issuedOn)
        let line = try #require(try await store.log(in: Sample.city, after: 1, limit: 10).first)
        #expect(line.event == .intent)
        #expect(line.certificateID == intent.certificateID)
        #expect(line.inquiry == "MH-0001")
        #expect(line.terminal == intent.terminal)
        #expect(line.at == Sample.now)
        #expect(
            try await store.certificates(in: Sample.city, state: .intended, limit: 5).map(\.certificateID) == [
                intent.certificateID
            ])
        #expect(try await store.certificate(intent.certificateID, in: Sample.town) == nil)
        #expect(try await store.certificate(transcriptHash: intent.transcriptHash, in: Sample.city) == entry)
        #expect(try await store.certificate(transcriptHash: intent.transcriptHash, in: Sample.town) == nil)
        #expect(try await store.certificate(transcriptHash: Sample.hash(), in: Sample.city) == nil)
    }

    @Test(arguments: Engine.all)
    func `the same application resumes with the content recorded first, whatever was corrected since`(engine: Engine)
        async throws
    {
        let place = try Place()
        let store = try engine.open(place)
        let person = try Sample.person(passport: "XX0000001", doses: 6)
        let first = try Sample.intent(of: try await store.with(person))
        #expect(try await store.record(first, limit: DailyLimit(1)) == .recorded)
        let corrected = try await store.with(try Sample.person(name: "見本　訂正", doses: 1))
        let again = try Sample.intent(
            of: corrected, id: first.certificateID, at: Sample.now + 30, application: first.transcriptHash)
        #expect(try await store.record(again, limit: DailyLimit(1)) == .resumed(first))
        #expect(try await store.log(in: Sample.city, after: 0, limit: 10).count { $0.event == .intent } == 1)
    }

    @Test(arguments: Engine.all)
    func `a certificate identifier of another application is a conflict`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let record = try await store.with(try Sample.person())
        let first = try Sample.intent(of: record)
        _ = try await store.record(first, limit: DailyLimit(9))
        let other = try Sample.intent(of: record, id: first.certificateID)
        await #expect(throws: StoreError.conflict()) { try await store.record(other, limit: DailyLimit(9)) }
    }

    @Test(arguments: Engine.all)
    func `aborted certificates count under a limit of their own, and lock nobody out below it`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let record = try await store.with(try Sample.person())
        let limit = DailyLimit(issued: 2, aborted: 4)
        func issue(printed: Bool?) async throws -> IntentOutcome {
            let intent = try Sample.intent(of: record)
            let outcome = try await store.record(intent, limit: limit)
            guard outcome == .recorded, let printed else { return outcome }
            _ = try await store.recordSigned(intent.certificateID, in: Sample.city, codeHashes: [], now: Sample.now)
            _ = try await store.recordOutcome(
                intent.certificateID, in: Sample.city, printed: printed, now: Sample.now)
            return outcome
        }
        for _ in 1...3 { #expect(try await issue(printed: false) == .recorded) }
        // What may yet be handed out counts like what was printed.
        #expect(try await issue(printed: true) == .recorded)
        #expect(try await issue(printed: nil) == .recorded)
        #expect(try await issue(printed: true) == .limitReached)
        let other = try await store.with(try Sample.person(2))
        for _ in 1...4 {
            let intent = try Sample.intent(of: other)
            #expect(try await store.record(intent, limit: limit) == .recorded)
            _ = try await store.void(intent.certificateID, in: Sample.city, now: Sample.now)
        }
        #expect(try await store.record(try Sample.intent(of: other), limit: limit) == .limitReached)
    }

    @Test(arguments: Engine.all)
    func `a list of certificates goes on behind its last one, and misses and repeats none`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let record = try await store.with(try Sample.person())
        var all: [CertificateID] = []
        for index in 0..<23 {
            // Several in one millisecond, so that the instant alone does not order them.
            let intent = try Sample.intent(of: record, at: Sample.now + Double(index / 4))
            _ = try await store.record(intent, limit: DailyLimit(100))
            all.append(intent.certificateID)
        }
        var seen: [CertificateID] = []
        while true {
            let page = try await store.certificates(
                in: Sample.city, state: .intended, after: seen.last, limit: 5)
            if page.isEmpty { break }
            #expect(page.count <= 5)
            seen += page.map(\.certificateID)
        }
        #expect(seen.count == 23 && Set(seen) == Set(all))
        // The last one of a page may have left the state in between.
        _ = try await store.void(seen[4], in: Sample.city, now: Sample.now)
        let next = try await store.certificates(in: Sample.city, state: .intended, after: seen[4], limit: 5)
        #expect(next.map(\.certificateID) == Array(seen[5..<10]))
        await #expect(throws: StoreError.notFound()) {
            try await store.certificates(in: Sample.city, state: .intended, after: Sample.id(), limit: 5)
        }
    }

    @Test(arguments: Engine.all)
    func `the limit counts a person's intents of one day in Japan, and nobody else's`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let record = try await store.with(try Sample.person(1))
        let neighbour = try await store.with(try Sample.person(2))
        // 2023-11-14T14:59:59Z is the last second of a day in Japan.
        let evening = Date(timeIntervalSince1970: 1_699_973_999)
        for _ in 0..<2 {
            #expect(
                try await store.record(try Sample.intent(of: record, at: evening), limit: DailyLimit(2)) == .recorded)
        }
        let third = try Sample.intent(of: record, at: evening)
        #expect(try await store.record(third, limit: DailyLimit(2)) == .limitReached)
        #expect(try await store.certificate(third.certificateID, in: Sample.city) == nil)
        #expect(
            try await store.record(try Sample.intent(of: neighbour, at: evening), limit: DailyLimit(2)) == .recorded)
        #expect(
            try await store.record(try Sample.intent(of: record, at: evening + 1), limit: DailyLimit(2)) == .recorded)
    }

    @Test(arguments: Engine.all)
    func `the limit holds against intents racing in two instances`(engine: Engine) async throws {
        let place = try Place()
        let stores = [try engine.open(place), try engine.open(place)]
        let record = try await stores[0].with(try Sample.person())
        let outcomes = try await withThrowingTaskGroup(of: IntentOutcome.self) { group in
            for writer in 0..<24 {
                group.addTask {
                    try await stores[writer % 2].record(try Sample.intent(of: record), limit: DailyLimit(5))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == .recorded } == 5)
        #expect(outcomes.count { $0 == .limitReached } == 19)
    }

    @Test(arguments: Engine.all)
    func `an intent of a person that the region does not have is refused`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let record = try await store.with(try Sample.person())
        let stranger = PersonRecord(
            id: record.id + 1, vaccinee: record.vaccinee, standing: .resident, doses: record.doses,
            printedOverseasPassports: [])
        await #expect(throws: StoreError.notFound()) {
            try await store.record(try Sample.intent(of: stranger), limit: DailyLimit(9))
        }
    }

    @Test(arguments: Engine.all)
    func `signing is recorded once; handing out again is a line of its own`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let intent = try Sample.intent(of: try await store.with(try Sample.person()))
        _ = try await store.record(intent, limit: DailyLimit(9))
        func sign() async throws -> StateTransition {
            try await store.recordSigned(
                intent.certificateID, in: Sample.city, codeHashes: [Sample.hash()], now: Sample.now)
        }
        #expect(try await sign() == .changed)
        #expect(try await store.certificate(intent.certificateID, in: Sample.city)?.state == .signed)
        #expect(try await sign() == .repeated)
        #expect(
            try await store.log(in: Sample.city, after: 1, limit: 9).map(\.event) == [.intent, .signed, .redelivery])
        #expect(
            try await store.recordSigned(
                Sample.id(), in: Sample.city, codeHashes: [], now: Sample.now) == .unknownCertificate
        )
    }

    @Test(
        arguments: Engine.all,
        [
            (CertificateState.intended, true, StateTransition.contradicts(.intended), CertificateState.intended),
            (.intended, false, .changed, .voided),
            (.signed, true, .changed, .printed),
            (.signed, false, .changed, .voided),
            (.printed, true, .repeated, .printed),
            (.printed, false, .contradicts(.printed), .printed),
            (.voided, true, .contradicts(.voided), .voided),
            (.voided, false, .repeated, .voided),
            (.unknown, true, .changed, .printed),
            (.unknown, false, .changed, .voided),
        ])
    func `every report on every state ends as the table of states says`(
        engine: Engine, row: (from: CertificateState, printed: Bool, outcome: StateTransition, to: CertificateState)
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let id = try await store.certificate(in: row.from)
        let linesBefore = try await store.log(in: Sample.city, after: 0, limit: 100).count
        for attempt in 1...2 {
            let outcome = try await store.recordOutcome(id, in: Sample.city, printed: row.printed, now: Sample.now)
            #expect(outcome == (attempt == 2 && row.outcome == .changed ? .repeated : row.outcome))
        }
        #expect(try await store.certificate(id, in: Sample.city)?.state == row.to)
        #expect(try await store.revoked(in: Sample.city) == (row.to == .voided ? [id] : []))
        // A change and a contradiction are one line each, a repetition none.
        let lines = try await store.log(in: Sample.city, after: 0, limit: 100).count
        #expect(lines == linesBefore + (row.outcome == .repeated ? 0 : 1))
    }

    @Test(
        arguments: Engine.all,
        [
            (CertificateState.intended, StateTransition.changed), (.signed, .changed), (.unknown, .changed),
            (.voided, .repeated), (.printed, .contradicts(.printed)),
        ])
    func `an operator voids what is not printed`(
        engine: Engine, row: (from: CertificateState, outcome: StateTransition)
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let id = try await store.certificate(in: row.from)
        #expect(try await store.void(id, in: Sample.city, now: Sample.now) == row.outcome)
        #expect(try await store.revoked(in: Sample.city) == (row.from == .printed ? [] : [id]))
        #expect(try await store.void(Sample.id(), in: Sample.city, now: Sample.now) == .unknownCertificate)
    }

    @Test(arguments: Engine.all)
    func `a voided certificate is not handed out again`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let id = try await store.certificate(in: .voided)
        let outcome = try await store.recordSigned(
            id, in: Sample.city, codeHashes: [], now: Sample.now)
        #expect(outcome == .contradicts(.voided))
    }

    @Test(arguments: Engine.all)
    func `an outcome of an unknown certificate, or one of another region, says so`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let id = try await store.certificate(in: .signed)
        for (id, region) in [(Sample.id(), Sample.city), (id, Sample.town)] {
            #expect(
                try await store.recordOutcome(id, in: region, printed: true, now: Sample.now) == .unknownCertificate)
        }
    }

    @Test(arguments: Engine.all)
    func `a printed overseas certificate adds its passport to the earlier ones, a domestic or voided one does not`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let person = try Sample.person(passport: "XX0000001")
        func report(_ kind: CertificateKind, printed: Bool) async throws -> Set<String>? {
            let id = try await store.signed(person, kind: kind)
            _ = try await store.recordOutcome(id, in: Sample.city, printed: printed, now: Sample.now)
            return try await store.person(person.number, in: Sample.city)?.printedOverseasPassports
        }
        #expect(try await report(.domestic, printed: true) == [])
        #expect(try await report(.overseas, printed: false) == [])
        #expect(try await report(.overseas, printed: true) == ["XX0000001"])
        #expect(try await report(.overseas, printed: true) == ["XX0000001"])
    }

    @Test(arguments: Engine.all)
    func `an overseas certificate for a phone counts as issued from its signature on, until it is taken back`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        for (index, end) in ["aborted", "voided", "revoked", "delivered and revoked"].enumerated() {
            let person = try Sample.person(index + 1, passport: "XX000000\(index)")
            func counting() async throws -> Set<String>? {
                try await store.person(person.number, in: Sample.city)?.printedOverseasPassports
            }
            let record = try await store.with(person)
            let intent = try Sample.intent(of: record, kind: .overseas, channel: .app)
            let id = intent.certificateID
            #expect(try await store.record(intent, limit: DailyLimit(9)) == .recorded)
            #expect(try await counting() == [])
            _ = try await store.recordSigned(id, in: Sample.city, codeHashes: [Sample.hash()], now: Sample.now)
            #expect(try await counting() == ["XX000000\(index)"])
            _ = try await store.markUnreported(olderThan: Sample.now + 1, now: Sample.now + 1)
            #expect(try await store.certificate(id, in: Sample.city)?.state == .unknown)
            #expect(try await counting() == ["XX000000\(index)"])
            if end.hasPrefix("delivered") {
                _ = try await store.recordOutcome(id, in: Sample.city, printed: true, now: Sample.now)
                #expect(try await store.certificate(id, in: Sample.city)?.state == .printed)
                #expect(try await counting() == ["XX000000\(index)"])
            }
            let before = try Sample.value(try await store.person(person.number, in: Sample.city))
            switch end {
            case "aborted": _ = try await store.recordOutcome(id, in: Sample.city, printed: false, now: Sample.now)
            case "voided": _ = try await store.void(id, in: Sample.city, now: Sample.now)
            default: _ = try await store.revoke(id, in: Sample.city, now: Sample.now)
            }
            #expect(try await counting() == [], "\(end)")
            // Who judged by the record of before is told.
            let next = try Sample.intent(of: before, kind: .overseas)
            #expect(try await store.record(next, limit: DailyLimit(9), of: before.version) == .recordChanged)
        }
        #expect(try await store.verify(.region(Sample.city), pins: [], everything: true).breaks.isEmpty)
    }

    @Test(arguments: [
        "UPDATE certificate SET state = 'printed'", "UPDATE certificate SET kind = 'overseas'",
        "UPDATE certificate SET channel = 'app'",
    ])
    func `a certificate that a hand has put on a phone lets nobody have another`(sql: String) async throws {
        let place = try Place()
        let store = try place.sqlite()
        let person = try Sample.person(passport: "XX0000001")
        let isApp = !sql.contains("channel")
        let id = try await store.signed(
            person, kind: sql.contains("kind") ? .domestic : .overseas, channel: isApp ? .app : .kiosk)
        if sql.contains("state") {
            _ = try await store.recordOutcome(id, in: Sample.city, printed: false, now: Sample.now)
        }
        try await RawDatabase(place.path(of: Sample.city)).execute(sql)
        await #expect(throws: StoreError.broken()) { try await store.person(person.number, in: Sample.city) }
    }

    @Test(arguments: Engine.all)
    func `certificates without a report become unknown after their time, in every region, and stay valid`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let old = try await store.signed(try Sample.person(1), at: Sample.now)
        let young = try await store.signed(try Sample.person(2), at: Sample.now + 100)
        // Another process does the sweeping: it does not know which regions were used.
        let sweeper = try engine.open(place)
        #expect(try await sweeper.markUnreported(olderThan: Sample.now + 50, now: Sample.now + 200) == 1)
        #expect(try await sweeper.markUnreported(olderThan: Sample.now + 50, now: Sample.now + 200) == 0)
        #expect(try await store.certificate(old, in: Sample.city)?.state == .unknown)
        #expect(try await store.certificate(young, in: Sample.city)?.state == .signed)
        #expect(try await store.revoked(in: Sample.city) == [])
        #expect(try await store.log(in: Sample.city, after: 0, limit: 100).last?.event == .unreported)
        #expect(try await sweeper.markUnreported(olderThan: Sample.now + 101, now: Sample.now + 200) == 1)
        #expect(try await store.certificates(in: Sample.city, state: .unknown, limit: 1).map(\.certificateID) == [old])
        #expect(
            try await store.certificates(in: Sample.city, state: .unknown, limit: 9).map(\.certificateID) == [
                old, young,
            ])
    }
}

extension RecordStore {
    /// A certificate in a state.
    func certificate(in state: CertificateState) async throws -> CertificateID {
        let intent = try Sample.intent(of: try await with(try Sample.person()))
        let id = intent.certificateID
        _ = try await record(intent, limit: DailyLimit(9))
        if state == .intended { return id }
        _ = try await recordSigned(id, in: Sample.city, codeHashes: [], now: Sample.now)
        switch state {
        case .intended, .signed: break
        case .printed: _ = try await recordOutcome(id, in: Sample.city, printed: true, now: Sample.now)
        case .voided: _ = try await recordOutcome(id, in: Sample.city, printed: false, now: Sample.now)
        case .unknown: _ = try await markUnreported(olderThan: Sample.now + 1, now: Sample.now + 1)
        }
        return id
    }
}
