package import CheckedConfiguration
package import Crypto
package import MutualTLS
package import Foundation
import Glibc

/// Everything a terminal is told by its file, each value checked: keys are read and match their certificates.
package struct TerminalConfiguration: Sendable {
    /// Where the card comes from.
    package enum Card: Hashable, Sendable {
        /// A simulated card out of a file, in this process.
        case simulated(path: String)
        /// A PC/SC reader by its name; `nil` means any.
        case reader(name: String?)
    }

    /// Which way pages go to the printer; none of them is a spool.
    package enum PrinterAddress: Hashable, Sendable {
        /// A program that takes the page on its standard input as a print stream.
        case command([String])
        /// A printer that takes raw PDF over TCP (port 9100), and whether what it took counts as printed.
        case network(host: String, port: Int, takenIsPrinted: Bool)
        /// A device file or named pipe that takes raw PDF, and whether what it took counts as printed.
        case device(path: String, takenIsPrinted: Bool)
    }

    /// Where trust comes from.
    package enum Trust: Sendable {
        /// Files of this terminal: the key of `vrs` that answers come from, and a folder of public anchors for the print
        /// guard.
        case fixed(answerKey: P256.KeyAgreement.PublicKey, folder: String)
        /// Editions that one of these keys signs, through the centre; the last one lies in the file.
        case published(by: [P256.Signing.PublicKey], file: String)
    }

    /// The centre's address, `https://host:port`.
    package let centre: String
    /// Who may certify the centre.
    package let authorities: CertificateAuthorities
    /// The terminal's own certificate and key.
    package let identity: TLSIdentity
    /// What answers and pages are judged by.
    package let trust: Trust
    /// Where the card comes from.
    package let card: Card
    /// Where pages go.
    package let printer: PrinterAddress
    /// Whether development certificates and sample pages are expected; without it they are refused.
    package let isDevelopment: Bool
    /// The languages offered, first one first.
    package let languages: [Language]
    /// When waiting ends.
    package let timeouts: Timeouts
    /// Where it is noted that the terminal is out of service.
    package let marker: ServiceMarker
    /// What an operator should know although it is not wrong: certificates that end soon.
    package let warnings: [ConfigurationError]
    /// What the file says that it is from.
    let outline: ConfigurationOutline
    /// The code an operator types to reach the operator's screen, 4 to 12 digits; without one there is no such screen.
    package let operatorCode: String?

    /// Reads and checks a file. Relative paths in it start from the working directory.
    package init(path: String, now: Date = Date()) throws(ConfigurationError) {
        try self.init(
            try ConfigurationFile(path: path, folder: "."), defaultMarker: path + ".out-of-service", now: now)
    }

    /// Checks a configuration; the files it names are read.
    ///
    /// - Parameter defaultMarker: where it is noted that the terminal is out of service, if the file does not say.
    package init(
        _ file: ConfigurationFile, defaultMarker: String = "terminal.out-of-service", now: Date = Date()
    ) throws(ConfigurationError) {
        let root = file.root
        marker = ServiceMarker(path: try root.string("outOfServiceMarker", 1...1024, fallback: defaultMarker))
        centre = try root.serviceURL("centre")
        isDevelopment = try root.boolean("development", fallback: false)
        identity = try TLSIdentity(root, for: .client, development: isDevelopment, now: now)
        authorities = try CertificateAuthorities(inFile: root, "ca", development: isDevelopment, now: now)
        trust = try Self.trust(root, besides: identity, authorities, development: isDevelopment)
        card = try Self.card(root)
        guard isDevelopment || !card.isSimulated else {
            throw root.error(
                "card.simulated", english: "a simulated card needs development: true",
                japanese: "模擬カードには development: true が必要です。")
        }
        printer = try Self.printer(root)
        languages = try Self.languages(root)
        timeouts = try Timeouts(root.optionalSection("timeouts"))
        operatorCode = try root.optionalSection("operator").map { section throws(ConfigurationError) in
            try section.value("code", Expectation(english: "4 to 12 digits in quotes", japanese: "4〜12桁の数字（引用符つき）")) {
                code in
                (4...12).contains(code.utf8.count) && code.utf8.allSatisfy { (0x30...0x39).contains($0) } ? code : nil
            }
        }
        try root.refuseUnknownKeys()
        warnings = root.warnings
        outline = file.outline
    }

    private static func trust(
        _ root: ConfigurationSection, besides identity: TLSIdentity, _ authorities: CertificateAuthorities,
        development: Bool
    ) throws(ConfigurationError) -> Trust {
        guard let section = try root.optionalSection("publisher") else {
            return .fixed(
                answerKey: try answerKey(root, besides: identity, authorities, development: development),
                folder: try root.folder("trust"))
        }
        for key in ["trust", "answerSealingKey"] where root.has(key) {
            throw root.error(
                key, english: "comes from the publisher: leave it out, or leave publisher out",
                japanese: "publisher から届きます。この設定か publisher のどちらかを外してください。")
        }
        let path = try section.file("key")
        let keys = PEMFile.signatureKeys(path)
        guard (1...2).contains(keys.count) else {
            throw section.error(
                "key", english: "\(path) must have one or two P-256 public keys in PEM form",
                japanese: "\(path)にPEM形式のP-256公開鍵が1つか2つ必要です。")
        }
        let file = try section.path("file")
        let folder = URL(fileURLWithPath: file).deletingLastPathComponent().path
        guard access(folder, W_OK | X_OK) == 0 else {
            throw section.error(
                "file", english: "\(folder) cannot be written: what is trusted would be forgotten with every restart",
                japanese: "\(folder)に書き込めません。再起動のたびに信頼情報が失われます。")
        }
        try section.refuseUnknownKeys()
        return .published(by: keys, file: file)
    }

    private static func answerKey(
        _ root: ConfigurationSection, besides identity: TLSIdentity, _ authorities: CertificateAuthorities,
        development: Bool
    ) throws(ConfigurationError) -> P256.KeyAgreement.PublicKey {
        let name = "answerSealingKey"
        let path = try root.file(name)
        guard !PEMFile.holdsPrivateKey(path) else {
            throw root.error(
                name, english: "\(path) holds a private key, which no terminal may have; name vrs's answer.pub.pem",
                japanese: "\(path)には秘密鍵が入っています。端末に置いてはいけません。vrs の answer.pub.pem を指定してください。")
        }
        guard let key = PEMFile.agreementKey(path) else {
            throw root.error(
                name, english: "\(path) has no P-256 public key in PEM form; name vrs's answer.pub.pem",
                japanese: "\(path)にPEM形式のP-256公開鍵がありません。vrs の answer.pub.pem を指定してください。")
        }
        guard !identity.chain.haveKey(key), !authorities.certificates.haveKey(key) else {
            throw root.error(
                name,
                english:
                    "\(path) is the key of a certificate in this file, not vrs's answer key; name vrs's answer.pub.pem",
                japanese: "\(path)はこの設定の証明書の鍵で、vrs の応答鍵ではありません。vrs の answer.pub.pem を指定してください。")
        }
        guard development || !PEMFile.isDevelopment(path) else { throw root.developmentOnly(name, path) }
        return key
    }

    private static func card(_ root: ConfigurationSection) throws(ConfigurationError) -> Card {
        guard let section = try root.optionalSection("card") else { return .reader(name: nil) }
        let simulated = try section.optionalString("simulated", 1...1024)
        let name = try section.optionalString("reader", 1...1024)
        try section.refuseUnknownKeys()
        switch (simulated, name) {
        case (let path?, nil): return .simulated(path: path)
        case (nil, let name?): return .reader(name: name == "any" ? nil : name)
        default:
            throw root.error(
                "card", english: "needs either simulated: PATH or reader: NAME|any; write one of them",
                japanese: "simulated: パス か reader: 名前|any のどちらかが必要です。")
        }
    }

    private static func printer(_ root: ConfigurationSection) throws(ConfigurationError) -> PrinterAddress {
        let section = try root.section("printer")
        let command = try section.texts(
            "command", Expectation(english: "a list of a program and its arguments", japanese: "プログラムと引数のリスト"))
        let address = try section.optionalValue(
            "address",
            Expectation(english: "HOST:PORT, such as 192.0.2.7:9100", japanese: "ホスト:ポート（例: 192.0.2.7:9100）"),
            Self.address)
        let device = try section.optionalString("device", 1...1024)
        let takenIsPrinted = try section.boolean("takenIsPrinted", fallback: false)
        try section.refuseUnknownKeys()
        switch (command, address, device) {
        case (let command, nil, nil) where command.first?.isEmpty == false && command.count <= 64:
            guard !section.has("takenIsPrinted") else {
                throw section.error(
                    "takenIsPrinted",
                    english: "is for address and device only: a program says by its exit status what was printed",
                    japanese: "address と device だけの設定です。プログラムは終了コードで印刷結果を示します。")
            }
            return .command(command)
        case ([], let address?, nil):
            return .network(host: address.host, port: address.port, takenIsPrinted: takenIsPrinted)
        case ([], nil, let path?): return .device(path: path, takenIsPrinted: takenIsPrinted)
        default:
            throw root.error(
                "printer", english: "needs one of command: [PROGRAM, …], address: HOST:PORT, device: PATH",
                japanese: "command: [プログラム, …]、address: ホスト:ポート、device: パス のどれか一つが必要です。")
        }
    }

    private static func address(_ text: String) -> (host: String, port: Int)? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, let port = Int(parts[1]), (1...65_535).contains(port) else {
            return nil
        }
        return (String(parts[0]), port)
    }

    private static func languages(_ root: ConfigurationSection) throws(ConfigurationError) -> [Language] {
        guard root.has("languages") else { return [.ja, .en] }
        let expected = Expectation(
            english: "a list that names each of ja, en at most once", japanese: "ja と en を一度ずつまで書いたリスト")
        let names = try root.texts("languages", expected)
        let languages = names.compactMap { Language(rawValue: $0) }
        guard languages.count == names.count, !languages.isEmpty, Set(languages).count == languages.count else {
            throw root.wrong("languages", names.joined(separator: ", "), expected)
        }
        return languages
    }
}

extension TerminalConfiguration.Card {
    /// Whether it is a simulation.
    package var isSimulated: Bool {
        if case .simulated = self { true } else { false }
    }
}
