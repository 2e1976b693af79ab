import CardChip
import CentreService
import Crypto
import Exchange
import ExchangeServer
import ExchangeSupport
import Foundation
import FoundationNetworking
import HTTPServer
import HTTPTypes
import Hummingbird
import Logging
import MutualTLS
import NIOCore
import ServiceLifecycle
import Signing
import SimulatedCard
import Synchronization
import Testing
import Vaccination

/// Two simulated cards under one authority and one under another, made once: generating keys takes long.
struct Cards: Sendable {
    let authority: SimulatedAuthority
    let first: SimulatedCardFile
    let second: SimulatedCardFile
    let foreign: SimulatedCardFile

    private static let shared = Result { try Cards() }
    static func get() throws -> Cards { try shared.get() }

    private init() throws {
        authority = try .create()
        first = try .make(holder: Self.holder("見本　花子"), pin: "1234", authority: authority)
        second = try .make(holder: Self.holder("見本　次郎"), pin: "1234", authority: authority)
        foreign = try .make(holder: Self.holder("見本　三郎"), pin: "1234", authority: .create())
    }

    private static func holder(_ name: String) throws -> CardHolder {
        try CardHolder(
            individualNumber: "537686677188", name: name, address: "見本県見本市１－１", birthDate: "19800217", sexDigit: 2)
    }
}

extension SimulatedCardFile {
    /// The five files, read with the PIN as a terminal reads them.
    func read() throws -> CardFiles { try CustomerCard(self).present().files }

    /// The chip's signature.
    func sign(_ digest: SHA256Digest) throws -> [UInt8] { try CustomerCard(self).chip().authenticate(digest: digest) }
}

/// A clock that stands still until it is set.
final class Clock: Sendable {
    private let time: Mutex<Date>

    init(minutesInJapan: Int) { time = Mutex(Self.date(minutesInJapan)) }
    var now: Date { time.withLock { $0 } }
    func set(minutesInJapan: Int) { time.withLock { $0 = Self.date(minutesInJapan) } }

    /// That time on 2026-11-20 in Japan, nine hours ahead of UTC.
    private static func date(_ minutes: Int) -> Date {
        Date(timeIntervalSince1970: 1_795_132_800 - 9 * 3600 + Double(minutes) * 60)
    }
}

/// Log lines, kept.
final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }

    func keep(_ line: String) { lines.withLock { $0.append(line) } }

    func logger() -> Logger {
        Logger(label: "centre") { label in
            JSONLogHandler(label: label, level: .trace) { line in
                self.lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
            }
        }
    }
}

