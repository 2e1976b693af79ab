import ArgumentParser
import CheckedConfiguration
import CommandFrame
import Exchange
import Foundation
import LoadGenerator
import MutualTLS
import PhoneApp

/// `phone-sim queries`: asks for some time, from many connections at once, whether certificates are still current.
struct QueriesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queries", abstract: "Asks from many connections at once whether certificates are still current.",
        discussion: """
            Through the mobile back end, or at the record system's own listener as the mobile back end would. The last \
            line of output is {"queries","current","per_s","p50_ms","p99_ms","answers":{answer:count}}; the exit status \
            is 1 unless every answer is current.
            """)

    @Option(help: "The phone's configuration.")
    var config = ".akashi/phone.yaml"
    @Option(help: "The tokens, as phone-sim load writes them.")
    var tokens: String
    @Option(help: "How many connections, 1 to 1024; each has one query under way at a time.")
    var connections = 256
    @Option(help: "For how many seconds, 1 to 3600.")
    var seconds = 10
    @Option(help: "The record system's listener for phones, https://HOST:PORT; needs --certificate and --key.")
    var vrs: String?
    @Option(help: "The certificate of a mobile back end.")
    var certificate: String?
    @Option(help: "Its key.")
    var key: String?

    func validate() throws {
        guard (1...1024).contains(connections), (1...3600).contains(seconds) else {
            throw ValidationError(
                "--connections takes 1 to 1024, --seconds 1 to 3600 / 範囲は 1〜1024、1〜3600 です。")
        }
        guard (vrs == nil) == (certificate == nil), (vrs == nil) == (key == nil) else {
            throw ValidationError(
                "--vrs, --certificate and --key go together / --vrs、--certificate、--key は一緒に指定してください。")
        }
    }

    func run() async throws {
        let prepared = try Prepared(config: config)
        let tokens = try TokenFile.read(self.tokens)
        let environment = try prepared.environment(PhoneDevice(certificate: []) { _ in [] })
        let stated: StatedKeys
        do { stated = try await environment.statedKeys() } catch { throw PhoneTrouble.ended(error) }
        await prepared.wallet.shutdown()
        var door = QueryRun.Door.wallet(prepared.configuration.wallet)
        if let vrs, let certificate, let key {
            guard let identity = TLSIdentity(certificateFile: certificate, keyFile: key) else {
                throw PhoneTrouble(
                    "\(certificate) and \(key) are not a certificate and its key",
                    "\(certificate)と\(key)は証明書とその鍵ではありません。")
            }
            door = .recordSystem(vrs, identity)
        }
        let report = try await QueryRun(
            tokens: tokens, stated: stated, door: door, authorities: prepared.configuration.authorities,
            connections: connections
        ).run(for: .seconds(seconds))
        print(report.line)
        if !report.isClean { throw ExitCode.no }
    }
}

/// Tokens from a load run's certificates, of made-up people: Base64, one a line.
enum TokenFile {
    static func write(_ tokens: [[UInt8]], to path: String) throws {
        let text = tokens.map { Data($0).base64EncodedString() + "\n" }.joined()
        do { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) } catch {
            throw PhoneTrouble("\(path) cannot be written", "\(path)に書き込めません。", .fault)
        }
    }

    static func read(_ path: String) throws -> [[UInt8]] {
        let lines = (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n") ?? []
        let tokens = lines.compactMap { Data(base64Encoded: String($0)).map(Array.init) }
        guard !tokens.isEmpty, tokens.count == lines.count,
            tokens.allSatisfy({ (1...CurrentQuery.maximumToken).contains($0.count) })
        else {
            throw PhoneTrouble("\(path) holds no tokens", "\(path)にトークンがありません。")
        }
        return tokens
    }
}
