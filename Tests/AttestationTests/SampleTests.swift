@testable import Attestation
import Credentials
import Crypto
import Foundation
import SimulatedAttestation
import TestSupport
import Testing

/// Real attestations that others have published: what they prove at their own time, and nothing after a change of any part.
@Suite(.requires(.data(.attestation))) struct SampleTests {
    private static func folder() throws -> String { try #require(OutsideData.attestation.folder) }

    private static func file(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: try folder() + "/" + path)))
    }

    private static func instant(_ text: String) throws -> Date { try Date(text, strategy: .iso8601) }

    /// A time at which both chains of Android were valid: their makers made them in 2018, the devices ran a system of 2019.
    private static func androidTime() throws -> Date { try instant("2019-08-01T00:00:00Z") }

    // Android.

    struct Phone: Sendable, CustomStringConvertible {
        let folder: String
        let level: KeyLevel
        let isEC: Bool
        var description: String { folder }
    }

    private static let phones = [
        Phone(folder: "algorithm_EC_SecurityLevel_TEE", level: .tee, isEC: true),
        Phone(folder: "algorithm_RSA_SecurityLevel_StrongBox", level: .strongBox, isEC: false),
    ]

    private static func chain(_ phone: Phone) throws -> [[UInt8]] {
        try (0..<4).map { index in
            try #require(PEM.objects("CERTIFICATE", in: file("android/\(phone.folder)/cert\(index).pem"))?.first)
        }
    }

    private static func roots(_ chain: [[UInt8]]) throws -> [AttestationRoot] {
        [try #require(AttestationRoot(der: chain[3]))]
    }

    private static func statement(_ chain: [[UInt8]], roots: [AttestationRoot], at time: Date) throws -> KeyDescription
    {
        try AttestationChecker.statement(CertificateChain(concatenated: Array(chain.joined())), roots, at: time)
    }

    @Test(arguments: phones)
    func `a phone's chain is right at its time, and its statement is read as it was published`(phone: Phone) throws {
        let chain = try Self.chain(phone)
        let statement = try Self.statement(chain, roots: Self.roots(chain), at: Self.androidTime())
        #expect(statement.level == phone.level && statement.challenge == Array("abc".utf8))
        // Both were made on devices for development, whose bootloader was unlocked.
        #expect(statement.hardware.origin == 0 && statement.hardware.rootOfTrust?.isLocked == false)
        #expect(statement.hardware.rootOfTrust?.bootState == 2)
        #expect(statement.hardware.algorithm == (phone.isEC ? 3 : 1) && statement.hardware.osVersion == 0)
        #expect(statement.hardware.patchLevel == 201_907)
        let application = try #require(statement.software.application)
        #expect(application.packages.count == 13 && application.signers.count == 1)
        #expect(application.packages.contains { $0.name == Array("com.android.keychain".utf8) && $0.version == 29 })
        #expect((try #require(Certificate(der: chain[0])).p256Key != nil) == phone.isEC)
    }

    @Test(arguments: phones)
    func `a phone's statement breaks the rules that it breaks, and one more for each change of what is asked`(
        phone: Phone
    ) throws {
        let chain = try Self.chain(phone)
        let statement = try Self.statement(chain, roots: Self.roots(chain), at: Self.androidTime())
        let signer = try #require(statement.software.application?.signers.first)
        func refusals(
            challenge: String = "abc", levels: Set<KeyLevel> = [.tee, .strongBox], os: Int? = nil, patches: Int? = nil
        ) throws -> Set<AttestationRefusal> {
            let policy = try AndroidPolicy(
                apps: [AndroidApp(package: "android", signers: [signer], minimumVersion: 0)], levels: levels,
                minimumOSVersion: os, minimumPatchLevel: patches, isModelRequired: false, roots: Self.roots(chain),
                maximumStatusAge: 3600)
            return Set(AndroidRules(policy).refusals(statement, challenge: Array(challenge.utf8)))
        }
        // These were made by a system app that shares its user id with twelve others, for more than signing, and on
        // unlocked devices.
        var known: Set<AttestationRefusal> = [.keyPurpose, .appUnknown, .bootUnverified, .deviceUnlocked]
        if !phone.isEC { known.insert(.keyType) }
        #expect(try refusals() == known)
        #expect(try refusals(patches: 201_907) == known)
        #expect(try refusals(challenge: "abd") == known.union([.challengeDiffers]))
        #expect(try refusals(patches: 201_908) == known.union([.patchesTooOld]))
        #expect(try refusals(os: 100_000) == known.union([.systemTooOld]))
        let other: KeyLevel = phone.level == .tee ? .strongBox : .tee
        #expect(try refusals(levels: [other]) == known.union([.levelNotTaken]))
    }

    @Test(arguments: phones)
    func `a phone's chain is wrong at another time, to another root, and with any certificate of another chain`(
        phone: Phone
    ) throws {
        let (chain, time) = (try Self.chain(phone), try Self.androidTime())
        let roots = try Self.roots(chain)
        let other = try Self.chain(try #require(Self.phones.first { $0.folder != phone.folder }))
        func refusal(_ chain: [[UInt8]], _ roots: [AttestationRoot], _ time: Date) -> AttestationRefusal? {
            do { _ = try Self.statement(chain, roots: roots, at: time) } catch { return error as? AttestationRefusal }
            return nil
        }
        #expect(refusal(chain, roots, time) == nil)
        #expect(refusal(chain, roots, try Self.instant("2018-03-01T00:00:00Z")) == .chainExpired)
        #expect(refusal(chain, roots, try Self.instant("2028-04-01T00:00:00Z")) == .chainExpired)
        // One root's own certificate ended in May 2026, and its key did not.
        #expect(refusal(chain, roots, try Self.instant("2027-01-01T00:00:00Z")) == nil)
        #expect(refusal(chain, try Self.roots(other), time) == .rootUnknown)
        for place in 0..<3 {
            var mixed = chain
            mixed[place] = other[place]
            #expect(refusal(mixed, roots + (try Self.roots(other)), time) == .chainBroken, "certificate \(place)")
        }
    }

    @Test(arguments: phones)
    func `each changed byte of a phone's chain refuses it`(phone: Phone) throws {
        let (chain, time) = (try Self.chain(phone), try Self.androidTime())
        let roots = try Self.roots(chain)
        var random = Seeded("changed bytes of a phone's chain")
        for _ in 0..<300 {
            var changed = chain
            let place = Int.random(in: 0..<3, using: &random)
            let byte = Int.random(in: 0..<chain[place].count, using: &random)
            changed[place][byte] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
            #expect(throws: AttestationRefusal.self, "certificate \(place), byte \(byte)") {
                try Self.statement(changed, roots: roots, at: time)
            }
        }
    }

    @Test(arguments: phones)
    func `the published list is read, and a phone on it is named`(phone: Phone) throws {
        let bytes = try Self.file("android/status.json")
        let list = try #require(AndroidStatusList(bytes, fetched: Self.androidTime()))
        #expect(list.count == 5)
        let certificates = try Self.chain(phone).map { try #require(Certificate(der: $0)) }
        #expect(!certificates.contains(where: list.names))
        let text = String(decoding: bytes, as: UTF8.self)
        for certificate in certificates.dropFirst() {
            let serial = certificate.serialText
            let named = text.replacing("cc66e9a93713b6e643b26c15879786f7", with: serial)
            let other = try #require(AndroidStatusList(Array(named.utf8), fetched: Self.androidTime()))
            #expect(other.names(certificate))
        }
    }

    // Apple.

    /// One entry of a published file: its lines of `name: value`.
    struct Entry: Sendable, CustomStringConvertible {
        let values: [String: String]
        let description: String
        func bytes(_ name: String) throws -> [UInt8] {
            let text = try #require(values[name])
            return Array(try #require(Data(base64Encoded: text)))
        }
        var key: P256.Signing.PublicKey {
            get throws {
                let text = try #require(values["publicKey"])
                return try P256.Signing.PublicKey(pemRepresentation: text)
            }
        }
        var time: Date {
            get throws {
                let text = try #require(values["timestamp"]).replacing("'", with: "").replacing(/\.[0-9]+/, with: "")
                return try Date(text, strategy: .iso8601)
            }
        }
        var app: AppleApp {
            get throws {
                let (team, bundle) = (try #require(values["teamIdentifier"]), try #require(values["bundleIdentifier"]))
                return try AppleApp(team: team, bundle: bundle)
            }
        }
    }

    private static func entries(_ type: String) throws -> [Entry] {
        guard OutsideData.attestation.folder != nil else { return [] }
        return try ["ios-14.2", "ios-14.3"].flatMap { name -> [Entry] in
            let text = String(decoding: try file("apple/\(name).yaml"), as: UTF8.self)
            return ("\n" + text).components(separatedBy: "\n---\n").map { part in
                var values: [String: String] = [:]
                var last: String?
                for line in part.split(separator: "\n", omittingEmptySubsequences: false) {
                    if line.hasPrefix("  "), let last {
                        values[last, default: ""] += line.trimmingCharacters(in: .whitespaces) + "\n"
                    } else if let colon = line.firstIndex(of: ":") {
                        let name = String(line[..<colon])
                        let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
                        values[name] = value == "|" ? "" : value
                        last = name
                    }
                }
                return Entry(values: values, description: "\(name) \(values["id"] ?? "")")
            }.filter { $0.values["type"] == type }
        }
    }

    private static func appleRoots() throws -> [AttestationRoot] {
        let der = try #require(PEM.objects("CERTIFICATE", in: file("apple/app-attest-root.pem"))?.first)
        return [try #require(AttestationRoot(der: der))]
    }

    private static func environment(_ entry: Entry) throws -> AppleEnvironment {
        try #require(entry.values["environment"].flatMap(AppleEnvironment.init))
    }

    /// What is said of a published attestation, asked with what it was made for or with something changed.
    private static func check(
        _ entry: Entry, bytes: [UInt8]? = nil, app: AppleApp? = nil, environment: AppleEnvironment? = nil,
        clientDataHash: [UInt8]? = nil, keyID: [UInt8]? = nil, roots: [AttestationRoot]? = nil, at time: Date? = nil
    ) throws -> Result<AttestedDeviceKey, AttestationRefusal> {
        let policy = try ApplePolicy(
            apps: [app ?? entry.app], environments: [environment ?? Self.environment(entry)],
            roots: roots ?? appleRoots())
        let checker = AttestationChecker(
            policy: AttestationPolicy(android: nil, apple: policy, development: nil, revocations: .none), status: nil)
        let bytes = try bytes ?? entry.bytes("attestationBase64")
        let hash = try clientDataHash ?? entry.bytes("clientDataHashSha256Base64")
        let (challenge, keyHash) = (try #require(EnrolmentChallenge(hash)), try keyID ?? entry.bytes("keyIdBase64"))
        let now = try time ?? entry.time
        return Result { () throws(AttestationRefusal) in
            try checker.check(
                Attestation(platform: .ios, bytes: bytes), challenge: challenge, proof: nil, keyHash: keyHash, at: now)
        }
    }

    @Test(arguments: try entries("attestation"))
    func `a published attestation is right for what it was made for, and wrong for anything else`(entry: Entry) throws {
        let key = try Self.check(entry).get()
        #expect(try key.publicKey.rawRepresentation == entry.key.rawRepresentation)
        #expect(try key.facts.app == entry.app.identifier && key.environment == Self.environment(entry))
        let app = try entry.app
        let team = try AppleApp(team: "A1B2C3D4E5", bundle: app.bundle)
        let bundle = try AppleApp(team: app.team, bundle: app.bundle + "2")
        #expect(try Self.check(entry, app: team).refusal == .appUnknown)
        #expect(try Self.check(entry, app: bundle).refusal == .appUnknown)
        #expect(try Self.check(entry, environment: .production).refusal == .environment)
        var hash = try entry.bytes("clientDataHashSha256Base64")
        hash[0] ^= 1
        #expect(try Self.check(entry, clientDataHash: hash).refusal == .challengeDiffers)
        var keyID = try entry.bytes("keyIdBase64")
        keyID[31] ^= 1
        #expect(try Self.check(entry, keyID: keyID).refusal == .keyDiffers)
        #expect(try Self.check(entry, at: entry.time + 4 * 86_400).refusal == .leafExpired)
        #expect(try Self.check(entry, at: entry.time - 2 * 86_400).refusal == .leafExpired)
        let other = [try AndroidFixture.root(AppleFixture().service.root)]
        #expect(try Self.check(entry, roots: other).refusal == .rootUnknown)
    }

    @Test(arguments: try entries("attestation"))
    func `each changed byte of what a published attestation signs refuses it`(entry: Entry) throws {
        let bytes = try entry.bytes("attestationBase64")
        let receipt = try #require(bytes.firstRange(of: Array("receipt".utf8))).lowerBound
        let data = try #require(bytes.firstRange(of: Array("authData".utf8))).lowerBound
        var random = Seeded("changed bytes of a published attestation")
        for _ in 0..<300 {
            var changed = bytes
            let place = Int.random(in: 0..<(receipt - 1 + bytes.count - data), using: &random)
            let byte = place < receipt - 1 ? place : data + place - (receipt - 1)
            changed[byte] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
            #expect(try Self.check(entry, bytes: changed).refusal != nil, "byte \(byte)")
        }
    }

    @Test(arguments: try entries("assertion"))
    func `a published assertion is right for its key, app and data, and wrong for anything else`(entry: Entry) throws {
        let assertion = try entry.bytes("assertionBase64")
        let hash = try entry.bytes("clientDataHashSha256Base64")
        let (key, app) = (try entry.key, try entry.app.identifier)
        func counter(
            _ bytes: [UInt8], _ key: P256.Signing.PublicKey, _ app: String, _ hash: [UInt8]
        ) throws -> UInt32 {
            try AppAttestAssertion(bytes).check(key, app: app, clientDataHash: hash)
        }
        #expect(try counter(assertion, key, app, hash) == entry.values["counter"].flatMap(UInt32.init))
        #expect(throws: AttestationRefusal.proofInvalid) {
            try counter(assertion, P256.Signing.PrivateKey().publicKey, app, hash)
        }
        #expect(throws: AttestationRefusal.proofInvalid) { try counter(assertion, key, app + "2", hash) }
        var other = hash
        other[5] ^= 0x10
        #expect(throws: AttestationRefusal.proofInvalid) { try counter(assertion, key, app, other) }
        for place in assertion.indices {
            var changed = assertion
            changed[place] ^= 0x01
            #expect(throws: AttestationRefusal.self, "byte \(place)") { try counter(changed, key, app, hash) }
        }
    }
}
