import CredentialIssuing
import Crypto
import Exchange
import Foundation
import HTTPTypes
import MutualTLS
import NIOCore
import RecordService
import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

/// What a relay neither reads nor can say: refusals once the application was accepted.
@Suite struct SealedRefusalTests {
    @Test(arguments: IssuingTests.refusals)
    func `a refusal about a person does not stand openly in any answer or error`(
        flaw: String, person: TestPerson, kind: CertificateKind, expected: ProblemCode
    ) async throws {
        let stack = try await Stack()
        try await stack.write(person)
        let session = try stack.session(person, kind)
        #expect(try await stack.sealedRefusal(session) == Refusal(expected, isOutcomeOwed: false))
        #expect(expected.travelsSealed)
    }

    /// One way to each refusal that comes after the claim; `nil` for a transient one is any code.
    private func refused(_ what: String, at stack: Stack) async throws -> TestSession {
        let person = what == "limit" ? TestPerson(7) : TestPerson(1)
        if what != "nobody" { try await stack.write(person) }
        let session = try stack.session(person, what == "passport" ? .overseas : .domestic)
        switch what {
        case "stopped":
            let number = try #require(IndividualNumber(person.number))
            try await stack.store.stop(.number(number), now: stack.clock.now)
        case "store": stack.store.fail(at: .person)
        case "limit": for _ in 0..<5 { _ = try await stack.issue(try stack.session(person)) }
        default: break
        }
        return session
    }

    @Test func `refusals of every kind have one status, the same headers and one size`() async throws {
        let stack = try await Stack(limits: "{perPersonAndDay: 5, refusalIntervalMilliseconds: 20}")
        try await Running.with(stack) { running in
            try await running.withClient("centre", as: "centre/client") { centre in
                var seen: Set<String> = []
                for what in ["nobody", "passport", "stopped", "limit", "store"] {
                    let session = try await refused(what, at: stack)
                    let reply = try await centre.send(
                        .post, "/centre/v1/application", headers: [.inquiry: session.inquiry.text],
                        body: (ByteBuffer(bytes: session.application), Application.mediaType),
                        limit: SealedAnswer.maximumBytes, timeout: .seconds(20))
                    stack.store.heal()
                    let refusal = try session.signed.open(
                        Array(reply.body.readableBytesView), from: stack.configuration.sealingKey.publicKey)
                    guard case .refused = refusal else { throw TestFailure("\(what) was issued") }
                    seen.insert("\(reply.status) \(reply.mediaType ?? "") \(reply.body.readableBytes)")
                }
                #expect(seen == ["200 \(SealedAnswer.mediaType) \(65 + Refusal.encodedBytes + 16)"])
            }
        }
    }

    @Test func `a failure on the inside after the claim travels sealed, and the next attempt is judged anew`()
        async throws
    {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let session = try stack.session(person)
        stack.store.fail(at: .person)
        #expect(try await stack.sealedRefusal(session) == Refusal(.upstreamUnavailable, isOutcomeOwed: true))
        stack.store.heal()
        #expect(try await stack.sealedRefusal(session) == nil)
    }

    @Test(arguments: ["nobody", "stopped", "limit"])
    func `a refusal for good stays with its application, whatever the record says later`(_ what: String) async throws {
        let stack = try await Stack(limits: "{perPersonAndDay: 5, refusalIntervalMilliseconds: 20}")
        let session = try await refused(what, at: stack)
        let first = try #require(try await stack.sealedRefusal(session))
        try await stack.write(TestPerson(1))
        let number = try #require(IndividualNumber(TestPerson(1).number))
        try await stack.store.unstop(.number(number), now: stack.clock.now)
        let again = try await stack.restarted()
        for _ in 0..<8 { #expect(try await again.sealedRefusal(session) == first) }
    }

    @Test func `a refusal that could not be kept is not said to be for good`() async throws {
        let stack = try await Stack()
        let session = try stack.session(TestPerson(1))
        stack.store.fail(at: .keepRefusal)
        let refusal = try #require(try await stack.sealedRefusal(session))
        #expect(refusal.code == .upstreamUnavailable && refusal.isOutcomeOwed)
    }

    @Test func `a refusal leaves at a multiple of the interval, however soon it was decided`() async throws {
        let stack = try await Stack(limits: "{refusalIntervalMilliseconds: 400}")
        let session = try stack.session(TestPerson(1))
        let start = ContinuousClock.now
        #expect(try await stack.sealedRefusal(session)?.code == .personNotFound)
        #expect(ContinuousClock.now - start >= .milliseconds(400))
    }

    @Test(arguments: [(0, 250), (1, 249), (249, 1), (250, 250 - 250), (251, 249), (740, 10)])
    func `the wait fills the interval that has begun`(elapsed: Int, pause: Int) {
        #expect(
            RefusalInterval.pause(after: .milliseconds(elapsed), .milliseconds(250)) == .milliseconds(pause))
    }

