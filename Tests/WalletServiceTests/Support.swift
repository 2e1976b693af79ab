import Attestation
import Exchange
import ExchangeServer
import Foundation
import HTTPServer
import HTTPTypes
import Hummingbird
import Logging
import MutualTLS
import ServiceLifecycle
import Signing
import SimulatedAttestation
import SimulatedCard
import Synchronization
import TestSupport
import Testing
import Vaccination
import WalletService

/// A clock that stands still until it is set.
final class Clock: Sendable {
    private let time: Mutex<Date>

    init(_ time: Date = Sample.now) { self.time = Mutex(time) }
    var now: Date { time.withLock { $0 } }
    func move(by seconds: Double) { time.withLock { $0 += seconds } }
}

/// Log lines, kept.
final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }

    func keep(_ line: String) { lines.withLock { $0.append(line) } }

    func logger() -> Logger {
        Logger(label: "wallet") { label in
            JSONLogHandler(label: label, level: .trace) { line in
                self.lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
            }
        }
    }
}

/// A mobile back end with a fake `vrs` behind it, both on loopback over TLS.
struct World: Sendable {
    let sample: Sample
    let vrs: FakeRecordSystem
    let lines: Lines
    let metrics: PrometheusFactory
    let phone: Phone
    let clock: Clock
    let readyLines: Lines
    let stopVRS: @Sendable () async -> Void

    struct Settings: Sendable {
        var hours = ServiceHours(opens: 0, closes: 1440)
        var lostAfter: Duration = .seconds(10)
        /// Longer than a busy machine lets anybody wait.
        var silentAfter: Duration = .seconds(40)
        var applicationTimeout: Duration = .seconds(10)
        var challengeTimeout: Duration = .seconds(5)
        var limits = WalletLimits()
        var applicationsAtOnce = 256
        var enrolmentsAtOnce = 64
        var queriesAtOnce = 1024
        var interval: Duration = .milliseconds(50)
        var startsVRS = true
        var clock = Clock()
    }

    func send(
        _ route: Route, _ body: [UInt8] = [], inquiry: InquiryNumber? = InquiryNumber(),
        headers: [String: String] = [:], from phone: Phone? = nil
    ) async throws -> Phone.Answer {
        var headers = headers
        headers[InquiryNumber.header] = inquiry?.text
        return try await (phone ?? self.phone).send(
            route.method, route.template, body, type: route.request == .none ? "" : route.request.mediaType,
            headers: headers)
    }

    func apply(_ application: SignedApplication, headers: [String: String] = [:]) async throws -> Phone.Answer {
        try await send(PhoneRoute.application, application.bytes, inquiry: application.inquiry, headers: headers)
    }

    func challenge(
        _ municipality: String = Sample.mihon, _ kind: String = "domestic", copies: Int = 1, from phone: Phone? = nil
    ) async throws -> Phone.Answer {
        let text = #"{"municipality":"\#(municipality)","kind":"\#(kind)","copies":\#(copies)}"#
        return try await send(PhoneRoute.challenge, Array(text.utf8), from: phone)
    }

    func menu(after: Int64? = nil) async throws -> Menu {
        let answer = try await phone.send(.get, PhoneRoute.menu.path(after: after))
        return try JSONDecoder().decode(Menu.self, from: Data(answer.body))
    }

    /// The menu once a condition holds; it polls as apps do.
    func menu(until condition: (Menu) -> Bool) async throws -> Menu {
        var menu = try await menu()
        while !condition(menu) { menu = try await self.menu(after: menu.revision) }
        return menu
    }

    /// Waits until the service knows the policy that was set last.
    func policyChanged(_ change: () -> Void) async throws {
        let before = try await menu().revision
        change()
        _ = try await menu { $0.revision != before }
    }

    static func municipality(_ code: String) throws -> Municipality {
        Municipality(
            code: try #require(MunicipalityCode(code)), prefecture: "見本県", name: "見本市", prefectureEnglish: "Mihon",
            nameEnglish: "Mihon City")
    }

