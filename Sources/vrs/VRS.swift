import ArgumentParser
import CheckedConfiguration
import CommandFrame
import Exchange
import Foundation
import RecordService
import Records

/// The record system's program.
@main
struct VRSCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vrs",
        abstract: "The vaccination record system: records, issuance and signing. / ワクチン接種記録システム",
        discussion: """
            serve runs the service; keys, records, backup and export work on this machine's files; every other command asks a \
            running service through its inner listener, with the operator's certificate.

            Exit status: 0 done, 1 the answer is no, 2 wrong usage, 69 service, store or address cannot be used, 70 a fault \
            of ours, 78 wrong configuration.
            """,
        version: ProgramVersion.text(
            "vrs", formats: ["store": StoreFormat.described, "protocol": ExchangeFormat.described]),
        subcommands: [
            Serve.self, CheckConfiguration.self, Keys.self, Records.self, Export.self, Terminal.self, Suspend.self,
            Resume.self, IssuingCommand.self, Certificates.self, Imports.self, Vouchers.self, Passports.self,
            RegionCommand.self, RetentionCommand.self, StopList.self, LogCommand.self, Backup.self,
        ])
}

extension VRSCommand {
    static func main() async { await CommandFrame.run(Self.self) }
}

/// Options of commands that read the service's own configuration.
struct ServiceOptions: ParsableArguments {
    @Option(name: .long, help: "The service's configuration (vrs.yaml). / サービスの設定ファイル")
    var config: String

    @Flag(
        name: .long,
        help: "Accept development keys, certificates and simulated cards; every page bears 見本 SAMPLE. / 開発モード")
    var development = false

    /// The configuration.
    func load() async throws -> VRSConfiguration {
        try await VRSConfiguration(path: config, development: development, now: Date())
    }
}

/// Options of commands that ask a running service.
struct OperatorOptions: ParsableArguments {
    @Option(name: .long, help: "The operator's configuration (operator.yaml). / 運用者の設定ファイル")
    var config: String

    @Flag(name: .long, help: "Print JSON. / JSONで出力する")
    var json = false

    /// Runs what a command does, with the operator's connection.
    func run(_ body: (OperatorCommands) async throws -> Void) async throws {
        try await OperatorCommands.run(
            try ConfigurationFile(path: config), json: json, now: Date(), say: { print($0) },
            warn: { CommandFrame.say("\($0)") }, body)
    }
}
