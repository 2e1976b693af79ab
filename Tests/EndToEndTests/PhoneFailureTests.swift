import CardChip
import Crypto
import Exchange
import ExchangeSupport
import Foundation
import PhoneApp
import SimulatedCard
import StackSupport
import TestSupport
import Testing
import Vaccination

/// `vrs` that is down or dies while phones ask; doors that are not theirs; suspensions.
extension EndToEnd.Phones {
    private func choice(_ person: SamplePerson) -> [PhoneChoice] {
        [PhoneChoice(municipality: person.municipality, kind: .domestic)]
    }

    @Test func `with vrs down before the challenge a phone hears that nobody could be asked`() async throws {
        let stack = try Stack.current
        let (phone, person) = (try await stack.phone(), try stack.nextPersonWithPhone())
        let course = try await phone.present(choice(person), card: stack.card(person)) { step in
            if step == .pin { try? await stack.stopRecordSystem() }
        }
        #expect(!stack.isRecordSystemRunning)
        try await stack.startRecordSystem()
        #expect(course.reasons == [.refusedOpenly(.upstreamUnavailable)])
        try await recovered(stack)
        #expect(try await phone.present(choice(person), card: stack.card(person)).reasons == [nil])
    }

    @Test func `with vrs down before the application a phone hears that nobody could be asked, or is answered later`()
        async throws
    {
        let stack = try Stack.current
        let (phone, person) = (try await stack.phone(), try stack.nextPersonWithPhone())
        let course = try await phone.present(choice(person), card: stack.card(person)) { step in
            if step == .send { try? await stack.stopRecordSystem() }
        }
        #expect(!stack.isRecordSystemRunning)
        try await stack.startRecordSystem()
        #expect(course.reasons == [.refusedOpenly(.upstreamUnavailable)])
        try await recovered(stack)
    }

    @Test func `vrs that dies between intent and result gives the same bytes the same certificate`() async throws {
        let stack = try Stack.current
        let (phone, person) = (try await stack.phone(), try stack.nextPersonWithPhone())
        try await stack.restartRecordSystem("development: {stopAfter: intent}")
        try await recovered(stack)
        async let presented = phone.present(choice(person), card: stack.card(person))
        try await eventually("vrs dies") { !stack.isRecordSystemRunning }
        try await stack.startRecordSystem()
        let intended = try await stack.certificates("intended", in: person.municipality)
        let course = try await presented
        #expect(course.reasons == [nil])
        let id = try #require(course.shown.first).id.text
        // Either it was looked at before the phone asked again, or it is handed out already.
        #expect(intended.contains(id) || intended.isEmpty)
        #expect(try await stack.certificates("printed", in: person.municipality).contains(id))
        #expect(try await stack.certificates("intended", in: person.municipality).isEmpty)
        try await recovered(stack)
    }

    @Test func `an outcome waits for vrs and is taken when it is back`() async throws {
        let stack = try Stack.current
        let (phone, person) = (try await stack.phone(), try stack.nextPersonWithPhone())
        let (reached, reaching) = AsyncStream<Void>.makeStream()
        async let presented = phone.present(choice(person), card: stack.card(person)) { step in
            guard step == .outcome else { return }
            try? await stack.stopRecordSystem()
            reaching.finish()
        }
        for await _ in reached {}
        #expect(!stack.isRecordSystemRunning)
        try await stack.startRecordSystem()
        let course = try await presented
        #expect(course.reasons == [nil])
        let id = try #require(course.shown.first).id.text
        #expect(try await stack.certificates("printed", in: person.municipality).contains(id))
        try await recovered(stack)
    }

    // MARK: Doors

    @Test func `a terminal's application is refused at the phones' door, and a phone's at the terminals'`() async throws
    {
        let stack = try Stack.current
        let (phone, person) = (try await stack.phone(), try stack.nextPersonWithPhone())
        let session = try await stack.terminal().prepare(
            stack.request(in: person.municipality), card: stack.card(person))
        let headers = [InquiryNumber.header: InquiryNumber().text]
        for type in [PhoneApplication.mediaType, Application.mediaType] {
            let reply = try await stack.asPhone().send(
                "POST", "/v1/application", body: session.application, type: type, headers: headers)
            #expect(reply.code == (type == PhoneApplication.mediaType ? .requestMalformed : .requestMalformed))
        }
        let relay = try await PhoneRelay(.beforeWallet, stack)
        #expect(try await phone.asking(relay.url).present(choice(person), card: stack.card(person)).reasons == [nil])
        await relay.stop()
        let before = try await stack.certificatesByState(in: person.municipality)
        let application = try #require(relay.asked("/v1/application").first).body
        for type in [PhoneApplication.mediaType, Application.mediaType] {
            let reply = try await session.terminal.client.send(
                "POST", "/v1/application", body: application, type: type, headers: headers)
            #expect(reply.code == (type == Application.mediaType ? .requestMalformed : .requestMalformed))
        }
        #expect(try await stack.certificatesByState(in: person.municipality) == before)
    }

    @Test func `a suspended channel closes the phones' door alone, a suspended device that device's`() async throws {
        let stack = try Stack.current
        let (phone, other) = (try await stack.phone(), try await stack.phone())
        let person = try stack.nextPersonWithPhone()
        let card = try stack.card(person)
        try await stack.operate("suspend", "channel", "app")
        let closed = try await phone.present(choice(person), card: card)
        let kiosk = try await stack.terminal().requestChallenge(stack.request()).status
        try await stack.operate("resume", "channel", "app")
        #expect(closed.ending == .refused(.serviceSuspended))
        #expect(kiosk == 200)
        try await stack.untilWalletServes()

        let key = try phone.device.key().publicKey.x963Representation
        let hash = SHA256.hash(data: key).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        try await stack.operate("suspend", "device", hash)
        let suspended = try await phone.present(choice(person), card: card)
        let free = try await other.present(choice(person), card: card)
        try await stack.operate("resume", "device", hash)
        #expect([[.refusedOpenly(.deviceSuspended)], [.refusedOpenly(.deviceRevoked)]].contains(suspended.reasons))
        #expect(free.reasons == [nil])
        #expect(try await phone.present(choice(person), card: card).reasons == [nil])
    }

    /// Waits until both doors are open again.
    private func recovered(_ stack: Stack) async throws {
        try await stack.untilWalletServes()
        try await stack.untilUpstreamIsBack()
    }
}
