import Exchange
import ExchangeSupport
import Foundation
import RecordService
import RecordSupport
import Records
import Testing
import Vaccination

/// What is stopped while a certificate is made does not get it.
@Suite struct HandOutTests {
    enum Stop: CaseIterable, Sendable {
        case revoked, renewed, terminal, everything, municipality, kind, broken

        var code: ProblemCode {
            switch self {
            case .revoked: .terminalRevoked
            case .renewed: .terminalUnknown
            case .terminal: .terminalSuspended
            case .everything: .serviceSuspended
            case .municipality, .broken: .municipalitySuspended
            case .kind: .kindSuspended
            }
        }

        func happen(_ stack: Stack) async throws {
            let (store, now) = (stack.store, stack.clock.now)
            switch self {
            case .revoked: try await store.revoke(terminal: "T0001", now: now)
            case .renewed:
                let next = try TestTerminal(stack.folder, 3)
                try await store.renew(
                    terminal: "T0001", certificateHash: next.hash, certificateDER: try next.der,
                    notAfter: Stack.start + 86_400, now: now)
            case .terminal: try await store.suspend(.terminal("T0001"), now: now)
            case .everything: try await store.suspend(.everything, now: now)
            case .municipality: try await store.suspend(.municipality(Stack.mihon.code), now: now)
            case .kind: try await store.suspend(.kind(.domestic), now: now)
            case .broken:
                let log = LogName.region(Stack.mihon.code)
                await stack.system.control.noteBreak(
                    EvidenceBreak(log: log, kind: .row, place: "person 9"), now: now)
            }
            try await stack.system.control.refresh()
        }
    }

    @Test(arguments: Stop.allCases)
    func `what is stopped while a certificate is signed is refused sealed, and its report makes it void`(
        _ stop: Stop
    ) async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let session = try stack.session(person)
        stack.signer.meanwhile { try await stop.happen(stack) }
        // Sealed to its session: nobody on the way learns how far it came.
        let sealed = try await stack.system.issuing.issue(session.application, inquiry: session.inquiry)
        #expect(throws: stop.code) { try stack.open(sealed, session) }
        let signed = try await stack.store.certificates(in: Stack.mihon.code, state: .signed, limit: 10)
        #expect(signed.count == 1)
        // The terminal was given nothing, and knows that it owes an outcome.
        try await stack.system.outcomes.accept(try session.outcome(.aborted), inquiry: session.inquiry)
        let id = try #require(signed.first).certificateID
        #expect(try await stack.store.certificate(id, in: Stack.mihon.code)?.state == .voided)
    }

    @Test func `what stops elsewhere does not hold back a certificate that is being signed`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        stack.signer.meanwhile {
            for other in [Suspension.terminal("T0002"), .municipality(Stack.rei.code), .kind(.overseas)] {
                try await stack.store.suspend(other, now: stack.clock.now)
            }
            try await stack.system.control.refresh()
        }
        #expect(await stack.refusal(try stack.session(person)) == nil)
    }
}
