import CardChip
import CheckedConfiguration
import Crypto
import Exchange
import ExchangeServer
import Foundation
import HTTPServer
import Logging
import MutualTLS
import Signing
import SimulatedCard
import TestSupport
import Testing
import Vaccination
import WalletService

/// The configuration is right, or names what is wrong.
@Suite struct ConfigurationTests {
    static let good = """
        listen:
          phone: {address: 127.0.0.1, port: 0, certificate: s.pem, key: s.key.pem}
          operations: {address: 127.0.0.1, port: 0}
        vrs:
          url: https://127.0.0.1:8445
          certificate: c.pem
          key: c.key.pem
          authorities: [ca.pem]
        cards: {trust: trust, acceptReal: false}
        devices: {authorities: [ca.pem]}
        service: {hours: "06:30-23:00"}
        notices:
          - {japanese: お知らせ, english: A notice}
        municipalities:
          - code: "131016"
            prefecture: 見本県
            name: 見本市
            prefectureEnglish: Mihon
            nameEnglish: Mihon City
            kinds: [domestic, overseas]
        """

    /// Files as the configuration names them, made once.
    private static let files = Result { () -> [String: String] in
        let authority = try IssuingAuthority.create(commonName: "ca", now: .now)
        let issued = try authority.server(commonName: "s", hosts: ["127.0.0.1"], now: .now)
        let client = try authority.client(commonName: "c", now: .now)
        let card = try SimulatedAuthority.create()
        return [
            "ca.pem": try authority.certificatePEM, "s.pem": try issued.pem,
            "s.key.pem": try #require(issued.key).pemRepresentation, "c.pem": try client.pem,
            "c.key.pem": try #require(client.key).pemRepresentation,
            "trust/card/\(Hexadecimal.text(card.keyID)).pem": try card.publicPEM(),
        ]
    }

    private func folder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for (name, text) in try Self.files.get() {
            let write = name.hasSuffix(".key.pem") ? KeyFile.writePrivate : KeyFile.writePublic
            try write(text, "\(folder.path)/\(name)")
        }
        return folder
    }

    private func read(
        _ text: String, development: Bool = true, afterwards look: (ConfigurationSection) -> Void = { _ in }
    ) throws -> WalletConfiguration {
        let folder = try folder()
        defer { withExtendedLifetime(folder) {} }
        let file = try ConfigurationFile(text: text, name: "wallet.yaml", folder: folder.path)
        defer { look(file.root) }
        return try WalletConfiguration(file, development: development, now: .now)
    }

    @Test func `the reference lists every key, and no other`() throws {
        let text = Self.good.replacing("key: s.key.pem}", with: "key: s.key.pem, limits: {connections: 10}}")
        var asked: Set<String> = []
        _ = try read(text + "\nlimits: {networks: 1000}") { asked = $0.askedFor }
        #expect(MarkdownPage.listed(asked) == (try MarkdownPage.configurationKeys(of: "wallet.yaml")))
    }

    @Test func `a right configuration is taken with its values`() throws {
        let configuration = try read(Self.good + "\nlimits: {revocationsPerHour: 3}")
        let code = try #require(MunicipalityCode("131016"))
        #expect(configuration.participants[code]?.kinds == [.domestic, .overseas])
        #expect(configuration.hours == ServiceHours("06:30-23:00"))
        #expect(configuration.phone.limits == PhoneListenerConfiguration.defaults)
        #expect(configuration.limits.revocationsPerHour == 3 && configuration.limits.networks == 100_000)
        #expect(configuration.currentInterval == .milliseconds(50))
    }

    @Test(arguments: [
        ("listen:", "lisen:", "lisen"),
        ("{address: 127.0.0.1, port: 0}", "{address: 0.0.0.0, port: 0}", "listen.operations.address"),
        ("port: 0, cert", "port: 65536, cert", "listen.phone.port"),
        ("certificate: s.pem, key", "certificate: ca.pem, key", "listen.phone.key"),
        ("key: s.key.pem}", "key: s.key.pem, clientAuthorities: [ca.pem]}", "listen.phone.clientAuthorities"),
        (
            "key: s.key.pem}", "key: s.key.pem, limits: {connectionsPerPeer: 3}}",
            "listen.phone.limits.connectionsPerPeer"
        ),
        ("devices: {authorities: [ca.pem]}", "devices: {authorities: [s.pem]}", "devices.authorities"),
        ("devices: {authorities: [ca.pem]}", "devices: {authorities: []}", "devices.authorities"),
        ("hours: \"06:30-23:00\"", "hours: \"06:30-23:00\", feeYen: 0", "service.feeYen"),
        ("hours: \"06:30-23:00\"", "hours: \"06:30-23:00\", currentMilliseconds: 5", "service.currentMilliseconds"),
        ("notices:", "limits: {networks: 10}\nnotices:", "limits.networks"),
        ("notices:", "limits: {enrolments: 10}\nnotices:", "limits.enrolments"),
        ("trust: trust", "trust: nowhere", "cards.trust"),
    ])
    func `each single flaw is refused at its key`(_ from: String, _ to: String, _ keyPath: String) throws {
        let text = Self.good.replacing(from, with: to, maxReplacements: 1)
        #expect(text != Self.good)
        let error = try #require(throws: ConfigurationError.self) { _ = try read(text) }
        #expect(error.keyPath == keyPath)
    }

    @Test func `without development mode, development certificates are refused`() throws {
        let error = try #require(throws: ConfigurationError.self) { _ = try read(Self.good, development: false) }
        #expect(error.english.contains("--development"))
    }

    @Test func `what is right of a changed file is taken while it runs, and the rest stays`() throws {
        let folder = try folder()
        func file(_ text: String) throws -> ConfigurationSection {
            try ConfigurationFile(text: text, name: "wallet.yaml", folder: folder.path).root
        }
        var configuration = try WalletConfiguration(
            try ConfigurationFile(text: Self.good, name: "wallet.yaml", folder: folder.path), development: true,
            now: .now)
        let changed = Self.good.replacing("06:30-23:00", with: "07:00-21:00")
            .replacing("devices: {authorities: [ca.pem]}", with: "devices: {authorities: []}")
        let flaws = configuration.readAgain(try file(changed), now: .now)
        #expect(flaws.map(\.keyPath) == ["devices.authorities"])
        #expect(configuration.hours == ServiceHours("07:00-21:00"))
        #expect(configuration.deviceCertificates.certificates.count == 1)
    }

    @Test func `only what a running service takes is said to be taken`() {
        for key in ["listen.phone.certificate", "vrs.authorities[0]", "devices.authorities[1]", "service.hours"] {
            #expect(Wallet.isReloaded(key), "\(key)")
        }
        for key in ["listen.phone.port", "limits.networks", "service.applicationsAtOnce", "vrs.url"] {
            #expect(!Wallet.isReloaded(key), "\(key)")
        }
    }

    @Test func `bad configurations never trap`() async throws {
        await BadInput.run("wallet configuration", samples: [Array(Self.good.utf8)]) { bytes in
            let file = try ConfigurationFile(
                text: String(decoding: bytes, as: UTF8.self), name: "wallet.yaml", folder: "/nowhere")
            _ = try WalletConfiguration(file, development: true, now: .now)
        }
    }
}
