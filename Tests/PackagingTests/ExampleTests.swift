import Crypto
import Foundation
import Terminal
import TestSupport
import Testing

/// The example configurations hold and explain every key, and the programs take them.
@Suite struct ExampleTests {
    @Test(arguments: [
        ("vrs/vrs.yaml", "vrs.yaml"), ("vrs/operator.yaml", "operator.yaml"), ("centre/centre.yaml", "centre.yaml"),
        ("wallet/wallet.yaml", "wallet.yaml"), ("kiosk-sim/terminal.yaml", "terminal.yaml"),
    ])
    func `an example has every key of the reference and no other, with a remark above each`(
        _ example: String, _ file: String
    ) throws {
        let keys = try Example(example).keys
        let documented = try MarkdownPage.configurationKeys(of: file)
        #expect(MarkdownPage.listed(Set(keys.map(\.path))).symmetricDifference(documented) == [])
        for key in keys { #expect(key.isExplained, "\(key.path)") }
    }

    @Test func `the list of centres and operators has every key, with a remark above each`() throws {
        let keys = try Example("vrs/clients.yaml").keys
        let documented = try MarkdownPage(MarkdownPage.reference).names(below: "## The list of centres and operators")
        #expect(MarkdownPage.listed(Set(keys.map(\.path))) == Set(documented))
        for key in keys where key.path != "clients" { #expect(key.isExplained, "\(key.path)") }
    }

    @Test func `the verifier's options are all explained, and those in use are among them`() throws {
        let text = try Packaging.text("verifier/verifier.env")
        let explained = text.matches(of: /(?m)^# (--[a-z-]+)/).map { String($0.1) }
        #expect(explained == (try MarkdownPage(MarkdownPage.reference).names(below: "## `verifier serve`")))
        let used = try #require(text.firstMatch(of: /(?m)^OPTIONS=(.*)$/)).1.matches(of: /--[a-z-]+/)
        for option in used { #expect(explained.contains(String(option.0))) }
    }

    /// Development keys in the places of those that an example names.
    private func withKeys(_ body: (String) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        let made = try await Program.run(
            Programs.path("vrs"), ["keys", "development", "--out", folder.file("keys"), "--regions", "131016"])
        _ = try made.succeeded()
        let cards = try await Program.run(
            Programs.path("kiosk-sim"),
            ["card", "authority", "--out", folder.file("cards"), "--trust", folder.file("keys/trust")])
        _ = try cards.succeeded()
        try folder.write(
            "earlier.pub.pem", Data(P256.Signing.PrivateKey().publicKey.pemRepresentation.utf8))
        try folder.write(
            "withdrawn.pub.pem", Data(P256.Signing.PrivateKey().publicKey.pemRepresentation.utf8))
        try folder.write(
            "backup.key.pub", Data(P256.KeyAgreement.PrivateKey().publicKey.pemRepresentation.utf8))
        for (name, digit) in [("master.key", "1"), ("master-earlier.key", "2")] {
            try folder.write(name, Data(String(repeating: digit, count: 64).utf8))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder.file(name))
        }
        // Two makers of phones, a made-up one among them.
        for (name, subject) in [
            ("maker", "/CN=A maker of phones"), ("attester", "/O=AKASHI DEVELOPMENT/CN=AKASHI DEVELOPMENT maker"),
        ] {
            _ = try await Program.run(
                "/usr/bin/openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                    "-subj",
                    subject, "-keyout", folder.file("\(name).key"), "-out", folder.file("\(name).pem"),
                ]
            ).succeeded()
        }
        try folder.write("token.pin", Data((SoftHSM.pin + "\n").utf8))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder.file("token.pin"))
        try await body(folder.path)
        withExtendedLifetime(folder) {}
    }

    private func check(
        _ text: String, by program: String, _ arguments: [String], in folder: String,
        environment: [String: String] = [:]
    ) async throws {
        let path = folder + "/example.yaml"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        let outcome = try await Program.run(
            Programs.path(program), arguments + ["--config", path, "--development"],
            environment: environment)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)\n\(text)")
    }

