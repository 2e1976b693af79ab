@testable import Attestation
import Crypto
import Exchange
import Foundation
import SimulatedAttestation
import TestSupport
import Testing
import Vaccination

/// Made-up devices exist in development alone; what a policy may be; what an attestation is made for.
@Suite struct DevelopmentTests {
    private static let name = "\(DevelopmentMark.name) device maker"
    private let maker: SimulatedMaker
    private let fixture: AndroidFixture
    private let challenge = EnrolmentChallenge(token: Array("a token".utf8), platform: .development)

    init() throws {
        maker = try SimulatedMaker(
            Self.name, root: .p256, authorities: [], from: AndroidFixture.now - 86_400,
            until: AndroidFixture.now + 86_400)
        fixture = try AndroidFixture(maker)
    }

    private func development() throws -> DevelopmentPolicy {
        try DevelopmentPolicy(
            apps: [AndroidFixture.app()], roots: [AndroidFixture.root(maker.root)], isDevelopmentMode: true)
    }

    private func check(
        _ policy: AttestationPolicy, _ change: (inout SimulatedStatement) -> Void
    ) throws -> Result<AttestedDeviceKey, AttestationRefusal> {
        let chain = try fixture.chain {
            ($0.attestationLevel, $0.keyLevel, $0.challenge) = (0, 0, challenge.bytes)
            change(&$0)
        }
        let proof = try fixture.proof(challenge)
        return Result { () throws(AttestationRefusal) in
            try AttestationChecker(policy: policy, status: nil).check(
                Attestation(platform: .development, bytes: Array(chain.joined())), challenge: challenge, proof: proof,
                at: AndroidFixture.now)
        }
    }

