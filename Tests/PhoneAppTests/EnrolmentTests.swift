import Attestation
import CheckedConfiguration
import Crypto
import Exchange
import ExchangeSupport
import Foundation
import PhoneApp
import SimulatedAttestation
import Synchronization
import TestSupport
import Testing
import Vaccination

/// A device's enrolment, what is kept of it, its revocation, and queries for what is current.
@Suite struct EnrolmentTests {
    let world: PhoneWorld

    init() throws { world = try PhoneWorld.shared.get() }

    private static let token = [UInt8](repeating: 3, count: 60)

    private func maker() throws -> SimulatedMaker {
        try SimulatedMaker(
            DevelopmentMark.name, root: .p256, authorities: [], from: PhoneWorld.now - 60,
            until: PhoneWorld.now + 86_400)
    }

    private func enrolment(_ maker: SimulatedMaker, _ key: P256.Signing.PrivateKey) -> PhoneEnrolment {
        PhoneEnrolment(platform: .development, key: key.publicKey) { challenge in
            var statement = SimulatedStatement(
                challenge: challenge.bytes, package: .init(name: "mihon.app", version: 3),
                signer: [UInt8](repeating: 9, count: 32))
            (statement.attestationLevel, statement.keyLevel) = (0, 0)
            let proof = try key.signature(for: DeviceProof.enrolment(challenge))
            return .init(
                attestation: try maker.chain(key.publicKey, statement).flatMap { $0 },
                proof: Array(proof.derRepresentation))
        }
    }

