import ArgumentParser
import Foundation
import Glibc
import RecordService

/// `vrs serve`
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the service. / サービスを起動する",
        discussion: """
            Ends on SIGTERM or SIGINT. SIGHUP has the configuration read again: certificates and authorities of the \
            listeners, of terminals and of cards are taken without dropping a connection; what waits for the next start \
            is said in the log. / SIGHUPで証明書と認証局を読み直します。
            """)

    @OptionGroup var options: ServiceOptions

    func run() async throws {
        try await VRS.serve(
            path: options.config, development: options.development, stopsAfterIntent: { _exit(70) })
    }
}

/// `vrs check-config`
struct CheckConfiguration: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config", abstract: "Check a configuration, its keys and templates. / 設定を検査する")

    @OptionGroup var options: ServiceOptions

    func run() async throws {
        let configuration = try await options.load()
        for line in try FileCommands.check(configuration, name: options.config) { print(line) }
    }
}
