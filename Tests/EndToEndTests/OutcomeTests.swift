import Exchange
import StackSupport
import Testing
import Vaccination

/// What became of a certificate is taken once, from the session that asked for it.
extension EndToEnd {
    @Test func `a printed page is recorded once, however often it is reported`() async throws {
        let stack = try Stack.current
        let (session, answer) = try await stack.issue()
        let outcome = try session.outcome(.printed)
        #expect(try await session.terminal.report(outcome).status == 204)
        #expect(try await session.terminal.report(outcome).status == 204)
        #expect(try await stack.state(of: answer, session) == "printed")
    }

    @Test func `an aborted session's certificate is void`() async throws {
        let stack = try Stack.current
        let (session, answer) = try await stack.issue()
        #expect(try await session.terminal.report(session.outcome(.aborted)).status == 204)
        #expect(try await stack.state(of: answer, session) == "voided")
        // The same application again must not bring a voided certificate back.
        #expect(try await stack.sealedRefusal(session) != nil)
    }

    @Test(arguments: [(Outcome.Disposition.printed, Outcome.Disposition.aborted), (.aborted, .printed)])
    func `a contradicting report is refused and changes nothing`(
        _ first: Outcome.Disposition, _ second: Outcome.Disposition
    ) async throws {
        let stack = try Stack.current
        let (session, answer) = try await stack.issue()
        #expect(try await session.terminal.report(session.outcome(first)).status == 204)
        let before = try await stack.state(of: answer, session)
        #expect(try await session.terminal.report(session.outcome(second)).code == .outcomeContradicts)
        #expect(try await stack.state(of: answer, session) == before)
    }

    @Test func `a report signed by other keys than the session's is refused`() async throws {
        let stack = try Stack.current
        let (session, answer) = try await stack.issue()
        let forged = try session.outcome(.aborted, signedBy: SessionKeys())
        #expect(try await session.terminal.report(forged).code == .outcomeSignature)
        #expect(try await stack.state(of: answer, session) == "signed")
    }

    @Test func `a report on an application that nobody sent is refused`() async throws {
        let stack = try Stack.current
        let session = try await stack.prepare()
        #expect(try await session.terminal.report(session.outcome(.printed)).code == .outcomeUnknown)
    }
}