    @Test func `a device enrols with an attestation that is right, and again with the same bytes`() async throws {
        let (maker, key) = (try maker(), P256.Signing.PrivateKey())
        let bodies = Mutex<[[UInt8]]>([])
        let certificate = try PhoneWorld.certificate(key.publicKey)
        let server = try await TestCentre.start(world.pki.identity("wallet"), clients: nil) { request in
            guard request.path == "/v1/enrolment" else {
                return .init(body: try Array(JSONEncoder().encode(DeviceToken(token: Self.token, validSeconds: 600))))
            }
            let count = bodies.withLock { bodies in
                bodies.append(request.body)
                return bodies.count
            }
            // The first answer is lost.
            guard count > 1 else { return nil }
            let answer = EnrolledDeviceAnswer(
                certificate: certificate, revocationCode: "0123-4567-89AB-CDEF")
            return .init(body: try Array(JSONEncoder().encode(answer)))
        }
        let wallet = WalletClient(url: server.url, authorities: world.pki.authority)
        let enrolled = try await enrolment(maker, key).enrol(at: wallet, on: QuickClock())
        await server.stop()
        #expect(enrolled.revocationCode == "0123-4567-89AB-CDEF" && Array(enrolled.certificate) == certificate)
        let sent = bodies.withLock { $0 }
        #expect(sent.count == 2 && Set(sent).count == 1)

        let enrolment = try JSONDecoder().decode(DeviceEnrolment.self, from: Data(try #require(sent.first)))
        #expect((enrolment.platform, Array(enrolment.token)) == ("development", Self.token))
        let app = try AndroidApp(package: "mihon.app", signers: [[UInt8](repeating: 9, count: 32)], minimumVersion: 3)
        let root = try #require(AttestationRoot(der: maker.root.certificate))
        let policy = try DevelopmentPolicy(apps: [app], roots: [root], isDevelopmentMode: true)
        let checker = AttestationChecker(
            policy: AttestationPolicy(android: nil, apple: nil, development: policy, revocations: .none), status: nil)
        let attested = try checker.check(
            Attestation(platform: .development, bytes: Array(enrolment.attestation)),
            challenge: EnrolmentChallenge(token: Self.token, platform: .development),
            proof: enrolment.proof.map { Array($0) }, at: PhoneWorld.now)
        #expect(attested.facts.keyHash == DeviceProofKey.hash(of: key.publicKey))
    }

    @Test(arguments: ["another key", "another platform", "a server's", "no certificate"])
    func `a certificate that is not about the device's own key and platform is not taken`(_ what: String) async throws {
        let (maker, key) = (try maker(), P256.Signing.PrivateKey())
        var behaviour = TestWallet.Behaviour()
        switch what {
        case "another key": behaviour.certificate = try PhoneWorld.certificate(P256.Signing.PrivateKey().publicKey)
        case "another platform":
            behaviour.certificate = try PhoneWorld.certificate(key.publicKey, platform: "android")
        case "a server's":
            let files = try world.pki.files("device", organisation: "mihon")
            let base64 = files.certificate.split(separator: "\n").filter { !$0.hasPrefix("-") }.joined()
            behaviour.certificate = Array(try #require(Data(base64Encoded: base64)))
        default: behaviour.certificate = [UInt8](repeating: 0x30, count: 700)
        }
        let hostile = TestWallet(world, behaviour)
        let server = try await TestCentre.start(world.pki.identity("wallet"), clients: nil) { await hostile.answer($0) }
        let wallet = WalletClient(url: server.url, authorities: world.pki.authority)
        await #expect(throws: ServiceFailure.unusable) {
            try await enrolment(maker, key).enrol(at: wallet, on: QuickClock())
        }
        await server.stop()
    }

    @Test func `the device's key lies in a file of its owner alone, and stays the same`() throws {
        try withFolder { path in
            let folder = DeviceFolder(path: path + "/device")
            #expect(!folder.isEnrolled)
            let key = try folder.key()
            #expect(try folder.key().rawRepresentation == key.rawRepresentation)
            let mode = try FileManager.default.attributesOfItem(atPath: path + "/device/device.key.pem")[
                .posixPermissions]
            #expect(mode as? Int == 0o600)
            #expect(throws: DeviceFolderError.self) { try folder.device() }
            let files = try world.pki.files("device", organisation: "mihon")
            let der = try #require(
                Data(base64Encoded: files.certificate.split(separator: "\n").filter { !$0.hasPrefix("-") }.joined()))
            try folder.keep(EnrolledDeviceAnswer(certificate: Array(der), revocationCode: "0123-4567-89AB-CDEF"))
            #expect(folder.isEnrolled)
            _ = try folder.device()
            // Enrolled anew it takes the old one's place.
            try folder.keep(EnrolledDeviceAnswer(certificate: Array(der), revocationCode: "FFFF-4567-89AB-CDEF"))
            let code = try String(contentsOfFile: path + "/device/revocation.txt", encoding: .utf8)
            #expect(code == "FFFF-4567-89AB-CDEF\n")
        }
    }

    @Test(arguments: CurrentAnswer.allCases)
    func `whether a certificate is current is asked sealed, and the reply is opened`(_ answer: CurrentAnswer)
        async throws
    {
        let token = [UInt8](repeating: 5, count: 120)
        let wallet = TestWallet(world, .init())
        let server = try await TestCentre.start(world.pki.identity("wallet"), clients: nil) { [world] request in
            guard request.path == "/v1/current" else { return await wallet.answer(request) }
            guard let opened = CurrentQuery.Opened(opening: request.body, by: world.uploadKey), opened.token == token
            else { return .refused(.requestMalformed, status: 400) }
            return .init(type: CurrentQuery.replyMediaType, body: try opened.reply(answer))
        }
        let environment = world.environment(server.url)
        let stated = try await environment.statedKeys()
        let client = WalletClient(url: server.url, authorities: world.pki.authority)
        #expect(try await client.current(token: token, by: stated) == answer)
        await server.stop()
    }

    @Test func `a reply to another query is none`() async throws {
        let wallet = TestWallet(world, .init())
        let server = try await TestCentre.start(world.pki.identity("wallet"), clients: nil) { request in
            guard request.path == "/v1/current" else { return await wallet.answer(request) }
            return .init(
                type: CurrentQuery.replyMediaType, body: [UInt8](repeating: 0, count: CurrentQuery.sealedReplyBytes))
        }
        let stated = try await world.environment(server.url).statedKeys()
        let client = WalletClient(url: server.url, authorities: world.pki.authority)
        await #expect(throws: ServiceFailure.unusable) { _ = try await client.current(token: [1], by: stated) }
        await server.stop()
    }

    @Test func `nobody but the pinned authorities vouches for the mobile back end`() async throws {
        let wallet = TestWallet(world, .init())
        let server = try await TestCentre.start(TestPKI().identity("wallet"), clients: nil) { await wallet.answer($0) }
        let client = WalletClient(url: server.url, authorities: world.pki.authority)
        await #expect(throws: ServiceFailure.unreachable) { _ = try await client.menu() }
        #expect(server.asked("/").isEmpty)
        await server.stop()
    }

    // MARK: The configuration

    private func configuration(_ text: String, in path: String) throws -> PhoneConfiguration {
        let files = ["authority.pem": world.pki.authorityPEM, "keys.pem": world.pinned.publicKey.pemRepresentation]
        for (name, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)")) }
        try FileManager.default.createDirectory(atPath: path + "/trust", withIntermediateDirectories: true)
        return try PhoneConfiguration(ConfigurationFile(text: text, name: "phone.yaml", folder: path))
    }

    private static let right = [
        "wallet": "https://127.0.0.1:8443", "ca": "[authority.pem]", "statementKeys": "keys.pem", "trust": "trust",
        "development": "true", "device": "device", "attestation": "attester",
    ]

    private static func text(_ changes: [String: String?]) -> String {
        right.merging(changes.compactMapValues { $0 }) { $1 }.filter { changes[$0.key] != .some(nil) }
            .map { "\($0.key): \($0.value)" }.sorted().joined(separator: "\n")
    }

    @Test func `a configuration is read`() throws {
        try withFolder { path in
            let configuration = try configuration(Self.text([:]), in: path)
            #expect(configuration.wallet == "https://127.0.0.1:8443")
            #expect(configuration.statementKeys.count == 1)
            #expect(configuration.device.path == path + "/device")
            #expect(configuration.attestation == path + "/attester")
        }
    }

    @Test(
        arguments: [
            ["wallet": nil], ["wallet": "http://127.0.0.1"], ["ca": "[nothing.pem]"], ["ca": "[]"],
            ["statementKeys": "authority.pem"], ["trust": "nothing"], ["device": nil], ["development": "false"],
            ["unknown": "1"],
        ] as [[String: String?]])
    func `a configuration with one mistake is refused`(_ changes: [String: String?]) throws {
        try withFolder { path in
            #expect(throws: ConfigurationError.self) { try configuration(Self.text(changes), in: path) }
        }
    }
}
