@testable import Attestation
import Credentials
import Crypto
import Foundation
import SimulatedAttestation
import TestSupport
import Testing

/// Which chains of certificates end at a trusted root, and which do not.
@Suite struct ChainTests {
    private let fixture: AndroidFixture
    private var now: Date { AndroidFixture.now }
    private var day: Double { AndroidFixture.day }

    init() throws { fixture = try AndroidFixture() }

    private func terms(_ change: (inout SimulatedIssuer.Terms) -> Void = { _ in }) -> SimulatedIssuer.Terms {
        var terms = SimulatedIssuer.Terms(from: now - day, until: now + day)
        change(&terms)
        return terms
    }

    /// What is said of a right statement under a maker with one authority whose terms are changed.
    private func refusal(
        of change: (inout SimulatedIssuer.Terms) -> Void, at time: Date? = nil, root: SimulatedIssuer? = nil
    ) throws -> AttestationRefusal? {
        let root = try root ?? SimulatedIssuer(root: "MIHON Root", .p256, terms())
        let authority = try SimulatedIssuer("MIHON CA", .p256, under: root, terms(change))
        let device = try AndroidFixture(SimulatedMaker(root: root, authorities: [authority]))
        return try device.check(device.chain(), status: AndroidFixture.status(fetched: time ?? now), at: time ?? now)
            .refusal
    }

    @Test(arguments: SimulatedIssuer.Kind.allCases)
    func `each kind of key signs chains`(kind: SimulatedIssuer.Kind) throws {
        let maker = try SimulatedMaker("MIHON", root: kind, authorities: [kind], from: now - day, until: now + day)
        let device = try AndroidFixture(maker)
        #expect(try device.check(device.chain()).refusal == nil)
        // The root itself need not be sent.
        #expect(try device.check(device.chain().dropLast()).refusal == nil)
    }

    @Test func `an authority's dates are judged, the key's own and the root's are not`() throws {
        #expect(try refusal(of: { _ in }) == nil)
        #expect(try refusal(of: { $0.until = now - 1 }) == .chainExpired)
        #expect(try refusal(of: { $0.from = now + 1 }) == .chainExpired)
        #expect(try refusal(of: { $0.until = now }) == nil && refusal(of: { $0.from = now }) == nil)
        let old = try SimulatedIssuer(root: "MIHON Root", .p256, terms { $0.until = now - 1 })
        #expect(try refusal(of: { _ in }, root: old) == nil)
    }

    @Test func `a root is compared by its key, whatever certificate stands around it`() throws {
        let root = try SimulatedIssuer(root: "MIHON Root", .p256, terms())
        let renewed = try SimulatedIssuer(renewing: root, terms { $0.until = now + 9 * day })
        let authority = try SimulatedIssuer("MIHON CA", .p256, under: root, terms())
        let device = try AndroidFixture(SimulatedMaker(root: root, authorities: [authority]))
        let policy = try device.policy(roots: [AndroidFixture.root(renewed)])
        #expect(try device.check(device.chain(), policy: policy).refusal == nil)
        // The same name with another key is another root.
        let other = try SimulatedIssuer(root: "MIHON Root", .p256, terms())
        let stranger = try device.policy(roots: [AndroidFixture.root(other)])
        #expect(try device.check(device.chain(), policy: stranger).refusal == .rootUnknown)
        // A root's certificate does not make somebody else's authority its own.
        let forged = try AndroidFixture(
            SimulatedMaker(root: root, authorities: [SimulatedIssuer("MIHON CA", .p256, under: other, terms())]))
        #expect(try forged.check(forged.chain()).refusal == .chainBroken)
    }

    @Test func `who issues has to be an authority that may, as deep as it may`() throws {
        #expect(try refusal(of: { $0.isAuthority = false }) == .chainBroken)
        #expect(try refusal(of: { $0.maySignCertificates = false }) == .chainBroken)
        #expect(try refusal(of: { $0.pathLength = 0 }) == nil)
        let shallow = try SimulatedIssuer(root: "MIHON Root", .p256, terms { $0.pathLength = 0 })
        #expect(try refusal(of: { _ in }, root: shallow) == .chainBroken)
        let root = try SimulatedIssuer(root: "MIHON Root", .p256, terms())
        let upper = try SimulatedIssuer("MIHON CA 1", .p256, under: root, terms { $0.pathLength = 0 })
        let lower = try SimulatedIssuer("MIHON CA 2", .p256, under: upper, terms())
        let device = try AndroidFixture(SimulatedMaker(root: root, authorities: [lower, upper]))
        #expect(try device.check(device.chain()).refusal == .chainBroken)
    }