    // MARK: The same application again

    /// The same signature as `(r, n - s)`: as right as the first, made without the key.
    private func otherSignature(_ signature: ArraySlice<UInt8>) -> [UInt8] {
        let order: [UInt8] = [
            0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC, 0xE6, 0xFA, 0xAD,
            0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
        ]
        let s = Array(signature.suffix(32))
        var difference = [UInt8](repeating: 0, count: 32)
        var borrow = 0
        for index in (0..<32).reversed() {
            let value = Int(order[index]) - Int(s[index]) - borrow
            borrow = value < 0 ? 1 : 0
            difference[index] = UInt8(value & 0xFF)
        }
        return Array(signature.prefix(32)) + difference
    }

    @Test func `a changed but right terminal signature is the same application, not another one`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let session = try stack.session(person)
        let id = try await stack.issue(session).manifest.certificateID
        let bytes = session.application.dropLast(64) + otherSignature(session.application.suffix(64))
        #expect(Array(bytes) != session.application)
        let sealed = try await stack.system.issuing.issue(Array(bytes), inquiry: session.inquiry)
        #expect(try stack.open(sealed, session).manifest.certificateID == id)
    }

    @Test func `one application is answered again five times and no more, in another instance neither`() async throws {
        let stack = try await Stack(limits: "{refusalIntervalMilliseconds: 20}")
        let person = TestPerson(1)
        try await stack.write(person)
        let session = try stack.session(person)
        for _ in 0..<6 { #expect(try await stack.sealedRefusal(session) == nil) }
        #expect(try await stack.sealedRefusal(session) == Refusal(.limitRedelivery, isOutcomeOwed: true))
        let other = try await stack.restarted()
        #expect(try await other.sealedRefusal(session) == Refusal(.limitRedelivery, isOutcomeOwed: true))
        // What was issued is not lost: its session reports it.
        try await other.system.outcomes.accept(try session.outcome(.printed), inquiry: session.inquiry)
    }

    @Test func `how often an application is answered again is a setting`() async throws {
        let stack = try await Stack(limits: "{redeliveries: 0, refusalIntervalMilliseconds: 20}")
        let person = TestPerson(1)
        try await stack.write(person)
        let session = try stack.session(person)
        #expect(try await stack.sealedRefusal(session) == nil)
        #expect(try await stack.sealedRefusal(session)?.code == .limitRedelivery)
    }

    @Test(arguments: [Outcome.Disposition.printed, .aborted])
    func `nothing is handed out again once its outcome was recorded`(_ disposition: Outcome.Disposition) async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let session = try stack.session(person)
        _ = try await stack.issue(session)
        try await stack.system.outcomes.accept(try session.outcome(disposition), inquiry: session.inquiry)
        #expect(try await stack.sealedRefusal(session) == Refusal(.challengeUsed, isOutcomeOwed: false))
    }

    @Test func `who is refused although a certificate was signed still owes its outcome`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let session = try stack.session(person)
        _ = try await stack.issue(session)
        let number = try #require(IndividualNumber(person.number))
        try await stack.store.stop(.number(number), now: stack.clock.now)
        #expect(try await stack.sealedRefusal(session) == Refusal(.cardStopped, isOutcomeOwed: true))
    }
}