    private static func replacing(_ text: String, _ places: [(String, String)]) -> String {
        places.reduce(text) { $0.replacing($1.0, with: $1.1) }
    }

    @Test(.requires(.program("vrs")), .requires(.program("kiosk-sim")))
    func `vrs takes its example as it is, and with every key`() async throws {
        try await withKeys { folder in
            let keys = folder + "/keys"
            let places = [
                ("keys/centre-listener", "\(keys)/vrs/centre-entrance"),
                ("keys/operator-listener", "\(keys)/vrs/inner"),
                ("keys/centres-ca.pem", "\(keys)/centre/client-ca.pem"),
                ("keys/wallet-listener", "\(keys)/vrs/wallet-entrance"),
                ("keys/wallets-ca.pem", "\(keys)/wallet/client-ca.pem"),
                ("keys/phone-statement", "\(keys)/vrs/phone-statement"),
                ("keys/phone-answer", "\(keys)/vrs/phone-answer"), ("keys/phone-master", "\(keys)/vrs/phone-master"),
                ("keys/devices-ca", "\(keys)/vrs/devices-ca"), ("keys/android-roots.pem", "\(folder)/maker.pem"),
                ("keys/apple-root.pem", "\(folder)/maker.pem"), ("keys/attester.pem", "\(folder)/attester.pem"),
                ("/run/akashi-upload-keys", "\(folder)/upload-keys"),
                ("passportTrust: trust", "passportTrust: \(keys)/trust"),
                ("keys/operators-ca.pem", "\(keys)/operator/ca.pem"),
                ("keys/clients.yaml", "\(keys)/vrs/clients.yaml"), ("keys/regions", "\(keys)/vrs/regions"),
                ("keys/master.key", "\(folder)/master.key"),
                ("keys/master-earlier.key", "\(folder)/master-earlier.key"),
                ("token.pin", "\(folder)/token.pin"),
                ("keys/root-signing", "\(keys)/vrs/root-signing"), ("keys/shc-signing", "\(keys)/vrs/shc-signing"),
                ("keys/shc-earlier.pub.pem", "\(folder)/earlier.pub.pem"),
                ("keys/shc-withdrawn.pub.pem", "\(folder)/withdrawn.pub.pem"),
                ("keys/vdsnc-withdrawn.pem", "\(keys)/vrs/dcc-signer.pem"),
                ("keys/dcc-withdrawn.pem", "\(keys)/vrs/seal-signer.pem"),
                ("keys/answer-earlier.pub.pem", "\(folder)/earlier.pub.pem"),
                ("keys/root-next.pub.pem", "\(folder)/earlier.pub.pem"),
                ("keys/root-earlier.pub.pem", "\(folder)/earlier.pub.pem"),
                ("keys/backup.key.pub", "\(folder)/backup.key.pub"),
                ("keys/vdsnc-signing", "\(keys)/vrs/seal-signing"), ("keys/vdsnc-signer", "\(keys)/vrs/seal-signer"),
                ("keys/csca", "\(keys)/vrs/csca"), ("keys/vdsnc-earlier", "\(keys)/vrs/seal-signer"),
                ("keys/dcc-signing", "\(keys)/vrs/dcc-signing"), ("keys/dcc-signer", "\(keys)/vrs/dcc-signer"),
                ("keys/dcc-earlier", "\(keys)/vrs/dcc-signer"), ("keys/answer.key", "\(keys)/vrs/answer-sealing.key"),
                ("keys/challenge.key", "\(keys)/vrs/challenge.key"), ("keys/terminals-ca", "\(keys)/terminals/ca"),
                ("authorities: cards", "authorities: \(keys)/trust/card"),
                // Development keys have simulated cards beside them.
                ("acceptSimulated: false", "acceptSimulated: true"),
                ("/var/lib/akashi", folder), ("/usr/share/akashi/templates", Programs.root + "/templates"),
            ]
            let example = try Example("vrs/vrs.yaml")
            let token = try await SoftHSM(labels: ["akashi"])
            let asItIs = example.text.replacing("acceptReal: true", with: "acceptSimulated: true")
            // "keys" in what stands in for it begins a path of its own.
            for text in [asItIs, example.complete()] {
                try await check(
                    Self.replacing(
                        text.replacing(" keys/", with: " @keys/").replacing("[keys/", with: "[@keys/"),
                        places.map { ($0.hasPrefix("keys/") ? "@" + $0 : $0, $1) }),
                    by: "vrs", ["check-config"], in: folder, environment: token.environment)
            }
        }
    }

