@testable import Attestation
import Crypto
import Foundation
import SimulatedAttestation
import Testing

/// A made-up Android device enrols, and one flaw of its statement, chain, proof or time refuses it by its name.
@Suite struct AndroidTests {
    private let fixture: AndroidFixture

    init() throws { fixture = try AndroidFixture() }

    @Test func `a right attestation gives the key and what is attested of it`() throws {
        let key = try fixture.check(fixture.chain(), keyHash: SimulatedAppAttest.keyID(fixture.key.publicKey)).get()
        #expect(key.publicKey.rawRepresentation == fixture.key.publicKey.rawRepresentation)
        #expect(key.platform == .android && key.level == .strongBox && key.environment == nil)
        #expect(key.facts.keyHash == SimulatedAppAttest.keyID(fixture.key.publicKey))
        #expect(key.facts.app == AndroidFixture.package && key.facts.appVersion == 12)
        #expect(key.facts.patchLevel == 202_511 && key.osVersion == 160_000)
        #expect(key.vendorPatchLevel == 20_251_105 && key.bootPatchLevel == 20_251_101)
        #expect(key.facts.model == DeviceModel("Mihon/Mihon 1"))
    }

    @Test(arguments: [1, 2, 3, 4, 100, 200, 300, 400])
    func `each version of the statement is read`(version: Int) throws {
        #expect(try fixture.check(fixture.chain { $0.version = version }).refusal == nil)
    }

    @Test(arguments: [0, 5, 99, 10_000])
    func `a version that never was is refused`(version: Int) throws {
        #expect(try fixture.check(fixture.chain { $0.version = version }).refusal == .statementMalformed)
    }

    static let flaws: [(String, AttestationRefusal, @Sendable (inout SimulatedStatement) -> Void)] = [
        ("another challenge", .challengeDiffers, { $0.challenge[31] ^= 1 }),
        ("a longer challenge", .challengeDiffers, { $0.challenge.append(0) }),
        ("an attestation by software", .levelNotTaken, { $0.attestationLevel = 0 }),
        ("a key in software", .levelNotTaken, { $0.keyLevel = 0 }),
        ("a level that does not exist", .levelNotTaken, { $0.keyLevel = 3 }),
        ("a self-signed system", .bootUnverified, { $0.bootState = 1 }),
        ("an unverified system", .bootUnverified, { $0.bootState = 2 }),
        ("a system that failed", .bootUnverified, { $0.bootState = 3 }),
        ("an unlocked device", .deviceUnlocked, { $0.isLocked = false }),
        ("no root of trust", .bootUnverified, { $0.hasRootOfTrust = false }),
        ("a root of trust that software wrote", .bootUnverified, { $0.isRootOfTrustInSoftware = true }),
        ("an imported key", .keyNotGenerated, { $0.hardware[702] = DERWriter.integer(2) }),
        ("no origin", .keyNotGenerated, { $0.hardware[702] = nil }),
        (
            "an origin that software wrote", .keyNotGenerated,
            {
                $0.hardware[702] = nil; $0.software[702] = DERWriter.integer(0)
            }
        ),
        ("a key that also checks", .keyPurpose, { $0.hardware[1] = DERWriter.integers([2, 3]) }),
        ("a key that agrees on keys", .keyPurpose, { $0.hardware[1] = DERWriter.integers([6]) }),
        ("a key that attests others", .keyPurpose, { $0.hardware[1] = DERWriter.integers([7]) }),
        ("no purpose", .keyPurpose, { $0.hardware[1] = nil }),
        ("another purpose in software", .keyPurpose, { $0.software[1] = DERWriter.integers([2, 7]) }),
        ("an RSA key", .keyType, { $0.hardware[2] = DERWriter.integer(1) }),
        ("another curve", .keyType, { $0.hardware[10] = DERWriter.integer(2) }),
        ("another size", .keyType, { $0.hardware[3] = DERWriter.integer(384) }),
        ("no SHA-256", .keyType, { $0.hardware[5] = DERWriter.integers([0, 2]) }),
        ("a key of all apps", .keyShared, { $0.hardware[600] = DERWriter.value(0x05, []) }),
        ("another package", .appUnknown, { $0.packages[0].name = "jp.example.akashi2" }),
        ("a package with a zero byte", .appUnknown, { $0.packages[0].name += "\0" }),
        ("two packages", .appUnknown, { $0.packages.append(.init(name: "jp.example.other", version: 1)) }),
        ("the package twice", .appUnknown, { $0.packages.append($0.packages[0]) }),
        ("no package", .appUnknown, { $0.packages = [] }),
        ("another signer", .appSigner, { $0.signers[0][0] ^= 1 }),
        ("two signers", .appSigner, { $0.signers.append([UInt8](repeating: 1, count: 32)) }),
        ("no signer", .appSigner, { $0.signers = [] }),
        ("an old app", .appTooOld, { $0.packages[0].version = 9 }),
        ("an old system", .systemTooOld, { $0.hardware[705] = DERWriter.integer(129_999) }),
        ("no system version", .systemTooOld, { $0.hardware[705] = nil }),
        ("old patches", .patchesTooOld, { $0.hardware[706] = DERWriter.integer(202_412) }),
        ("old patches with their day", .patchesTooOld, { $0.hardware[706] = DERWriter.integer(20_180_305) }),
        ("a patch level that is no month", .patchesTooOld, { $0.hardware[706] = DERWriter.integer(99_999_999) }),
        ("no patch level", .patchesTooOld, { $0.hardware[706] = nil }),
        (
            "a patch level that software wrote", .patchesTooOld,
            { $0.software[706] = $0.hardware.removeValue(forKey: 706) }
        ),
        ("no model", .modelMissing, { $0.hardware[717] = nil }),
        ("an entry twice", .statementMalformed, { $0.repeated = 702 }),
        ("a purpose of another form", .statementMalformed, { $0.hardware[1] = DERWriter.integer(2) }),
        ("something behind an entry", .statementMalformed, { $0.hardware[702] = DERWriter.integer(0) + [5, 0] }),
        (
            "a number past 63 bits", .statementMalformed,
            { $0.hardware[705] = DERWriter.value(2, [0x7F] + Array(repeating: 1, count: 9)) }
        ),
        ("a negative number", .statementMalformed, { $0.hardware[705] = DERWriter.value(2, [0x80]) }),
    ]

