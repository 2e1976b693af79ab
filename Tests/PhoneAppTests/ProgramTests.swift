import Attestation
import Credentials
import Crypto
import Exchange
import ExchangeSupport
import Foundation
import IssuerSupport
import PhoneApp
import SimulatedCard
import TestSupport
import Testing
import Vaccination

/// The program `phone-sim` against a mobile back end of the test's own.
@Suite(.requires(.program("phone-sim")))
struct ProgramTests {
    let world: PhoneWorld
    private static let program = Programs.path("phone-sim")

    init() throws { world = try PhoneWorld.shared.get() }

    /// Runs a test with a mobile back end, and a folder with what a phone is told of it.
    private func run(
        _ behaviour: TestWallet.Behaviour = .init(), _ body: (String, TestCentre) async throws -> Void
    ) async throws {
        var behaviour = behaviour
        behaviour.now = Date()
        behaviour.certificate = try PhoneWorld.certificate(world.deviceKey.publicKey)
        let wallet = TestWallet(world, behaviour)
        let server = try await TestCentre.start(world.pki.identity("wallet"), clients: nil) { await wallet.answer($0) }
        let folder = try TemporaryFolder()
        for file in world.issuers.trustFiles { try folder.write("trust/test/\(file.path)", Data(file.bytes)) }
        for (name, text) in [
            ("authority.pem", world.pki.authorityPEM), ("keys.pem", world.pinned.publicKey.pemRepresentation),
            (
                "phone.yaml",
                """
                wallet: \(server.url)
                ca: [authority.pem]
                statementKeys: keys.pem
                trust: trust
                development: true
                device: device
                attestation: attester
                """
            ), ("device/device.key.pem", world.deviceKey.pemRepresentation),
        ] {
            try folder.write(name, Data(text.utf8))
        }
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600], ofItemAtPath: folder.file("device/device.key.pem"))
        try await body(folder.path, server)
        await server.stop()
        withExtendedLifetime(folder) {}
    }

    private func said(_ arguments: [String], status: Int32 = 0) async throws -> [String] {
        let ended = try await Program.run(Self.program, arguments)
        #expect(ended.status == status, "\(arguments.first ?? ""): \(ended.errors)")
        return ended.output.split(separator: "\n").map(String.init)
    }

    @Test func `a device enrols with what its attester vouches for`() async throws {
        try await run { folder, server in
            let config = ["--config", folder + "/phone.yaml"]
            let told = try await said(["attester", "make", folder + "/attester"])
            let words = Dictionary(
                uniqueKeysWithValues: told.map { line in
                    let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
                    return (parts[0], parts.last ?? "")
                })
            _ = try await said(["check-config"] + config)
            _ = try await said(["enrol"] + config)
            let body = try #require(server.asked("/v1/enrolment").last?.body)
            let enrolment = try JSONDecoder().decode(DeviceEnrolment.self, from: Data(body))
            let path = try #require(words["root"])
            let pem = try String(contentsOfFile: path, encoding: .utf8)
            let base64 = pem.split(separator: "\n").filter { !$0.hasPrefix("-") }.joined()
            let der = try #require(Data(base64Encoded: base64))
            let root = try #require(AttestationRoot(der: Array(der)))
            let hexadecimal = Array(try #require(words["signer"]).utf8)
            let signer = stride(from: 0, to: hexadecimal.count, by: 2).compactMap {
                UInt8(String(decoding: hexadecimal[$0..<$0 + 2], as: UTF8.self), radix: 16)
            }
            let app = try AndroidApp(package: try #require(words["package"]), signers: [signer], minimumVersion: 1)
            let policy = try DevelopmentPolicy(apps: [app], roots: [root], isDevelopmentMode: true)
            let checker = AttestationChecker(
                policy: AttestationPolicy(android: nil, apple: nil, development: policy, revocations: .none),
                status: nil)
            let attested = try checker.check(
                Attestation(platform: .development, bytes: Array(enrolment.attestation)),
                challenge: EnrolmentChallenge(token: Array(enrolment.token), platform: .development),
                proof: enrolment.proof.map { Array($0) }, at: Date())
            #expect(attested.facts.keyHash == DeviceProofKey.hash(of: world.deviceKey.publicKey))
            let code = try String(contentsOfFile: folder + "/device/revocation.txt", encoding: .utf8)
            #expect(code == "0123-4567-89AB-CDEF\n")
            _ = try await said(["revoke", "--code", "0123-4567-89AB-CDEF"] + config)
            #expect(server.asked("/v1/device/revocation").count == 1)
        }
    }

    @Test func `a presentation keeps the certificates in a folder, and says nothing of the person`() async throws {
        try await run { folder, server in
            let config = ["--config", folder + "/phone.yaml"]
            _ = try await said(["attester", "make", folder + "/attester"])
            _ = try await said(["enrol"] + config)
            _ = try await said(["passport", "country", "--out", folder + "/jp.json", "--trust", folder + "/trust"])
            _ = try await said([
                "passport", "make", "--country", folder + "/jp.json", "--out", folder + "/passport.json", "--number",
                "TK1234567", "--surname", "Mihon", "--given", "Hanako", "--birth-date", "1980-11-23", "--sex", "female",
            ])
            #expect(FileManager.default.fileExists(atPath: folder + "/trust/passport/simulated-jp.crl"))
            try world.card.save(folder + "/card.json")
            let lines = try await said(
                [
                    "run", "--municipality", world.municipalities[0].code.digits, "--municipality",
                    world.municipalities[1].code.digits + ":overseas", "--pin", "1234", "--pin", "1234", "--card",
                    folder + "/card.json", "--passport", folder + "/passport.json", "--out", folder + "/out",
                    "--lose-after", "12",
                ] + config)
            let results = lines.filter { $0.contains(#""result":"kept""#) }
            #expect(results.count == 2)
            let text = lines.joined()
            for secret in [PhoneWorld.number, "見本", "HANAKO", "TK1234567"] { #expect(!text.contains(secret)) }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/out").sorted()
            #expect(names.count == 6)
            #expect(Set(names.compactMap { $0.split(separator: ".").last }) == ["smart-health-card", "txt", "token"])
            let files = world.issuers.trustFiles.map { TrustFile(path: "test/" + $0.path, bytes: $0.bytes) }
            let verifier = Verifier(trust: TrustStore(files: files))
            for name in names where name.hasSuffix(".smart-health-card") {
                let file = try String(contentsOfFile: "\(folder)/out/\(name)", encoding: .utf8)
                #expect(verifier.check([file], at: Date()).map(\.isValid) == [true])
            }
            let token = try #require(names.first { $0.hasSuffix(".token") })
            let current = try await said(["current", "--token", "\(folder)/out/\(token)"] + config, status: 1)
            #expect(current == ["newerDoses"])
            #expect(
                try server.asked("/v1/outcome").map { try Outcome(parsing: $0.body).disposition }
                    == [.delivered, .delivered])
            _ = try await said(
                [
                    "run", "--municipality", world.municipalities[0].code.digits, "--pin", "9999", "--card",
                    folder + "/card.json",
                ] + config, status: 10)
            _ = try await said(
                [
                    "run", "--municipality", "131016", "--pin", "1234", "--card", folder + "/card.json",
                ] + config, status: 1)
        }
    }

    @Test func `a load run gives each card its own holder's certificate, and tokens that queries ask with`()
        async throws
    {
        var behaviour = TestWallet.Behaviour()
        behaviour.takesAnyDevice = true
        try await run(behaviour) { folder, _ in
            _ = try await said(["attester", "make", folder + "/attester"])
            try world.authority.write(privateTo: folder + "/authority.key.pem", publicTo: folder + "/trust/card")
            let people = (0..<6).map { index in
                let digits = "9999000010\(index)".map { $0.wholeNumberValue ?? 0 }
                return #"{"number":"9999000010\#(index)\#(CardHolder.checkDigit(of: digits))","#
                    + #""name":"見本\#u{3000}\#("一二三四五六".dropFirst(index).prefix(1))","address":"見本県","birthDate":"1980010\#(index + 1)","#
                    + #""sex":"2","municipality":"\#(world.municipalities[index % 3].code.digits)"}"#
            }
            try Data(people.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: folder + "/cards.jsonl"))
            let lines = try await said([
                "load", "--config", folder + "/phone.yaml", "--phones", "3", "--sessions", "9", "--cards", "6",
                "--devices", "2", "--tokens", folder + "/tokens", "--list",
                "--card-authority", folder + "/authority.key.pem", "--card-list", folder + "/cards.jsonl",
                "--key-pool", folder + "/pool",
            ])
            let line = try #require(lines.last)
            #expect(line.hasPrefix(#"{"sessions":9,"issued":9,"#), "\(line)")
            #expect(line.hasSuffix(#""refused":{},"other_holder":0}"#), "\(line)")
            #expect(lines.count { $0.hasPrefix("issued ") } == 9)
            let tokens = try String(contentsOfFile: folder + "/tokens", encoding: .utf8).split(separator: "\n")
            #expect(tokens.count == 9)
            // It answers to every query that there are newer doses.
            let queries = try await said(
                [
                    "queries", "--config", folder + "/phone.yaml", "--tokens", folder + "/tokens", "--connections", "3",
                    "--seconds", "1",
                ], status: 1)
            let report = try JSONDecoder().decode(Queries.self, from: Data(try #require(queries.last).utf8))
            #expect(report.queries > 3)
            #expect(report.current == 0)
            #expect(report.answers == ["newerDoses": report.queries])
        }
    }

    private struct Queries: Decodable {
        let queries: Int
        let current: Int
        let answers: [String: Int]
    }
}
