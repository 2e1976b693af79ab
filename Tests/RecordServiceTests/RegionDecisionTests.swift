import Exchange
import Foundation
import RecordService
import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

/// What municipalities settle, from the operators' door to what is issued.
@Suite struct RegionDecisionTests {
    private static let desk = BilingualText(japanese: "見本市役所 市民課", english: "Mihon City Office")

    /// Has one operator propose settings and another one approve them.
    private func settle(
        _ running: Running, _ code: MunicipalityCode = Stack.mihon.code, _ change: (inout RegionSettings) -> Void
    ) async throws {
        var number: Int64 = 0
        try await running.withOperator { client in
            let present = try await client.region(code).settings
            var settings = present
            change(&settings)
            let decision = try await client.propose(
                DecisionRequest(settings, insteadOf: present, reason: "Tests"), for: code)
            #expect((decision.state, decision.proposedBy) == (.proposed, "development operator"))
            number = decision.number
            // Not by the one who proposed it.
            await #expect(throws: OperatorFailure.refused(.conflict)) {
                try await client.approve(decision: number, of: code)
            }
        }
        try await running.withClient("inner", as: "operator/operator2") { client in
            let decision = try await OperatorClient(client).approve(decision: number, of: code)
            #expect((decision.state, decision.approvedBy) == (.approved, "second development operator"))
        }
    }

    @Test(arguments: [RegionState.counterOnly, .sealed])
    func `nothing is issued at a terminal by a municipality that settled so, from its second operator's word on`(
        state: RegionState
    ) async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        try await Running.with(stack) { running in
            let early = try stack.session(person)
            try await settle(running) { settings in
                settings.state = .registrationClosed
                settings.desk = Self.desk
            }
            _ = try await stack.issue(try stack.session(person))
            try await settle(running) { $0.state = state }
            let code: ProblemCode = state == .sealed ? .municipalityNotParticipating : .channelNotOffered
            await #expect(throws: code) { _ = try await stack.issue(early) }
            await #expect(throws: code) { _ = try await stack.issue(try stack.session(person)) }
            let access = await stack.system.control.access(after: nil, timeout: .zero)
            let offer = try #require(access.offers.first)
            #expect(offer.channels == (state == .sealed ? [] : [.counter]))
            #expect(offer.desk == Menu.Notice(japanese: "見本市役所 市民課", english: "Mihon City Office"))
            try await settle(running) { $0.state = .open }
            _ = try await stack.issue(try stack.session(person))
        }
        let certificates = try await stack.store.certificates(in: Stack.mihon.code, state: .signed, limit: 9)
        #expect(certificates.map(\.channel) == [.kiosk, .kiosk])
        let lines = try await stack.store.controlLog(after: 0, limit: 99).filter { $0.event == .decisionApproved }
        #expect(lines.count == 3 && lines.allSatisfy { $0.actor?.count == 64 })
    }

    @Test func `a page names who issues in the municipality's words, and a wording without room is refused`()
        async throws
    {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        func page() async throws -> String {
            let answer = try await stack.issue(try stack.session(person))
            let text = try await Program.run("pdftotext", ["-raw", "-", "-"], input: Data(answer.pdf)).succeeded()
            return String(decoding: text, as: UTF8.self).filter { !$0.isWhitespace }
        }
        #expect(try await page().contains("見本市長"))
        try await Running.with(stack) { running in
            try await settle(running) { settings in
                settings.issuer = BilingualText(japanese: "見本市長職務代理者", english: "Acting Mayor of Mihon City")
            }
            #expect(try await page().contains("見本市長職務代理者"))
            try await running.withOperator { client in
                let present = try await client.region(Stack.mihon.code).settings
                for wording in [String(repeating: "長", count: 100), "見本市長\u{F0000}"] {
                    var settings = present
                    settings.issuer = BilingualText(japanese: wording, english: "Mayor")
                    await #expect(throws: OperatorFailure.refused(.requestMalformed)) {
                        try await client.propose(
                            DecisionRequest(settings, insteadOf: present, reason: "Tests"), for: Stack.mihon.code)
                    }
                }
            }
        }
    }

    @Test func `the service goes on for all others when a region is erased, and starts without it`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let early = try stack.session(person)
        try await Running.with(stack) { running in
            try await settle(running) { $0.state = .sealed }
            var number: Int64 = 0
            try await running.withOperator { client in
                number = try await client.propose(DecisionRequest(erasureFor: "Tests"), for: Stack.mihon.code).number
            }
            try await running.withClient("inner", as: "operator/operator2") { client in
                let decision = try await OperatorClient(client).approve(decision: number, of: Stack.mihon.code)
                #expect(decision.state == .done)
                let account = try await OperatorClient(client).region(Stack.mihon.code)
                #expect(account.isErased && account.decisions.map(\.subject) == [.erasure, .settings])
            }
            await #expect(throws: ProblemCode.municipalityNotParticipating) { _ = try await stack.issue(early) }
            #expect(await stack.system.notReady() == [])
            #expect(stack.system.degraded() == [])
        }
        try stack.configuration.checkRecordKeys()
        let (lines, isSound) = try await FileCommands.verify([], stack.configuration)
        #expect(isSound && !lines.contains { $0.hasPrefix("\(Stack.mihon.code)") }, "\(lines)")
        #expect(try await stack.store.municipalities().contains { $0.code == Stack.mihon.code } == false)
    }
}
