import CredentialIssuing
import Credentials
import Crypto
import Exchange
import Foundation
import CheckedConfiguration
import MutualTLS
import RecordService
import RecordSupport
import Records
import Signing
import SwiftASN1
import TestSupport
import Testing
import Vaccination
import X509

/// What a service starts with, and with what it does not.
@Suite struct ConfigurationTests {
    private func load(_ text: String, development: Bool = true) async throws {
        let file = try ConfigurationFile(text: text, name: "vrs.yaml")
        _ = try await VRSConfiguration(file, development: development, now: Stack.start)
    }

    private static func good(_ stack: Stack) -> String {
        Stack.yaml(keys: stack.folder + "/keys", records: stack.folder + "/records", limits: "{perPersonAndDay: 3}")
    }

    @Test func `the reference lists every key and no other`() async throws {
        let stack = try await Stack(servesPhones: true)
        let limits = "], limits: {connections: 10}}"
        let keys = stack.folder + "/keys"
        let root = try IssuingAuthority.create(
            commonName: "A maker of phones", organisation: "A maker", now: Stack.start)
        try root.certificatePEM.write(toFile: keys + "/maker.pem", atomically: true, encoding: .utf8)
        let app = "signers: [\"\(String(repeating: "0", count: 64))\"]"
        let others = """
            {android: {apps: [{package: jp.example.akashi, \(app)}], roots: [\(keys)/maker.pem], levels: [tee], \
            minimumOSVersion: 120000, minimumPatchLevel: 202501, status: /tmp/no.json}, development: {
            """
        let good = Stack.yaml(
            keys: keys, records: stack.folder + "/records", limits: "{perPersonAndDay: 3}", servesPhones: true)
        let text =
            good.replacing("{development: {", with: others)
            .replacing("apps: [{team: ", with: "environments: [production], apps: [{team: ")
            .replacing("wallet/client-ca.pem]}", with: "wallet/client-ca.pem" + limits)
            .replacing("centre/client-ca.pem]}", with: "centre/client-ca.pem" + limits)
            .replacing("operator/ca.pem]}", with: "operator/ca.pem" + limits)
            .replacing("vrs/root-signing.pem}", with: "vrs/root-signing.pem, log: {daysAtHand: 100}}")
            + "development: {stopAfter: nothing}\nlog: {level: info}\npublishing: {folder: /tmp}\n"
            + "backup: {folder: /tmp, publicKey: \(stack.folder)/keys/answer-sealing.pub.pem}\n"
        let file = try ConfigurationFile(text: text, name: "vrs.yaml")
        _ = try await VRSConfiguration(file, development: true, now: Stack.start)
        let documented = try MarkdownPage.configurationKeys(of: "vrs.yaml")
        // The keys of a token are asked for where there is one: TokenConfigurationTests.
        let without = documented.filter { !$0.hasPrefix("token.") }
        #expect(MarkdownPage.listed(file.root.askedFor.subtracting(["token"])).symmetricDifference(without) == [])

        let operators = try ConfigurationFile(
            text: """
                vrs: https://127.0.0.1:1
                certificate: \(stack.folder)/keys/operator/operator.pem
                key: \(stack.folder)/keys/operator/operator.key.pem
                authorities: [\(stack.folder)/keys/ca.pem]
                """, name: "operator.yaml")
        try await OperatorClient(operators, now: Stack.start).shutdown()
        #expect(
            MarkdownPage.listed(operators.root.askedFor)
                == (try MarkdownPage.configurationKeys(of: "operator.yaml")))
    }

    @Test func `backups go to a place apart from what they hold, under a key of which the host has the public half`()
        async throws
    {
        let stack = try await Stack()
        let right = "\(stack.folder)/keys/answer-sealing.pub.pem"
        for (folder, key, keyPath) in [
            ("\(stack.folder)/records/backups", right, "backup.folder"),
            ("\(stack.folder)/records", right, "backup.folder"),
            ("/tmp", "\(stack.folder)/keys/vrs/root-signing.pem", "backup.publicKey"),
            ("/tmp", "\(stack.folder)/keys/ca.pem", "backup.publicKey"),
        ] {
            let error = await #expect(throws: ConfigurationError.self) {
                try await load(Self.good(stack) + "backup: {folder: \(folder), publicKey: \(key)}\n")
            }
            #expect(error?.keyPath == keyPath, "\(folder), \(key)")
        }
        try await load(Self.good(stack) + "backup: {folder: \(stack.folder)/records-backup, publicKey: \(right)}\n")
    }

    /// What is replaced by what, and where the message points.
    @Test func `a private key that others may read is refused, whatever it is for`() async throws {
        let stack = try await Stack()
        for (file, keyPath) in [
            ("/terminals/ca.key.pem", "terminals.issuing.key"), ("/vrs/inner.key.pem", "listen.inner.key"),
            ("/vrs/centre-entrance.key.pem", "listen.centre.key"), ("/vrs/shc-signing.pem", "issuer.key"),
            ("/vrs/seal-signing.pem", "seal.key"), ("/vrs/dcc-signing.pem", "dcc.key"),
            ("/vrs/answer-sealing.key.pem", "answers.key"), ("/vrs/challenge.key", "challenges.key"),
            ("/vrs/root-signing.pem", "records.rootKey"),
        ] {
            func set(_ mode: Int) throws {
                try FileManager.default.setAttributes(
                    [.posixPermissions: mode], ofItemAtPath: stack.folder + "/keys" + file)
            }
            try set(0o644)
            let error = await #expect(throws: ConfigurationError.self) { try await load(Self.good(stack)) }
            #expect(error?.keyPath == keyPath)
            #expect(error?.english.contains("chmod 600") == true, "\(file)")
            try set(0o600)
        }
    }

    @Test func `an authority made anew for the same key is the same authority, at every listener`() async throws {
        let stack = try await Stack()
        let keys = stack.folder + "/keys"
        for (own, other, keyPath) in [
            ("/operator/ca.pem", "/centre/client-ca", "listen.inner.clientAuthorities"),
            ("/operator/ca.pem", "/terminals/ca", "listen.inner.clientAuthorities"),
            ("/centre/client-ca.pem", "/terminals/ca", "listen.centre.clientAuthorities"),
        ] {
            let key = try #require(try PEMFile.privateKey(keys + other + ".key.pem"))
            let again = try IssuingAuthority.create(commonName: "another name", now: Stack.start, key: key)
            let path = keys + "/reissued.pem"
            try again.certificatePEM.write(toFile: path, atomically: true, encoding: .utf8)
            let text = Self.good(stack).replacing(keys + own, with: path, maxReplacements: 1)
            let error = await #expect(throws: ConfigurationError.self) { try await load(text) }
            #expect(error?.keyPath == keyPath)
        }
    }

    @Test(arguments: [
        ("/operator/ca.pem", "/centre/client-ca", "listen.inner.clientAuthorities"),
        ("/operator/ca.pem", "/terminals/ca", "listen.inner.clientAuthorities"),
        ("/centre/client-ca.pem", "/operator/ca", "listen.inner.clientAuthorities"),
        ("/centre/client-ca.pem", "/terminals/ca", "listen.centre.clientAuthorities"),
    ])
    func `an authority that another listener's has issued is refused, at every listener`(
        own: String, other: String, keyPath: String
    ) async throws {
        let stack = try await Stack()
        let keys = stack.folder + "/keys"
        let root = try #require(
            IssuingAuthority(certificateFile: keys + other + ".pem", keyFile: keys + other + ".key.pem"))
        let rootKey = try #require(try PEMFile.privateKey(keys + other + ".key.pem"))
        let below = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(P256.Signing.PrivateKey().publicKey),
            notValidBefore: Stack.start - 60, notValidAfter: Stack.start + 86_400,
            issuer: root.certificate.subject,
            subject: DistinguishedName {
                OrganizationName(DevelopmentMark.name)
                CommonName("below")
            },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions { Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0)) },
            issuerPrivateKey: .init(rootKey))
        let path = keys + "/below.pem"
        try below.serializeAsPEM().pemString.write(toFile: path, atomically: true, encoding: .utf8)
        let text = Self.good(stack).replacing(keys + own, with: path, maxReplacements: 1)
        let error = await #expect(throws: ConfigurationError.self) { try await load(text) }
        #expect(error?.keyPath == keyPath)
        // Which of the two is named where makes no difference.
        let (above, under) = (CertificateAuthorities([root.certificate]), CertificateAuthorities([below]))
        #expect(above.overlaps(with: under) && under.overlaps(with: above))
        let stranger = try IssuingAuthority.create(commonName: "stranger", now: Stack.start)
        #expect(!under.overlaps(with: CertificateAuthorities([stranger.certificate])))
    }

    @Test(arguments: [
        ("perPersonAndDay: 3", "perPersonAndDay: 0", "limits.perPersonAndDay"),
        ("perPersonAndDay: 3", "perPersonAndDays: 3", "limits.perPersonAndDays"),
        ("perPersonAndDay: 3", "perPersonAndDay: 3, abortedPerPersonAndDay: 2", "limits.abortedPerPersonAndDay"),
        ("code: \"990019\"", "code: \"990018\"", "regions[0].code"),
        ("code: \"990027\"", "code: \"990019\"", "regions[1].code"),
        ("kinds: [domestic, overseas]", "kinds: [domestic, abroad]", "regions[0].kinds"),
        ("kinds: [domestic]", "kinds: []", "regions[1].kinds"),
        ("https://issuer.akashi.invalid", "http://issuer.akashi.invalid", "issuer.url"),
        ("https://issuer.akashi.invalid", "https://issuer.akashi.invalid/", "issuer.url"),
        ("/vrs/shc-signing.pem", "/vrs/nothing.pem", "issuer.key"),
        ("/vrs/shc-signing.pem", "/ca.pem", "issuer.key"),
        ("/vrs/challenge.key", "/vrs/shc-signing.pem", "challenges.key"),
        ("/vrs/answer-sealing.key.pem", "/vrs/challenge.key", "answers.key"),
        ("/operator/ca.pem", "/centre/client-ca.pem", "listen.inner.clientAuthorities"),
        ("/operator/ca.pem", "/operator/operator.pem", "listen.inner.clientAuthorities"),
        ("/operator/ca.pem", "/terminals/ca.pem", "listen.inner.clientAuthorities"),
        ("/centre/client-ca.pem", "/terminals/ca.pem", "listen.centre.clientAuthorities"),
        ("/vrs/clients.yaml", "/vrs/nothing.yaml", "clients"),
        ("/terminals/ca.key.pem", "/ca.key.pem", "terminals.issuing.key"),
        ("/terminals/ca.pem", "/ca.pem", "terminals.issuing.certificate"),
        ("/trust/card", "/nowhere", "cards.authorities"),
        (", acceptSimulated: true", ", acceptReal: true", "cards.authorities"),
        ("/records-journal", "/records", "records.journal"),
        ("/records-journal", "/records/journal", "records.journal"),
        ("-journal,", "-journal, instance: a/b,", "records.instance"),
        ("/templates", "/keys", "templates"),
        ("operations: {port: 0}", "operations: {port: 70000}", "listen.operations.port"),
    ])
    func `a wrong value is refused by its name`(from: String, to: String, keyPath: String) async throws {
        let stack = try await Stack()
        let text = Self.good(stack).replacing(from, with: to, maxReplacements: 1)
        #expect(text != Self.good(stack))
        do {
            try await load(text)
            Issue.record("it was accepted")
        } catch let error as ConfigurationError {
            #expect(error.keyPath == keyPath, "\(error)")
            #expect(!error.japanese.isEmpty)
        }
    }

    /// Each file is replaced by a real one in turn, so that only one development part is left.
    @Test func `development material is refused without development mode`() async throws {
        let stack = try await Stack()
        do {
            try await load(Self.good(stack), development: false)
            Issue.record("it was accepted")
        } catch let error as ConfigurationError {
            #expect(error.english.contains("development"), "\(error)")
        }
        let file = try ConfigurationFile(text: Self.good(stack), name: "vrs.yaml")
        #expect(throws: ConfigurationError.self) {
            try VRSListeners(
                file.root, terminals: CertificateAuthorities([]), devices: nil, development: false, now: Stack.start)
        }
        for (section, key) in [("answers", "key"), ("challenges", "key")] {
            let section = try file.root.section(section)
            #expect(throws: ConfigurationError.self) { try SecretFile.read(section, key, development: false) }
        }
    }

    @Test func `fault points are refused without development mode`() async throws {
        let stack = try await Stack()
        try await load(Self.good(stack) + "development: {stopAfter: intent, challengeSeconds: 1}\n")
        await #expect(throws: ConfigurationError.self) {
            try await load(Self.good(stack) + "development: {stopAfter: sometimes}\n")
        }
    }

    @Test func `a key that others can read is refused`() async throws {
        let stack = try await Stack()
        let path = stack.folder + "/keys/vrs/challenge.key"
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        do {
            try await load(Self.good(stack))
            Issue.record("it was accepted")
        } catch let error as ConfigurationError {
            #expect(error.keyPath == "challenges.key")
        }
    }

    @Test func `keys are made once and kept`() async throws {
        let stack = try await Stack()
        let again = try await DevelopmentKeys(folder: stack.folder + "/keys", now: Stack.start).make(
            terminals: 3, regions: [Stack.mihon.code, Stack.rei.code])
        #expect(again.isEmpty)
        let more = try await DevelopmentKeys(folder: stack.folder + "/keys", now: Stack.start).make(
            terminals: 4, regions: [Stack.mihon.code])
        #expect(more.count == 2 && more.allSatisfy { $0.contains("T0004") })
    }

    @Test func `what has ended is made anew and signing keys are kept`() async throws {
        let stack = try await Stack()
        let keys = stack.folder + "/keys"
        func bytes(_ name: String) -> Data? { FileManager.default.contents(atPath: "\(keys)/\(name)") }
        let signing = ["vrs/shc-signing.pem", "vrs/seal-signing.pem", "vrs/dcc-signing.pem", "vrs/csca.key.pem"]
        let before = signing.map(bytes)
        #expect(!before.contains(nil))
        func make(days: Double) async throws -> [String] {
            try await DevelopmentKeys(folder: keys, now: Stack.start + days * 86_400).make(
                terminals: 3, regions: [Stack.mihon.code])
        }
        // Certificates for TLS are valid 397 days, those of signers five years.
        let services = try await make(days: 397)
        #expect(services.count == 25 && services.contains { $0.hasSuffix("T0003/terminal.key.pem") })
        #expect(try await make(days: 397).isEmpty)
        #expect(try await make(days: 5 * 365).contains { $0.hasSuffix("vrs/seal-signer.pem") })
        #expect(signing.map(bytes) == before)
    }

    @Test func `made up people can be issued certificates`() async throws {
        let stack = try await Stack()
        var lines: [Fabrication.CardLine] = []
        try await Fabrication.write(40, into: stack.store, kinds: stack.configuration.kinds, now: stack.clock.now) {
            lines.append($0)
        }
        #expect(Set(lines.map(\.number)).count == 40)
        #expect(Set(lines.map(\.name)).count == 40)
        #expect(lines.allSatisfy { $0.name.hasPrefix("見本") })
        let line = try #require(lines.first { $0.municipality == Stack.mihon.code.digits })
        var person = TestPerson(1)
        person.number = line.number
        person.cardName = line.name
        person.cardBirthDate = line.birthDate
        person.cardSexDigit = UInt8(line.sex)
        for kind in CertificateKind.allCases { #expect(await stack.refusal(try stack.session(person, kind)) == nil) }
    }

    @Test func `the published files have the keys and what was voided`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let session = try stack.session(person)
        let id = try await stack.issue(session).manifest.certificateID
        func export() async throws -> [String: String] {
            let folder = stack.folder + "/public"
            let side = try await PublishedFiles(
                signers: stack.configuration.signers, store: stack.store,
                earlier: try PublishedFolder(folder, isDevelopment: true), isDevelopment: true,
                now: stack.clock.now)
            return try await side.write(
                to: folder, signedBy: stack.configuration.rootKey,
                terminals: TerminalTrustContent(stack.configuration)
            ).reduce(into: [:]) {
                files, path in
                let data = try #require(FileManager.default.contents(atPath: path))
                files[String(path.dropFirst(folder.count + 1))] = String(decoding: data, as: UTF8.self)
            }
        }
        let before = try await export()
        #expect(
            Set(before.keys) == [
                ".well-known/jwks.json", "trust/test/shc/issuer.json", "trust/test/vdsnc/csca.cer",
                "trust/test/vdsnc/csca.crl", "trust/test/dcc/signer.cer", "trust/manifest.json",
                "trust/manifest.signed", "terminal-trust.signed",
            ])
        func manifest(_ files: [String: String]) throws -> TrustManifest {
            let text = try #require(files["trust/manifest.json"])
            return try #require(TrustManifest(Array(text.utf8)))
        }
        let signer = try #require(stack.configuration.signers.vdsncCertificates.first)
        #expect(try manifest(before).links == [TrustManifest.digest(signer): stack.configuration.signers.issuerURL])
        #expect(
            try Set(manifest(before).digests.keys.map { "trust/\($0)" })
                .union(["trust/manifest.json", "trust/manifest.signed"])
                == Set(before.keys.filter { $0.hasPrefix("trust/") }))
        #expect(before[".well-known/jwks.json"]?.contains("\"d\"") == false)
        try await stack.system.outcomes.accept(try session.outcome(.aborted), inquiry: session.inquiry)
        let after = try await export()
        let kid = stack.signer.keyID
        #expect(try manifest(after).counter > manifest(before).counter)
        #expect(try manifest(after).time == stack.clock.now.timeIntervalSince1970)
        #expect(try manifest(after).lists.contains { $0.path == "test/shc/issuer.json" && $0.least == 1 })
        let list = try #require(after[".well-known/crl/\(kid).json"])
        #expect(list.contains(id.text) && list.contains("\"ctr\":1"))
        #expect(after[".well-known/jwks.json"]?.contains("\"crlVersion\":1") == true)
    }
}
