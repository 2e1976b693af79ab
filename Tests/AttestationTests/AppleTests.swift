@testable import Attestation
import Credentials
import Crypto
import Foundation
import SimulatedAttestation
import TestSupport
import Testing

/// A made-up Apple device enrols and proves itself, and one flaw refuses it by its name.
@Suite struct AppleTests {
    private let fixture: AppleFixture

    init() throws { fixture = try AppleFixture() }

    @Test func `a right attestation gives the key`() throws {
        let key = try fixture.check(
            fixture.attestation(), keyHash: SimulatedAppAttest.keyID(fixture.key.publicKey)
        ).get()
        #expect(key.publicKey.rawRepresentation == fixture.key.publicKey.rawRepresentation)
        #expect(key.platform == .ios && key.level == .secureEnclave && key.environment == .production)
        #expect(key.facts.app == AppleFixture.app)
        #expect(key.facts.appVersion == nil && key.facts.model == nil && key.facts.patchLevel == nil)
    }

    static let flaws: [(String, AttestationRefusal, @Sendable (inout SimulatedAppAttest.Statement) -> Void)] = [
        ("another format", .malformed, { $0.format = "packed" }),
        ("another client data hash", .challengeDiffers, { $0.clientDataHash[0] ^= 1 }),
        ("another nonce", .challengeDiffers, { $0.nonce = [UInt8](repeating: 0, count: 32) }),
        ("a shorter nonce", .statementMalformed, { $0.nonce = [1] }),
        ("no nonce", .statementMissing, { $0.hasNonce = false }),
        ("another credential", .keyDiffers, { $0.credentialID = [UInt8](repeating: 0, count: 32) }),
        ("a shorter credential", .malformed, { $0.credentialID = [1] }),
        ("another key in the data", .keyDiffers, { $0.publicKey = P256.Signing.PrivateKey().publicKey }),
        ("another key in the certificate", .keyDiffers, { $0.certifiedKey = P256.Signing.PrivateKey().publicKey }),
        ("another team", .appUnknown, { $0.app = "B1B2C3D4E5.jp.example.akashi" }),
        ("another bundle", .appUnknown, { $0.app = "A1B2C3D4E5.jp.example.other" }),
        ("a used key", .keyUsed, { $0.counter = 1 }),
        ("the other environment", .environment, { $0.environmentMark = Array("appattestdevelop".utf8) }),
        ("no environment", .environment, { $0.environmentMark = [UInt8](repeating: 0, count: 16) }),
        ("no attested data", .malformed, { $0.flags = 0 }),
        ("extensions", .malformed, { $0.flags = 0xC0 }),
        ("something behind the key", .malformed, { $0.trailer = [0] }),
        ("no certificate", .chainMalformed, { $0.certificates = [] }),
    ]

    @Test(arguments: flaws.indices)
    func `one flaw of an attestation refuses it by its name`(index: Int) throws {
        let (name, refusal, change) = Self.flaws[index]
        #expect(try fixture.check(fixture.attestation(change)).refusal == refusal, "\(name)")
    }

    @Test func `the development environment is taken where the policy says so`() throws {
        let bytes = try fixture.attestation { $0.environmentMark = Array("appattestdevelop".utf8) }
        let policy = try fixture.policy(environments: [.development])
        #expect(try fixture.check(bytes, policy: policy).get().environment == .development)
        #expect(try fixture.check(fixture.attestation(), policy: policy).refusal == .environment)
    }

