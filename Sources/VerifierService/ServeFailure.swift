public import CheckedConfiguration

extension VerifierService {
    /// Why the service does not start: what an option names cannot be used.
    public struct Failure: Error, Hashable, Sendable {
        /// A stable code.
        public let code: String
        /// The option.
        public let option: String
        /// The path of the file or folder that it names.
        public let path: String
        /// The cause and the remedy.
        package let english: String
        /// The same in Japanese.
        package let japanese: String

        init(_ code: String, _ option: String, _ path: String, _ english: String, _ japanese: String) {
            self.code = code
            self.option = option
            self.path = path
            self.english = english
            self.japanese = japanese
        }
    }
}

extension VerifierService.Failure: ExplainedError {
    package var exitStatus: ExitStatus { .configuration }

    /// The option, what it names, and both sentences.
    public var description: String { "\(option) \(path): \(english) (\(code)) / \(japanese)" }
}

extension VerifierService.Failure {
    static func trust(_ code: String, _ path: String) -> Self {
        Self(
            code, "--trust", path, "the trust folder cannot be read; check its path and who may read it",
            "信頼リストを読めません。場所とアクセス権を確認してください。")
    }

    static func emptyTrust(_ path: String) -> Self {
        Self(
            "trust.empty", "--trust", path,
            "the trust folder vouches for nobody, so that nothing is valid; fill it with verifier trust import",
            "信頼リストに発行者がなく、すべて無効と判定されます。verifier trust import で取り込んでください。")
    }

    static func publicFolder(_ path: String) -> Self {
        Self(
            "public.not_a_folder", "--public", path,
            "this is no folder that can be read; name the one that vrs export wrote",
            "読めるフォルダーではありません。vrs export の出力先を指定してください。")
    }

    static func page(_ path: String) -> Self {
        Self(
            "page.missing", "verifier", path, "a file of this program is missing; install it again",
            "このプログラムのファイルがありません。インストールし直してください。")
    }

    static func certificate(_ path: String) -> Self {
        Self(
            "tls.certificate", "--tls-certificate", path,
            "no certificate in PEM form is in it; name the certificate's file",
            "PEM形式の証明書がありません。証明書のファイルを指定してください。")
    }

    static func key(_ path: String) -> Self {
        Self(
            "tls.key", "--tls-key", path,
            "no private key in PEM form is in it, or it is not the certificate's; name the pair that belongs together",
            "PEM形式の秘密鍵がないか、証明書の鍵ではありません。対になる鍵と証明書を指定してください。")
    }

    static func keyPermissions(_ path: String) -> Self {
        Self(
            "tls.key_permissions", "--tls-key", path, "others than its owner can read it: chmod 600 it",
            "所有者以外が読めます。chmod 600 してください。")
    }

    static func time(_ code: String, _ path: String, _ english: String, _ japanese: String) -> Self {
        Self(code, "--tls-certificate", path, english, japanese)
    }
}
