import CheckedConfiguration
import Crypto
import ExchangeSupport
import Foundation
import MutualTLS
import Terminal
import TestSupport
import Testing
import Vaccination

struct ConfigurationTests {
    /// A folder with what a configuration names.
    private func withFolder<Result>(_ body: (String, String) throws -> Result) throws -> Result {
        let temporary = try TemporaryFolder()
        let folder = temporary.path
        defer { withExtendedLifetime(temporary) {} }
        try FileManager.default.createDirectory(atPath: folder + "/trust", withIntermediateDirectories: true)
        let pki = try TestPKI()
        let (certificate, key) = try pki.files("T0001", organisation: DevelopmentMark.name)
        func write(_ text: String, _ name: String) throws {
            let write = name.hasSuffix(".key.pem") ? KeyFile.writePrivate : KeyFile.writePublic
            try write(text, folder + "/" + name)
        }
        try write(pki.authorityPEM, "ca.pem")
        try write(certificate, "terminal.pem")
        try write(key, "terminal.key.pem")
        try write(P256.Signing.PrivateKey().pemRepresentation, "other.key.pem")
        try write(try P256.Signing.PrivateKey(pemRepresentation: key).publicKey.pemRepresentation, "terminal.pub.pem")
        try write("# for development\n" + P256.KeyAgreement.PrivateKey().publicKey.pemRepresentation, "answer.pub.pem")
        let good = """
            centre: https://centre.example:8443
            ca: \(folder)/ca.pem
            certificate: \(folder)/terminal.pem
            key: \(folder)/terminal.key.pem
            answerSealingKey: \(folder)/answer.pub.pem
            trust: \(folder)/trust
            development: true
            card: {simulated: /tmp/card.json}
            printer: {command: [printer-sim, --out, /tmp/out]}
            languages: [en, ja]
            timeouts: {inactivity: 30, removal: 20}
            operator: {code: "4711"}
            """
        return try body(folder, good)
    }

    private func read(_ text: String) throws(ConfigurationError) -> TerminalConfiguration {
        try TerminalConfiguration(ConfigurationFile(text: text, name: "terminal.yaml"))
    }

    @Test func `a right file is read`() throws {
        try withFolder { _, good in
            let configuration = try read(good)
            #expect(configuration.centre == "https://centre.example:8443")
            #expect(configuration.card == .simulated(path: "/tmp/card.json"))
            #expect(configuration.printer == .command(["printer-sim", "--out", "/tmp/out"]))
            #expect(configuration.languages == [.en, .ja])
            #expect(configuration.timeouts.inactivity == .seconds(30))
            #expect(configuration.timeouts.removal == .seconds(20))
            #expect(configuration.timeouts.card == Timeouts().card)
            #expect(configuration.operatorCode == "4711")
            #expect(configuration.identity.isDevelopment)
        }
    }

