@testable import WalletService
import Exchange
import ExchangeServer
import Foundation
import HTTPTypes
import TestSupport
import Testing

/// Statements, enrolment, queries and revocation codes on their way.
@Suite(.timeLimit(.minutes(3))) struct DeviceTests {
    @Test func `the statement is given from memory while it holds, and never after its end`() async throws {
        try await World.with { world in
            for _ in 0..<3 {
                let answer = try await world.send(PhoneRoute.keys, inquiry: nil)
                #expect(answer.body == world.sample.statement.bytes)
                #expect(answer.mediaType == KeyStatement.mediaType)
            }
            #expect(world.vrs.received("keys").count == 1)
            world.vrs.behave("keys", .refuse(.serviceBusy))
            world.clock.move(by: 35_999)
            #expect(try await world.send(PhoneRoute.keys).status == 200)
            world.clock.move(by: 2)
            #expect(try await world.send(PhoneRoute.keys).problem?.code == .serviceBusy)
            // One that has ended is none, whoever gives it.
            world.vrs.behave("keys", .right)
            #expect(try await world.send(PhoneRoute.keys).problem?.code == .upstreamUnavailable)
            let next = try Sample.statement(from: 35_000, to: 72_000, world.sample.pinned)
            world.vrs.state(next)
            #expect(try await world.send(PhoneRoute.keys).body == next.bytes)
        }
    }

    @Test func `what vrs calls unknown is not handed on any more`() async throws {
        try await World.with { world in
            #expect(try await world.send(PhoneRoute.keys).status == 200)
            let next = try Sample.statement(from: -60, to: 72_000, world.sample.pinned)
            world.vrs.state(next)
            world.vrs.behave("application", .refuse(.statementUnknown))
            let answer = try await world.apply(try await world.sample.application())
            #expect(answer.problem?.code == .statementUnknown)
            #expect(try await world.send(PhoneRoute.keys).body == next.bytes)
        }
    }

    @Test func `what was sealed by the statement before passes, also where this program has never handed it on`()
        async throws
    {
        try await World.with { world in
            let (sample, now) = (world.sample, Sample.now)
            let next = try Sample.statement(from: -60, to: 72_000, sample.pinned)
            world.vrs.state(next, after: [sample.statement])
            #expect(try await world.send(PhoneRoute.keys, inquiry: nil).body == next.bytes)
            let application = try await sample.application()
            #expect(try await world.apply(application).status == 200)
            // A quarter of an hour behind its end it is none any more, whoever says it.
            world.clock.move(by: sample.statement.notAfter.timeIntervalSince(now) + 899)
            #expect(try await world.apply(application).status == 200)
            world.clock.move(by: 2)
            #expect(try await world.apply(application).problem?.code == .statementUnknown)
            #expect(world.vrs.received("application").count == 2)
        }
    }

    @Test(arguments: [0, 9])
    func `more statements than a day has are unusable, and none is too`(_ count: Int) async throws {
        try await World.with { world in
            world.vrs.state(world.sample.statement, after: Array(repeating: world.sample.statement, count: 8))
            if count == 0 {
                world.vrs.behave("keys", .bytes(status: .ok, mediaType: KeyStatement.mediaType, body: ""))
            }
            let answer = try await world.send(PhoneRoute.keys, inquiry: nil)
            #expect(answer.problem?.code == .upstreamUnavailable)
        }
    }

    @Test func `a token and an enrolment pass as they came`() async throws {
        try await World.with { world in
            let token = try await world.send(PhoneRoute.token, inquiry: nil)
            #expect(try JSONDecoder().decode(DeviceToken.self, from: Data(token.body)).validSeconds == 600)
            let enrolment = DeviceEnrolment(
                platform: "android", token: [UInt8](repeating: 5, count: 60), attestation: [1, 2], proof: [3])
            let bytes = Array(try JSONEncoder().encode(enrolment))
            let answer = try await world.send(PhoneRoute.enrolment, bytes, inquiry: nil)
            let enrolled = try JSONDecoder().decode(EnrolledDeviceAnswer.self, from: Data(answer.body))
            #expect(enrolled.revocationCode == "0123-4567-89AB-CDEF")
            #expect(world.vrs.received("enrolment") == [bytes])
        }
    }

    @Test(arguments: [
        DeviceEnrolment(platform: "windows", token: Array(repeating: 5, count: 60), attestation: [1], proof: [1]),
        DeviceEnrolment(platform: "android", token: Array(repeating: 5, count: 15), attestation: [1], proof: [1]),
        DeviceEnrolment(platform: "android", token: Array(repeating: 5, count: 257), attestation: [1], proof: [1]),
        DeviceEnrolment(platform: "android", token: Array(repeating: 5, count: 60), attestation: [], proof: [1]),
        DeviceEnrolment(platform: "android", token: Array(repeating: 5, count: 60), attestation: [1], proof: nil),
        DeviceEnrolment(platform: "ios", token: Array(repeating: 5, count: 60), attestation: [1], proof: [1]),
        DeviceEnrolment(
            platform: "android", token: Array(repeating: 5, count: 60), attestation: Array(repeating: 1, count: 16_385),
            proof: [1]),
    ])
    func `an enrolment of another form is malformed, and vrs hears nothing of it`(_ enrolment: DeviceEnrolment)
        async throws
    {
        try await World.with { world in
            let answer = try await world.send(PhoneRoute.enrolment, Array(try JSONEncoder().encode(enrolment)))
            #expect(answer.problem?.code == .requestMalformed)
            #expect(world.vrs.receivedNothing)
        }
    }

    @Test func `an attestation's refusal passes with its code`() async throws {
        try await World.with { world in
            world.vrs.behave("enrolment", .refuse(.attestationApp))
            let enrolment = DeviceEnrolment(
                platform: "ios", token: [UInt8](repeating: 5, count: 60), attestation: [1], proof: nil)
            let answer = try await world.send(PhoneRoute.enrolment, Array(try JSONEncoder().encode(enrolment)))
            #expect(answer.problem?.code == .attestationApp)
        }
    }

    @Test(arguments: [
        ("0123-4567-89AB-CDEF", true), ("0123456789abcdef", true), ("o123 4567 89ab cdeI", true), ("", false),
        ("0123-4567-89AB-CDE", false), ("0123-4567-89AB-CDEFG", false), ("0123-4567-89AB-CDEU", false),
    ])
    func `a revocation code is passed on if it may be one`(_ code: String, _ isRight: Bool) async throws {
        try await World.with { world in
            let bytes = Array(try JSONEncoder().encode(DeviceRevocation(code: code)))
            let answer = try await world.send(PhoneRoute.revocation, bytes, inquiry: nil)
            if isRight {
                #expect(answer.status == 204)
                #expect(world.vrs.received("revocation") == [bytes])
            } else {
                #expect(answer.problem?.code == .requestMalformed)
                #expect(world.vrs.received("revocation").isEmpty)
            }
        }
    }

    private func query(_ world: World) -> [UInt8] {
        world.sample.statement.hash
            + [UInt8](repeating: 1, count: CurrentQuery.sealedBytes - 32)
    }

    @Test func `a query and its reply pass unread, without a number of the session`() async throws {
        try await World.with { world in
            let answer = try await world.send(PhoneRoute.current, query(world))
            #expect(answer.body.count == CurrentQuery.sealedReplyBytes)
            #expect(answer.mediaType == CurrentQuery.replyMediaType)
            #expect(world.vrs.received("current") == [query(world)])
            #expect(world.vrs.headers("current").allSatisfy { $0[.inquiry] == nil })
            #expect(try await world.send(PhoneRoute.current, [1]).problem?.code == .requestMalformed)
            let unknown = [UInt8](repeating: 1, count: CurrentQuery.sealedBytes)
            #expect(try await world.send(PhoneRoute.current, unknown).problem?.code == .statementUnknown)
            world.vrs.behave(
                "current", .bytes(status: .ok, mediaType: CurrentQuery.replyMediaType, body: "short"))
            #expect(try await world.send(PhoneRoute.current, query(world)).problem?.code == .upstreamUnavailable)
        }
    }

    @Test func `more enrolments or queries at once than are taken are told to come again`() async throws {
        for (name, route) in [("enrolment", PhoneRoute.enrolment), ("current", PhoneRoute.current)] {
            // Longer than a busy machine lets the others wait.
            var settings = World.Settings(enrolmentsAtOnce: 1, queriesAtOnce: 1)
            (settings.applicationTimeout, settings.challengeTimeout) = (.seconds(60), .seconds(60))
            try await World.with(settings) { world in
                let enrolment = DeviceEnrolment(
                    platform: "android", token: [UInt8](repeating: 5, count: 60), attestation: [1, 2], proof: [3])
                let body = name == "current" ? query(world) : Array(try JSONEncoder().encode(enrolment))
                world.vrs.behave(name, .wait)
                async let first = world.send(route, body, inquiry: nil)
                for await _ in world.vrs.started.stream { break }
                let refused = try await world.send(route, body, inquiry: nil)
                #expect(refused.problem?.code == .serviceBusy)
                #expect(refused.headers["retry-after"] == "1")
                // What is of another kind has its own places.
                #expect(try await world.apply(try await world.sample.application()).status == 200)
                world.vrs.released.continuation.finish()
                let answer = try await first
                #expect(answer.status == 200)
            }
        }
    }

    @Test func `queries are answered no sooner than the next instant, whether good or bad`() async throws {
        try await World.with(.init(interval: .milliseconds(700))) { world in
            for bytes in [query(world), [1], [UInt8](repeating: 1, count: CurrentQuery.sealedBytes)] {
                // The second is answered a whole distance behind the first.
                let start = ContinuousClock.now
                _ = try await world.send(PhoneRoute.current, bytes)
                _ = try await world.send(PhoneRoute.current, bytes)
                #expect(ContinuousClock.now - start > .milliseconds(690))
            }
        }
    }

    @Test func `an instant is a whole number of distances behind the first`() {
        let interval = SetInterval(.milliseconds(50))
        let start = ContinuousClock.now
        let first = interval.pause(at: start)
        for milliseconds in stride(from: 0, to: 500, by: 7) {
            let pause = interval.pause(at: start + .milliseconds(milliseconds))
            #expect(pause > .zero && pause <= .milliseconds(51))
            let distance = (.milliseconds(milliseconds) + pause - first) / .milliseconds(50)
            #expect(abs(distance - distance.rounded()) < 0.001)
        }
    }
}
