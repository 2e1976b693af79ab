import Exchange
import ExchangeServer
import ExchangeSupport
import Foundation
import HTTPServer
import HTTPTypes
import MutualTLS
import Signing
import TestSupport
import Testing
import Vaccination

/// The access policy refuses before anything reaches vrs.
@Suite(.timeLimit(.minutes(3)))
struct AccessTests {
    /// A change of the access policy that closes the service, for a request of the first terminal for the first municipality.
    enum Closing: CaseIterable {
        case revoked, terminalSuspended, everything, halted, municipality, kind

        var code: ProblemCode {
            switch self {
            case .revoked: .terminalRevoked
            case .terminalSuspended: .terminalSuspended
            case .everything: .serviceSuspended
            case .halted: .serviceHalted
            case .municipality: .municipalitySuspended
            case .kind: .kindSuspended
            }
        }

        /// A state with some of the changes.
        static func apply(
            _ closings: some Collection<Closing>, to access: AccessState, _ terminal: TestTerminal,
            _ municipality: MunicipalityCode
        ) -> AccessState {
            let entry = terminal.accessEntry(
                revoked: closings.contains(.revoked), suspended: closings.contains(.terminalSuspended))
            return AccessState(
                revision: access.revision, isSuspended: closings.contains(.everything),
                isHalted: closings.contains(.halted),
                municipalities: closings.contains(.municipality) ? [municipality] : [],
                kinds: closings.contains(.kind) ? [.domestic] : [],
                terminals: [entry] + access.terminals.filter { $0.id != entry.id })
        }
    }

    @Test(arguments: Closing.allCases.indices)
    func `of several reasons the first one is given, for challenges and applications alike`(
        _ index: Int
    ) async throws {
        try await World.with { world in
            let (terminal, other) = (world.terminals[0], world.terminals[1])
            let application = try terminal.application(Cards.get().first)
            let mihon = try World.mihon
            let before = try await world.menu(other)
            world.vrs.change { Closing.apply(Closing.allCases[index...], to: $0, terminal, mihon) }
            _ = try await world.menu(other, after: before.revision)
            let code = Closing.allCases[index].code
            #expect(try await world.challenge(terminal).problem?.code == code)
            #expect(try await world.apply(terminal, application).problem?.code == code)
            #expect(world.vrs.receivedNothing)
        }
    }

    @Test(arguments: Closing.allCases)
    func `a suspension or revocation stops challenges and applications at once, and resuming lets them through again`(
        _ closing: Closing
    ) async throws {
        try await World.with { world in
            let (terminal, other) = (world.terminals[0], world.terminals[1])
            let application = try terminal.application(Cards.get().first)
            let mihon = try World.mihon
            let before = try await world.menu(other)
            world.vrs.change { Closing.apply([closing], to: $0, terminal, mihon) }
            // The other terminal's long poll returns as soon as the centre knows.
            let after = try await world.menu(other, after: before.revision)
            #expect(after.revision > before.revision)
            #expect(try await world.challenge(terminal).problem?.code == closing.code)
            #expect(try await world.apply(terminal, application).problem?.code == closing.code)
            #expect(world.vrs.receivedNothing)
            world.vrs.change { access in
                AccessState(
                    revision: access.revision, isSuspended: false, isHalted: false, municipalities: [], kinds: [],
                    terminals: world.terminals.prefix(2).map { $0.accessEntry() })
            }
            _ = try await world.menu(other, after: after.revision)
            #expect(try await world.challenge(terminal).status == 200)
            #expect(try await world.apply(terminal, application).status == 200)
        }
    }

    @Test func `what is suspended is shown in the menu, and a terminal sees its own suspension`()
        async throws
    {
        try await World.with { world in
            let (terminal, other) = (world.terminals[0], world.terminals[1])
            let mihon = try World.mihon
            #expect(try await world.menu(terminal).closed == nil)
            world.vrs.change { access in
                AccessState(
                    revision: access.revision, isSuspended: false, isHalted: false, municipalities: [mihon],
                    kinds: [.overseas],
                    terminals: [terminal.accessEntry(suspended: true), other.accessEntry()])
            }
            let menu = try await world.menu(other) { !$0.suspendedKinds.isEmpty }
            #expect(menu.closed == nil)
            #expect(menu.suspendedKinds == [.overseas])
            #expect(menu.entries.map(\.isSuspended) == [true, false])
            #expect(menu.isDevelopment && menu.feeYen == 120)
            #expect(try await world.menu(terminal).closed == .terminalSuspended)
        }
    }

