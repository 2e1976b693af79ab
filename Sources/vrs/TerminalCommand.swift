import ArgumentParser
import CommandFrame
import RecordService
import Records

/// `vrs terminal`
struct Terminal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Enrol, list, renew and revoke terminals. / 端末の登録・一覧・更新・失効",
        subcommands: [Enrol.self, EnrolFolder.self, List.self, Renew.self, Revoke.self])

    /// Which terminal.
    struct Name: ParsableArguments {
        @Option(name: .long, help: "The terminal's name, such as T0001. / 端末名")
        var id: String

        func validate() throws {
            guard EnrolledTerminal.isID(id) else {
                throw ValidationError("a terminal's name has 1 to 32 letters, digits, - _ . / 端末名は1〜32文字の英数字・-・_・.です。")
            }
        }
    }

    /// Where a terminal's certificate comes from, and goes to.
    struct Source: ParsableArguments {
        @Option(name: .long, help: "A signing request (PEM) that the terminal made. / 証明書署名要求")
        var csr: String?

        @Option(name: .long, help: "A certificate (PEM) that the terminal authority issued. / 証明書")
        var certificate: String?

        @Option(name: .long, help: "Where to write the certificate (PEM). / 証明書の出力先")
        var out: String?

        func request(id: String?, shop: String?) throws -> EnrolmentRequest {
            guard (csr == nil) != (certificate == nil) else {
                throw WrongUse(
                    "write --csr FILE or --certificate FILE", "--csr か --certificate のどちらか一つでファイルを指定してください。")
            }
            return EnrolmentRequest(
                id: id, shop: shop, csr: try csr.map(EnrolmentRequest.pem),
                certificate: try certificate.map(EnrolmentRequest.pem))
        }
    }

    /// `vrs terminal enrol`
    struct Enrol: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Enrol a terminal. / 登録する")

        @OptionGroup var options: OperatorOptions
        @OptionGroup var source: Source

        @OptionGroup var name: Name

        @Option(name: .long, help: "The shop. / 店舗")
        var shop: String = ""

        func run() async throws {
            let request = try source.request(id: name.id, shop: shop)
            try await options.run { try await $0.enrol(request, out: source.out) }
        }
    }

    /// `vrs terminal enrol-folder`
    struct EnrolFolder: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "enrol-folder",
            abstract: "Enrol every terminal of a folder (ID/terminal.pem) that is not yet. / フォルダー内の端末をすべて登録する")

        @OptionGroup var options: OperatorOptions

        @Argument(help: "The folder, such as keys/dev/terminals. / フォルダー")
        var folder: String

        func run() async throws {
            try await options.run { try await $0.enrolFolder(folder) }
        }
    }

    /// `vrs terminal list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List terminals. / 一覧")

        @OptionGroup var options: OperatorOptions

        func run() async throws {
            try await options.run { try await $0.listTerminals() }
        }
    }

    /// `vrs terminal renew`
    struct Renew: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a terminal a new certificate; the old one ends at once. / 証明書を更新する")

        @OptionGroup var options: OperatorOptions
        @OptionGroup var source: Source

        @OptionGroup var name: Name

        func run() async throws {
            let request = try source.request(id: nil, shop: nil)
            try await options.run { try await $0.renew(terminal: name.id, request, out: source.out) }
        }
    }

    /// `vrs terminal revoke`
    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shut a terminal out for good. / 失効させる")

        @OptionGroup var options: OperatorOptions

        @OptionGroup var name: Name

        func run() async throws {
            try await options.run { try await $0.revoke(terminal: name.id) }
        }
    }
}
