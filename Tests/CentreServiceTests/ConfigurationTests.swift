import CardChip
import CentreService
import Crypto
import Exchange
import ExchangeServer
import Foundation
import CheckedConfiguration
import HTTPServer
import MutualTLS
import Signing
import SimulatedCard
import TestSupport
import Testing
import Vaccination

/// The centre's configuration is right, or names what is wrong.
@Suite struct ConfigurationTests {
    static let good = """
        listen:
          terminal: {address: 127.0.0.1, port: 0, certificate: s.pem, key: s.key.pem, clientAuthorities: [ca.pem]}
          operations: {address: 127.0.0.1, port: 0}
        vrs:
          url: https://127.0.0.1:8444
          certificate: c.pem
          key: c.key.pem
          authorities: [ca.pem]
          lostAfterSeconds: 10
        cards: {trust: trust, acceptReal: false}
        service: {hours: "06:30-23:00", feeYen: 120}
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
        let name = Hexadecimal.text(card.keyID)
        return [
            "ca.pem": try authority.certificatePEM, "s.pem": try issued.pem,
            "s.key.pem": try #require(issued.key).pemRepresentation, "c.pem": try client.pem,
            "c.key.pem": try #require(client.key).pemRepresentation, "trust/card/\(name).pem": try card.publicPEM(),
        ]
    }

    private func read(
        _ text: String, development: Bool = true, without missing: String? = nil,
        afterwards look: (ConfigurationSection) -> Void = { _ in }
    ) throws -> CentreConfiguration {
        let temporary = try TemporaryFolder()
        let folder = temporary.path
        defer { withExtendedLifetime(temporary) {} }
        try write(to: folder, without: missing)
        let file = try ConfigurationFile(text: text, name: "centre.yaml", folder: folder)
        defer { look(file.root) }
        return try CentreConfiguration(file, development: development, now: .now)
    }

    private func write(to folder: String, without missing: String? = nil) throws {
        for (name, text) in try Self.files.get() where missing.map({ !name.hasPrefix($0) }) ?? true {
            let write = name.hasSuffix(".key.pem") ? KeyFile.writePrivate : KeyFile.writePublic
            try write(text, "\(folder)/\(name)")
        }
        try FileManager.default.createDirectory(atPath: folder + "/trust/card", withIntermediateDirectories: true)
    }

    @Test func `the reference lists every key, and no other`() throws {
        let limits = "clientAuthorities: [ca.pem], limits: {connections: 10}}"
        var asked: Set<String> = []
        _ = try read(Self.good.replacing("clientAuthorities: [ca.pem]}", with: limits)) { asked = $0.askedFor }
        #expect(MarkdownPage.listed(asked) == (try MarkdownPage.configurationKeys(of: "centre.yaml")))
    }

    @Test func `a right configuration is taken with its values`() throws {
        let configuration = try read(Self.good)
        let code = try #require(MunicipalityCode("131016"))
        #expect(configuration.participants[code]?.kinds == [.domestic, .overseas])
        #expect(configuration.hours == ServiceHours("06:30-23:00"))
        #expect(configuration.notices == [.init(japanese: "お知らせ", english: "A notice")])
        #expect(configuration.recordSystem.lostAfter == .seconds(10))
        #expect(configuration.terminal.limits == ListenerLimits())
    }

    @Test(arguments: [
        ("listen:", "lisen:", "lisen"),
        ("{address: 127.0.0.1, port: 0}", "{address: 0.0.0.0, port: 0}", "listen.operations.address"),
        ("port: 0, cert", "port: 65536, cert", "listen.terminal.port"),
        ("certificate: s.pem, key", "certificate: ca.pem, key", "listen.terminal.key"),
        ("clientAuthorities: [ca.pem]", "clientAuthorities: [s.pem]", "listen.terminal.clientAuthorities"),
        ("clientAuthorities: [ca.pem]", "clientAuthorities: []", "listen.terminal.clientAuthorities"),
        (
            "clientAuthorities: [ca.pem]}", "clientAuthorities: [ca.pem], limits: {connections: 0}}",
            "listen.terminal.limits.connections"
        ),
        ("clientAuthorities: [ca.pem]}", "clientAuthorities: [ca.pem], limit: {}}", "listen.terminal.limit"),
        ("https://127", "http://127", "vrs.url"),
        ("lostAfterSeconds: 10", "lostAfterSeconds: 0", "vrs.lostAfterSeconds"),
        ("lostAfterSeconds: 10", "lostAfter: 10", "vrs.lostAfter"), ("trust: trust", "trust: s.pem", "cards.trust"),
        ("trust: trust", "trust: nowhere", "cards.trust"),
        ("acceptReal: false", "acceptReal: maybe", "cards.acceptReal"),
        ("06:30-23:00", "23:00-06:30", "service.hours"), ("06:30-23:00", "6-23", "service.hours"),
        ("feeYen: 120", "feeYen: -1", "service.feeYen"),
        ("feeYen: 120", "fee: 120", "service.feeYen"),
        ("english: A notice", "englsh: A notice", "notices[0].englsh"),
        ("\"131016\"", "\"131017\"", "municipalities[0].code"), ("\"131016\"", "131016x", "municipalities[0].code"),
        ("[domestic, overseas]", "[]", "municipalities[0].kinds"),
        ("[domestic, overseas]", "[foreign]", "municipalities[0].kinds"),
        ("[domestic, overseas]", "[domestic, domestic]", "municipalities[0].kinds"),
        ("name: 見本市", "nam: 見本市", "municipalities[0].nam"),
    ])
    func `each single flaw is refused at its key`(_ from: String, _ to: String, _ keyPath: String) throws {
        let text = Self.good.replacing(from, with: to, maxReplacements: 1)
        #expect(text != Self.good)
        let error = try #require(throws: ConfigurationError.self) { _ = try read(text) }
        #expect(error.keyPath == keyPath)
    }

    @Test func `a municipality that stands twice, or none at all, is refused`() throws {
        let split = try #require(Self.good.range(of: "municipalities:\n"))
        let twice = Self.good + "\n" + Self.good[split.upperBound...]
        let repeated = try #require(throws: ConfigurationError.self) { _ = try read(twice) }
        #expect(repeated.keyPath == "municipalities[1].code")
        let none = String(Self.good[..<split.lowerBound])
        let missing = try #require(throws: ConfigurationError.self) { _ = try read(none) }
        #expect(missing.keyPath == "municipalities")
    }

    @Test func `without development mode, development certificates are refused`() throws {
        let error = try #require(throws: ConfigurationError.self) { _ = try read(Self.good, development: false) }
        #expect(error.english.contains("--development"))
    }

    @Test func `no card authority that is accepted is an error, not an empty list`() throws {
        let error = try #require(throws: ConfigurationError.self) { _ = try read(Self.good, without: "trust") }
        #expect(error.keyPath == "cards.trust")
    }

    @Test func `a card authority that was taken out is out although a file beside it, or its section, is wrong`() throws
    {
        let folder = try TemporaryFolder()
        try write(to: folder.path)
        let cards = folder.path + "/trust/card"
        let own = try #require(try FileManager.default.contentsOfDirectory(atPath: cards).first)
        let real = ["REAL-AUTHORITY-1", "REAL-AUTHORITY-2"].map { Hexadecimal.text(Array($0.utf8)) + ".pem" }
        for name in real { try FileManager.default.copyItem(atPath: "\(cards)/\(own)", toPath: "\(cards)/\(name)") }
        let text = Self.good.replacing("acceptReal: false", with: "acceptReal: true")
        func file(_ text: String) throws -> ConfigurationFile {
            try ConfigurationFile(text: text, name: "centre.yaml", folder: folder.path)
        }
        let first = try CentreConfiguration(try file(text), development: true, now: .now)
        func left(_ text: String) throws -> [String] {
            var configuration = first
            let flaws = configuration.readAgain(try file(text).root, now: .now)
            #expect(flaws.count == 1, "\(flaws)")
            return configuration.cards.keyIDs.map { Hexadecimal.text($0) + ".pem" }
        }
        try "text".write(toFile: cards + "/notes.pem", atomically: true, encoding: .utf8)
        #expect(try left(text) == ([own] + real).sorted())
        try FileManager.default.removeItem(atPath: "\(cards)/\(real[0])")
        #expect(try left(text) == [own, real[1]].sorted())
        #expect(try left(Self.good) == [own])
        #expect(try left(text.replacing("trust: trust", with: "truth: trust")) == [])
    }

    @Test(arguments: ["authorities: []", "authorities: ca.pem", ""])
    func `whoever vouched for vrs and does not stand in the list any more does so no more`(list: String) throws {
        let folder = try TemporaryFolder()
        try write(to: folder.path)
        func file(_ text: String) throws -> ConfigurationFile {
            try ConfigurationFile(text: text, name: "centre.yaml", folder: folder.path)
        }
        var configuration = try CentreConfiguration(try file(Self.good), development: true, now: .now)
        let text = Self.good.replacing("  authorities: [ca.pem]\n", with: list.isEmpty ? "" : "  \(list)\n")
        #expect(text != Self.good)
        let flaws = configuration.readAgain(try file(text).root, now: .now)
        #expect(flaws.map(\.keyPath) == ["vrs.authorities"])
        #expect(configuration.recordSystem.authorities.certificates.isEmpty)
        #expect(!configuration.terminal.clientAuthorities.certificates.isEmpty)
    }

    @Test func `bad configurations never trap`() async throws {
        await BadInput.run("centre configuration", samples: [Array(Self.good.utf8)]) {
            bytes in
            let file = try ConfigurationFile(
                text: String(decoding: bytes, as: UTF8.self), name: "centre.yaml", folder: "/nowhere")
            _ = try CentreConfiguration(file, development: true, now: .now)
        }
    }
}
