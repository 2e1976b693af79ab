import Attestation
import Exchange
import ExchangeServer
import Foundation
import HTTPTypes
import NIOSSL
import TestSupport
import Testing
import Vaccination
import WalletService

/// Who is let in, and what the menu says of it.
@Suite(.timeLimit(.minutes(3))) struct AccessTests {
    @Test func `the menu has what is offered by the app, without a fee`() async throws {
        try await World.with { world in
            let menu = try await world.menu()
            #expect(menu.closed == nil && menu.feeYen == 0 && menu.trust == nil)
            #expect(menu.entries.map(\.municipality.code.digits) == ["131016", "131024"])
            #expect(menu.entries.map(\.kinds) == [[.domestic, .overseas], [.domestic]])
            let code = try #require(MunicipalityCode("131024"))
            world.vrs.change { access in
                AccessState(
                    revision: 0, isSuspended: false, isHalted: false, municipalities: [], kinds: [], terminals: [],
                    offers: [.init(municipality: code, channels: [.kiosk], kinds: [.domestic], desk: nil)])
            }
            let left = try await world.menu { $0.entries.count == 1 }
            #expect(left.entries.map(\.municipality.code.digits) == ["131016"])
            #expect(try await world.challenge("131024").problem?.code == .channelNotOffered)
        }
    }

    @Test func `suspension, halt and the channel's suspension are seen at once, and nothing reaches vrs`() async throws
    {
        try await World.with { world in
            let states: [(ProblemCode, Bool, Bool, Bool)] = [
                (.serviceSuspended, true, false, false), (.serviceHalted, false, true, false),
                (.serviceSuspended, false, false, true),
            ]
            let application = try await world.sample.application()
            for (code, isSuspended, isHalted, channel) in states {
                world.vrs.change(isSuspended: channel) { access in
                    AccessState(
                        revision: 0, isSuspended: isSuspended, isHalted: isHalted, municipalities: [], kinds: [],
                        terminals: [])
                }
                _ = try await world.menu { $0.closed == code }
                #expect(try await world.challenge().problem?.code == code)
                #expect(try await world.apply(application).problem?.code == code)
                #expect(try await world.send(PhoneRoute.token).problem?.code == code)
                world.vrs.change(isSuspended: false) { _ in
                    AccessState(
                        revision: 0, isSuspended: false, isHalted: false, municipalities: [], kinds: [], terminals: [])
                }
                _ = try await world.menu { $0.closed == nil }
            }
            #expect(world.vrs.receivedNothing)
            #expect(try await world.challenge().status == 200)
        }
    }

    @Test func `a suspended municipality or kind is refused`() async throws {
        try await World.with { world in
            let code = try #require(MunicipalityCode(Sample.mihon))
            try await world.policyChanged {
                world.vrs.change { _ in
                    AccessState(
                        revision: 0, isSuspended: false, isHalted: false, municipalities: [code], kinds: [.domestic],
                        terminals: [])
                }
            }
            #expect(try await world.challenge().problem?.code == .municipalitySuspended)
            #expect(try await world.challenge("131024").problem?.code == .kindSuspended)
        }
    }

    @Test func `outside the hours nothing begins`() async throws {
        let hours = ServiceHours(opens: 0, closes: 1)
        // Noon in Japan.
        let noon = Date(timeIntervalSince1970: 1_795_143_600)
        try await World.with(.init(hours: hours, clock: Clock(noon))) { world in
            let (menu, answer) = (try await world.menu(), try await world.challenge())
            #expect(menu.closed == .serviceClosed)
            #expect(answer.problem?.code == .serviceClosed)
        }
    }

    /// Each way to take a device out, and what its holder is told.
    @Test(arguments: [
        ("device", ProblemCode.deviceRevoked), ("suspended device", .deviceSuspended), ("model", .deviceSuspended),
        ("patches", .deviceSuspended),
        ("release", .deviceSuspended),
    ])
    func `a device that counts no more is refused at once`(_ what: String, _ code: ProblemCode) async throws {
        try await World.with { world in
            let application = try await world.sample.application()
            #expect(try await world.apply(application).status == 200)
            try await world.policyChanged {
                switch what {
                case "device": world.vrs.change(devices: [world.sample.deviceHash])
                case "suspended device":
                    let hash = world.sample.deviceHash
                    world.vrs.change(devices: [hash, String(repeating: "ab", count: 32)], suspendedDevices: [hash])
                case "model": world.vrs.change(models: ["A/B"])
                case "patches": world.vrs.change(patchLevels: [202_510])
                default: world.vrs.change(releases: [.init(app: "jp.example", version: 7)])
                }
            }
            #expect(try await world.apply(application).problem?.code == code)
            #expect(world.vrs.received("application").count == 1)
        }
    }

    @Test func `a vrs that was never reached could not be asked, whatever is asked`() async throws {
        try await World.with(.init(startsVRS: false)) { world in
            #expect(try await world.menu().closed == .upstreamUnavailable)
            let application = try await world.sample.application()
            #expect(try await world.apply(application).problem?.code == .upstreamUnavailable)
            #expect(try await world.challenge().problem?.code == .upstreamUnavailable)
            for route in [PhoneRoute.keys, PhoneRoute.token] {
                #expect(try await world.send(route).problem?.code == .upstreamUnavailable)
            }
            let query = [UInt8](repeating: 1, count: CurrentQuery.sealedBytes)
            #expect(try await world.send(PhoneRoute.current, query).problem?.code == .upstreamUnavailable)
            let code = Array(#"{"code":"0123-4567-89AB-CDEF"}"#.utf8)
            #expect(try await world.send(PhoneRoute.revocation, code).problem?.code == .upstreamUnavailable)
        }
    }

    @Test func `a vrs that is gone could not be asked`() async throws {
        try await World.with(.init(silentAfter: .milliseconds(900))) { world in
            let application = try await world.sample.application()
            await world.stopVRS()
            _ = try await world.menu { $0.closed == .upstreamUnavailable }
            #expect(try await world.apply(application).problem?.code == .upstreamUnavailable)
            #expect(try await world.challenge().problem?.code == .upstreamUnavailable)
        }
    }

    @Test func `a challenge is for one copy, and comes with its inquiry number`() async throws {
        try await World.with { world in
            #expect(try await world.challenge(copies: 2).problem?.code == .requestMalformed)
            let answer = try await world.challenge()
            let challenge = try JSONDecoder().decode(ChallengeResponse.self, from: Data(answer.body))
            #expect(challenge.challenge.count == 60)
            #expect(world.vrs.headers("challenge").allSatisfy { $0[.inquiry] != nil })
        }
    }

    @Test func `nobody without TLS 1.3 is talked to, and no certificate is asked for`() async throws {
        try await World.with { world in
            let menu = try await world.menu()
            #expect(menu.closed == nil)
            var old = world.phone
            old.maximumVersion = .tlsv12
            await #expect(throws: (any Error).self) { _ = try await old.send(.get, "/v1/menu") }
        }
    }

    @Test func `the ready line names both listeners`() async throws {
        try await World.with { world in
            let line = try #require(world.readyLines.all.first)
            #expect(line.wholeMatch(of: /listening phone=127\.0\.0\.1:\d+ operations=127\.0\.0\.1:\d+/) != nil)
        }
    }

    @Test func `bad policies never trap, and what is read is written again`() async throws {
        let state = PhoneAccess(
            access: AccessState(
                revision: 3, isSuspended: false, isHalted: false, municipalities: [], kinds: [.overseas],
                terminals: []),
            isSuspended: true, devices: [String(repeating: "ab", count: 32)], models: ["Mihon/Mihon 1"],
            patchLevels: [202_511], releases: [.init(app: "jp.example.akashi", version: 3)])
        #expect(PhonePolicy(state) != nil)
        await BadInput.run("phones' policies", samples: [Array(try JSONEncoder().encode(state))]) { bytes in
            let read = try JSONDecoder().decode(PhoneAccess.self, from: Data(bytes))
            _ = PhonePolicy(read)
            #expect(try JSONDecoder().decode(PhoneAccess.self, from: JSONEncoder().encode(read)) == read)
        }
    }
}
