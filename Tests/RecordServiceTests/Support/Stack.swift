import CardChip
import CheckedConfiguration
import Crypto
import Exchange
import ExchangeSupport
import Foundation
import HTTPServer
import Logging
import MutualTLS
import RecordService
import RecordSupport
import Records
import Signing
import SimulatedCard
import Synchronization
import TestSupport
import Testing
import Vaccination

/// A clock that stands still until a test moves it.
final class TestClock: Sendable {
    private let time: Mutex<Date>

    init(_ start: Date) { time = Mutex(start) }

    var now: Date { time.withLock { $0 } }
    func advance(_ seconds: Double) { time.withLock { $0 += seconds } }
}

/// Everything that was logged.
final class LogCapture: Sendable {
    private let lines = Mutex<[String]>([])

    var text: String { lines.withLock { $0.joined() } }
    var logger: Logger {
        Logger(label: "test") { label in
            JSONLogHandler(label: label, level: .trace) { bytes in
                self.lines.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
            }
        }
    }
}

/// A record system over a real store in a folder of its own, with a clock that the test moves.
final class Stack: Sendable {
    static let mihon = municipality("990019", "見本市", "Mihon City")
    static let rei = municipality("990027", "例町", "Rei Town")
    /// 2026-11-21 10:00 in Japan.
    static let start = Date(timeIntervalSince1970: 1_795_222_800)
    static let today = CalendarDate(iso: "2026-11-21")

    let folder: String
    let clock: TestClock
    let logs = LogCapture()
    let configuration: VRSConfiguration
    let store: FaultyStore
    let system: VRS
    let metrics = PrometheusFactory()
    let ready: ReadyLine
    /// Signs SMART Health Cards.
    let signer: FaultySigner
    /// Signs VDS-NC.
    let vdsncSigner: FaultySigner

    /// - Parameters:
    ///   - limits: the `limits` of the configuration, YAML.
    ///   - folder: an earlier stack's folder, to start again on the same data.
    ///   - hasDocumentSigner: whether overseas certificates carry an EU code.
    init(
        limits: String = "{perPersonAndDay: 5}", folder: String? = nil, clock: TestClock = TestClock(Stack.start),
        hasDocumentSigner: Bool = true, servesPhones: Bool = false, phoneSettings: String = ""
    ) async throws {
        ready = ReadyLine(VRSListeners.names(servesPhones: servesPhones)) { _ in }
        self.folder = folder ?? NSTemporaryDirectory() + "akashi-vrs-\(UUID().uuidString)"
        self.clock = clock
        let keys = self.folder + "/keys"
        _ = try await DevelopmentKeys(folder: keys, now: Stack.start - 86_400).make(
            terminals: 3, regions: [Stack.mihon.code, Stack.rei.code])
        try TestCards.authority.publicPEM().write(
            toFile: keys + "/trust/card/\(Hexadecimal.text(TestCards.authority.keyID)).pem", atomically: true,
            encoding: .utf8)
        if servesPhones { try TestMakers.write(to: keys) }
        let text = Stack.yaml(
            keys: keys, records: self.folder + "/records", limits: limits, hasDocumentSigner: hasDocumentSigner,
            servesPhones: servesPhones, phoneSettings: phoneSettings)
        let file = try ConfigurationFile(text: text, name: "vrs.yaml", folder: self.folder)
        var configuration = try await VRSConfiguration(file, development: true, now: Stack.start)
        signer = FaultySigner(configuration.signers.keys.active)
        configuration.signers.keys = try await .init(active: signer)
        if let vdsnc = configuration.signers.vdsnc {
            vdsncSigner = FaultySigner(vdsnc.signer.key)
            configuration.signers.vdsnc?.signer.key = vdsncSigner
        } else {
            vdsncSigner = signer
        }
        self.configuration = configuration
        store = FaultyStore(
            try SQLiteRecordStore(
                folder: configuration.recordFolder, keys: configuration.regionKeys,
                journal: configuration.journal, regions: configuration.regions))
        system = try await VRS.build(
            configuration, store: store, ready: ready, metrics: metrics, logger: logs.logger, now: { clock.now })
        if folder == nil {
            for number in 1...2 { try await enrol(number) }
        }
    }