    @Test func `an attestation counts in the days of its leaf, and its authority's`() throws {
        let now = AppleFixture.now
        #expect(try fixture.check(fixture.attestation(), at: now - 86_400).refusal == nil)
        #expect(try fixture.check(fixture.attestation { $0.time = now + 86_401 }).refusal == .leafExpired)
        #expect(try fixture.check(fixture.attestation { $0.time = now - 172_801 }).refusal == .leafExpired)
        #expect(
            try fixture.check(fixture.attestation { $0.time = now + 86_401 }, at: now + 86_401).refusal == .chainExpired
        )
    }

    @Test func `the chain has exactly leaf and authority, to the configured root`() throws {
        let leaf = try fixture.service.leaf(fixture.statement())
        let (authority, root) = (fixture.service.authority.certificate, fixture.service.root.certificate)
        let cases: [(AttestationRefusal, [[UInt8]])] = [
            (.chainMalformed, [leaf]), (.chainMalformed, [leaf, authority, root]), (.chainBroken, [leaf, root]),
            (.rootUnknown, [authority, leaf]), (.chainMalformed, [leaf, [0x30, 0]]),
        ]
        for (index, (refusal, certificates)) in cases.enumerated() {
            let bytes = try fixture.attestation { $0.certificates = certificates }
            #expect(try fixture.check(bytes).refusal == refusal, "case \(index)")
        }
        let other = try SimulatedAppAttest(from: AppleFixture.now - 86_400, until: AppleFixture.now + 86_400)
        #expect(try fixture.check(other.attestation(fixture.statement())).refusal == .rootUnknown)
    }

    @Test func `a proof beside an attestation, another key's name, a revoked key`() throws {
        let bytes = try fixture.attestation()
        #expect(try fixture.check(bytes, proof: [1]).refusal == .proofMalformed)
        #expect(try fixture.check(bytes, keyHash: [1]).refusal == .keyDiffers)
        let key = SimulatedAppAttest.keyID(fixture.key.publicKey)
        let revocations = try DeviceRevocations(deviceKeys: [key], models: [], patchLevels: [], releases: [])
        #expect(try fixture.check(bytes, policy: fixture.policy(revocations: revocations)).refusal == .deviceRevoked)
    }

    @Test func `each changed byte of what is signed refuses an attestation`() throws {
        var random = Seeded("changed bytes of an attestation")
        let bytes = try fixture.attestation()
        // The receipt is Apple's alone.
        let receipt = try #require(bytes.firstRange(of: Array("receipt".utf8)))
        let unsigned = receipt.lowerBound - 1..<receipt.upperBound + 10
        let checker = AttestationChecker(policy: try fixture.policy(), status: nil)
        for _ in 0..<400 {
            var changed = bytes
            let place = Int.random(in: 0..<bytes.count, using: &random)
            guard !unsigned.contains(place) else { continue }
            changed[place] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
            #expect(throws: AttestationRefusal.self, "byte \(place)") {
                try checker.check(
                    try Attestation(platform: .ios, bytes: changed), challenge: fixture.challenge, proof: nil,
                    at: AppleFixture.now)
            }
        }
    }

    // Proofs.

    private func assertion(
        _ message: [UInt8], app: String = AppleFixture.app, counter: UInt32 = 7
    ) throws -> [UInt8] {
        try SimulatedAppAttest.assertion(
            fixture.key, app: app, clientDataHash: Array(SHA256.hash(data: message)), counter: counter)
    }

    private var proofKey: DeviceProofKey {
        DeviceProofKey(platform: .ios, publicKey: fixture.key.publicKey, app: AppleFixture.app)
    }

    @Test(arguments: [0, 1, 7, UInt32.max])
    func `an assertion proves the key, and its counter is told and refuses nothing`(counter: UInt32) throws {
        let message = DeviceProof.message(overTranscript: [UInt8](repeating: 5, count: 32))
        let key = try fixture.check(fixture.attestation()).get().proofKey
        #expect(try key.check(assertion(message, counter: counter), of: message) == counter)
    }

    @Test func `an assertion of another message, app or key is refused, and so is each changed byte`() throws {
        let message = DeviceProof.message(overTranscript: [UInt8](repeating: 5, count: 32))
        func refusal(_ proof: [UInt8]) -> AttestationRefusal? {
            do { _ = try proofKey.check(proof, of: message) } catch { return error }
            return nil
        }
        let right = try assertion(message)
        #expect(refusal(right) == nil)
        #expect(try refusal(assertion(message + [0])) == .proofInvalid)
        #expect(try refusal(assertion(message, app: "A1B2C3D4E5.jp.example.other")) == .proofInvalid)
        let other = try SimulatedAppAttest.assertion(
            P256.Signing.PrivateKey(), app: AppleFixture.app, clientDataHash: Array(SHA256.hash(data: message)),
            counter: 7)
        #expect(refusal(other) == .proofInvalid)
        #expect(refusal([]) == .proofMalformed && refusal(right + [0]) == .proofMalformed)
        #expect(refusal([UInt8](repeating: 0xA0, count: 513)) == .proofMalformed)
        let bare = Array(try fixture.key.signature(for: SHA256.hash(data: message)).derRepresentation)
        #expect(refusal(bare) == .proofMalformed)
        for place in right.indices {
            var changed = right
            changed[place] ^= 0x01
            #expect(refusal(changed) != nil, "byte \(place)")
        }
        // Hashed once, which Apple's text could be read as, is not what devices do.
        let data = Array(SHA256.hash(data: Array(AppleFixture.app.utf8))) + [0x40, 0, 0, 0, 7]
        let hash = SHA256.hash(data: data + Array(SHA256.hash(data: message)))
        let once = CBORWriter.encoded(
            .map([
                (.text("signature"), .bytes(Array(try fixture.key.signature(for: hash).derRepresentation))),
                (.text("authenticatorData"), .bytes(data)),
            ]))
        #expect(refusal(once) == .proofInvalid)
    }

    @Test func `an Android key proves itself by a bare signature over the message`() throws {
        let message = DeviceProof.message(overTranscript: [UInt8](repeating: 5, count: 32))
        let key = P256.Signing.PrivateKey()
        let proof = Array(try key.signature(for: SHA256.hash(data: message)).derRepresentation)
        for platform in [AttestationPlatform.android, .development] {
            let proofKey = DeviceProofKey(platform: platform, publicKey: key.publicKey, app: "a.b")
            #expect(try proofKey.check(proof, of: message) == nil)
            #expect(throws: AttestationRefusal.proofInvalid) { try proofKey.check(proof, of: message + [0]) }
            #expect(throws: AttestationRefusal.proofMalformed) { try proofKey.check(proof + [0], of: message) }
            let raw = Array(try key.signature(for: SHA256.hash(data: message)).rawRepresentation)
            #expect(throws: AttestationRefusal.proofMalformed) { try proofKey.check(raw, of: message) }
        }
    }
}
