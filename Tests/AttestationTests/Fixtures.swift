@testable import Attestation
import Crypto
import Foundation
import SimulatedAttestation
import Vaccination

/// A made-up Android device that may enrol, with all that a test changes by one flaw.
struct AndroidFixture: Sendable {
    static let now = Date(timeIntervalSince1970: 1_764_547_200)  // 2025-12-01
    static let package = "jp.example.akashi"
    static let signer = Array(SHA256.hash(data: Array("a signing certificate".utf8)))
    /// Shared, since an RSA key takes long to make. Its chains have each kind of key.
    static let maker = Result {
        try SimulatedMaker("MIHON", root: .rsa2048, authorities: [.p384, .p256], from: now - day, until: now + day)
    }
    static let day: Double = 86_400

    let maker: SimulatedMaker
    let key = P256.Signing.PrivateKey()
    let challenge = EnrolmentChallenge(token: Array("a token".utf8), platform: .android)

    init(_ maker: SimulatedMaker? = nil) throws { self.maker = try maker ?? Self.maker.get() }

    /// A right statement, changed.
    func statement(_ change: (inout SimulatedStatement) -> Void = { _ in }) -> SimulatedStatement {
        var statement = SimulatedStatement(
            challenge: challenge.bytes, package: .init(name: Self.package, version: 12), signer: Self.signer)
        change(&statement)
        return statement
    }

    /// A right chain with a changed statement.
    func chain(_ change: (inout SimulatedStatement) -> Void = { _ in }) throws -> [[UInt8]] {
        try maker.chain(key.publicKey, statement(change))
    }

    func proof(_ challenge: EnrolmentChallenge? = nil) throws -> [UInt8] {
        let message = DeviceProof.enrolment(challenge ?? self.challenge)
        return Array(try key.signature(for: SHA256.hash(data: message)).derRepresentation)
    }

    static func app(minimumVersion: Int = 10) throws -> AndroidApp {
        try AndroidApp(package: package, signers: [signer], minimumVersion: minimumVersion)
    }

    func policy(
        levels: Set<KeyLevel> = [.tee, .strongBox], minimumVersion: Int = 10, minimumOSVersion: Int? = 130_000,
        minimumPatchLevel: Int? = 202_501, isModelRequired: Bool = true, roots: [AttestationRoot]? = nil,
        revocations: DeviceRevocations = .none
    ) throws -> AttestationPolicy {
        AttestationPolicy(
            android: try AndroidPolicy(
                apps: [Self.app(minimumVersion: minimumVersion)], levels: levels, minimumOSVersion: minimumOSVersion,
                minimumPatchLevel: minimumPatchLevel, isModelRequired: isModelRequired,
                roots: try roots ?? [Self.root(maker.root)], maximumStatusAge: Self.day),
            apple: nil, development: nil, revocations: revocations)
    }

    static func root(_ issuer: SimulatedIssuer) throws -> AttestationRoot {
        guard let root = AttestationRoot(der: issuer.certificate) else { throw Failure() }
        return root
    }

    struct Failure: Error {}