    deinit { if !isKept.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: folder) } }
    private let isKept = Mutex(false)

    /// Another record system on the same data, as after a crash.
    func restarted() async throws -> Stack {
        isKept.withLock { $0 = true }
        return try await Stack(folder: folder, clock: clock)
    }

    private func enrol(_ number: Int) async throws {
        let identity = try TestTerminal(folder, number)
        guard
            let terminal = EnrolledTerminal(
                id: identity.id, shop: "見本店", certificateHash: identity.hash, certificateDER: try identity.der,
                notAfter: Stack.start + 86_400 * 300, enrolledAt: clock.now)
        else { throw TestFailure("terminal") }
        try await store.enrol(terminal, now: clock.now)
        try await system.control.refresh()
    }

    /// Writes people to a region.
    func write(_ people: TestPerson..., in region: Municipality = Stack.mihon) async throws {
        _ = try await store.write(try people.map { try $0.record() }, in: region.code, now: clock.now)
    }

    /// A session of a person at terminal T0001, up to its application.
    func session(
        _ person: TestPerson, _ kind: CertificateKind = .domestic, in region: Municipality = Stack.mihon,
        terminal: Int = 1,
        challenge: [UInt8]? = nil
    ) throws -> TestSession {
        try TestSession(
            person, request: request(kind, in: region), terminal: try TestTerminal(folder, terminal),
            challenge: challenge ?? Array(try system.issuing.challenge().challenge))
    }

    /// Sends a session's application and opens the answer.
    func issue(_ session: TestSession) async throws -> Answer {
        do throws(ApplicationFailure) {
            return try await session.signed.send(
                to: InProcessService(system: system), answeredBy: [configuration.sealingKey.publicKey],
                repeating: .once,
                on: ContinuousClock())
        } catch {
            switch error {
            case .refused(let refusal): throw refusal.code
            case .service(.refused(let code)): throw code
            default: throw error
            }
        }
    }

    /// The certificate in a session's sealed answer; throws the code of a refusal.
    func open(_ sealed: [UInt8], _ session: TestSession) throws -> Answer {
        switch try session.signed.open(sealed, from: configuration.sealingKey.publicKey) {
        case .issued(let answer): return answer
        case .refused(let refusal): throw refusal.code
        }
    }

    /// The refusal in the sealed answer to an application; `nil` if there is none.
    func sealedRefusal(_ session: TestSession, bytes: [UInt8]? = nil) async throws -> Refusal? {
        let sealed = try await system.issuing.issue(bytes ?? session.application, inquiry: session.inquiry)
        guard case .refused(let refusal) = try session.signed.open(sealed, from: configuration.sealingKey.publicKey)
        else { return nil }
        return refusal
    }

    /// The code with which an application is refused; `nil` if it is not.
    func refusal(_ session: TestSession) async -> ProblemCode? {
        do {
            _ = try await issue(session)
            return nil
        } catch {
            return error as? ProblemCode
        }
    }

    private static func municipality(_ code: String, _ name: String, _ english: String) -> Municipality {
        guard let code = MunicipalityCode(code) else { preconditionFailure("the check digit is wrong") }
        return Municipality(
            code: code, prefecture: "見本県", name: name, prefectureEnglish: "Mihon Prefecture", nameEnglish: english)
    }

    /// A configuration as an operator writes it.
    static func yaml(
        keys: String, records: String, limits: String, hasDocumentSigner: Bool = true, servesPhones: Bool = false,
        phoneSettings: String = ""
    ) -> String {
        func region(_ m: Municipality, _ kinds: String) -> String {
            """
              - {code: "\(m.code)", prefecture: \(m.prefecture), name: \(m.name), prefectureEnglish: \(m.prefectureEnglish), \
            nameEnglish: \(m.nameEnglish), kinds: [\(kinds)]}
            """
        }
        return """
            listen:
              centre: {address: 127.0.0.1, port: 0, certificate: \(keys)/vrs/centre-entrance.pem, \
            key: \(keys)/vrs/centre-entrance.key.pem, clientAuthorities: [\(keys)/centre/client-ca.pem]}
              inner: {address: 127.0.0.1, port: 0, certificate: \(keys)/vrs/inner.pem, key: \(keys)/vrs/inner.key.pem, \
            clientAuthorities: [\(keys)/operator/ca.pem]}
              operations: {port: 0}
            \(servesPhones ? walletListener(keys) : "")
            records: {folder: \(records), journal: \(records)-journal, keys: \(keys)/vrs/regions, rootKey: \(keys)/vrs/root-signing.pem}
            regions:
            \(region(mihon, "domestic, overseas"))
            \(region(rei, "domestic"))
            issuer: {url: \(DevelopmentKeys.issuerURL), name: \(DevelopmentKeys.issuerName), key: \(keys)/vrs/shc-signing.pem}
            seal: {key: \(keys)/vrs/seal-signing.pem, certificate: \(keys)/vrs/seal-signer.pem, \
            authorities: [\(keys)/vrs/csca.pem], revocationLists: [\(keys)/vrs/csca.crl.pem]}
            \(hasDocumentSigner ? document(keys) : "")
            answers: {key: \(keys)/vrs/answer-sealing.key.pem}
            challenges: {key: \(keys)/vrs/challenge.key}
            clients: \(keys)/vrs/clients.yaml
            terminals: {authorities: [\(keys)/terminals/ca.pem], issuing: {certificate: \(keys)/terminals/ca.pem, \
            key: \(keys)/terminals/ca.key.pem}}
            cards: {authorities: \(keys)/trust/card, acceptSimulated: true}
            templates: \(repository)/templates
            limits: \(limits)
            \(servesPhones ? phones(keys, records, phoneSettings) : "")

            """
    }

    private static func walletListener(_ keys: String) -> String {
        """
          wallet: {address: 127.0.0.1, port: 0, certificate: \(keys)/vrs/wallet-entrance.pem, \
        key: \(keys)/vrs/wallet-entrance.key.pem, clientAuthorities: [\(keys)/wallet/client-ca.pem]}
        """
    }

    private static func phones(_ keys: String, _ records: String, _ settings: String) -> String {
        """
        phones:
          statementKey: \(keys)/vrs/phone-statement.pem
          answerKey: \(keys)/vrs/phone-answer.key.pem
          uploadKeys: \(records)-upload-keys
          masterKey: \(keys)/vrs/phone-master.key
          devices: {authorities: [\(keys)/vrs/devices-ca.pem], certificate: \(keys)/vrs/devices-ca.pem, \
        key: \(keys)/vrs/devices-ca.key.pem}
          attestation: {development: {roots: [\(keys)/attester.pem], apps: [{package: \(TestMakers.package), \
        signers: ["\(Hexadecimal.text(TestMakers.signer))"], minimumVersion: 10}]}, \
        ios: {roots: [\(keys)/app-attest.pem], apps: [{team: \(TestMakers.appleTeam), bundle: \(TestMakers.appleBundle)}]}}
          passportTrust: \(keys)/trust
          \(settings)
        """
    }

    private static func document(_ keys: String) -> String {
        """
        dcc: {key: \(keys)/vrs/dcc-signing.pem, certificate: \(keys)/vrs/dcc-signer.pem, country: JP, \
        issuer: Akashi development issuer}
        """
    }

    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path
}

func request(_ kind: CertificateKind, in region: Municipality = Stack.mihon) throws -> CertificateRequest {
    CertificateRequest(municipality: region.code, kind: kind, copies: try #require(Copies(1)))
}

func sha256(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }
