import CardChip
import Exchange
import SimulatedCard
import StackSupport
import Testing
import Vaccination

/// What the record decides, and what never reaches it.
extension EndToEnd {
    @Test func `nothing of a municipality that does not take part reaches vrs`() async throws {
        let stack = try Stack.current
        let (terminal, card) = try (stack.terminal(), stack.card())
        let elsewhere = try #require(MunicipalityCode("131016"))
        let request = try stack.request(in: elsewhere)
        let menu = try await terminal.menu()
        #expect(!menu.entries.contains { $0.municipality.code == elsewhere })

        let challenge = try await terminal.challenge(stack.request())
        let before = try await stack.applicationsSeenByRecordSystem()
        #expect(try await terminal.requestChallenge(request).code == .municipalityNotParticipating)
        // A terminal that does not keep to its menu: signed by chip and terminal, over a challenge of vrs.
        let presented = try card.present()
        let draft = terminal.session(request, challenge: challenge).draft(presented.files)
        let application = try draft.signed(chipSignature: presented.chip.authenticate(digest: draft.transcript))
        #expect(try await terminal.apply(application.bytes).code == .municipalityNotParticipating)
        #expect(try await stack.applicationsSeenByRecordSystem() == before)
    }

    @Test func `nobody with this number in the record is told apart from a failure`() async throws {
        let stack = try Stack.current
        let card = try stack.card(stack.stranger())
        let session = try await stack.terminal().prepare(stack.request(), card: card)
        #expect(try await stack.sealedRefusal(session) == .personNotFound)
    }

    @Test func `a person of another municipality is not found in this one`() async throws {
        let stack = try Stack.current
        let person = try stack.nextPerson()
        let other = try #require(stack.municipalities.first { $0 != person.municipality })
        let session = try await stack.terminal().prepare(stack.request(in: other), card: stack.card(person))
        #expect(try await stack.sealedRefusal(session) == .personNotFound)
    }

    @Test(arguments: [("the same name", nil), ("refused as a different name", ProblemCode.personNameDiffers)])
    func `names are compared by what registers agree on`(_ note: String, _ code: ProblemCode?) async throws {
        let stack = try Stack.current
        let people = stack.people.filter { $0.columns["note"]?.hasSuffix(note) == true }
        #expect(people.count > 1)
        for person in people {
            let session = try await stack.terminal().prepare(
                stack.request(in: person.municipality), card: stack.card(person))
            #expect(try await stack.sealedRefusal(session) == code, "\(person.columns["note"] ?? "")")
        }
    }

    @Test(arguments: [
        ("expired passport", ProblemCode.overseasPassportExpired), ("no passport", .overseasNoPassport),
        ("passport but no earlier overseas certificate", .overseasNoEarlierCertificate),
        ("seven doses; passport renewed since the earlier overseas certificate", .overseasNoEarlierCertificate),
    ])
    func `an overseas certificate wants an earlier one with the same valid passport`(
        _ note: String, _ code: ProblemCode
    ) async throws {
        let stack = try Stack.current
        let person = try #require(stack.people.first { $0.columns["note"] == note })
        let session = try await stack.terminal().prepare(
            stack.request(in: person.municipality, .overseas), card: stack.card(person))
        #expect(try await stack.sealedRefusal(session) == code)
    }

    @Test func `the deceased get no certificate, those who moved away do`() async throws {
        let stack = try Stack.current
        let deceased = try #require(stack.people.first { $0.standing == "deceased" })
        let moved = try #require(stack.people.first { $0.standing == "movedAway" })
        let refused = try await stack.terminal().prepare(
            stack.request(in: deceased.municipality), card: stack.card(deceased))
        #expect(try await stack.sealedRefusal(refused) == .personDeceased)
        let issued = try await stack.terminal().prepare(stack.request(in: moved.municipality), card: stack.card(moved))
        #expect(try await stack.sealedRefusal(issued) == nil)
    }

    @Test func `a person's certificates of one day are limited`() async throws {
        let stack = try Stack.current
        let person = try stack.nextPerson()
        let card = try stack.card(person)
        var codes: [ProblemCode?] = []
        for _ in 0..<25 where codes.last != .limitDaily {
            let session = try await stack.terminal().prepare(stack.request(in: person.municipality), card: card)
            codes.append(try await stack.sealedRefusal(session))
        }
        #expect(codes.first == .some(nil))
        #expect(codes.last == .limitDaily)
    }

    @Test func `suspending and resuming take effect at once and are shown at the terminals`() async throws {
        let stack = try Stack.current
        let terminal = try stack.terminal()
        let before = try await terminal.menu()
        // The terminal waits for the next menu, as it does between customers.
        async let next = terminal.menu(after: before.revision)
        try await stack.operate("suspend", "everything")
        let suspended = try await next
        let refusal = try await terminal.requestChallenge(stack.request()).code
        try await stack.operate("resume", "everything")
        #expect(suspended.closed == .serviceSuspended)
        #expect(refusal == .serviceSuspended)
        #expect(try await terminal.menu(after: suspended.revision).closed == nil)
        #expect(try await terminal.requestChallenge(stack.request()).status == 200)
    }
}