    static func status(_ entries: [String] = [], fetched: Date = now) -> AndroidStatusList? {
        let members = entries.map { #""\#($0)":{"status":"REVOKED","reason":"KEY_COMPROMISE"}"# }
        return AndroidStatusList(Array(#"{"entries":{\#(members.joined(separator: ","))}}"#.utf8), fetched: fetched)
    }

    /// What a checker says: the key, or why not.
    func check(
        _ chain: [[UInt8]], policy: AttestationPolicy? = nil, status: AndroidStatusList? = Self.status(),
        challenge: EnrolmentChallenge? = nil, proof: [UInt8]?? = nil, keyHash: [UInt8]? = nil,
        at now: Date = Self.now
    ) throws -> Result<AttestedDeviceKey, AttestationRefusal> {
        let checker = AttestationChecker(policy: try policy ?? self.policy(), status: status)
        let proof = try proof ?? self.proof(challenge)
        return Result { () throws(AttestationRefusal) in
            let attestation = try Attestation(platform: .android, bytes: Array(chain.joined()))
            return try checker.check(
                attestation, challenge: challenge ?? self.challenge, proof: proof, keyHash: keyHash, at: now)
        }
    }
}

extension Result where Failure == AttestationRefusal {
    /// Why something was refused; `nil` if it was not.
    var refusal: AttestationRefusal? { if case .failure(let refusal) = self { refusal } else { nil } }
}

/// A made-up Apple device and the service that attests its key.
struct AppleFixture: Sendable {
    static let now = AndroidFixture.now
    static let app = "A1B2C3D4E5.jp.example.akashi"
    static let service = Result { try SimulatedAppAttest(from: now - 86_400, until: now + 86_400) }

    let service: SimulatedAppAttest
    let key = P256.Signing.PrivateKey()
    let challenge = EnrolmentChallenge(token: Array("a token".utf8), platform: .ios)

    init() throws { service = try Self.service.get() }

    func statement(_ change: (inout SimulatedAppAttest.Statement) -> Void = { _ in }) -> SimulatedAppAttest.Statement {
        var statement = SimulatedAppAttest.Statement(
            key: key, app: Self.app, clientDataHash: challenge.bytes, time: Self.now)
        change(&statement)
        return statement
    }

    func attestation(_ change: (inout SimulatedAppAttest.Statement) -> Void = { _ in }) throws -> [UInt8] {
        try service.attestation(statement(change))
    }

    func policy(
        environments: Set<AppleEnvironment> = [.production], roots: [AttestationRoot]? = nil,
        revocations: DeviceRevocations = .none
    ) throws -> AttestationPolicy {
        AttestationPolicy(
            android: nil,
            apple: try ApplePolicy(
                apps: [AppleApp(team: "A1B2C3D4E5", bundle: "jp.example.akashi")], environments: environments,
                roots: try roots ?? [AndroidFixture.root(service.root)]),
            development: nil, revocations: revocations)
    }

    func check(
        _ bytes: [UInt8], policy: AttestationPolicy? = nil, challenge: EnrolmentChallenge? = nil, proof: [UInt8]? = nil,
        keyHash: [UInt8]? = nil, at now: Date = Self.now
    ) throws -> Result<AttestedDeviceKey, AttestationRefusal> {
        let checker = AttestationChecker(policy: try policy ?? self.policy(), status: nil)
        return Result { () throws(AttestationRefusal) in
            try checker.check(
                try Attestation(platform: .ios, bytes: bytes), challenge: challenge ?? self.challenge, proof: proof,
                keyHash: keyHash, at: now)
        }
    }
}

/// An authority for device certificates.
struct DeviceIssuer: Sendable {
    private let issuer: SimulatedIssuer

    init() throws {
        issuer = try SimulatedIssuer(
            root: "MIHON devices", .p256,
            .init(from: AndroidFixture.now - AndroidFixture.day, until: AndroidFixture.now + AndroidFixture.day))
    }

    func authorities() throws -> DeviceAuthorities {
        guard let authorities = DeviceAuthorities(der: [issuer.certificate]) else { throw AndroidFixture.Failure() }
        return authorities
    }

    /// A certificate for a key, or one that says something else of it.
    func certificate(of key: AttestedDeviceKey, saying uri: String? = nil) throws -> [UInt8] {
        var terms = SimulatedIssuer.Terms(from: AndroidFixture.now - 60, until: AndroidFixture.now + 60)
        terms.isAuthority = false
        let name = DERWriter.value(0x86, Array((uri ?? DeviceCertificate.uri(of: key)).utf8))
        terms.extensions = [.init("2.5.29.17", DERWriter.value(0x30, name))]
        return try issuer.certify("device", key.publicKey, terms)
    }
}
