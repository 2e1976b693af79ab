import Exchange
import Foundation
import RecordSupport
import StackSupport
import TestSupport
import Testing
import Vaccination

/// Two started `vrs` on the same records, each with a centre before it.
@Suite(.serialized)
struct SeveralTests {
    private static let settings = "limits: {sweepSeconds: 1, perPersonAndDay: 3, abortedPerPersonAndDay: 30}"

    private func withTwo(_ body: (Stack, SecondRecordSystem) async throws -> Void) async throws {
        let stack = try await Stack.start(in: Stack.newFolder(), terminals: 16, people: 0)
        do {
            try await stack.restartRecordSystem(Self.settings)
            try await stack.untilUpstreamIsBack()
            let second = try await SecondRecordSystem(stack, more: Self.settings)
            try await body(stack, second)
            // Whatever was done, the records and all logs are sound, while both run.
            let verified = try await Program.run(
                Programs.path("vrs"), ["log", "verify", "--config", stack.folder + "/vrs.yaml", "--development"],
                folder: stack.folder)
            #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
            #expect(try await second.stop() == [0, 0])
            // Each has written what it revoked into its own file.
            #expect(FileManager.default.fileExists(atPath: stack.folder + "/journal/second.journal"))
        } catch {
            await stack.end()
            throw error
        }
        await stack.end()
    }

    /// What an application is answered with.
    private enum Answered: Equatable, Sendable {
        case issued(CertificateID)
        case refused(ProblemCode?)

        var isIssued: Bool { if case .issued = self { true } else { false } }
    }

    private func send(_ session: PreparedSession, to terminal: LiveTerminal, _ stack: Stack) async throws -> Answered {
        let reply = try await terminal.apply(session.application)
        guard reply.status == 200 else { return .refused(reply.code) }
        switch try session.signed.open(reply.body, from: stack.answerKey) {
        case .issued(let answer): return .issued(answer.manifest.certificateID)
        case .refused(let refusal): return .refused(refusal.code)
        }
    }

    @Test func `a challenge is used once over both, and the same application at both is one certificate`() async throws
    {
        try await withTwo { stack, second in
            let municipality = try #require(stack.people.first).municipality
            var certificates: Set<String> = []
            for number in 1...8 {
                let session = try await stack.prepare(terminal: number)
                let here = session.terminal
                let there = try second.terminal(number)
                async let first = send(session, to: here, stack)
                async let other = send(session, to: there, stack)
                let answers = try await [first, other]
                guard case .issued(let id) = answers[0] else {
                    Issue.record("\(answers)")
                    return
                }
                #expect(answers[1] == .issued(id))
                certificates.insert(id.text)

                // Another application over the challenge that was used up at the first.
                let challenge = try Application(parsing: session.application).challenge
                let copied = try await there.prepare(
                    stack.request(), card: stack.card(), challenge: challenge)
                #expect(try await send(copied, to: there, stack) == .refused(.challengeUsed))
            }
            #expect(certificates.count == 8)
            #expect(try await Set(stack.certificates("signed", in: municipality)) == certificates)
        }
    }

    @Test func `the daily limit counts the certificates of both, also those asked for at the same moment`() async throws
    {
        try await withTwo { stack, second in
            let person = try stack.nextPerson()
            var sessions: [(session: PreparedSession, terminal: LiveTerminal)] = []
            for number in 1...10 {
                let terminal = number.isMultiple(of: 2) ? try second.terminal(number) : try stack.terminal(number)
                let session = try await terminal.prepare(
                    stack.request(in: person.municipality), card: stack.card(person))
                sessions.append((session, terminal))
            }
            let answers = try await withThrowingTaskGroup(of: Answered.self) { group in
                for (session, terminal) in sessions {
                    group.addTask { try await send(session, to: terminal, stack) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count(where: \.isIssued) == 3, "\(answers)")
            #expect(answers.allSatisfy { $0.isIssued || $0 == .refused(.limitDaily) }, "\(answers)")
            #expect(try await stack.certificates("signed", in: person.municipality).count == 3)
        }
    }

    @Test func `what an operator sets at one counts at the other within its poll`() async throws {
        try await withTwo { stack, second in
            let request = try stack.request()
            let (here, there) = (try stack.terminal(2), try second.terminal(2))
            let code = request.municipality.description
            try await stack.operate("suspend", "municipality", code)
            let begun = ContinuousClock.now
            try await eventually("the other one refuses") {
                try await there.requestChallenge(request).code == .municipalitySuspended
            }
            #expect(begun.duration(to: .now) < .seconds(5))
            #expect(try await second.operate("issuing", "status").output.contains("suspended municipality:\(code)"))
            // And the other way round.
            #expect(try await second.operate("resume", "municipality", code).status == 0)
            let cleared = ContinuousClock.now
            try await eventually("the first one goes on") { try await here.requestChallenge(request).status == 200 }
            #expect(cleared.duration(to: .now) < .seconds(5))
        }
    }

    @Test func `a break of the control log whose restore is logged at one is over at the other with its next sweep`()
        async throws
    {
        try await withTwo { stack, second in
            let raw = try RawDatabase(stack.folder + "/records/control.sqlite")
            try await raw.execute("UPDATE control SET revision = revision + 1", foreignKeys: false)
            func isHalted() async throws -> [Bool] {
                [
                    try await stack.operate("issuing", "status"), try await second.operate("issuing", "status").output,
                ].map { $0.contains("issuing halted: evidence: control") }
            }
            try await eventually("both stand still") { try await isHalted() == [true, true] }
            let (here, there) = (try stack.terminal(3), try second.terminal(3))
            let request = try stack.request()
            for terminal in [here, there] {
                #expect(try await terminal.requestChallenge(request).code == .serviceHalted)
            }
            try await stack.operate("log", "restored", "control", "--reason", "looked", "--as-it-is")
            try await eventually("both go on") { try await isHalted() == [false, false] }
            for terminal in [here, there] {
                try await eventually("the centre hears of it") {
                    try await terminal.requestChallenge(request).status == 200
                }
                let session = try await terminal.prepare(request, card: stack.card())
                #expect(try await send(session, to: terminal, stack).isIssued)
            }
        }
    }
}
