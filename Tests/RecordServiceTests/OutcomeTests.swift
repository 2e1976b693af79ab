import Exchange
import Foundation
import RecordService
import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

/// What became of a certificate, and who may say so.
@Suite struct OutcomeTests {
    private func issued(_ kind: CertificateKind = .domestic) async throws -> (Stack, TestSession, CertificateID) {
        let stack = try await Stack()
        let person = TestPerson.traveller(1)
        try await stack.write(person)
        let session = try stack.session(person, kind)
        return (stack, session, try await stack.issue(session).manifest.certificateID)
    }

    private func state(_ stack: Stack, _ id: CertificateID) async throws -> CertificateState? {
        try await stack.store.certificate(id, in: Stack.mihon.code)?.state
    }

    @Test(arguments: [(Outcome.Disposition.printed, CertificateState.printed), (.aborted, .voided)])
    func `a report is taken once and its repetitions change nothing`(
        disposition: Outcome.Disposition, expected: CertificateState
    ) async throws {
        let (stack, session, id) = try await issued()
        for _ in 0..<3 {
            try await stack.system.outcomes.accept(try session.outcome(disposition), inquiry: session.inquiry)
        }
        #expect(try await state(stack, id) == expected)
        let events = try await stack.store.log(in: Stack.mihon.code, after: 0, limit: 100).map(\.event)
        #expect(events.filter { $0 == .printed || $0 == .voided }.count == 1)
        let revoked = try await stack.store.revoked(in: Stack.mihon.code)
        #expect(revoked == (expected == .voided ? [id] : []))
    }

    @Test(arguments: [(Outcome.Disposition.printed, Outcome.Disposition.aborted), (.aborted, .printed)])
    func `a contradicting report is refused and changes nothing`(
        first: Outcome.Disposition, second: Outcome.Disposition
    ) async throws {
        let (stack, session, id) = try await issued()
        try await stack.system.outcomes.accept(try session.outcome(first), inquiry: session.inquiry)
        await #expect(throws: ProblemCode.outcomeContradicts) {
            try await stack.system.outcomes.accept(try session.outcome(second), inquiry: session.inquiry)
        }
        #expect(try await state(stack, id) == (first == .printed ? .printed : .voided))
    }

    @Test func `a report signed by another key is refused`() async throws {
        let (stack, session, id) = try await issued()
        await #expect(throws: ProblemCode.outcomeSignature) {
            try await stack.system.outcomes.accept(
                try session.outcome(.printed, keys: SessionKeys()), inquiry: session.inquiry)
        }
        #expect(try await state(stack, id) == .signed)
    }

    @Test func `a report for an application that nobody made is unknown`() async throws {
        let (stack, session, _) = try await issued()
        let other = try Outcome(
            transcriptHash: [UInt8](repeating: 9, count: 32), municipality: Stack.mihon.code, disposition: .printed,
            keys: session.keys)
        await #expect(throws: ProblemCode.outcomeUnknown) {
            try await stack.system.outcomes.accept(other.bytes, inquiry: session.inquiry)
        }
    }

    @Test func `a report in another region is unknown`() async throws {
        let (stack, session, _) = try await issued()
        for text in ["990027", "131016"] {
            let other = try Outcome(
                transcriptHash: session.transcriptHash, municipality: try #require(MunicipalityCode(text)),
                disposition: .aborted, keys: session.keys)
            await #expect(throws: ProblemCode.outcomeUnknown) {
                try await stack.system.outcomes.accept(other.bytes, inquiry: session.inquiry)
            }
        }
    }

    @Test func `a printed overseas certificate counts as the earlier one of its passport`() async throws {
        let stack = try await Stack()
        let person = TestPerson.traveller(1)
        try await stack.write(person)
        let session = try stack.session(person, .overseas)
        _ = try await stack.issue(session)
        try await stack.system.outcomes.accept(try session.outcome(.printed), inquiry: session.inquiry)
        let number = try #require(IndividualNumber(person.number))
        let record = try #require(try await stack.store.person(number, in: Stack.mihon.code))
        #expect(record.printedOverseasPassports == ["TZ1234567"])
    }

    @Test func `a certificate without a report becomes unknown and a report still settles it`() async throws {
        let (stack, session, id) = try await issued()
        stack.clock.advance(1799)
        await stack.system.unreported.mark()
        #expect(try await state(stack, id) == .signed)
        stack.clock.advance(2)
        await stack.system.unreported.mark()
        #expect(try await state(stack, id) == .unknown)
        #expect(try await stack.store.revoked(in: Stack.mihon.code).isEmpty)
        try await stack.system.outcomes.accept(try session.outcome(.printed), inquiry: session.inquiry)
        #expect(try await state(stack, id) == .printed)
    }

    @Test func `a store that cannot be asked is not an unknown certificate`() async throws {
        let (stack, session, _) = try await issued()
        stack.store.fail(at: .recordOutcome)
        await #expect(throws: ProblemCode.upstreamUnavailable) {
            try await stack.system.outcomes.accept(try session.outcome(.printed), inquiry: session.inquiry)
        }
        stack.store.heal()
        try await stack.system.outcomes.accept(try session.outcome(.printed), inquiry: session.inquiry)
    }

    @Test func `bad reports are refused`() async throws {
        let (stack, session, id) = try await issued()
        var random = Seeded("outcome")
        let sample = try session.outcome(.aborted)
        for _ in 0..<300 {
            let bytes = BadInput.make(from: [sample], &random)
            guard bytes != sample else { continue }
            await #expect(throws: ProblemCode.self) {
                try await stack.system.outcomes.accept(bytes, inquiry: session.inquiry)
            }
        }
        #expect(try await state(stack, id) == .signed)
    }
}