    @Test(arguments: flaws.indices)
    func `one flaw of the statement refuses it by its name`(index: Int) throws {
        let (name, refusal, change) = Self.flaws[index]
        #expect(try fixture.check(fixture.chain(change)).refusal == refusal, "\(name)")
    }

    @Test(arguments: [1, 2, 3, 5, 10, 600, 702, 704, 705, 706, 709, 716, 717, 718, 719])
    func `an entry that is looked at has its form in either list, or nothing is read`(tag: Int) throws {
        // An empty sequence is the form of none, and nor is nothing.
        for value in [DERWriter.value(0x30, []), []] {
            let hardware = try fixture.chain {
                $0.hasRootOfTrust = false
                $0.hardware[tag] = value
            }
            #expect(try fixture.check(hardware).refusal == .statementMalformed)
            let software = try fixture.chain {
                $0.packages = []
                $0.software[tag] = value
            }
            #expect(try fixture.check(software).refusal == .statementMalformed)
        }
    }

    static let tolerated: [(String, @Sendable (inout SimulatedStatement) -> Void)] = [
        ("an unknown entry of hardware", { $0.hardware[999] = DERWriter.value(0x30, [5, 0]) }),
        ("an unknown entry of software", { $0.software[20_000] = DERWriter.value(0x04, [1]) }),
        ("no digests", { $0.hardware[5] = nil }),
        ("no curve beside the size", { $0.hardware[10] = nil }),
        (
            "the trusted environment",
            {
                $0.keyLevel = 1; $0.attestationLevel = 1
            }
        ),
        ("an IMEI, which is not looked at", { $0.hardware[714] = DERWriter.integer(1) }),
    ]

    @Test(arguments: tolerated.indices)
    func `what decides nothing is passed over`(index: Int) throws {
        let (name, change) = Self.tolerated[index]
        #expect(try fixture.check(fixture.chain(change)).refusal == nil, "\(name)")
    }

