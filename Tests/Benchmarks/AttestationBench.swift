import Attestation
import Crypto
import Foundation
import SimulatedAttestation

/// Made-up devices of both platforms, a policy that takes them, and what they send.
struct SampleDevices {
    static let now = Date(timeIntervalSince1970: 1_764_547_200)
    private static let day: Double = 86_400
    static let package = "jp.example.akashi"
    static let appleApp = "A1B2C3D4E5.jp.example.akashi"
    static let signer = [UInt8](repeating: 1, count: 32)

    let maker: SimulatedMaker
    let service: SimulatedAppAttest
    let key = P256.Signing.PrivateKey()
    let challenge: EnrolmentChallenge
    let appleChallenge: EnrolmentChallenge
    let statement: SimulatedStatement

    init() throws {
        maker = try SimulatedMaker("MIHON", from: Self.now - Self.day, until: Self.now + Self.day)
        service = try SimulatedAppAttest(from: Self.now - Self.day, until: Self.now + Self.day)
        challenge = EnrolmentChallenge(token: Array("a token".utf8), platform: .android)
        appleChallenge = EnrolmentChallenge(token: Array("a token".utf8), platform: .ios)
        statement = SimulatedStatement(
            challenge: challenge.bytes, package: .init(name: Self.package, version: 12), signer: Self.signer)
    }

    func android() throws -> [UInt8] { Array(try maker.chain(key.publicKey, statement).joined()) }

    func apple() throws -> [UInt8] {
        try service.attestation(
            .init(key: key, app: Self.appleApp, clientDataHash: appleChallenge.bytes, time: Self.now))
    }

    func assertion(of message: [UInt8]) throws -> [UInt8] {
        try SimulatedAppAttest.assertion(
            key, app: Self.appleApp, clientDataHash: Array(SHA256.hash(data: message)), counter: 7)
    }

    func proof() throws -> [UInt8] {
        Array(try key.signature(for: SHA256.hash(data: DeviceProof.enrolment(challenge))).derRepresentation)
    }