extension TestTerminal {
    init(_ id: String, by authority: IssuingAuthority, now: Date = .now) throws {
        self.init(id, try #require(try authority.client(commonName: id, now: now).identity))
    }

    func accessEntry(revoked: Bool = false, suspended: Bool = false) -> AccessState.Terminal {
        .init(
            id: id, certificateHash: hash.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined(),
            isRevoked: revoked, isSuspended: suspended)
    }

    /// An application's bytes; every part can be another than the right one.
    func application(
        _ card: SimulatedCardFile, chip: SimulatedCardFile? = nil, files: CardFiles? = nil,
        municipality: MunicipalityCode? = nil, kind: CertificateKind = .domestic, channel: Exchange.Channel = .kiosk,
        certificateHash: [UInt8]? = nil, signedBy key: P256.Signing.PrivateKey? = nil, keys: SessionKeys = SessionKeys()
    ) throws -> [UInt8] {
        let draft = try draft(
            files ?? card.read(), municipality: municipality, kind: kind, channel: channel,
            certificateHash: certificateHash, signedBy: key, keys: keys)
        return try draft.signed(chipSignature: try (chip ?? card).sign(draft.transcript)).bytes
    }

    /// What the chip is to sign.
    func draft(
        _ files: CardFiles, municipality: MunicipalityCode? = nil, kind: CertificateKind = .domestic,
        channel: Exchange.Channel = .kiosk, certificateHash: [UInt8]? = nil,
        signedBy key: P256.Signing.PrivateKey? = nil, keys: SessionKeys = SessionKeys()
    ) throws -> ApplicationDraft {
        let request = CertificateRequest(
            municipality: try municipality ?? World.mihon, kind: kind, copies: try #require(Copies(1)))
        return ApplicantSession(
            device: device(channel: channel, certificateHash: certificateHash, signedBy: key), request: request,
            challenge: [UInt8](repeating: 7, count: 60), keys: keys
        ).draft(files)
    }
}

/// A centre with a fake `vrs` behind it, both on loopback over TLS.
struct World: Sendable {
    /// Takes part with both kinds.
    static var mihon: MunicipalityCode { get throws { try #require(MunicipalityCode("131016")) } }
    /// Takes part without the overseas kind.
    static var noOverseas: MunicipalityCode { get throws { try #require(MunicipalityCode("131024")) } }
    /// Does not take part.
    static var absent: MunicipalityCode { get throws { try #require(MunicipalityCode("131032")) } }

    let terminals: [TestTerminal]
    let vrs: FakeRecordSystem
    let lines: Lines
    let metrics: PrometheusFactory
    let port: Int
    /// What the program prints when its ports are open.
    let readyLines: Lines
    /// The operations listener's address.
    let operations: String
    let terminalAuthority: IssuingAuthority
    let serverAuthority: IssuingAuthority
    let stopVRS: @Sendable () async -> Void
    let stop: @Sendable () async -> Void

    struct Settings: Sendable {
        var hours = ServiceHours(opens: 0, closes: 1440)
        var applicationTimeout: Duration = .seconds(10)
        var lostAfter: Duration = .seconds(10)
        /// Longer than a busy machine lets anybody wait.
        var silentAfter: Duration = .seconds(40)
        var pollPauses: (minimum: Duration, maximum: Duration) = (.milliseconds(200), .seconds(2))
        var limits = ListenerLimits()
        var applicationsAtOnce = 256
        var startsVRS = true
        var now: @Sendable () -> Date = { .now }
    }

    func client(_ terminal: TestTerminal) -> MutualTLSClient { client(terminal.identity) }

    func client(_ identity: TLSIdentity) -> MutualTLSClient {
        MutualTLSClient(
            baseURL: "https://127.0.0.1:\(port)", identity: identity,
            authorities: CertificateAuthorities([serverAuthority.certificate]))
    }

    /// Sends one request of a terminal on a connection of its own.
    func send(
        _ terminal: TestTerminal, _ method: HTTPRequest.Method, _ path: String, _ body: [UInt8] = [], type: String = "",
        inquiry: InquiryNumber? = InquiryNumber(), timeout: Duration = .seconds(30)
    ) async throws -> MutualTLSClient.Response {
        let client = client(terminal)
        do {
            let response = try await client.send(
                method, path, headers: inquiry.map { [.inquiry: $0.text] } ?? [:],
                body: type.isEmpty ? nil : (ByteBuffer(bytes: body), type), timeout: timeout)
            try await client.shutdown()
            return response
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    /// What the machine's supervisor is told of the centre's readiness: the status and the text.
    func readiness() async throws -> (status: Int, text: String) {
        let url = try #require(URL(string: "http://\(operations)/ready"))
        let (data, response) = try await URLSession.shared.data(from: url)
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
    }

    func challenge(
        _ terminal: TestTerminal, municipality: MunicipalityCode? = nil, kind: CertificateKind = .domestic
    ) async throws -> MutualTLSClient.Response {
        let request = CertificateRequest(
            municipality: try municipality ?? World.mihon, kind: kind, copies: try #require(Copies(1)))
        return try await send(
            terminal, .post, "/v1/challenge", Array(JSONEncoder().encode(request)), type: "application/json")
    }

    func apply(_ terminal: TestTerminal, _ application: [UInt8], inquiry: InquiryNumber = .init()) async throws
        -> MutualTLSClient.Response
    {
        try await send(terminal, .post, "/v1/application", application, type: Application.mediaType, inquiry: inquiry)
    }

    func menu(_ terminal: TestTerminal, after: Int64? = nil) async throws -> Menu {
        let path = "/v1/menu" + (after.map { "?after=\($0)" } ?? "")
        let response = try await send(terminal, .get, path, inquiry: nil)
        if let problem = response.problem { throw problem.code }
        return try JSONDecoder().decode(Menu.self, from: Data(response.body.readableBytesView))
    }

    /// The menu once a condition holds; it polls as terminals do.
    func menu(_ terminal: TestTerminal, until condition: (Menu) -> Bool) async throws -> Menu {
        var menu = try await menu(terminal)
        while !condition(menu) { menu = try await self.menu(terminal, after: menu.revision) }
        return menu
    }

    static func with(_ settings: Settings = .init(), _ body: @Sendable (World) async throws -> Void) async throws {
        let servers = try IssuingAuthority.create(commonName: "servers", now: .now)
        let terminalAuthority = try IssuingAuthority.create(commonName: "terminals", now: .now)
        let centres = try IssuingAuthority.create(commonName: "centres", now: .now)
        // Valid by the machine's clock, which the handshake has, and by the test's own.
        let issued = min(.now, settings.now())
        let terminals = try (1...3).map { try TestTerminal("T000\($0)", by: terminalAuthority, now: issued) }
        let vrs = FakeRecordSystem(terminals.prefix(2).map { $0.accessEntry() })
        let lines = Lines()
        func server() throws -> TLSIdentity {
            let issued = try servers.server(commonName: "server", hosts: ["127.0.0.1"], now: .now)
            return try #require(issued.identity)
        }
        func listen(_ name: String, _ authority: IssuingAuthority, _ limits: ListenerLimits = .init()) throws
            -> ListenerConfiguration
        {
            ListenerConfiguration(
                name: name, host: "127.0.0.1", port: 0, identity: try server(),
                clientAuthorities: CertificateAuthorities([authority.certificate]), limits: limits)
        }
        func port(_ ready: ReadyLine, _ name: String) async throws -> Int {
            let address = try #require(try await ready.addresses[name])
            return try #require(address.split(separator: ":").last.flatMap { Int($0) })
        }

        let vrsReady = ReadyLine(["vrs"]) { _ in }
        let vrsRouter = Router.exchange(listener: "vrs", metrics: PrometheusFactory())
        vrs.routes(vrsRouter)
        let quiet = Logger(label: "vrs") { _ in SwiftLogNoOpLogHandler() }
        let vrsListener = try mutualTLSListener(
            listen("vrs", centres), router: vrsRouter, problem: ProblemCode.self, ready: vrsReady,
            metrics: PrometheusFactory(), logger: quiet, now: { .now })
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
            let centreIdentity = try centres.client(commonName: "centre", now: .now)
            let municipality = { (code: MunicipalityCode) in
                Municipality(
                    code: code, prefecture: "見本県", name: "見本市", prefectureEnglish: "Mihon", nameEnglish: "Mihon City")
            }
            let configuration = CentreConfiguration(
                terminal: try listen("terminal", terminalAuthority, settings.limits),
                operations: .init(host: "127.0.0.1", port: 0),
                recordSystem: RecordSystemConfiguration(
                    url: "https://127.0.0.1:\(vrsPort)",
                    identity: try #require(centreIdentity.identity),
                    authorities: CertificateAuthorities([servers.certificate]),
                    applicationTimeout: settings.applicationTimeout, challengeTimeout: .seconds(5),
                    lostAfter: settings.lostAfter, silentAfter: settings.silentAfter, pollPauses: settings.pollPauses),
                cards: try Cards.get().authority.authorities(), hours: try #require(settings.hours),
                participants: [
                    .init(municipality: municipality(try mihon), kinds: [.domestic, .overseas]),
                    .init(municipality: municipality(try noOverseas), kinds: [.domestic]),
                ], applicationsAtOnce: settings.applicationsAtOnce)
            let metrics = PrometheusFactory()
            let readyLines = Lines()
            let ready = ReadyLine(Centre.listenerNames) { readyLines.keep($0) }
            let group = ServiceGroup(
                configuration: .init(
                    services: try Centre.build(
                        configuration, ready: ready, metrics: metrics, logger: lines.logger(), now: settings.now
                    ).services,
                    logger: lines.logger()))
            tasks.addTask {
                defer { ready.end() }
                try await group.run()
            }
            let world = World(
                terminals: terminals, vrs: vrs, lines: lines, metrics: metrics, port: try await port(ready, "terminal"),
                readyLines: readyLines, operations: try #require(try await ready.addresses["operations"]),
                terminalAuthority: terminalAuthority, serverAuthority: servers,
                stopVRS: { await vrsGroup.triggerGracefulShutdown() }, stop: { await group.triggerGracefulShutdown() })
            let outcome: Result<Void, any Error>
            do {
                if settings.startsVRS { _ = try await world.menu(terminals[0]) { $0.closed != .upstreamUnavailable } }
                outcome = .success(try await body(world))
            } catch {
                outcome = .failure(error)
            }
            vrs.released.continuation.finish()
            await group.triggerGracefulShutdown()
            await vrsGroup.triggerGracefulShutdown()
            try await tasks.waitForAll()
            try outcome.get()
        }
    }
}
