import Attestation
import CardChip
import Credentials
import Crypto
import Exchange
import Foundation
import HTTPServer
import RecordService
import RecordSupport
import Records
import SimulatedCard
import SimulatedPassport
import TestSupport
import Testing
import TravelDocument
import Vaccination

/// 電子交付: what a phone's application gets.
@Suite struct PhoneIssuingTests {
    @Test func `a phone gets the codes' texts, a token, and a page only if it asks for one`() async throws {
        let stack = try await Stack(servesPhones: true)
        let (phone, person) = (try await TestPhone.enrolled(stack), TestPerson(1))
        try await stack.write(person)
        let application = try await phone.application(person)
        let answer = try await phone.issue(application)
        #expect(answer.codes.count == 1 && answer.codes[0].hasPrefix("shc:/"))
        #expect(answer.codes.map { Manifest.hash(Array($0.utf8)) } == answer.manifest.codeHashes)
        #expect(answer.pdf.isEmpty && answer.png.isEmpty && answer.currentToken.count == 58)
        #expect(answer.manifest.name == person.name && answer.manifest.isSample)
        let page = try await phone.issue(try await phone.application(person), formats: [.pdf])
        #expect(page.pdf.starts(with: Array("%PDF".utf8)) && page.png.isEmpty)
        #expect(page.manifest.pdfHash == Manifest.hash(page.pdf))
    }

    @Test func `the same application again gives the same certificate, and another one with its challenge nothing`()
        async throws
    {
        let stack = try await Stack(servesPhones: true)
        let (phone, person) = (try await TestPhone.enrolled(stack), TestPerson(1))
        try await stack.write(person)
        let challenge = Array(try stack.system.issuing.phoneChallenge().challenge)
        let application = try await phone.application(person, challenge: challenge)
        let first = try await phone.issue(application)
        // Also when the challenge's three minutes are over.
        stack.clock.advance(200)
        let again = try await phone.issue(application).manifest
        #expect(again.certificateID == first.manifest.certificateID && again.issuedOn == first.manifest.issuedOn)
        let other = try await phone.application(person, challenge: challenge)
        #expect(await phone.refusal(other) == .challengeExpired)
    }

    @Test func `the statement before is told beside the present one as long as applications are taken by it`()
        async throws
    {
        let stack = try await Stack(servesPhones: true)
        let (phone, person) = (try await TestPhone.enrolled(stack), TestPerson(1))
        try await stack.write(person)
        let (issuing, stated) = (stack.system.issuing, try phone.stated())
        #expect(try issuing.keyStatements().map(\.hash) == [stated.statement.hash])
        // Six hours before its end there is another.
        stack.clock.advance(12 * 3600 + 1)
        let next = try issuing.keyStatement()
        #expect(next.hash != stated.statement.hash)
        #expect(try issuing.keyStatements().map(\.hash) == [next.hash, stated.statement.hash])
        let left = stated.statement.notAfter.timeIntervalSince(stack.clock.now)
        stack.clock.advance(left + 899)
        #expect(await phone.refusal(try await phone.application(person, stated: stated)) == nil)
        #expect(try issuing.keyStatements().count == 2)
        stack.clock.advance(1)
        #expect(await phone.refusal(try await phone.application(person, stated: stated)) == .statementUnknown)
        #expect(try issuing.keyStatements().contains { $0.hash == stated.statement.hash } == false)
    }

    @Test func `delivered or aborted is reported, by the session's key and at this door alone`() async throws {
        let stack = try await Stack(servesPhones: true)
        let (phone, person) = (try await TestPhone.enrolled(stack), TestPerson(1))
        try await stack.write(person)
        func report(
            _ application: SignedApplication, _ disposition: Outcome.Disposition, by channel: IssueChannel = .app
        ) async -> ProblemCode? {
            do {
                try await stack.system.outcomes.accept(
                    try application.outcome(disposition).bytes, inquiry: application.inquiry, by: channel)
                return nil
            } catch { return error as? ProblemCode }
        }
        let kept = try await phone.application(person)
        let id = try await phone.issue(kept).manifest.certificateID
        #expect(await report(kept, .printed) == .requestMalformed)
        #expect(await report(kept, .aborted, by: .kiosk) == .outcomeUnknown)
        #expect(await report(kept, .delivered) == nil)
        #expect(await report(kept, .delivered) == nil)
        #expect(await report(kept, .aborted) == .outcomeContradicts)
        let entry = try #require(try await stack.store.certificate(id, in: Stack.mihon.code))
        #expect(entry.state == .printed && entry.channel == .app && entry.terminal == "app")
        let dropped = try await phone.application(person)
        let other = try await phone.issue(dropped).manifest.certificateID
        #expect(await report(dropped, .aborted) == nil)
        #expect(try await stack.store.certificate(other, in: Stack.mihon.code)?.state == .voided)
        // A terminal's is none of a phone's.
        let session = try stack.session(person)
        _ = try await stack.issue(session)
        #expect(await report(session.signed, .aborted) == .outcomeUnknown)
    }

