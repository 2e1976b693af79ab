package import Crypto
package import NIOSSL
import Foundation

/// Everything a terminal is told by its file, each value checked: keys are read and match their certificates.
package struct TerminalConfiguration: Sendable {
    /// Where the card comes from.
    package enum Card: Hashable, Sendable {
        /// A simulated card out of a file, in this process.
        case simulated(path: String)
        /// A PC/SC reader by its name; any where `nil`.
        case reader(name: String?)
    }

    /// Which way pages go to the printer; none of them is a spool.
    package enum PrinterAddress: Hashable, Sendable {
        /// A program that takes the page on its standard input as a print stream.
        case command([String])
        /// A printer that takes raw PDF over TCP (port 9100).
        case network(host: String, port: Int)
        /// A device file or named pipe that takes raw PDF.
        case device(path: String)
    }

    /// The centre's address, `https://host:port`.
    package let centre: String
    /// Who may certify the centre.
    package let authorities: [NIOSSLCertificate]
    /// The terminal's own certificate and key.
    package let identity: TerminalIdentity
    /// The pinned key of `vrs` that answers come from.
    package let answerKey: P256.KeyAgreement.PublicKey
    /// The folder of public anchors for the print guard.
    package let trustFolder: String
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
    /// The code an operator types to reach the operator's screen, 4 to 12 digits; without one there is no such screen.
    package let operatorCode: String?

    /// Reads and checks a file. Relative paths in it start from the working directory.
    package init(path: String) throws(ConfigurationError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError(file: path, key: "", english: "cannot be read", japanese: "読めません")
        }
        try self.init(bytes: Array(data), file: path)
    }

    /// Checks a file's bytes; the files it names are read.
    package init(bytes: [UInt8], file: String) throws(ConfigurationError) {
        var reader = try YAMLReader(bytes, file: file)
        centre = try reader.text("centre")
        guard let url = URL(string: centre), url.scheme == "https", let host = url.host(), !host.isEmpty,
            url.path.isEmpty || url.path == "/", url.query == nil
        else {
            throw reader.error("centre", "has to be https://HOST:PORT", "https://ホスト:ポート にしてください")
        }
        let ca = try reader.text("ca")
        do { authorities = try NIOSSLCertificate.fromPEMFile(ca) } catch {
            throw reader.error("ca", "\(ca) has no PEM certificate that can be read", "\(ca) から証明書を読めません")
        }
        isDevelopment = try reader.flag("development", default: false)
        identity = try Self.identity(&reader, isDevelopment: isDevelopment)
        answerKey = try Self.answerKey(&reader)
        trustFolder = try reader.text("trust")
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: trustFolder, isDirectory: &isFolder), isFolder.boolValue else {
            throw reader.error("trust", "there is no folder \(trustFolder)", "フォルダー \(trustFolder) がありません")
        }
        card = try Self.card(&reader)
        guard isDevelopment || !card.isSimulated else {
            throw reader.error(
                "card.simulated", "a simulated card needs development: true", "模擬カードには development: true が必要です")
        }
        printer = try Self.printer(&reader)
        languages = try Self.languages(&reader)
        timeouts = try Timeouts(&reader)
        if var op = try reader.optionalInside("operator") {
            let code = try op.text("code")
            guard (4...12).contains(code.utf8.count), code.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                throw op.error("code", "has to be 4 to 12 digits", "4 から 12 桁の数字にしてください")
            }
            operatorCode = code
            try op.finish()
        } else {
            operatorCode = nil
        }
        try reader.finish()
    }

    private static func identity(
        _ reader: inout YAMLReader, isDevelopment: Bool
    ) throws(ConfigurationError) -> TerminalIdentity {
        let certificate = try reader.text("certificate")
        let key = try reader.text("key")
        do {
            let identity = try TerminalIdentity(certificatePath: certificate, keyPath: key)
            guard isDevelopment || !identity.isDevelopment else {
                throw reader.error(
                    "certificate", "is a development certificate and development is not true",
                    "開発用の証明書です。development: true なしでは使えません")
            }
            return identity
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw reader.error(
                "certificate", "\(certificate) and \(key) are no certificate and P-256 key that belong together",
                "\(certificate) と \(key) は対になる証明書と P-256 鍵ではありません")
        }
    }

    private static func answerKey(_ reader: inout YAMLReader) throws(ConfigurationError) -> P256.KeyAgreement.PublicKey
    {
        let path = try reader.text("answerSealingKey")
        guard let text = PEMText.read(path), let key = try? P256.KeyAgreement.PublicKey(pemRepresentation: text) else {
            throw reader.error(
                "answerSealingKey", "\(path) has no P-256 public key in PEM", "\(path) から P-256 公開鍵（PEM）を読めません")
        }
        return key
    }

    private static func card(_ reader: inout YAMLReader) throws(ConfigurationError) -> Card {
        guard var inside = try reader.optionalInside("card") else { return .reader(name: nil) }
        let simulated = try inside.optionalText("simulated")
        let name = try inside.optionalText("reader")
        try inside.finish()
        switch (simulated, name) {
        case (let path?, nil): return .simulated(path: path)
        case (nil, let name?): return .reader(name: name == "any" ? nil : name)
        default:
            throw reader.error(
                "card", "needs either simulated: PATH or reader: NAME|any", "simulated: パス か reader: 名前|any のどちらかが必要です")
        }
    }

    private static func printer(_ reader: inout YAMLReader) throws(ConfigurationError) -> PrinterAddress {
        guard var inside = try reader.optionalInside("printer") else {
            throw reader.error("printer", "is missing", "がありません")
        }
        let command = try inside.optionalList("command")
        let address = try inside.optionalText("address")
        let device = try inside.optionalText("device")
        try inside.finish()
        switch (command, address, device) {
        case (let command?, nil, nil) where command.first?.isEmpty == false: return .command(command)
        case (nil, let address?, nil):
            let parts = address.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, let port = Int(parts[1]), (1...65_535).contains(port) else {
                throw reader.error("printer.address", "has to be HOST:PORT", "ホスト:ポート にしてください")
            }
            return .network(host: String(parts[0]), port: port)
        case (nil, nil, let path?): return .device(path: path)
        default:
            throw reader.error(
                "printer", "needs one of command: [PROGRAM, …], address: HOST:PORT, device: PATH",
                "command: [プログラム, …]、address: ホスト:ポート、device: パス のどれか一つが必要です")
        }
    }

    private static func languages(_ reader: inout YAMLReader) throws(ConfigurationError) -> [Language] {
        let names = try reader.optionalList("languages") ?? ["ja", "en"]
        let languages = names.compactMap { Language(rawValue: $0) }
        guard languages.count == names.count, !languages.isEmpty, Set(languages).count == languages.count else {
            throw reader.error("languages", "has to name each of ja, en at most once", "ja と en をそれぞれ一度だけ書いてください")
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