    @Test func `what a municipality has settled on is shown in the menu and holds at the door`() async throws {
        try await World.with { world in
            let terminal = world.terminals[0]
            let mihon = try World.mihon
            let desk = Menu.Notice(japanese: "見本市役所 市民課", english: "Mihon City Office")
            let application = try terminal.application(Cards.get().first)
            func settle(_ offer: AccessState.Offer?) {
                world.vrs.change { access in
                    AccessState(
                        revision: access.revision, isSuspended: false, isHalted: false, municipalities: [], kinds: [],
                        terminals: access.terminals, offers: offer.map { [$0] } ?? [])
                }
            }
            settle(.init(municipality: mihon, channels: [.app, .counter], kinds: [.domestic], desk: desk))
            let elsewhere = try await world.menu(terminal) { $0.entries.first?.isElsewhere == true }
            #expect(elsewhere.entries.map(\.desk) == [desk, nil])
            #expect(elsewhere.entries.first?.kinds == [.domestic])
            #expect(try await world.apply(terminal, application).problem?.code == .channelNotOffered)
            settle(.init(municipality: mihon, channels: [], kinds: [], desk: desk))
            let closed = try await world.menu(terminal) { $0.entries.count == 1 }
            #expect(closed.entries.map(\.municipality.code) != [mihon])
            #expect(try await world.apply(terminal, application).problem?.code == .municipalityNotParticipating)
            #expect(world.vrs.receivedNothing)
            settle(nil)
            _ = try await world.menu(terminal) { $0.entries.count == 2 }
            #expect(try await world.apply(terminal, application).status == 200)
        }
    }

    @Test func `a lost access policy is asked for again as soon as vrs answers anything`() async throws {
        // Only an answer to another request can end a pause of an hour.
        try await World.with(.init(lostAfter: .seconds(600), pollPauses: (.seconds(3600), .seconds(3600)))) { world in
            let (terminal, other) = (world.terminals[0], world.terminals[1])
            world.vrs.behave("gate", .bytes(status: .internalServerError, mediaType: "text/plain", body: ""))
            world.vrs.change { access in
                AccessState(
                    revision: access.revision, isSuspended: false, isHalted: false, municipalities: [],
                    kinds: [.overseas], terminals: access.terminals)
            }
            try await eventually("the access policy is lost") { world.metrics.text().contains("akashi_gate_lost 1.0") }
            world.vrs.behave("gate", .right)
            #expect(try await world.challenge(terminal).status == 200)
            // The menu may say first that the policy was lost.
            let after = try await world.menu(other) { $0.suspendedKinds == [.overseas] }
            #expect(after.closed == nil)
        }
    }

    @Test func `a terminal that is not enrolled gets neither menu nor challenge`() async throws {
        try await World.with { world in
            let stranger = world.terminals[2]
            await #expect(throws: ProblemCode.terminalUnknown) { try await world.menu(stranger) }
            #expect(try await world.challenge(stranger).problem?.code == .terminalUnknown)
            let application = try stranger.application(Cards.get().first)
            #expect(try await world.apply(stranger, application).problem?.code == .terminalUnknown)
            #expect(world.vrs.receivedNothing)
        }
    }

    @Test func `a certificate of another authority does not even get a connection`() async throws {
        try await World.with { world in
            let stranger = try TestTerminal("T0001", by: .create(commonName: "terminals", now: .now))
            await #expect(throws: MutualTLSClient.Failure.connection) { try await world.menu(stranger) }
        }
    }