    @Test func `a critical extension that is not known refuses`() throws {
        #expect(try refusal(of: { $0.extensions = [.init("1.2.3.4", [5, 0], isCritical: true)] }) == .chainBroken)
        #expect(try refusal(of: { $0.extensions = [.init("1.2.3.4", [5, 0])] }) == nil)
        #expect(
            try refusal(of: { $0.extensions = [.init("1.3.6.1.4.1.11129.2.1.30", [5, 0], isCritical: true)] }) == nil)
    }

    @Test func `certificates out of order, missing, repeated or foreign break the chain`() throws {
        let chain = try fixture.chain()
        let other = try AndroidFixture().chain()
        #expect(chain.count == 4)
        #expect(try fixture.check([chain[0], chain[2], chain[1], chain[3]]).refusal == .chainBroken)
        #expect(try fixture.check([chain[0], chain[2], chain[3]]).refusal == .chainBroken)
        #expect(try fixture.check([chain[0], chain[1], chain[1], chain[2], chain[3]]).refusal == .chainBroken)
        #expect(try fixture.check([chain[0], chain[1]]).refusal == .rootUnknown)
        #expect(try fixture.check([chain[0]]).refusal == .chainMalformed)
        #expect(try fixture.check([]).refusal == .chainMalformed)
        #expect(try fixture.check(chain + Array(repeating: chain[3], count: 5)).refusal == .chainMalformed)
        #expect(try fixture.check(chain + [[0]]).refusal == .chainMalformed)
        #expect(try fixture.check(chain + [[0x30, 0]]).refusal == .chainMalformed)
        // The same maker's chain of another device: its own key signs no proof of this one.
        #expect(try fixture.check(other).refusal == .proofInvalid)
        #expect(try fixture.check([chain[3], chain[3]]).refusal == .statementMissing)
        #expect(throws: AttestationRefusal.tooLarge) {
            try Attestation(platform: .android, bytes: [UInt8](repeating: 0x30, count: Attestation.maximumBytes + 1))
        }
    }

    @Test func `a key that an app controls attests no other`() throws {
        // A genuine key signs a certificate for another one, with a statement of the attacker's making.
        let fake = P256.Signing.PrivateKey()
        let genuine = try fixture.chain()
        let controlled = try SimulatedIssuer("Android Keystore Key", key: fixture.key, certificate: genuine[0])
        let leaf = try controlled.certify(
            "Android Keystore Key", fake.publicKey,
            SimulatedMaker.leafTerms([.init(SimulatedMaker.statementIdentifier, fixture.statement().encoded)]))
        #expect(try fixture.check([leaf] + genuine).refusal == .chainBroken)
        // Even if the genuine key's certificate were an authority's, two statements are one too many, and one above the key is
        // about another key.
        for hasStatement in [true, false] {
            var terms = SimulatedMaker.leafTerms([
                .init(SimulatedMaker.statementIdentifier, fixture.statement().encoded)
            ])
            terms.isAuthority = true
            let upper = try fixture.maker.issuer.certify("Android Keystore Key", fixture.key.publicKey, terms)
            let lower = try controlled.certify(
                "Key", fake.publicKey,
                SimulatedMaker.leafTerms(
                    hasStatement ? [.init(SimulatedMaker.statementIdentifier, fixture.statement().encoded)] : []))
            #expect(try fixture.check([lower, upper] + fixture.maker.above).refusal == .statementRepeated)
        }
    }

    @Test func `a certificate without a statement says nothing of its key`() throws {
        let leaf = try fixture.maker.issuer.certify(
            "Key", fixture.key.publicKey, SimulatedMaker.leafTerms([]))
        #expect(try fixture.check([leaf] + fixture.maker.above).refusal == .statementMissing)
        let broken = try fixture.maker.issuer.certify(
            "Key", fixture.key.publicKey,
            SimulatedMaker.leafTerms([.init(SimulatedMaker.statementIdentifier, [0x30, 0])]))
        #expect(try fixture.check([broken] + fixture.maker.above).refusal == .statementMalformed)
    }

    @Test func `the certified key counts, whatever the statement says of it`() throws {
        for kind in [SimulatedIssuer.Kind.p384, .rsa2048] {
            let leaf = try fixture.maker.issuer.certifyOther(
                "Key", kind,
                SimulatedMaker.leafTerms([.init(SimulatedMaker.statementIdentifier, fixture.statement().encoded)]))
            #expect(try fixture.check([leaf] + fixture.maker.above).refusal == .keyType)
        }
    }

    @Test func `each changed byte of a chain refuses it`() throws {
        var random = Seeded("changed bytes of a chain")
        let bytes = Array(try fixture.chain().joined())
        // The root's own certificate has no weight but its key and its name.
        let weighty = bytes.count - fixture.maker.root.certificate.count
        let checker = AttestationChecker(policy: try fixture.policy(), status: AndroidFixture.status())
        for _ in 0..<400 {
            var changed = bytes
            let place = Int.random(in: 0..<weighty, using: &random)
            changed[place] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
            #expect(throws: AttestationRefusal.self, "byte \(place)") {
                try checker.check(
                    try Attestation(platform: .android, bytes: changed), challenge: fixture.challenge,
                    proof: fixture.proof(), at: now)
            }
        }
    }
}