    @Test(.requires(.program("centre")), .requires(.program("vrs")), .requires(.program("kiosk-sim")))
    func `the centre takes its example as it is, and with every key`() async throws {
        try await withKeys { folder in
            let keys = folder + "/keys"
            let places = [
                ("@keys/server", "\(keys)/centre/server"), ("@keys/terminals-ca.pem", "\(keys)/terminals/ca.pem"),
                ("@keys/client", "\(keys)/centre/client"), ("@keys/services-ca.pem", "\(keys)/ca.pem"),
                ("trust: trust", "trust: \(keys)/trust"),
            ]
            let example = try Example("centre/centre.yaml")
            for text in [example.text, example.complete()] {
                try await check(
                    Self.replacing(
                        text.replacing(" keys/", with: " @keys/").replacing("[keys/", with: "[@keys/"), places),
                    by: "centre", ["check"], in: folder)
            }
        }
    }

    @Test(.requires(.program("wallet")), .requires(.program("vrs")), .requires(.program("kiosk-sim")))
    func `the wallet takes its example as it is, and with every key`() async throws {
        try await withKeys { folder in
            let keys = folder + "/keys"
            // The centre's stand in: a listener's and a client's certificate, and any authority.
            let places = [
                ("@keys/server", "\(keys)/centre/server"), ("@keys/client", "\(keys)/centre/client"),
                ("@keys/services-ca.pem", "\(keys)/ca.pem"), ("@keys/devices-ca.pem", "\(keys)/ca.pem"),
                ("trust: trust", "trust: \(keys)/trust"),
            ]
            let example = try Example("wallet/wallet.yaml")
            for text in [example.text, example.complete()] {
                try await check(
                    Self.replacing(
                        text.replacing(" keys/", with: " @keys/").replacing("[keys/", with: "[@keys/"), places),
                    by: "wallet", ["check"], in: folder)
            }
        }
    }

    @Test(.requires(.program("vrs")), .requires(.program("kiosk-sim")))
    func `the terminal takes its example as it is, and with every key but alternatives`() async throws {
        try await withKeys { folder in
            let keys = folder + "/keys"
            let places = [
                ("/etc/akashi/kiosk/services-ca.pem", "\(keys)/ca.pem"),
                ("/etc/akashi/kiosk/terminal", "\(keys)/terminals/T0001/terminal"),
                ("/etc/akashi/kiosk/publisher.pub.pem", "\(folder)/earlier.pub.pem"), ("/var/lib/akashi/kiosk", folder),
                ("development: false", "development: true"),
            ]
            let example = try Example("kiosk-sim/terminal.yaml")
            let asItIs = example.text.replacing("#development: false", with: "development: true")
            // One printer, a reader where there is no simulated card, and trust that comes from its publisher.
            let complete = example.complete(without: [
                "simulated:", "address:", "device:", "takenIsPrinted:", "answerSealingKey:", "trust:",
            ])
            for text in [asItIs, complete] {
                let path = folder + "/terminal.yaml"
                try Data(Self.replacing(text, places).utf8).write(to: URL(fileURLWithPath: path))
                let configuration = try TerminalConfiguration(path: path)
                #expect(configuration.printer == .command(["/usr/local/bin/print-page"]))
                #expect(configuration.card == .reader(name: nil))
            }
        }
    }
}