    @Test func `a municipality that does not take part, and a kind that one does not offer, are refused here`()
        async throws
    {
        try await World.with { world in
            let terminal = world.terminals[0]
            let cases: [(MunicipalityCode, CertificateKind, ProblemCode)] = [
                (try World.absent, .domestic, .municipalityNotParticipating),
                (try World.noOverseas, .overseas, .kindNotOffered),
            ]
            for (municipality, kind, code) in cases {
                #expect(
                    try await world.challenge(terminal, municipality: municipality, kind: kind).problem?.code == code)
                let application = try terminal.application(Cards.get().first, municipality: municipality, kind: kind)
                #expect(try await world.apply(terminal, application).problem?.code == code)
            }
            #expect(world.vrs.receivedNothing)
        }
    }

    @Test func `outside the hours nothing starts; the menu says so, and opens by itself when it is time`()
        async throws
    {
        let hours = ServiceHours("06:30-23:00")
        let clock = Clock(minutesInJapan: 6 * 60 + 29)
        try await World.with(.init(hours: hours, now: { clock.now })) { world in
            let terminal = world.terminals[0]
            let closed = try await world.menu(terminal)
            #expect(closed.closed == .serviceClosed)
            #expect(closed.hours == hours)
            #expect(try await world.challenge(terminal).problem?.code == .serviceClosed)
            let application = try terminal.application(Cards.get().first)
            #expect(try await world.apply(terminal, application).problem?.code == .serviceClosed)
            #expect(world.vrs.receivedNothing)
            clock.set(minutesInJapan: 6 * 60 + 30)
            // The poll that waits returns by itself.
            #expect(try await world.menu(terminal, after: closed.revision).closed == nil)
            #expect(try await world.challenge(terminal).status == 200)
            clock.set(minutesInJapan: 23 * 60)
            #expect(try await world.challenge(terminal).problem?.code == .serviceClosed)
        }
    }

    @Test func `a vrs that was never reached is told as such, never as no record`() async throws {
        try await World.with(.init(startsVRS: false)) { world in
            let terminal = world.terminals[0]
            #expect(try await world.menu(terminal).closed == .upstreamUnavailable)
            #expect(try await world.challenge(terminal).problem?.code == .upstreamUnavailable)
            let response = try await world.apply(terminal, terminal.application(Cards.get().first))
            #expect(response.status == 503)
            #expect(response.problem?.code == .upstreamUnavailable)
            // That its ports are open is all that the line says.
            #expect(world.readyLines.all.count == 1)
            #expect(world.readyLines.all.first?.hasPrefix("listening terminal=127.0.0.1:\(world.port) ") == true)
            let readiness = try await world.readiness()
            #expect(readiness.status == 503 && readiness.text.contains("upstream.unavailable"))
        }
    }

    @Test func `a vrs that is lost for too long closes the service, and the menu says so without being asked anew`()
        async throws
    {
        try await World.with(.init(lostAfter: .milliseconds(500))) { world in
            let terminal = world.terminals[0]
            #expect(try await world.challenge(terminal).status == 200)
            await world.stopVRS()
            let menu = try await world.menu(terminal) { $0.closed != nil }
            #expect(menu.closed == .upstreamUnavailable)
            #expect(try await world.challenge(terminal).problem?.code == .upstreamUnavailable)
        }
    }

    /// The time until the menu that a terminal waits for says that `vrs` cannot be asked.
    private func timeToNotice(_ world: World, _ change: () async -> Void) async throws -> Duration {
        let terminal = world.terminals[0]
        let before = try await world.menu(terminal)
        #expect(before.closed == nil)
        #expect(try await world.readiness().status == 200)
        async let next = world.menu(terminal, after: before.revision)
        await change()
        let start = ContinuousClock.now
        #expect(try await next.closed == .upstreamUnavailable)
        let time = ContinuousClock.now - start
        // The supervisor is told what the menu says.
        let readiness = try await world.readiness()
        #expect(readiness.status == 503 && readiness.text.contains("upstream.unavailable"))
        return time
    }

    @Test func `a vrs that ended is told in the menu at once, long before what is under way is given up`()
        async throws
    {
        try await World.with(.init(lostAfter: .seconds(600))) { world in
            let time = try await timeToNotice(world) { await world.stopVRS() }
            #expect(time < .seconds(3))
            #expect(world.metrics.text().contains("akashi_gate_lost 1.0"))
        }
    }

    @Test func `a vrs that holds its connections and says nothing is told in the menu, and that it is back`()
        async throws
    {
        try await World.with(.init(lostAfter: .seconds(600), silentAfter: .milliseconds(900))) { world in
            let time = try await timeToNotice(world) { world.vrs.behave("alive", .wait) }
            // The question is given up after less than a second; the poll that is held would be after forty.
            #expect(time < .seconds(3))
            world.vrs.behave("alive", .right)
            _ = try await world.menu(world.terminals[0]) { $0.closed == nil }
            #expect(try await world.readiness().status == 200)
        }
    }

    @Test func `a lost access policy that is asked for on a dead connection is asked for again within seconds`()
        async throws
    {
        try await World.with(.init(lostAfter: .seconds(600), silentAfter: .milliseconds(900))) { world in
            _ = try await timeToNotice(world) {
                // What is asked from now on is swallowed, as by a connection that is dead without an end.
                world.vrs.behave("gate", .swallow)
                world.vrs.behave("alive", .wait)
            }
            let start = ContinuousClock.now
            let asked = world.vrs.received("gate").count
            try await eventually("a question that is swallowed") { world.vrs.received("gate").count > asked }
            world.vrs.behave("gate", .right)
            world.vrs.behave("alive", .right)
            try await eventually("the menu is open again") { try await world.readiness().status == 200 }
            // The question that was swallowed would have been waited for for forty.
            #expect(ContinuousClock.now - start < .seconds(20))
        }
    }

    @Test(arguments: ["gate", "alive"])
    func `a connection that ends while vrs is there is made anew, and no menu says that vrs is lost`(route: String)
        async throws
    {
        try await World.with { world in
            let before = try await world.menu(world.terminals[0])
            world.vrs.behave(route, .breakOff)
            // Whoever is called lost is called so before it is asked again.
            try await eventually("it is asked again") { (world.vrs.answeredSinceBreak(route) ?? 0) >= 1 }
            let after = try await world.menu(world.terminals[0])
            #expect(after.closed == nil && after.revision == before.revision)
            #expect(!world.lines.all.contains { $0.contains("gate: no answer") })
        }
    }

    @Test func `an access policy that is garbage does not replace the one that is known`() async throws {
        try await World.with(.init(lostAfter: .seconds(60))) { world in
            let terminal = world.terminals[0]
            world.vrs.behave(
                "gate", .bytes(status: .ok, mediaType: "application/json", body: "{\"revision\":9,\"terminals\":[]}"))
            world.vrs.change { $0 }
            try await eventually("the garbage is noticed") {
                world.lines.all.contains { $0.contains("gate: unusable answer") }
            }
            #expect(try await world.challenge(terminal).status == 200)
        }
    }
}
