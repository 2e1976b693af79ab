import ArgumentParser
import Foundation
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
                throw ValidationError("a terminal's name has 1 to 32 letters, digits, - _ .")
            }
        }
    }

    /// Where a terminal's certificate comes from.
    struct Source: ParsableArguments {
        @Option(name: .long, help: "A signing request (PEM) that the terminal made. / 証明書署名要求")
        var csr: String?

        @Option(name: .long, help: "A certificate (PEM) that the terminal authority issued. / 証明書")
        var certificate: String?

        @Option(name: .long, help: "Where to write the certificate (PEM). / 証明書の出力先")
        var out: String?

        func request(id: String?, shop: String?) throws -> EnrolmentRequest {
            guard (csr == nil) != (certificate == nil) else {
                throw ValidationError("write --csr FILE or --certificate FILE")
            }
            return EnrolmentRequest(
                id: id, shop: shop, csr: try csr.map(Self.text), certificate: try certificate.map(Self.text))
        }

        static func text(_ path: String) throws -> String {
            guard let handle = FileHandle(forReadingAtPath: path), let data = try handle.read(upToCount: 16_385),
                data.count <= 16_384, let text = String(data: data, encoding: .utf8)
            else { throw ValidationError("\(path) is no PEM file") }
            return text
        }

        func write(_ report: TerminalReport) throws {
            guard let out, let pem = report.certificate else { return }
            try Data(pem.utf8).write(to: URL(fileURLWithPath: out), options: .atomic)
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
            try await options.withClient { client in
                let report = try await client.ask(TerminalReport.self, .post, "/inner/v1/terminals", body: request)
                try source.write(report)
                try options.show(report) { ["enrolled \($0.id) \($0.certificateHash) / 登録しました"] }
            }
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
            let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            try await options.withClient { client in
                let known = Set(try await client.ask([TerminalReport].self, .get, "/inner/v1/terminals").map(\.id))
                var enrolled = 0
                for id in names where !known.contains(id) {
                    let path = "\(folder)/\(id)/terminal.pem"
                    guard FileManager.default.fileExists(atPath: path) else { continue }
                    let request = EnrolmentRequest(id: id, shop: "", csr: nil, certificate: try Source.text(path))
                    _ = try await client.ask(TerminalReport.self, .post, "/inner/v1/terminals", body: request)
                    enrolled += 1
                }
                print("enrolled \(enrolled) terminals / \(enrolled)台を登録しました")
            }
        }
    }

    /// `vrs terminal list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List terminals. / 一覧")

        @OptionGroup var options: OperatorOptions

        func run() async throws {
            try await options.withClient { client in
                let reports = try await client.ask([TerminalReport].self, .get, "/inner/v1/terminals")
                try options.show(reports) { reports in
                    columns(
                        reports.map { report in
                            [
                                report.id, report.isSuspended ? "suspended" : report.status.rawValue,
                                report.notAfter.formatted(.iso8601), String(report.certificateHash.prefix(16)),
                                report.shop,
                            ]
                        })
                }
            }
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
            try await options.withClient { client in
                let report = try await client.ask(
                    TerminalReport.self, .post, "/inner/v1/terminals/\(name.id)/renew", body: request)
                try source.write(report)
                try options.show(report) { ["renewed \($0.id) \($0.certificateHash) / 更新しました"] }
            }
        }
    }

    /// `vrs terminal revoke`
    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shut a terminal out for good. / 失効させる")

        @OptionGroup var options: OperatorOptions

        @OptionGroup var name: Name

        func run() async throws {
            try await options.withClient { client in
                try await client.send(.post, "/inner/v1/terminals/\(name.id)/revoke")
                print("revoked \(name.id) / 失効させました")
            }
        }
    }
}
