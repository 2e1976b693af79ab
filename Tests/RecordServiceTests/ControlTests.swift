import CardChip
import Exchange
import ExchangeSupport
import Foundation
import HTTPServer
import RecordService
import RecordSupport
import Records
import Testing
import Vaccination

/// What operators stop and start, and what stops by itself.
@Suite struct ControlTests {
    @Test(arguments: [
        (Suspension.everything, ProblemCode.serviceSuspended), (.terminal("T0001"), .terminalSuspended),
        (.municipality(Stack.mihon.code), .municipalitySuspended), (.kind(.domestic), .kindSuspended),
    ])
    func `what is suspended is refused at once and goes on at once`(suspension: Suspension, expected: ProblemCode)
        async throws
    {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let challenge = Array(try stack.system.issuing.challenge().challenge)
        try await stack.store.suspend(suspension, now: stack.clock.now)
        try await stack.system.control.refresh()
        let session = try stack.session(person, challenge: challenge)
        #expect(await stack.refusal(session) == expected)
        try await stack.store.resume(suspension, now: stack.clock.now)
        try await stack.system.control.refresh()
        // The refusal did not use up the challenge.
        #expect(await stack.refusal(session) == nil)
    }

    /// The order of reasons is that of ``Exchange/AccessPolicy``, so the same as at the centre.
    @Test func `of several reasons the first one is given`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let challenge = Array(try stack.system.issuing.challenge().challenge)
        let now = stack.clock.now
        let municipality = Suspension.municipality(Stack.mihon.code)
        for suspension in [Suspension.terminal("T0001"), .everything, municipality, .kind(.domestic)] {
            try await stack.store.suspend(suspension, now: now)
        }
        try await stack.store.haltIssuing("test", now: now)
        try await stack.system.control.refresh()
        let session = try stack.session(person, challenge: challenge)
        let lifts: [(ProblemCode, () async throws -> Void)] = [
            (.terminalSuspended, { try await stack.store.resume(.terminal("T0001"), now: now) }),
            (.serviceSuspended, { try await stack.store.resume(.everything, now: now) }),
            (.serviceHalted, { _ = try await stack.store.clearHalt("test", now: now) }),
            (.municipalitySuspended, { try await stack.store.resume(municipality, now: now) }),
            (.kindSuspended, { try await stack.store.resume(.kind(.domestic), now: now) }),
        ]
        for (code, lift) in lifts {
            #expect(await stack.refusal(session) == code)
            try await lift()
            try await stack.system.control.refresh()
        }
        #expect(await stack.refusal(session) == nil)
    }

    @Test func `what is not suspended goes on`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        for suspension in [Suspension.terminal("T0002"), .municipality(Stack.rei.code), .kind(.overseas)] {
            try await stack.store.suspend(suspension, now: stack.clock.now)
        }
        try await stack.system.control.refresh()
        #expect(await stack.refusal(try stack.session(person)) == nil)
    }

    @Test func `the service makes no challenge while everything is suspended`() async throws {
        let stack = try await Stack()
        try await stack.store.suspend(.everything, now: stack.clock.now)
        try await stack.system.control.refresh()
        #expect(throws: ProblemCode.serviceSuspended) { try stack.system.issuing.challenge() }
    }

    @Test func `a mismatch in the service's own output stops issuing until an operator clears it`() async throws {
        let stack = try await Stack()
        let (person, other) = (TestPerson(1), TestPerson(2))
        try await stack.write(person, other)
        let (session, waiting) = (try stack.session(person), try stack.session(other))
        stack.signer.breakDown()
        #expect(await stack.refusal(session) == .serviceHalted)
        stack.signer.breakDown(false)
        #expect(stack.metrics.text().contains("vrs_guard_findings_total{guard=\"output\",kind=\"mismatch\"} 1.0"))

        // Also for others, also after a new start, and nothing was handed out as signed.
        #expect(await stack.refusal(waiting) == .serviceHalted)
        #expect(throws: ProblemCode.serviceHalted) { try stack.system.issuing.challenge() }
        #expect(try await stack.store.certificates(in: Stack.mihon.code, state: .signed, limit: 10).isEmpty)
        #expect(try await stack.store.certificates(in: Stack.mihon.code, state: .intended, limit: 10).count == 1)
        #expect(await stack.system.notReady() == ["issuing.halted"])
        #expect(stack.system.control.snapshot.access.isHalted)
        let restarted = try await stack.restarted()
        #expect(await restarted.refusal(waiting) == .serviceHalted)

        let halt = try #require(restarted.system.control.halt)
        #expect(try await restarted.system.control.clear(halt, now: stack.clock.now))
        #expect(await restarted.system.notReady().isEmpty)
        #expect(await restarted.refusal(waiting) == nil)
        // What was refused for good stays refused; its person begins anew.
        #expect(await restarted.refusal(session) == .serviceHalted)
        #expect(await restarted.refusal(try restarted.session(person)) == nil)
    }

    /// What a session under way finds in its own output, while the control log is found to be broken.
    @Test func `a mismatch does not take the place of a break, nor does a restore clear the mismatch`() async throws {
        let stack = try await Stack()
        let control = stack.system.control
        let found = EvidenceBreak(log: .control, kind: .row, place: "terminal T0002")
        await control.noteBreak(found, now: stack.clock.now)
        try await control.halt("the code", now: stack.clock.now)
        #expect(control.halted == "evidence: control: row: terminal T0002")
        try await Running.with(stack) { running in
            try await running.withOperator { client in
                await #expect(throws: OperatorFailure.refused(.conflict)) { try await client.resumeIssuing() }
                #expect(try await client.suspensions().issuingHalted == found.haltReason)
                #expect(try await stack.store.control().issuingHalted == found.haltReason)
                try await client.restored(.control, reason: "looked", asItIs: true)
                // Nobody has looked at the mismatch yet.
                #expect(try await client.suspensions().issuingHalted == "the code")
                #expect(try await stack.store.control().issuingHalted == "the code")
                #expect(stack.system.control.snapshot.access.isHalted)
                #expect(throws: ProblemCode.serviceHalted) { try stack.system.issuing.challenge() }
                try await client.resumeIssuing()
                #expect(try await client.suspensions().issuingHalted == nil)
            }
        }
        #expect(throws: Never.self) { try stack.system.issuing.challenge() }
    }

    @Test func `a break takes the place of a mismatch, and is not cleared with it`() async throws {
        let stack = try await Stack()
        let control = stack.system.control
        try await control.halt("the code", now: stack.clock.now)
        let seen = try #require(control.halt)
        let found = EvidenceBreak(log: .control, kind: .chain, place: "line 3")
        await control.noteBreak(found, now: stack.clock.now)
        // Who saw the mismatch clears that, and not the break found since.
        #expect(try await !control.clear(seen, now: stack.clock.now))
        #expect(control.halted == found.haltReason)
        #expect(try await stack.store.control().issuingHalted == found.haltReason)
    }

    @Test(arguments: [EvidenceBreak(log: .control, kind: .head, place: "missing").haltReason, "the code", "the page"])
    func `clearing a halt clears no other that came after it was looked at`(_ second: String) async throws {
        let stack = try await Stack()
        let control = stack.system.control
        try await control.halt("the code", now: stack.clock.now)
        let seen = try #require(control.halt)
        try await control.halt(second, now: stack.clock.now)
        #expect(try await !control.clear(seen, now: stack.clock.now))
        #expect(control.halted == second)
        #expect(throws: ProblemCode.serviceHalted) { try stack.system.issuing.challenge() }
        let next = try #require(control.halt)
        #expect(try await control.clear(next, now: stack.clock.now))
        #expect(control.halted == nil)
    }

    @Test func `a break that the store could not be told is no operator's to clear`() async throws {
        let stack = try await Stack()
        let control = stack.system.control
        try await control.halt("the code", now: stack.clock.now)
        stack.store.fail(at: .control)
        await control.noteBreak(EvidenceBreak(log: .control, kind: .sum, place: "stop"), now: stack.clock.now)
        stack.store.heal()
        #expect(control.halt?.isOfEvidence == true)
        try await Running.with(stack) { running in
            try await running.withOperator { client in
                await #expect(throws: OperatorFailure.refused(.conflict)) { try await client.resumeIssuing() }
            }
        }
    }

    @Test func `issuing stops also where the store cannot be told`() async throws {
        let stack = try await Stack()
        let (person, other) = (TestPerson(1), TestPerson(2))
        try await stack.write(person, other)
        let (session, waiting) = (try stack.session(person), try stack.session(other))
        stack.signer.breakDown()
        stack.store.fail(at: .control)
        #expect(await stack.refusal(session) != nil)
        stack.signer.breakDown(false)
        stack.store.heal()
        #expect(await stack.refusal(waiting) == .serviceHalted)
    }

    @Test func `halting stops what is under way before it is handed out, and its report makes it void`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let session = try stack.session(person)
        let (system, clock) = (stack.system, stack.clock)
        // Another session's mismatch, while this one is signed.
        stack.signer.meanwhile { try await system.control.halt("test", now: clock.now) }
        #expect(await stack.refusal(session) == .serviceHalted)
        let signed = try await stack.store.certificates(in: Stack.mihon.code, state: .signed, limit: 10)
        #expect(signed.count == 1)
        try await stack.system.outcomes.accept(try session.outcome(.aborted), inquiry: session.inquiry)
        let id = try #require(signed.first).certificateID
        #expect(try await stack.store.certificate(id, in: Stack.mihon.code)?.state == .voided)
    }

    @Test func `reports are taken while issuing stands still`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let session = try stack.session(person)
        let id = try await stack.issue(session).manifest.certificateID
        try await stack.system.control.halt("test", now: stack.clock.now)
        try await stack.system.outcomes.accept(try session.outcome(.printed), inquiry: session.inquiry)
        #expect(try await stack.store.certificate(id, in: Stack.mihon.code)?.state == .printed)
    }

    @Test func `nothing is issued to who stands on the stop list`() async throws {
        let stack = try await Stack()
        let (person, other) = (TestPerson(1), TestPerson(2))
        try await stack.write(person, other)
        let number = try #require(IndividualNumber(person.number))
        try await stack.store.stop(.number(number), now: stack.clock.now)
        #expect(await stack.refusal(try stack.session(person)) == .cardStopped)
        #expect(await stack.refusal(try stack.session(other)) == nil)
        try await stack.store.unstop(.number(number), now: stack.clock.now)
        #expect(await stack.refusal(try stack.session(person)) == nil)
    }

    @Test func `nothing is issued to a stopped card`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let session = try stack.session(person)
        let chipKey = try Application(parsing: session.application).files.chipKey
        try await stack.store.stop(.chipKey(hash: sha256(chipKey)), now: stack.clock.now)
        #expect(await stack.refusal(session) == .cardStopped)
    }

    @Test func `a renewed terminal is known by its new certificate only`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let next = try TestTerminal(stack.folder, 3)
        try await stack.store.renew(
            terminal: "T0001", certificateHash: next.hash, certificateDER: try next.der,
            notAfter: Stack.start + 86_400, now: stack.clock.now)
        try await stack.system.control.refresh()
        #expect(await stack.refusal(try stack.session(person, terminal: 1)) == .terminalUnknown)
        #expect(await stack.refusal(try stack.session(person, terminal: 3)) == nil)
    }

    @Test func `who waits for the access policy hears of a change at once`() async throws {
        let stack = try await Stack()
        let before = stack.system.control.snapshot.access.revision
        async let waiting = stack.system.control.access(after: before, timeout: .seconds(60))
        try await stack.store.suspend(.everything, now: stack.clock.now)
        try await stack.system.control.refresh()
        let access = await waiting
        #expect(access.isSuspended)
        #expect(access.revision > before)
        // Who knows less is answered without waiting.
        #expect(await stack.system.control.access(after: before, timeout: .seconds(60)) == access)
        #expect(await stack.system.control.access(after: nil, timeout: .seconds(60)) == access)
    }

    @Test func `who waits for the access policy is answered after the time and at the end of the service`() async throws
    {
        let stack = try await Stack()
        let access = stack.system.control.snapshot.access
        #expect(await stack.system.control.access(after: access.revision, timeout: .milliseconds(20)) == access)
        async let waiting = stack.system.control.access(after: access.revision, timeout: .seconds(60))
        stack.system.control.close()
        #expect(await waiting == access)
    }

    @Test func `logs carry nothing of a person`() async throws {
        let stack = try await Stack()
        let person = TestPerson.traveller(1) { $0.name = "見本\u{3000}秘密子" }
        let differing = TestPerson(2) { $0.cardName = "別名\u{3000}太郎" }
        try await stack.write(person, differing)
        let session = try stack.session(person, .overseas)
        let answer = try await stack.issue(session)
        _ = try await stack.issue(session)
        #expect(await stack.refusal(try stack.session(differing)) == .personNameDiffers)
        try await stack.system.outcomes.accept(try session.outcome(.printed), inquiry: session.inquiry)
        stack.store.fail(at: .person, .before, .corrupt("person 3"))
        #expect(await stack.refusal(try stack.session(person)) == .internal)
        let text = stack.logs.text
        #expect(text.contains(session.inquiry.text) && text.contains(answer.manifest.certificateID.text))
        for secret in [
            person.number, differing.number, "秘密子", "別名", "TZ1234567", "HANAKO", "1980", "shc:/", "見本町",
        ] {
            #expect(!text.contains(secret), "\(secret) stands in a log")
        }
    }
}