    static func with(_ settings: Settings = .init(), _ body: @Sendable (World) async throws -> Void) async throws {
        let sample = try Sample.get()
        let servers = try IssuingAuthority.create(commonName: "servers", now: .now)
        let wallets = try IssuingAuthority.create(commonName: "wallets", now: .now)
        func identity(_ issued: IssuingAuthority.Issued) throws -> TLSIdentity {
            let identity = issued.key.flatMap { TLSIdentity(chain: [issued.certificate], key: $0) }
            return try #require(identity)
        }
        func port(_ ready: ReadyLine, _ name: String) async throws -> Int {
            let address = try #require(try await ready.addresses[name])
            return try #require(address.split(separator: ":").last.flatMap { Int($0) })
        }
        let server = try identity(try servers.server(commonName: "server", hosts: ["127.0.0.1"], now: .now))
        let vrs = FakeRecordSystem(sample.statement)
        let vrsReady = ReadyLine(["vrs"]) { _ in }
        let vrsRouter = Router.exchange(listener: "vrs", metrics: PrometheusFactory())
        vrs.routes(vrsRouter)
        let quiet = Logger(label: "vrs") { _ in SwiftLogNoOpLogHandler() }
        let vrsListener = try mutualTLSListener(
            ListenerConfiguration(
                name: "vrs", host: "127.0.0.1", port: 0, identity: server,
                clientAuthorities: CertificateAuthorities([wallets.certificate]), limits: .init()), router: vrsRouter,
            problem: ProblemCode.self, ready: vrsReady, metrics: PrometheusFactory(), logger: quiet, now: { .now })
        let vrsGroup = ServiceGroup(configuration: .init(services: [vrsListener], logger: quiet))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            var vrsPort = 1  // nobody listens there
            if settings.startsVRS {
                tasks.addTask {
                    defer { vrsReady.end() }
                    try await vrsGroup.run()
                }
                vrsPort = try await port(vrsReady, "vrs")
            }
            let configuration = WalletConfiguration(
                phone: .init(host: "127.0.0.1", port: 0, identity: server),
                operations: .init(host: "127.0.0.1", port: 0),
                recordSystem: RecordSystemConfiguration(
                    url: "https://127.0.0.1:\(vrsPort)",
                    identity: try identity(try wallets.client(commonName: "wallet", now: .now)),
                    authorities: CertificateAuthorities([servers.certificate]),
                    applicationTimeout: settings.applicationTimeout, challengeTimeout: settings.challengeTimeout,
                    lostAfter: settings.lostAfter,
                    silentAfter: settings.silentAfter),
                cards: try sample.authority.authorities(),
                devices: try #require(DeviceAuthorities(der: [sample.devices.certificate])),
                hours: try #require(settings.hours),
                participants: [
                    .init(municipality: try municipality(Sample.mihon), kinds: [.domestic, .overseas]),
                    .init(municipality: try municipality("131024"), kinds: [.domestic]),
                ], applicationsAtOnce: settings.applicationsAtOnce, enrolmentsAtOnce: settings.enrolmentsAtOnce,
                queriesAtOnce: settings.queriesAtOnce, currentInterval: settings.interval,
                limits: settings.limits)
            let (lines, readyLines, metrics) = (Lines(), Lines(), PrometheusFactory())
            let ready = ReadyLine(Wallet.listenerNames) { readyLines.keep($0) }
            let wallet = try Wallet.build(
                configuration, ready: ready, metrics: metrics, logger: lines.logger(),
                now: { settings.clock.now })
            let group = ServiceGroup(configuration: .init(services: wallet.services, logger: lines.logger()))
            tasks.addTask {
                defer { ready.end() }
                try await group.run()
            }
            let world = World(
                sample: sample, vrs: vrs, lines: lines, metrics: metrics,
                phone: Phone(
                    port: try await port(ready, "phone"),
                    authorities: CertificateAuthorities([servers.certificate])), clock: settings.clock,
                readyLines: readyLines, stopVRS: { await vrsGroup.triggerGracefulShutdown() })
            let outcome: Result<Void, any Error>
            do {
                if settings.startsVRS { _ = try await world.menu { $0.closed != .upstreamUnavailable } }
                outcome = .success(try await body(world))
            } catch { outcome = .failure(error) }
            vrs.released.continuation.finish()
            await group.triggerGracefulShutdown()
            await vrsGroup.triggerGracefulShutdown()
            try await tasks.waitForAll()
            try outcome.get()
        }
    }
}
