import ArgumentParser
import CommandFrame
import Crypto
import Exchange
import Foundation
import LoadGenerator
import PhoneApp

/// `phone-sim load`: many presentations of distinct simulated cards from many phones at once.
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Presents distinct simulated cards at many phones at once.",
        discussion: """
            The last line of output is {"sessions","issued","per_s","p50_ms","p99_ms","refused":{reason:count},"other_holder"}; \
            other_holder, the certificates whose holder is not the card's, must be 0 (and the exit status is 1 otherwise).
            """)

    @Option(help: "How many phones work at once, 1 to 4096.")
    var phones = 64
    @OptionGroup var load: LoadOptions
    @Option(help: "How many distinct cards, presented in turn; as many as sessions without it.")
    var cards: Int?
    @Option(help: "How many devices the phones share; each enrols when the run begins, 1 to 256.")
    var devices = 8
    @Option(help: "A phone's configuration.")
    var config = ".akashi/phone.yaml"
    @Option(help: "How many seconds a person takes to type the PIN, 0 to 60; one takes up to twice as long.")
    var typing = 0
    @Flag(help: "Ask for the pages as PDF and PNG, too.")
    var pages = false
    @Flag(help: "Print a line for each certificate: issued ID MUNICIPALITY delivered.")
    var list = false

    @Option(help: "A file for the certificates' tokens in Base64, one a line, which phone-sim queries asks with.")
    var tokens: String?

    func validate() throws {
        guard (1...4096).contains(phones), (1...50_000).contains(cards ?? 1), (1...256).contains(devices),
            (0...60).contains(typing)
        else {
            throw ValidationError(
                "--phones takes 1 to 4096, --cards 1 to 50000, --devices 1 to 256, --typing 0 to 60 / 範囲は 1〜4096、1〜50000、1〜256、0〜60 です。"
            )
        }
    }

    func run() async throws {
        let prepared = try Prepared(config: config)
        let attester = try prepared.attester()
        var enrolled: [PhoneDevice] = []
        for _ in 0..<devices {
            let key = P256.Signing.PrivateKey()
            do {
                let answer = try await attester.enrolment(of: key).enrol(at: prepared.wallet)
                enrolled.append(PhoneDevice(certificate: Array(answer.certificate), key: key))
            } catch let failure as ServiceFailure { throw PhoneTrouble(failure) }
        }
        await prepared.wallet.shutdown()
        let run = try PhoneLoadRun(
            PhoneLoadRun.Settings(
                phones: phones, sessions: load.sessions, configuration: prepared.configuration, devices: enrolled,
                cardAuthority: load.cardAuthority, cardList: load.cardList, keyPool: load.keyPool,
                formats: pages ? Set(PageFormat.allCases) : [], listsCertificates: list, keepsTokens: tokens != nil,
                cards: cards, typingTime: .seconds(typing)),
            note: Notice.say)
        Notice.say("\(load.sessions) presentations at \(phones) phones with \(devices) devices")
        let report = await run.run()
        if let tokens { try TokenFile.write(run.tokens, to: tokens) }
        print(report.line)
        if !report.isClean { throw ExitCode.no }
    }
}
