import Attestation
import CardChip
import Crypto
import Exchange
import Foundation
import SimulatedAttestation
import SimulatedCard
import TestSupport
import Testing
import Vaccination

/// Cards, devices and keys, made once, and applications of them with one flaw each.
struct Sample: Sendable {
    static let now = Date()
    static let mihon = "131016"

    let authority: SimulatedAuthority
    let card: SimulatedCardFile
    let other: SimulatedCardFile
    let foreign: SimulatedCardFile
    let devices: SimulatedIssuer
    let strangers: SimulatedIssuer
    let deviceKey = P256.Signing.PrivateKey()
    let pinned = P256.Signing.PrivateKey()
    let statement: KeyStatement

    private static let shared = Result { try Sample() }
    static func get() throws -> Sample { try shared.get() }

    private init() throws {
        authority = try .create()
        func card(_ authority: SimulatedAuthority) throws -> SimulatedCardFile {
            let holder = try CardHolder(
                individualNumber: "537686677188", name: "見本　花子", address: "見本県見本市１－１", birthDate: "19800217",
                sexDigit: 2)
            return try .make(holder: holder, pin: "1234", authority: authority)
        }
        self.card = try card(authority)
        other = try card(authority)
        foreign = try card(.create())
        let terms = SimulatedIssuer.Terms(from: Self.now - 86_400, until: Self.now + 86_400 * 365)
        devices = try SimulatedIssuer(root: "Devices", .p256, terms)
        strangers = try SimulatedIssuer(root: "Devices", .p256, terms)
        statement = try Self.statement(from: -3600, to: 36_000, pinned)
    }

    /// A statement that holds between two times from now, in seconds.
    static func statement(from: Double, to: Double, _ pinned: P256.Signing.PrivateKey) throws -> KeyStatement {
        let begin = UInt64(now.timeIntervalSince1970 + from)
        let made = try KeyStatement(
            seconds: begin..<UInt64(now.timeIntervalSince1970 + to),
            uploadKey: P256.KeyAgreement.PrivateKey().publicKey, answerKey: P256.KeyAgreement.PrivateKey().publicKey
        ) { Array(try pinned.signature(for: $0).rawRepresentation) }
        return try #require(made)
    }

    /// SHA-256 of the device's key, as operators name it.
    var deviceHash: String { Hexadecimal.text(DeviceProofKey.hash(of: deviceKey.publicKey)) }

    /// A device certificate, DER.
    func certificate(
        by issuer: SimulatedIssuer? = nil, from: Double = -3600, until: Double = 86_400 * 90,
        uri: String = "urn:akashi:device:platform=android;level=tee;app=jp.example;version=7;patches=202510;model=A%2FB"
    ) throws -> [UInt8] {
        var terms = SimulatedIssuer.Terms(from: Self.now + from, until: Self.now + until)
        terms.isAuthority = false
        let name = DERWriter.value(0x86, Array(uri.utf8))
        terms.extensions = [.init("2.5.29.17", DERWriter.value(0x30, name))]
        return try (issuer ?? devices).certify("device", deviceKey.publicKey, terms)
    }

    /// An application's bytes; every part can be another than the right one.
    func application(
        _ kind: CertificateKind = .domestic, municipality: String = mihon, certificate: [UInt8]? = nil,
        statement: KeyStatement? = nil, files: SimulatedCardFile? = nil, chip: SimulatedCardFile? = nil,
        provedBy prover: P256.Signing.PrivateKey? = nil, keys: SessionKeys = SessionKeys()
    ) async throws -> SignedApplication {
        let statement = statement ?? self.statement
        // By the statement's own time: one that has ended is a flaw, too.
        let stated = statement.keys(statedBy: [pinned.publicKey], at: statement.notBefore)
        let request = CertificateRequest(
            municipality: try #require(MunicipalityCode(municipality)), kind: kind, copies: .one)
        let prover = prover ?? deviceKey
        let device = PhoneDevice(certificate: try certificate ?? self.certificate()) { message in
            Array(try prover.signature(for: message).derRepresentation)
        }
        let session = PhoneSession(
            device: device, request: request, challenge: [UInt8](repeating: 7, count: 60),
            stated: try #require(stated), keys: keys)
        let card = try CustomerCard(files ?? self.card).present()
        let passport = PassportFiles(
            zone: [UInt8](repeating: 0x61, count: 93), securityObject: [UInt8](repeating: 0x77, count: 2500))
        let draft = try #require(
            try session?.draft(card.files, passport: kind == .overseas ? passport : nil))
        let signer = try chip.map { try CustomerCard($0).chip() } ?? card.chip
        return try await draft.signed(chipSignature: try signer.authenticate(digest: draft.transcript))
    }
}
