import ArgumentParser
import CardChip
import CardReader
import CheckedConfiguration
import CommandFrame
import Exchange
import Foundation
import Glibc
import PhoneApp
import SimulatedCard
import SimulatedPassport
import Synchronization
import Vaccination

/// `phone-sim run`: one presentation of the card.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Presents a card, and keeps the certificates that come.",
        discussion: """
            Standard output has one JSON line for each step, and at the end one for each certificate: municipality, kind, inquiry, \
            result (kept, or a code), id, issuedOn. The lines carry no personal data. With --out the folder gets \
            ID.smart-health-card, ID.txt with the codes' texts, ID.token for phone-sim current, and with --pages ID.pdf and \
            ID.png.
            """)

    @Option(help: "The phone's configuration.")
    var config = "phone.yaml"
    @Option(help: "A municipality's code, and :domestic or :overseas behind it; up to eight times.")
    var municipality: [String]
    @Option(help: "The PIN; given several times, the next one is typed whenever one is asked for.")
    var pin: [String]
    @Option(help: "A simulated card's file; its tries are kept there.")
    var card: String?
    @Option(help: "The PC/SC reader on which the card lies, by a part of its name, or any.")
    var reader: String?
    @Option(help: "A simulated passport's file.")
    var passport: String?
    @Option(
        help:
            "The PC/SC reader, by a part of its name, on which the passport's chip lies; --passport gives its zone alone then."
    )
    var passportReader: String?
    @Flag(inversion: .prefixedNo, help: "Read the passport's chip, and not its zone alone.")
    var passportChip = true
    @Option(help: "The folder for what is kept.")
    var out: String?
    @Flag(help: "Ask for the pages as PDF and PNG, too.")
    var pages = false
    @Flag(help: "Keep nothing: the certificates are given back.")
    var discard = false
    @Option(help: "The simulated card is lost once, after this many commands.")
    var loseAfter: Int?

    func validate() throws {
        guard (card == nil) != (reader == nil) else {
            throw ValidationError("either --card or --reader / --card か --reader のどちらかを指定してください。")
        }
        guard passportReader == nil || passport != nil else {
            throw ValidationError("--passport-reader needs --passport / --passport-reader には --passport が必要です。")
        }
    }

    func run() async throws {
        let choices = try municipality.map { try Self.choice($0) }
        let prepared = try Prepared(config: config)
        let environment = try prepared.environment(
            try prepared.device(), formats: pages ? Set(PageFormat.allCases) : [])
        if card != nil || passport != nil {
            Notice.simulation()
            guard prepared.configuration.isDevelopment else {
                throw PhoneTrouble(
                    "simulated cards and passports need development: true", "模擬のカードと旅券には development: true が必要です。")
            }
        }
        let held = try passport.map { path in
            guard let today = CalendarDate.inJapan(secondsSince1970: Date().timeIntervalSince1970) else {
                throw PhoneTrouble("the clock is wrong", "時計が正しくありません。")
            }
            return try SimulatedPassportFile(reading: path, today: today)
        }
        let interface = OptionsInterface(
            choices: choices, pins: pin, passport: held.map { PresentedPassport(zone: $0.zone, hasChip: passportChip) },
            out: discard ? nil : .some(out), awaitRemoval: removal)
        let flow = PhoneFlow(environment, interface: interface, reader: try tagReader(held?.passport))
        let work = Task { () -> Result<[PhoneResult], PhoneEnding> in
            do throws(PhoneEnding) { return .success(try await flow.run()) } catch { return .failure(error) }
        }
        let signals = [SIGTERM, SIGINT, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { work.cancel() }
            source.resume()
            return source
        }
        let ended = await work.value
        for source in signals { source.cancel() }
        await prepared.wallet.shutdown()
        switch ended {
        case .failure(let ending): throw PhoneTrouble.exit(ending)
        case .success(let results):
            for result in results { OptionsInterface.write(Self.line(result)) }
            guard results.allSatisfy({ (try? $0.certificate.get()) != nil }) else { throw ExitCode.no }
        }
    }

    private static func choice(_ text: String) throws -> PhoneChoice {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let first = parts.first, let code = MunicipalityCode(first),
            let kind = parts.count == 1 ? .domestic : CertificateKind(rawValue: parts[1])
        else {
            throw ValidationError("\(text): a code of six digits, and :domestic or :overseas / 6桁のコードと種別です。")
        }
        return PhoneChoice(municipality: code, kind: kind)
    }

    /// How long a tag is waited for at a reader.
    private static let patience = Duration.seconds(20)
    /// How long a tag that was lost may still seem to lie there.
    private static let removal = Duration.seconds(5)

    /// Waits until a lost tag is away from its reader, if it has one.
    private var removal: @Sendable (Tag) -> Void {
        { [reader, passportReader] tag in
            guard let name = tag == .card ? reader : passportReader else { return }
            try? PCSCTransport.waitForRemoval(readerNamed: name == "any" ? nil : name, timeout: Self.removal)
        }
    }

    private func tagReader(_ passport: SimulatedPassport?) throws -> TagReader {
        let chip = try card.map { SimulatedCard(file: try SimulatedCardFile.load($0), persistTo: $0) }
        let name = reader == "any" ? nil : reader
        let losses = Mutex(loseAfter)
        return TagReader { [passportReader] tag throws(CardTransportError) -> any CardTransport in
            switch tag {
            case .passport:
                if let passportReader {
                    return try PCSCTransport.waitForCard(readerNamed: passportReader, timeout: Self.patience)
                }
                guard let passport else { throw .noCard }
                return InProcessTransport(card: passport)
            case .card:
                guard let chip else {
                    return try PCSCTransport.waitForCard(readerNamed: name, timeout: Self.patience)
                }
                let lost = losses.withLock { count in
                    defer { count = nil }
                    return count
                }
                return InProcessTransport(card: chip, removedAfter: lost)
            }
        }
    }

    private static func line(_ result: PhoneResult) -> String {
        let head =
            #"{"municipality":"\#(result.choice.municipality.digits)","kind":"\#(result.choice.kind.rawValue)","#
            + #""inquiry":"\#(result.inquiry.text)","result":"#
        switch result.certificate {
        case .success(let kept):
            return head + #""kept","id":"\#(kept.id.text)","issuedOn":"\#(kept.issuedOn)"}"#
        case .failure(let reason): return head + #""\#(reason.code)"}"#
        }
    }
}

extension PhoneTrouble {
    /// Why a presentation ended before anything was sent.
    static func ended(_ ending: PhoneEnding) -> PhoneTrouble {
        PhoneTrouble("ended: \(ending.code)", "終了しました: \(ending.code)", .fault)
    }

    /// Says why a presentation ended, and gives its exit status.
    static func exit(_ ending: PhoneEnding) -> ExitCode {
        Notice.say("phone-sim: \(ended(ending).description)")
        return switch ending {
        case .left, .cancelled: ExitCode(10)
        case .refused, .statementUntrusted: ExitCode(12)
        case .card, .otherChip: ExitCode(13)
        case .unreachable, .unusable: ExitCode(14)
        case .choiceInvalid: .usage
        case .internal: ExitCode(18)
        }
    }
}