    func checker() throws -> AttestationChecker {
        guard let android = AttestationRoot(der: maker.root.certificate),
            let apple = AttestationRoot(der: service.root.certificate),
            let list = AndroidStatusList(Array(#"{"entries":{}}"#.utf8), fetched: Self.now)
        else { throw BenchError("a made-up root or list cannot be read") }
        let policy = AttestationPolicy(
            android: try AndroidPolicy(
                apps: [AndroidApp(package: Self.package, signers: [Self.signer], minimumVersion: 1)],
                levels: [.tee, .strongBox], minimumOSVersion: 120_000, minimumPatchLevel: 202_401,
                isModelRequired: true, roots: [android], maximumStatusAge: 3600),
            apple: try ApplePolicy(
                apps: [AppleApp(team: "A1B2C3D4E5", bundle: "jp.example.akashi")], environments: [.production],
                roots: [apple]),
            development: nil, revocations: .none)
        return AttestationChecker(policy: policy, status: list)
    }
}

/// The check of attestations and of an assertion, from bytes to key, against the signatures that each cannot do without.
enum AttestationBench {
    static func run(_ stopwatch: Stopwatch) async throws -> [Figure] {
        let devices = try SampleDevices()
        let (checker, bare) = (try devices.checker(), try BareSignatures())
        let (chain, proof) = (try devices.android(), try devices.proof())
        let android = try await stopwatch.measure(
            "attestation/check/android",
            against: .work(
                "two bare P-384 and two bare P-256 verifications (swift-crypto)", { try bare.run(p384: 2, p256: 2) })
        ) {
            _ = try checker.check(
                Attestation(platform: .android, bytes: chain), challenge: devices.challenge, proof: proof,
                at: SampleDevices.now)
        }
        let object = try devices.apple()
        let apple = try await stopwatch.measure(
            "attestation/check/apple",
            against: .work("two bare P-384 verifications (swift-crypto)", { try bare.run(p384: 2, p256: 0) })
        ) {
            _ = try checker.check(
                Attestation(platform: .ios, bytes: object), challenge: devices.appleChallenge, proof: nil,
                at: SampleDevices.now)
        }
        let message = DeviceProof.message(overTranscript: [UInt8](repeating: 5, count: 32))
        let assertion = try devices.assertion(of: message)
        let key = DeviceProofKey(platform: .ios, publicKey: devices.key.publicKey, app: SampleDevices.appleApp)
        let proofs = try await stopwatch.measure(
            "attestation/check/assertion",
            against: .work("one bare P-256 verification (swift-crypto)", { try bare.run(p384: 0, p256: 1) })
        ) {
            _ = try key.check(assertion, of: message)
        }
        return [android, apple, proofs]
    }
}

/// ECDSA verifications and nothing else: keys parsed, digests computed beforehand.
private struct BareSignatures {
    private let p256 = P256.Signing.PrivateKey()
    private let p384 = P384.Signing.PrivateKey()
    private let digest = SHA256.hash(data: Array("a bare message".utf8))
    private let longDigest = SHA384.hash(data: Array("a bare message".utf8))
    private let p256Key: P256.Signing.PublicKey
    private let p384Key: P384.Signing.PublicKey
    private let p256Signature: P256.Signing.ECDSASignature
    private let p384Signature: P384.Signing.ECDSASignature

    init() throws {
        (p256Key, p384Key) = (p256.publicKey, p384.publicKey)
        p256Signature = try p256.signature(for: digest)
        p384Signature = try p384.signature(for: longDigest)
    }

    func run(p384 long: Int, p256 short: Int) throws {
        for _ in 0..<long where !p384Key.isValidSignature(p384Signature, for: longDigest) {
            throw BenchError("a right signature was refused")
        }
        for _ in 0..<short where !p256Key.isValidSignature(p256Signature, for: digest) {
            throw BenchError("a right signature was refused")
        }
    }
}

extension SeedFolder {
    /// Attestations, the parts of them that are read by themselves, and the roots that they end at.
    func writeAttestations() throws {
        let devices = try SampleDevices()
        try put("android-attestation", "chain", try devices.android())
        try put("android-attestation", "statement", devices.statement.encoded)
        try put("android-attestation", "root.der", devices.maker.root.certificate)
        try put("apple-attestation", "object", try devices.apple())
        let statement = SimulatedAppAttest.Statement(
            key: devices.key, app: SampleDevices.appleApp, clientDataHash: devices.appleChallenge.bytes,
            time: SampleDevices.now)
        try put("apple-attestation", "authenticator-data", statement.authenticatorData)
        try put("apple-attestation", "root.der", devices.service.root.certificate)
        try put("apple-assertion", "assertion", try devices.assertion(of: [1]))
        try put("apple-assertion", "signature", try devices.proof())
        let list =
            #"{"entries":{"2c8cdddfd5e03bfc":{"status":"REVOKED","expires":"2030-11-13","reason":"KEY_COMPROMISE","comment":"made up"},"6681152659205225093":{"status":"SUSPENDED","reason":"SOFTWARE_FLAW"}}}"#
        try put("attestation-status", "list", Array(list.utf8))
        try writeDeviceCertificate(devices)
    }

    private func writeDeviceCertificate(_ devices: SampleDevices) throws {
        let attestation = try Attestation(platform: .android, bytes: try devices.android())
        let key = try devices.checker().check(
            attestation, challenge: devices.challenge, proof: try devices.proof(), at: SampleDevices.now)
        let day: Double = 86_400
        let authority = try SimulatedIssuer(
            root: "MIHON devices", .p256, .init(from: SampleDevices.now - day, until: SampleDevices.now + day))
        var terms = SimulatedIssuer.Terms(from: SampleDevices.now - day, until: SampleDevices.now + day)
        terms.isAuthority = false
        let uri = DeviceCertificate.uri(of: key)
        let name = DERWriter.value(0x86, Array(uri.utf8))
        terms.extensions = [.init("2.5.29.17", DERWriter.value(0x30, name))]
        try put("device-certificate", "authority", authority.certificate)
        try put("device-certificate", "certificate", try authority.certify("device", key.publicKey, terms))
        try put("device-certificate", "uri", uri.utf8)
    }
}