    @Test func `the lower of both levels is the key's, and the policy may ask for a chip of its own`() throws {
        let chain = try fixture.chain { $0.attestationLevel = 1 }
        #expect(try fixture.check(chain).get().level == .tee)
        #expect(try fixture.check(chain, policy: fixture.policy(levels: [.strongBox])).refusal == .levelNotTaken)
    }

    @Test func `without minimums and without asking for a model nothing of them is needed`() throws {
        let policy = try fixture.policy(
            minimumVersion: 0, minimumOSVersion: nil, minimumPatchLevel: nil, isModelRequired: false)
        let key = try fixture.check(
            fixture.chain { for tag in [705, 706, 716, 717, 718, 719] { $0.hardware[tag] = nil } }, policy: policy
        ).get()
        #expect(key.facts.model == nil && key.facts.patchLevel == nil && key.osVersion == nil)
    }

    @Test func `the proof has to be the key's, over this enrolment`() throws {
        let chain = try fixture.chain()
        let other = EnrolmentChallenge(token: [1], platform: .android)
        #expect(try fixture.check(chain, proof: .some(nil)).refusal == .proofMalformed)
        #expect(try fixture.check(chain, proof: .some([])).refusal == .proofMalformed)
        #expect(try fixture.check(chain, proof: .some(fixture.proof() + [0])).refusal == .proofMalformed)
        #expect(try fixture.check(chain, proof: .some(fixture.proof(other))).refusal == .proofInvalid)
        #expect(try fixture.check(chain, proof: .some(AndroidFixture().proof())).refusal == .proofInvalid)
        let bare = Array(try fixture.key.signature(for: SHA256.hash(data: fixture.challenge.bytes)).derRepresentation)
        #expect(try fixture.check(chain, proof: .some(bare)).refusal == .proofInvalid)
    }

    @Test func `a key that was named otherwise is refused`() throws {
        #expect(
            try fixture.check(fixture.chain(), keyHash: [UInt8](repeating: 0, count: 32)).refusal == .keyDiffers)
    }

    @Test func `an attestation is good for its platform alone`() throws {
        let bytes = Array(try fixture.chain().joined())
        let checker = AttestationChecker(policy: try fixture.policy(), status: AndroidFixture.status())
        let development = try Attestation(platform: .development, bytes: bytes)
        #expect(throws: AttestationRefusal.platformNotTaken) {
            try checker.check(
                development, challenge: fixture.challenge, proof: fixture.proof(), at: AndroidFixture.now)
        }
        #expect(throws: AttestationRefusal.malformed) { try Attestation(platform: .ios, bytes: bytes) }
        let apple = try AppleFixture()
        let none = AttestationChecker(policy: try apple.policy(), status: AndroidFixture.status())
        #expect(throws: AttestationRefusal.platformNotTaken) {
            try none.check(
                Attestation(platform: .android, bytes: bytes), challenge: fixture.challenge, proof: fixture.proof(),
                at: AndroidFixture.now)
        }
    }

    @Test func `what an operator revoked is refused`() throws {
        let keyHash = SimulatedAppAttest.keyID(fixture.key.publicKey)
        let cases: [(AttestationRefusal?, Set<[UInt8]>, Set<DeviceModel>, Set<Int>, Set<AppRelease>)] = [
            (.deviceRevoked, [keyHash], [], [], []),
            (.modelRevoked, [], [DeviceModel(manufacturer: "Mihon", model: "Mihon 1")], [], []),
            (.patchesRevoked, [], [], [202_511], []),
            (.appRevoked, [], [], [], [AppRelease(app: AndroidFixture.package, version: 12)]),
            (
                nil, [[UInt8](repeating: 1, count: 32)], [DeviceModel(manufacturer: "Mihon", model: "Mihon 2")],
                [202_510],
                [
                    AppRelease(app: AndroidFixture.package, version: 11),
                    AppRelease(app: "jp.example.other", version: 12),
                ]
            ),
        ]
        for (refusal, keys, models, months, releases) in cases {
            let revocations = try DeviceRevocations(
                deviceKeys: keys, models: models, patchLevels: months, releases: releases)
            let found = try fixture.check(fixture.chain(), policy: fixture.policy(revocations: revocations)).refusal
            #expect(found == refusal)
        }
    }
}
