import CardChip
import Exchange
import SimulatedCard
import StackSupport
import Testing
import Vaccination

/// Programs that are down, die or fall silent.
extension EndToEnd {
    @Test func `with vrs down a terminal hears that it could not be asked, never that there is no record`() async throws
    {
        let stack = try Stack.current
        let session = try await stack.prepare()
        try await stack.stopRecordSystem()
        let challenge = try await session.terminal.requestChallenge(stack.request())
        let application = try await session.terminal.apply(session.application)
        try await stack.startRecordSystem()
        #expect(challenge.code == .upstreamUnavailable)
        #expect(application.code == .upstreamUnavailable)
        // The same application, sent again once vrs is back, is answered.
        _ = try stack.open(
            try await stack.whenUpstreamIsBack { try await session.terminal.apply(session.application) }, session)
        try await stack.untilUpstreamIsBack()
    }

    @Test func `vrs ended between intent and result resumes the same certificate`() async throws {
        let stack = try Stack.current
        let session = try await stack.prepare()
        try await stack.restartRecordSystem("development: {stopAfter: intent}")
        let lost = try await stack.whenUpstreamIsBack(until: { _ in !stack.isRecordSystemRunning }) {
            try await session.terminal.apply(session.application)
        }
        #expect(lost.code == .upstreamUnavailable)
        try await stack.startRecordSystem()
        let intended = try await stack.certificates("intended", in: session.request.municipality)
        let resumed = try await stack.whenUpstreamIsBack { try await session.terminal.apply(session.application) }
        let manifest = try stack.open(resumed, session).manifest
        #expect(intended.contains(manifest.certificateID.text))
        #expect(
            try await stack.certificates("intended", in: session.request.municipality).contains(
                manifest.certificateID.text) == false)
        // And once more: still the same.
        #expect(
            try stack.open(try await session.terminal.apply(session.application), session).manifest.says
                == manifest.says)
        try await stack.untilUpstreamIsBack()
    }

    @Test func `a terminal that stops half way leaves a certificate that people must look at`() async throws {
        let stack = try Stack.current
        try await stack.restartRecordSystem("limits: {unknownAfterSeconds: 1, sweepSeconds: 1}")
        try await stack.untilUpstreamIsBack()
        let (session, answer) = try await stack.issue()
        try await stack.waitForState("unknown", of: answer.manifest.certificateID, in: session.request.municipality)
        // It was not revoked by itself, and a late report is still taken.
        #expect(try await session.terminal.report(session.outcome(.printed)).status == 204)
        #expect(try await stack.state(of: answer, session) == "printed")
        try await stack.restartRecordSystem()
        try await stack.untilUpstreamIsBack()
    }

    @Test(arguments: ["challenge", "check", "payment"])
    func `a terminal that loses power leaves nothing but what the log shows`(_ step: String) async throws {
        let stack = try Stack.current
        let person = try stack.nextPerson()
        let before = Set(try await stack.certificates("signed", in: person.municipality))
        let visit = try await stack.visit(
            card: stack.save(stack.card(person)), .init(municipality: person.municipality, more: ["crash: \(step)"]))
        #expect(visit.ended == nil)
        #expect(visit.files("pdf").isEmpty)
        let signed = Set(try await stack.certificates("signed", in: person.municipality)).subtracting(before)
        // Before the application nothing was issued; afterwards one certificate waits for a report that never comes.
        #expect(signed.count == (step == "challenge" ? 0 : 1))
    }

    @Test func `a challenge whose time is over is refused`() async throws {
        let stack = try Stack.current
        try await stack.restartRecordSystem("development: {challengeSeconds: 1}")
        try await stack.untilUpstreamIsBack()
        let session = try await stack.prepare()
        // The time itself is what is tested here.
        try await Task.sleep(for: .seconds(1.2))
        let reply = try await session.terminal.apply(session.application)
        try await stack.restartRecordSystem()
        #expect(reply.code == .challengeExpired)
        try await stack.untilUpstreamIsBack()
    }
}