    @Test func `a made-up device enrols where development was asked for`() throws {
        let policy = AttestationPolicy(android: nil, apple: nil, development: try development(), revocations: .none)
        let key = try check(policy) { _ in }.get()
        #expect(key.platform == .development && key.level == .software)
        #expect(try check(policy) { $0.signers[0][0] ^= 1 }.refusal == .appSigner)
        #expect(try check(policy) { $0.challenge[0] ^= 1 }.refusal == .challengeDiffers)
        #expect(
            try check(policy) {
                $0.keyLevel = 2; $0.attestationLevel = 2
            }.refusal == .levelNotTaken)
        let none = AttestationPolicy(
            android: try fixture.policy(roots: [AndroidFixture.root(AndroidFixture().maker.root)]).android, apple: nil,
            development: nil, revocations: .none)
        #expect(try check(none) { _ in }.refusal == .platformNotTaken)
    }

    @Test func `without development there is no such policy, and its roots never stand among the real ones`() throws {
        let (app, made) = (try AndroidFixture.app(), try AndroidFixture.root(maker.root))
        let real = try AndroidFixture.root(AndroidFixture().maker.root)
        #expect(made.isDevelopment && !real.isDevelopment)
        func field(_ make: () throws -> Any) -> AttestationPolicyError.Field? {
            do { _ = try make() } catch { return (error as? AttestationPolicyError)?.field }
            return nil
        }
        #expect(
            field { try DevelopmentPolicy(apps: [app], roots: [made], isDevelopmentMode: false) } == .developmentMode)
        #expect(field { try DevelopmentPolicy(apps: [app], roots: [real], isDevelopmentMode: true) } == .roots)
        #expect(field { try fixture.policy(roots: [made]) } == .roots)
        #expect(field { try AppleFixture().policy(roots: [made]) } == .roots)
    }

    @Test func `a policy's values are bounded, and what is wrong is named`() throws {
        let root = try AndroidFixture.root(AndroidFixture().maker.root)
        let app = try AndroidFixture.app()
        func android(
            apps: [AndroidApp], levels: Set<KeyLevel> = [.tee], os: Int? = nil, patches: Int? = nil,
            roots: [AttestationRoot], age: Double = 3600
        ) throws -> AndroidPolicy {
            try AndroidPolicy(
                apps: apps, levels: levels, minimumOSVersion: os, minimumPatchLevel: patches, isModelRequired: false,
                roots: roots, maximumStatusAge: age)
        }
        let apple = try AppleApp(team: "A1B2C3D4E5", bundle: "a.b")
        let cases: [(AttestationPolicyError.Field, () throws -> Void)] = [
            (.package, { _ = try AndroidApp(package: "", signers: app.signers, minimumVersion: 0) }),
            (.package, { _ = try AndroidApp(package: "a b", signers: app.signers, minimumVersion: 0) }),
            (.signers, { _ = try AndroidApp(package: "a.b", signers: [], minimumVersion: 0) }),
            (.signers, { _ = try AndroidApp(package: "a.b", signers: [[1]], minimumVersion: 0) }),
            (.version, { _ = try AndroidApp(package: "a.b", signers: app.signers, minimumVersion: -1) }),
            (.apps, { _ = try android(apps: [], roots: [root]) }),
            (.apps, { _ = try android(apps: [app, app], roots: [root]) }),
            (.levels, { _ = try android(apps: [app], levels: [], roots: [root]) }),
            (.levels, { _ = try android(apps: [app], levels: [.tee, .software], roots: [root]) }),
            (.osVersion, { _ = try android(apps: [app], os: 13, roots: [root]) }),
            (.patchLevel, { _ = try android(apps: [app], patches: 202_513, roots: [root]) }),
            (.patchLevel, { _ = try android(apps: [app], patches: 20_251_101, roots: [root]) }),
            (.roots, { _ = try android(apps: [app], roots: []) }),
            (.statusAge, { _ = try android(apps: [app], roots: [root], age: 3599) }),
            (.statusAge, { _ = try android(apps: [app], roots: [root], age: .nan) }),
            (.team, { _ = try AppleApp(team: "a1b2c3d4e5", bundle: "a.b") }),
            (.bundle, { _ = try AppleApp(team: "A1B2C3D4E5", bundle: "a b") }),
            (.apps, { _ = try ApplePolicy(apps: [apple, apple], environments: [.production], roots: [root]) }),
            (.environments, { _ = try ApplePolicy(apps: [apple], environments: [], roots: [root]) }),
            (.roots, { _ = try ApplePolicy(apps: [apple], environments: [.production], roots: []) }),
            (
                .deviceKeys,
                { _ = try DeviceRevocations(deviceKeys: [[1]], models: [], patchLevels: [], releases: []) }
            ),
            (
                .patchLevel,
                { _ = try DeviceRevocations(deviceKeys: [], models: [], patchLevels: [2025], releases: []) }
            ),
            (
                .version,
                {
                    let release = AppRelease(app: "a.b", version: -1)
                    _ = try DeviceRevocations(deviceKeys: [], models: [], patchLevels: [], releases: [release])
                }
            ),
        ]
        for (index, (field, make)) in cases.enumerated() {
            let error = #expect(throws: AttestationPolicyError.self, "case \(index)") { try make() }
            #expect(error?.field == field, "case \(index)")
        }
        #expect(DeviceModel("Google") == nil && DeviceModel("/a") == nil && DeviceModel("a/") == nil)
        // A maker's name may have a slash in it: an operator cannot see where it ends.
        #expect(DeviceModel("a/b/c") == DeviceModel(manufacturer: "a/b", model: "c"))
        #expect(AttestationRoot(der: try fixture.chain()[0]) == nil)
    }

    @Test(arguments: AttestationPlatform.allCases)
    func `the challenge is the hash of label, token and platform, in the way of all messages between the parties`(
        platform: AttestationPlatform
    ) {
        let token = [UInt8](0..<100)
        var writer = FieldWriter(label: "akashi/enrol/v1")
        writer.append(token)
        writer.append(platform.rawValue)
        #expect(EnrolmentChallenge(token: token, platform: platform).bytes == Array(SHA256.hash(data: writer.bytes)))
        #expect(EnrolmentChallenge([UInt8](repeating: 0, count: 31)) == nil)
        #expect(EnrolmentChallenge([UInt8](repeating: 0, count: 32)) != nil)
    }

    @Test func `each refusal has a code and sentences of its own, as the documentation has them`() throws {
        let all = AttestationRefusal.allCases
        #expect(all.allSatisfy { $0.code.wholeMatch(of: /(attestation|device)\.[a-z_]+/) != nil })
        #expect(Set(all.map { $0.sentences.english }).count == all.count)
        #expect(Set(all.map { $0.sentences.japanese }).count == all.count)
        let page = try MarkdownPage("Sources/Attestation/Attestation.docc/RefusalCodes.md")
        let rows = try page.rows(below: "## Codes").dropFirst()
        #expect(rows.count == all.count)
        for (refusal, row) in zip(all, rows) {
            #expect(row[0] == "`\(refusal.code)`")
            #expect(row[2] == refusal.sentences.english + " " + refusal.sentences.japanese)
        }
    }
}