    @Test func `the reference lists every key, and no other`() throws {
        try withFolder { _, good in
            let file = try ConfigurationFile(text: good, name: "terminal.yaml")
            _ = try TerminalConfiguration(file)
            let published = try ConfigurationFile(text: try Self.published(good), name: "terminal.yaml")
            _ = try TerminalConfiguration(published)
            #expect(
                MarkdownPage.listed(file.root.askedFor.union(published.root.askedFor))
                    == (try MarkdownPage.configurationKeys(of: "terminal.yaml")))
        }
    }

    /// The same configuration with a publisher in place of the fixed key and folder.
    private static func published(_ good: String, both: Bool = false) throws -> String {
        let key = NSTemporaryDirectory() + "akashi-publisher-\(UUID().uuidString).pem"
        try P256.Signing.PrivateKey().publicKey.pemRepresentation.write(toFile: key, atomically: true, encoding: .utf8)
        let rest = good.split(separator: "\n", omittingEmptySubsequences: false).filter {
            both || !$0.hasPrefix("trust:") && !$0.hasPrefix("answerSealingKey:")
        }
        return rest.joined(separator: "\n") + "\npublisher: {key: \(key), file: \(key).signed}\n"
    }

    @Test func `a publisher and what is fixed by hand exclude each other`() throws {
        try withFolder { _, good in
            let configuration = try read(try Self.published(good))
            guard case .published(let keys, _) = configuration.trust else { throw TestFailure("not published") }
            #expect(keys.count == 1)
            let error = #expect(throws: ConfigurationError.self) { try read(try Self.published(good, both: true)) }
            #expect(error?.keyPath == "trust")
        }
    }

    /// A line that stands in for the one that begins in the same way, and the key that is complained of.
    static let flaws: [(String, String)] = [
        ("centre: http://centre.example", "centre"), ("centre: https://centre.example/path", "centre"),
        ("centre: ''", "centre"),
        ("ca: /nonexistent/ca.pem", "ca"), ("certificate: /nonexistent.pem", "certificate"),
        ("key: FOLDER/other.key.pem", "key"), ("answerSealingKey: FOLDER/terminal.key.pem", "answerSealingKey"),
        ("answerSealingKey: FOLDER/terminal.pub.pem", "answerSealingKey"), ("key: FOLDER/terminal.pem", "key"),
        ("ca: FOLDER/terminal.pem", "ca"),
        ("answerSealingKey: FOLDER/terminal.pem", "answerSealingKey"), ("trust: FOLDER/none", "trust"),
        ("development: maybe", "development"), ("development: false", "certificate"), ("card: {}", "card"),
        ("card: {simulated: a, reader: b}", "card"), ("card: {read: any}", "card.read"), ("printer: {}", "printer"),
        ("printer: {command: [a], device: b}", "printer"), ("printer: {address: printer}", "printer.address"),
        ("printer: {address: 'printer:70000'}", "printer.address"), ("languages: [ja, fr]", "languages"),
        ("languages: [ja, ja]", "languages"), ("timeouts: {inactivity: 0}", "timeouts.inactivity"),
        ("timeouts: {inactivity: soon}", "timeouts.inactivity"), ("timeouts: {inactivty: 30}", "timeouts.inactivty"),
        ("development: yes", "development"), ("languages: ja", "languages"),
        ("printer: {command: a}", "printer.command"),
        ("printer: {command: []}", "printer"),
        ("printer: {command: [a], takenIsPrinted: true}", "printer.takenIsPrinted"),
        ("printer: {device: b, takenIsPrinted: yes}", "printer.takenIsPrinted"), ("trust: &a FOLDER", ""),
        ("operator: {}", "operator.code"),
        ("operator: {code: abcd}", "operator.code"), ("operator: {code: '123'}", "operator.code"),
    ]

    @Test(arguments: flaws)
    func `a wrong value is refused at its place`(_ line: String, _ key: String) throws {
        try withFolder { folder, good in
            let name = try #require(line.split(separator: ":").first) + ":"
            let line = line.replacing("FOLDER", with: folder)
            let text = good.split(separator: "\n").map { $0.hasPrefix(name) ? Substring(line) : $0 }.joined(
                separator: "\n")
            let error = try #require(throws: ConfigurationError.self) { try read(text) }
            #expect(error.keyPath == key)
            #expect(error.japanese.unicodeScalars.contains { (0x3040...0x30FF).contains($0.value) })
        }
    }

    @Test(arguments: ["centre", "ca", "certificate", "key", "answerSealingKey", "trust", "printer"])
    func `a value that is missing is refused by its name`(_ key: String) throws {
        try withFolder { _, good in
            let text = good.split(separator: "\n").filter { !$0.hasPrefix(key + ":") }.joined(separator: "\n")
            let error = try #require(throws: ConfigurationError.self) { try read(text) }
            #expect(error.keyPath == key)
            #expect(error.japanese.unicodeScalars.contains { (0x3040...0x30FF).contains($0.value) })
        }
    }

    /// A printer's entry, and whether a page counts as printed that it took.
    @Test(arguments: [
        (
            "{device: /dev/usb/lp0}",
            TerminalConfiguration.PrinterAddress.device(path: "/dev/usb/lp0", takenIsPrinted: false)
        ),
        ("{device: /dev/usb/lp0, takenIsPrinted: true}", .device(path: "/dev/usb/lp0", takenIsPrinted: true)),
        ("{address: 'p:9100'}", .network(host: "p", port: 9100, takenIsPrinted: false)),
        ("{address: 'p:9100', takenIsPrinted: true}", .network(host: "p", port: 9100, takenIsPrinted: true)),
    ])
    func `that a page was taken counts as printed only where the file says so`(
        _ entry: String, _ printer: TerminalConfiguration.PrinterAddress
    ) throws {
        try withFolder { _, good in
            let text = good.split(separator: "\n").map { $0.hasPrefix("printer:") ? "printer: \(entry)" : String($0) }
            let configuration = try read(text.joined(separator: "\n"))
            #expect(configuration.printer == printer)
        }
    }

    @Test func `a certificate that has ended is refused at its place`() throws {
        try withFolder { _, good in
            let error = try #require(throws: ConfigurationError.self) {
                try TerminalConfiguration(ConfigurationFile(text: good, name: "t"), now: Date() + 2 * 86_400)
            }
            #expect(error.keyPath == "certificate")
        }
    }

    @Test func `without a card's entry any reader is taken`() throws {
        try withFolder { _, good in
            let text = good.split(separator: "\n").filter { !$0.hasPrefix("card:") }.joined(separator: "\n")
            let configuration = try read(text)
            #expect(configuration.card == .reader(name: nil))
        }
    }
}
