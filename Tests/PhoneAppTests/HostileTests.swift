import Exchange
import HolderGuard
import PhoneApp
import TestSupport
import Testing
import Vaccination

/// A mobile back end that does what it may not, a record system that seals what it may not, and networks that lose.
@Suite struct HostileTests {
    let world: PhoneWorld

    init() throws { world = try PhoneWorld.shared.get() }

    @Test(
        arguments: [
            (.otherSigner, .statementUntrusted), (.otherDay, .statementUntrusted), (.garbage, .unusable),
            (.absent, .refused(.upstreamUnavailable)),
        ] as [(TestWallet.StatementFlaw, PhoneEnding)])
    func `nothing is read for keys that are not stated for this day by a pinned key`(
        _ flaw: TestWallet.StatementFlaw, _ ending: PhoneEnding
    ) async throws {
        var behaviour = TestWallet.Behaviour()
        behaviour.statement = flaw
        let person = TestPerson([world.choice()])
        let course = try await world.run(person, behaviour)
        #expect(course.ending == ending)
        #expect(person.notes.holds.isEmpty && person.notes.pins.isEmpty)
        #expect(course.challenges == 0)
    }

    @Test(
        arguments: [
            (.rewritten, .unopened(.notForThisSession)), (.swapped, .unopened(.notForThisSession)),
            (.otherSession, .unopened(.notForThisSession)), (.otherKey, .unopened(.notForThisSession)),
            (.dropped, .unreachable), (.openWord, .unusable), (.oversized, .unusable),
        ] as [(TestWallet.Relay, PhoneReason)])
    func `a relay opens nothing, forges nothing, and what it does is reported as not kept`(
        _ relay: TestWallet.Relay, _ reason: PhoneReason
    ) async throws {
        var behaviour = TestWallet.Behaviour()
        behaviour.relay = relay
        let person = TestPerson([world.choice(), world.choice(1)])
        let course = try await world.run(person, behaviour)
        #expect(course.reasons == [reason, reason])
        #expect(person.notes.shown.isEmpty)
        #expect(course.dispositions == [.aborted, .aborted])
    }

    @Test(
        arguments: [
            (.otherName, .domestic, [.name]), (.otherBirthDate, .domestic, [.birthDate]),
            (.otherMunicipality, .domestic, [.municipality]), (.otherKind, .domestic, [.kind]),
            (.otherDoses, .domestic, [.doses]), (.notSample, .domestic, [.sample]), (.pageHash, .domestic, [.pdfHash]),
            (.codeOfAnother, .domestic, [.name]), (.codeNotInManifest, .domestic, [.codeHashes]),
            (.noCode, .domestic, [.codeMissing, .codeFormats]), (.foreignIssuer, .domestic, [.codeInvalid]),
            (.otherID, .domestic, [.certificateID]), (.cardTwice, .domestic, [.codeFormats]),
            (.codeOfAnother, .overseas, [.romajiName]), (.vdsncOfAnotherPassport, .overseas, [.documentNumber]),
            (.anotherPassport, .overseas, [.documentNumber]), (.noVDSNC, .overseas, [.codeFormats]),
            (.noRomaji, .overseas, [.romajiName]),
        ] as [(TestWallet.Flaw, CertificateKind, [GuardFinding])])
    func `a certificate that is not the card's is shown to nobody, and reported as not kept`(
        _ flaw: TestWallet.Flaw, _ kind: CertificateKind, _ findings: [GuardFinding]
    ) async throws {
        var behaviour = TestWallet.Behaviour()
        behaviour.flaw = flaw
        let person = TestPerson([world.choice(0, kind)], passport: world.presented)
        let course = try await world.run(person, behaviour)
        #expect(course.reasons == [.guarded(findings)])
        #expect(person.notes.shown.isEmpty)
        #expect(course.dispositions == [.aborted])
    }

    // MARK: Lost answers, outcomes

    @Test func `an answer that was lost is asked for with the same bytes`() async throws {
        var behaviour = TestWallet.Behaviour()
        behaviour.brokenAnswers = 3
        let course = try await world.run(TestPerson([world.choice()]), behaviour)
        #expect(course.reasons == [nil])
        #expect(course.applications.count == 4)
        #expect(Set(course.applications).count == 1)
        #expect(course.dispositions == [.delivered])
    }

    @Test func `an outcome that was lost goes again with the same bytes`() async throws {
        var behaviour = TestWallet.Behaviour()
        behaviour.lostOutcomes = 2
        let course = try await world.run(TestPerson([world.choice()]), behaviour)
        #expect(course.reasons == [nil])
        #expect(course.dispositions == [.delivered, .delivered, .delivered])
        #expect(Set(course.outcomes.map(\.bytes)).count == 1)
    }

    @Test func `the outcome of what may still be on its way is reported until it is known`() async throws {
        var behaviour = TestWallet.Behaviour()
        (behaviour.relay, behaviour.unknownOutcomes) = (.dropped, 2)
        let course = try await world.run(TestPerson([world.choice()]), behaviour)
        #expect(course.reasons == [.unreachable])
        #expect(course.dispositions == [.aborted, .aborted, .aborted])
    }

    @Test func `a certificate that the phone does not keep is reported as that`() async throws {
        let person = TestPerson([world.choice()], keeps: false)
        let course = try await world.run(person)
        #expect(course.reasons == [.notKept])
        #expect(person.notes.shown.count == 1)
        #expect(course.dispositions == [.aborted])
    }

    @Test func `a final refusal that this session opened owes no outcome`() async throws {
        var behaviour = TestWallet.Behaviour()
        behaviour.refusals = [world.municipalities[0].code: Refusal(.recordNoDoses, isOutcomeOwed: false)]
        let course = try await world.run(TestPerson([world.choice()]), behaviour)
        #expect(course.reasons == [.refused(.recordNoDoses)])
        #expect(course.outcomes.isEmpty)
    }

    @Test func `what is refused openly is told, and reported as not kept`() async throws {
        var behaviour = TestWallet.Behaviour()
        behaviour.openRefusal = .deviceRevoked
        let course = try await world.run(TestPerson([world.choice()]), behaviour)
        #expect(course.reasons == [.refusedOpenly(.deviceRevoked)])
        #expect(course.dispositions == [.aborted])
    }

    // MARK: The end of a session

    @Test func `a session that is cancelled before the card was held sends nothing`() async throws {
        let person = TestPerson([world.choice()]) { _, _ in
            // Until it is cancelled.
            try? await Task.sleep(for: .seconds(600))
            return true
        }
        let course = try await world.run(person) { work, _ in
            try? await eventually("the card is asked for") { !person.notes.holds.isEmpty }
            work.cancel()
            await work.value
        }
        #expect(course.ending == .cancelled)
        #expect((course.applications.count, course.outcomes.count) == (0, 0))
    }

    @Test func `a session that is cancelled while answers are waited for reports that nothing is kept`() async throws {
        var behaviour = TestWallet.Behaviour()
        behaviour.holdsAnswers = true
        let person = TestPerson([world.choice(), world.choice(1)])
        let course = try await world.run(person, behaviour) { work, wallet in
            try? await eventually("both are sent") { person.notes.steps.contains(.send) && wallet.waiting == 2 }
            work.cancel()
            await work.value
            wallet.release()
        }
        #expect(course.reasons == [.cancelled, .cancelled])
        #expect(person.notes.shown.isEmpty)
        #expect(course.dispositions == [.aborted, .aborted])
    }
}