    enum Refused: CaseIterable {
        case foreignDevice, otherKey, kioskChallenge, staleChallenge, otherAuthority, filesOfAnother, otherStatement,
            unknownPerson, channelClosed, channelSuspended, deviceSuspended, version1, domesticWithoutRecord

        var code: ProblemCode {
            switch self {
            case .foreignDevice: .deviceUnknown
            case .otherKey: .deviceProof
            case .kioskChallenge: .challengeInvalid
            case .staleChallenge: .challengeExpired
            case .otherAuthority: .cardAuthorityUnknown
            case .filesOfAnother: .filesInvalid
            case .otherStatement: .statementUnknown
            case .unknownPerson: .personNotFound
            case .channelClosed: .channelNotOffered
            case .channelSuspended: .serviceSuspended
            case .deviceSuspended: .deviceSuspended
            case .version1: .requestMalformed
            case .domesticWithoutRecord: .recordNoDoses
            }
        }
    }

    @Test(arguments: Refused.allCases)
    func `each refusal has its code, and only what tells of a person is sealed`(_ refused: Refused) async throws {
        let stack = try await Stack(servesPhones: true)
        var phone = try await TestPhone.enrolled(stack)
        let person = TestPerson(1) { if refused == .domesticWithoutRecord { $0.doses = 0 } }
        if refused != .unknownPerson { try await stack.write(person) }
        var application: SignedApplication
        switch refused {
        case .foreignDevice:
            let other = try await Stack(servesPhones: true)
            phone.certificate = try await TestPhone.enrolled(other).certificate
            application = try await phone.application(person)
        case .otherKey: application = try await phone.application(person, proving: P256.Signing.PrivateKey())
        case .kioskChallenge:
            let challenge = Array(try stack.system.issuing.challenge().challenge)
            application = try await phone.application(person, challenge: challenge)
        case .staleChallenge:
            application = try await phone.application(person)
            stack.clock.advance(181)
        case .otherAuthority: application = try await phone.application(person, authority: TestCards.other)
        case .filesOfAnother: application = try await phone.application(person, filesOf: TestPerson(2))
        case .otherStatement:
            let stated = try phone.stated()
            // A quarter of an hour after its end its key is erased.
            stack.clock.advance(18 * 3600 + 901)
            application = try await phone.application(person, stated: stated)
        case .channelSuspended:
            application = try await phone.application(person)
            try await stack.store.suspend(.channel(.app), now: stack.clock.now)
            try await stack.system.control.refresh()
        case .deviceSuspended:
            application = try await phone.application(person)
            let hash = Array(SHA256.hash(data: phone.key.publicKey.x963Representation))
            try await stack.store.suspend(.device(keyHash: hash), now: stack.clock.now)
            // A month that no device can attest takes nothing from what else is suspended.
            try await stack.store.suspend(.patchLevel(190_001), now: stack.clock.now)
            try await stack.system.control.refresh()
        case .channelClosed:
            application = try await phone.application(person)
            try await stack.settle { $0.channels = [.kiosk] }
        case .version1, .unknownPerson, .domesticWithoutRecord: application = try await phone.application(person)
        }
        if refused == .version1 {
            let session = try stack.session(person)
            await #expect(throws: ProblemCode.requestMalformed) {
                try await stack.system.issuing.issuePhone(session.application, inquiry: session.inquiry)
            }
            await #expect(throws: ProblemCode.requestMalformed) {
                try await stack.system.issuing.issue(application.bytes, inquiry: application.inquiry)
            }
            return
        }
        do {
            let content = try await phone.send(application)
            guard case .refused(let refusal) = content else {
                Issue.record("issued")
                return
            }
            #expect(refusal.code == refused.code)
            #expect(refused.code.travelsSealed)
        } catch {
            #expect(error as? ProblemCode == refused.code)
            #expect(!refused.code.travelsSealed)
        }
    }

    @Test func `a device and a card have so many attempts a day, of whatever becomes of them`() async throws {
        let stack = try await Stack(
            servesPhones: true, phoneSettings: "attemptsPerDeviceAndDay: 2\n  attemptsPerCardAndDay: 100")
        let (phone, person) = (try await TestPhone.enrolled(stack), TestPerson(1))
        try await stack.write(person)
        #expect(await phone.refusal(try await phone.application(person, filesOf: TestPerson(2))) == .filesInvalid)
        let second = try await phone.application(person)
        #expect(await phone.refusal(second) == nil)
        #expect(await phone.refusal(try await phone.application(person)) == .limitAttempts)
        // Who comes again with the same is not counted again.
        #expect(await phone.refusal(second) == nil)
        stack.clock.advance(86_401)
        #expect(await phone.refusal(try await phone.application(person)) == nil)
    }

    @Test func `an iPhone's count that one device cannot have shown is told to operators, and refuses nothing`()
        async throws
    {
        let stack = try await Stack(servesPhones: true)
        var phone = try await TestPhone.enrolledApple(stack)
        let key = hex(DeviceProofKey.hash(of: phone.key.publicKey))
        func told() -> Int { stack.logs.text.components(separatedBy: "device counter behind").count - 1 }
        var number = 0
        /// An application with a count, made a minute behind the one before, or for a challenge that was made earlier.
        func apply(_ counter: UInt32, challenge: [UInt8]? = nil) async throws -> ProblemCode? {
            number += 1
            let person = TestPerson(number)
            try await stack.write(person)
            if challenge == nil { stack.clock.advance(60) }
            phone.counter = counter
            return await phone.refusal(try await phone.application(person, challenge: challenge))
        }
        #expect(stack.metrics.text().contains("vrs_device_counters_behind_total 0.0"))
        for counter: UInt32 in [1, 2, 5] { #expect(try await apply(counter) == nil) }
        // What was under way together comes in any order.
        let early = Array(try stack.system.issuing.phoneChallenge().challenge)
        #expect(try await apply(9) == nil)
        #expect(try await apply(7, challenge: early) == nil)
        #expect(told() == 0)
        #expect(try await apply(8) == nil)
        #expect(told() == 1)
        // One that was shown before, however early its challenge was.
        let next = Array(try stack.system.issuing.phoneChallenge().challenge)
        #expect(try await apply(10) == nil)
        #expect(try await apply(10, challenge: next) == nil)
        #expect(told() == 2)
        #expect(stack.metrics.text().contains("vrs_device_counters_behind_total 2.0"))
        let lines = stack.logs.text.split(separator: "\n").filter { $0.contains("device counter behind") }
        #expect(lines.allSatisfy { $0.contains(key) && !$0.contains("inquiry") })
    }

    @Test func `nothing of the person or the device is in the log, and nothing links the two in the register`()
        async throws
    {
        let stack = try await Stack(servesPhones: true)
        let (phone, person) = (try await TestPhone.enrolled(stack), TestPerson(1))
        try await stack.write(person)
        _ = try await phone.issue(try await phone.application(person))
        _ = await phone.refusal(try await phone.application(person, filesOf: TestPerson(2)))
        let log = stack.logs.text
        let device = Array(SHA256.hash(data: phone.key.publicKey.x963Representation))
        let chip = Array(SHA256.hash(data: try CustomerCard(try TestCards.card(person)).present().files.chipKey))
        for secret in [person.number, person.name, hex(device), hex(chip)] { #expect(!log.contains(secret)) }
        let lines = try await stack.store.log(in: Stack.mihon.code, after: 0, limit: 100)
        #expect(lines.contains { $0.event == .intent })
        for line in lines { #expect(line.terminal == nil || line.terminal == "app") }
    }

    private func hex(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02x", $0) }.joined() }
}
