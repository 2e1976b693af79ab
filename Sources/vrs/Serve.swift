import ArgumentParser
import Foundation
import Glibc
import RecordService

/// `vrs serve`
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run the service. / サービスを起動する")

    @OptionGroup var options: ServiceOptions

    func run() async throws {
        try await VRS.serve(try await options.load(), stopsAfterIntent: { _exit(70) })
    }
}

/// `vrs check-config`
struct CheckConfiguration: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config", abstract: "Check a configuration, its keys and templates. / 設定を検査する")

    @OptionGroup var options: ServiceOptions

    func run() async throws {
        let configuration = try await options.load()
        for warning in configuration.warnings { print(warning) }
        for line in try FileCommands.check(configuration, name: options.config) { print(line) }
    }
}
