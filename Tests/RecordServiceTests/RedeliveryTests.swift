import Crypto
import Exchange
import Foundation
import HTTPServer
import RecordService
import RecordSupport
import Records
import Testing
import Vaccination

/// The same bytes again: one certificate, however often they come and whatever happened in between.
@Suite struct RedeliveryTests {
    @Test func `the same application again gives the same certificate sealed anew`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let session = try stack.session(person)
        let first = try await stack.system.issuing.issue(session.application, inquiry: session.inquiry)
        let again = try await stack.system.issuing.issue(session.application, inquiry: session.inquiry)
        #expect(first != again)
        let answers = try [first, again].map {
            try stack.open($0, session).manifest
        }
        #expect(answers[0].certificateID == answers[1].certificateID)
        let log = try await stack.store.log(in: Stack.mihon.code, after: 0, limit: 100)
        #expect(
            log.filter { $0.certificateID == answers[0].certificateID }.map(\.event) == [.intent, .signed, .redelivery])
        #expect(stack.logs.text.contains("\"redelivery\":\"true\""))
    }

    @Test func `the same application is recognised although its challenge expired in between`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let session = try stack.session(person)
        let id = try await stack.issue(session).manifest.certificateID
        stack.clock.advance(599)
        #expect(try await stack.issue(session).manifest.certificateID == id)
    }

    /// What the record says by now that would stop a new certificate.
    @Test(arguments: [
        TestPerson(1) { $0.lot = { _ in "MH-OTHER" } }, TestPerson(1) { $0.standing = .deceased },
        TestPerson(1) { $0.name = "見本　改名" },
    ])
    func `the same application gives its certificate although the record would give none any more`(
        later: TestPerson
    ) async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let session = try stack.session(person)
        let first = try await stack.issue(session).manifest
        try await stack.write(later)
        #expect(await stack.refusal(try stack.session(person)) != nil)
        let again = try await stack.issue(session).manifest
        #expect(again.certificateID == first.certificateID && again.doses == first.doses)
    }

    @Test func `after ten minutes it is not recognised any more`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let session = try stack.session(person)
        _ = try await stack.issue(session)
        stack.clock.advance(601)
        #expect(await stack.refusal(session) == .challengeExpired)
    }

    /// Where the service or its store ended: before the step was durable, or after it but before anybody heard of it.
    @Test(arguments: [FaultyStore.Point.record, .recordSigned], [FaultyStore.Moment.before, .after])
    func `after a crash the same application gives the same certificate`(
        point: FaultyStore.Point, moment: FaultyStore.Moment
    ) async throws {
        let stack = try await Stack()
        let person = TestPerson(1) { $0.doses = 2 }
        try await stack.write(person)
        let session = try stack.session(person)
        stack.store.fail(at: point, moment)
        #expect(await stack.refusal(session) == .upstreamUnavailable)

        let again = try await stack.restarted()
        // Corrected in between: what the intent says counts, if there is one.
        let hasIntent = point == .recordSigned || moment == .after
        try await again.write(TestPerson(1) { $0.doses = 4 })
        // Another day in Japan, and another dose: the date of issue stays the one of the first time.
        let manifest = try await again.issue(session).manifest
        #expect(manifest.doses == (hasIntent ? 2 : 4))
        #expect(manifest.issuedOn == Stack.today)
        let third = try await again.issue(session).manifest
        #expect(third.certificateID == manifest.certificateID)
        // Whatever was interrupted: one intent and one signature, and only what was signed before is a redelivery.
        let events = try await again.store.log(in: Stack.mihon.code, after: 0, limit: 100)
            .filter { $0.certificateID == manifest.certificateID }.map(\.event)
        let wasSigned = point == .recordSigned && moment == .after
        #expect(events == [.intent, .signed] + (wasSigned ? [.redelivery, .redelivery] : [.redelivery]))
        for state in CertificateState.allCases {
            let count = try await again.store.certificates(in: Stack.mihon.code, state: state, limit: 10).count
            #expect(count == (state == .signed ? 1 : 0))
        }
    }

    @Test func `an intent counts as it was written, also where the record could not be printed any more`() async throws
    {
        let stack = try await Stack()
        let person = TestPerson.traveller(1)
        try await stack.write(person)
        let session = try stack.session(person, .overseas)
        stack.store.fail(at: .recordSigned, .after)
        #expect(await stack.refusal(session) == .upstreamUnavailable)
        let again = try await stack.restarted()
        let flawed = TestPerson.traveller(1) { $0.romaji = "-, -" }
        try await again.write(flawed)
        #expect(try await again.issue(session).manifest.romajiName == person.romaji)
        #expect(await again.refusal(try again.session(flawed, .overseas)) == .contentUnprintable)
    }

    @Test func `a certificate resumed after a stop between claim and intent is logged as signed, once`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let session = try stack.session(person)
        stack.store.fail(at: .claim, .after)
        #expect(await stack.refusal(session) == .upstreamUnavailable)
        let again = try await stack.restarted()
        let id = try await again.issue(session).manifest.certificateID
        let log = try await again.store.log(in: Stack.mihon.code, after: 0, limit: 100)
        #expect(log.filter { $0.certificateID == id }.map(\.event) == [.intent, .signed])
        #expect(!again.logs.text.contains("\"redelivery\":\"true\""))
        #expect(again.metrics.text().contains("redelivery=\"false\"} 1.0"))
    }

    @Test func `the day of issue stays across midnight`() async throws {
        let stack = try await Stack()
        stack.clock.advance(14 * 3600 - 60)  // a minute before midnight in Japan
        let person = TestPerson(1)
        try await stack.write(person)
        let session = try stack.session(person)
        stack.store.fail(at: .record)
        #expect(await stack.refusal(session) == .upstreamUnavailable)
        stack.store.heal()
        stack.clock.advance(120)
        #expect(try await stack.issue(session).manifest.issuedOn == Stack.today)
    }

    @Test func `identical applications at once give one certificate`() async throws {
        let stack = try await Stack(limits: "{perPersonAndDay: 1}")
        let person = TestPerson(1)
        try await stack.write(person)
        let session = try stack.session(person)
        let ids = try await withThrowingTaskGroup(of: CertificateID.self) { group in
            for _ in 0..<6 { group.addTask { try await stack.issue(session).manifest.certificateID } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(ids.count == 1)
        #expect(try await stack.store.certificates(in: Stack.mihon.code, state: .signed, limit: 10).count == 1)
    }

    @Test func `applications with one challenge at once give one certificate`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let challenge = Array(try stack.system.issuing.challenge().challenge)
        let sessions = try (0..<6).map { _ in try stack.session(person, challenge: challenge) }
        let refusals = await withTaskGroup(of: ProblemCode?.self) { group in
            for session in sessions { group.addTask { await stack.refusal(session) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(refusals.filter { $0 == nil }.count == 1)
        #expect(refusals.filter { $0 == .challengeUsed }.count == 5)
    }

    @Test func `a voided certificate does not come back to life`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let session = try stack.session(person)
        _ = try await stack.issue(session)
        try await stack.system.outcomes.accept(try session.outcome(.aborted), inquiry: session.inquiry)
        #expect(await stack.refusal(session) == .challengeUsed)
    }

    @Test func `a suspended terminal gets no redelivery`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let session = try stack.session(person)
        _ = try await stack.issue(session)
        try await stack.store.suspend(.terminal("T0001"), now: stack.clock.now)
        try await stack.system.control.refresh()
        #expect(await stack.refusal(session) == .terminalSuspended)
    }
}
