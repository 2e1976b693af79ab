import ArgumentParser
import Foundation
import CheckedConfiguration
import RecordService

/// The record system's program.
@main
struct VRS: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vrs",
        abstract: "The vaccination record system: records, issuance and signing. / ワクチン接種記録システム",
        discussion: """
            serve runs the service; keys, records and export work on this machine's files; every other command asks a \
            running service through its inner entrance, with the operator's certificate.
            """,
        subcommands: [
            Serve.self, CheckConfiguration.self, Keys.self, Records.self, Export.self, Terminal.self, Suspend.self,
            Resume.self, IssuingCommand.self, Certificates.self, StopList.self, LogCommand.self,
        ])
}

/// Options of commands that read the service's own configuration.
struct ServiceOptions: ParsableArguments {
    @Option(name: .long, help: "The service's configuration (vrs.yaml). / サービスの設定ファイル")
    var config: String

    @Flag(
        name: .long,
        help: "Accept development keys, certificates and simulated cards; every page bears 見本 SAMPLE. / 開発モード")
    var development = false

    /// The configuration, with its listeners where it has them.
    func load() async throws -> (ServiceConfiguration, ServiceListeners) {
        let file = try ConfigurationFile(path: config)
        let configuration = try await ServiceConfiguration(file.root, development: development)
        let listeners = try ServiceListeners(file.root, development: development, now: Date())
        _ = try LogLevel.read(file.root)
        try file.root.refuseUnknownKeys()
        return (configuration, listeners)
    }
}

/// Options of commands that ask a running service.
struct OperatorOptions: ParsableArguments {
    @Option(name: .long, help: "The operator's configuration (operator.yaml). / 運用者の設定ファイル")
    var config: String

    @Flag(name: .long, help: "Print JSON. / JSONで出力する")
    var json = false

    /// Runs `body` with a client that is closed afterwards.
    func withClient(_ body: (OperatorClient) async throws -> Void) async throws {
        let client = try OperatorClient(try ConfigurationFile(path: config), now: Date())
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(client))
        } catch {
            result = .failure(error)
        }
        try await client.shutdown()
        try result.get()
    }

    /// Prints a value as JSON, or else as lines.
    func show<T: Encodable>(_ value: T, lines: (T) -> [String]) throws {
        if json {
            print(String(decoding: try OperatorJSON.encode(value), as: UTF8.self))
        } else {
            for line in lines(value) { print(line) }
        }
    }
}

/// Prints columns of text, as wide as each needs.
func columns(_ rows: [[String]]) -> [String] {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
        row.enumerated().map { index, text in
            index == row.count - 1 ? text : text + String(repeating: " ", count: widths[index] - text.count + 2)
        }.joined()
    }
}
