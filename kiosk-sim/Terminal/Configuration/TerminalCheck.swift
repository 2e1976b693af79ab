package import CheckedConfiguration
import Credentials
import Glibc
import MutualTLS
import TrustFolder

extension TerminalConfiguration {
    /// Looks at what the configuration names and what can change beside it: the printer, the trust folder, the card's file,
    /// the place of the out-of-service marker. Without them the first customer's session would end in a fault.
    ///
    /// - Parameter answerKey: what `vrs check-config` says of its answer key, to be compared; nothing if `nil`.
    package func check(answerKey expected: String? = nil) throws(ConfigurationError) {
        if let expected, let answerKeyFingerprint, expected.lowercased() != answerKeyFingerprint {
            throw outline.error(
                "answerSealingKey",
                english:
                    "this is not the answer key of that vrs: its SHA-256 is \(answerKeyFingerprint), not \(expected); name vrs's answer.pub.pem",
                japanese:
                    "その vrs の応答鍵ではありません。SHA-256 は \(answerKeyFingerprint) で、\(expected) と違います。vrs の answer.pub.pem を指定してください。"
            )
        }
        try checkTrust()
        try checkPrinter()
        if case .simulated(let path) = card, access(path, R_OK | W_OK) != 0 {
            throw outline.error(
                "card.simulated", english: "\(path) cannot be read and written; make the card with kiosk-sim card make",
                japanese: "\(path)を読み書きできません。kiosk-sim card make でカードを作ってください。")
        }
        guard marker.canBeSet else {
            throw outline.error(
                "outOfServiceMarker",
                english: "\(marker.path) cannot be made, and so not noted that the terminal is out of service; name a "
                    + "place where this user may write",
                japanese: "\(marker.path)を作成できず、使用停止を記録できません。書き込める場所を指定してください。")
        }
    }

    /// SHA-256 of the pinned answer key, as `vrs check-config` says it of its own; `nil` if a publisher says it.
    package var answerKeyFingerprint: String? {
        guard case .fixed(let answerKey, _) = trust else { return nil }
        return PEMFile.fingerprint(of: answerKey)
    }

    private func checkTrust() throws(ConfigurationError) {
        // What a publisher signs is judged when it comes.
        guard case .fixed(_, let trustFolder) = trust else { return }
        let files: [TrustFile]
        do { files = try TrustFolder.read(trustFolder) } catch {
            throw outline.error(
                "trust", english: "\(trustFolder) cannot be read (\(error.code)); check the folder and who may read it",
                japanese: "\(trustFolder)を読めません（\(error.code)）。フォルダーとアクセス権を確認してください。")
        }
        guard TrustStore(files: files).isEmpty else { return }
        throw outline.error(
            "trust",
            english:
                "\(trustFolder) vouches for nobody, so that every page would be refused; put there what vrs export wrote (verifier trust import)",
            japanese: "\(trustFolder)に信頼する発行者がなく、すべての証明書が拒否されます。vrs export の出力を verifier trust import で入れてください。")
    }

    private func checkPrinter() throws(ConfigurationError) {
        switch printer {
        case .command(let arguments):
            guard let program = arguments.first, !Self.isProgram(program) else { return }
            throw outline.error(
                "printer.command",
                english: "\(program) is no program that can be started; install it, or give its path",
                japanese: "\(program)は起動できるプログラムではありません。インストールするか、パスを指定してください。")
        case .device(let path, _):
            guard access(path, W_OK) != 0 else { return }
            throw outline.error(
                "printer.device",
                english: "\(path) cannot be written to; connect the printer, or give this user the right",
                japanese: "\(path)に書き込めません。プリンターを接続するか、このユーザーに権限を与えてください。")
        case .network: return
        }
    }

    /// Whether a program is found as a shell would find it.
    private static func isProgram(_ name: String) -> Bool {
        if name.contains("/") { return isExecutable(name) }
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        return path.split(separator: ":").contains { isExecutable("\($0)/\(name)") }
    }

    private static func isExecutable(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
}
