import CardChip
import Crypto
import Exchange
import Foundation
import HolderGuard
import MutualTLS
package import PhoneApp
package import SimulatedCard
package import SimulatedPassport
import Synchronization
package import TestSupport
import TravelDocument
import Vaccination

/// A phone with its enrolled device, as the program `phone-sim` and, where a test interferes, as the app's library in this process.
package struct LivePhone: Sendable {
    private let stack: Stack
    /// Its configuration's file.
    package let configuration: String
    /// Where its device lies.
    package let device: DeviceFolder

    fileprivate init(_ stack: Stack, device: DeviceFolder, wallet: String) throws {
        let name = "phone-\(UUID().uuidString).yaml"
        let text = try stack.template("phone.yaml", ["https://@WALLET_PHONE@": wallet])
        try stack.write(text.replacing("device: \(stack.folder)/device", with: "device: \(device.path)"), name)
        (self.stack, self.device, configuration) = (stack, device, stack.folder + "/" + name)
    }

    /// The same phone, for whom another answers at the mobile back end's address.
    package func asking(_ wallet: String) throws -> LivePhone { try LivePhone(stack, device: device, wallet: wallet) }

    /// The code that revokes it.
    package var revocationCode: String {
        get throws {
            try String(contentsOfFile: device.path + "/revocation.txt", encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    /// Runs a command of `phone-sim` with this phone's configuration.
    package func command(_ arguments: String...) async throws -> Program.Outcome {
        try await Program.run(
            Programs.path("phone-sim"), arguments + ["--config", configuration], folder: stack.folder)
    }

    /// One presentation of a card by `phone-sim run`.
    package func run(
        _ choices: [PhoneChoice], card: String, passport: String? = nil, more: [String] = []
    ) async throws -> Presentation {
        try await run(choices, ["--card", card] + (passport.map { ["--passport", $0] } ?? []) + more)
    }

    /// The same with what lies on readers over PC/SC.
    /// - Parameters:
    ///   - reader: that of the card.
    ///   - passport: the file that has the zone, and the reader on which the chip lies.
    ///   - pins: how often the PIN is typed.
    package func run(
        _ choices: [PhoneChoice], reader: String, passport: (file: String, reader: String)? = nil, pins: Int = 1
    ) async throws -> Presentation {
        var arguments = ["--reader", reader]
        if let passport { arguments += ["--passport", passport.file, "--passport-reader", passport.reader] }
        for _ in 1..<max(1, pins) { arguments += ["--pin", CustomerCard.ordinaryPIN] }
        return try await run(choices, arguments, environment: VirtualReader.environment)
    }

    private func run(
        _ choices: [PhoneChoice], _ more: [String], environment: [String: String] = [:]
    ) async throws -> Presentation {
        let kept = stack.folder + "/kept-\(UUID().uuidString)"
        var arguments = ["run", "--pin", CustomerCard.ordinaryPIN, "--out", kept] + more
        for choice in choices { arguments += ["--municipality", "\(choice.municipality):\(choice.kind.rawValue)"] }
        let ended = try await Program.run(
            Programs.path("phone-sim"), arguments + ["--config", configuration], environment: environment,
            folder: stack.folder)
        return Presentation(status: ended.status, output: ended.output, errors: ended.errors, kept: kept)
    }

    /// What one presentation by `phone-sim run` came to.
    package struct Presentation: Sendable {
        package let status: Int32
        package let output: String
        package let errors: String
        /// The folder of what was kept.
        package let kept: String

        /// One choice's result.
        package struct Line: Decodable, Sendable {
            package let municipality: String
            package let kind: String
            /// `kept` or a code.
            package let result: String
            package let id: String?
        }

        /// The results in the order of the choices.
        package var results: [Line] {
            output.split(separator: "\n").compactMap { try? JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
        }

        /// The files of what was kept with this ending.
        package func files(_ ending: String) -> [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: kept)) ?? [])
                .filter { $0.hasSuffix("." + ending) }.sorted().map { kept + "/" + $0 }
        }
    }

    /// How a presentation in this process went.
    package struct Course: Sendable {
        /// Why it ended before anything was sent.
        package var ending: PhoneEnding?
        package var results: [PhoneResult] = []
        /// What was shown to the person.
        package var shown: [KeptCertificate] = []

        /// Why each has no certificate; `nil` for each that has one.
        package var reasons: [PhoneReason?] {
            results.map { result in if case .failure(let reason) = result.certificate { reason } else { nil } }
        }
    }

    /// One presentation of a card by the app's library in this process.
    /// - Parameter during: what happens whenever a step is reached.
    package func present(
        _ choices: [PhoneChoice], card: CustomerCard, passport: SimulatedPassportFile? = nil,
        during: @escaping @Sendable (PhoneStep) async -> Void = { _ in }
    ) async throws -> Course {
        let configuration = try PhoneConfiguration(path: self.configuration)
        let wallet = WalletClient(url: configuration.wallet, authorities: configuration.authorities)
        let environment = PhoneEnvironment(
            wallet: wallet, device: try configuration.device.device(), statementKeys: configuration.statementKeys,
            comparison: try HolderGuard(trustFolder: configuration.trust, isDevelopment: true))
        let person = PersonAtPhone(choices, passport: passport.map { PresentedPassport(zone: $0.zone) }, during)
        let (chip, document) = (SimulatedCard(file: card.file, persistTo: nil), passport?.passport)
        let reader = TagReader { tag throws(CardTransportError) in
            if tag == .card { return InProcessTransport(card: chip) }
            guard let document else { throw .noCard }
            return InProcessTransport(card: document)
        }
        let flow = PhoneFlow(environment, interface: person, reader: reader)
        var course = Course()
        do throws(PhoneEnding) { course.results = try await flow.run() } catch { course.ending = error }
        await wallet.shutdown()
        course.shown = person.shown
        return course
    }
}

/// A person at a phone who chooses, types the PIN and keeps what comes.
private final class PersonAtPhone: PhoneInterface {
    private let choices: [PhoneChoice]
    private let presented: PresentedPassport?
    private let during: @Sendable (PhoneStep) async -> Void
    private let certificates = Mutex<[KeptCertificate]>([])

    init(
        _ choices: [PhoneChoice], passport: PresentedPassport?, _ during: @escaping @Sendable (PhoneStep) async -> Void
    ) {
        (self.choices, presented, self.during) = (choices, passport, during)
    }

    var shown: [KeptCertificate] { certificates.withLock { $0 } }

    func reached(_ step: PhoneStep) async { await during(step) }
    func choose(of menu: Menu) async -> [PhoneChoice]? { choices }
    func passport() async -> PresentedPassport? { presented }
    func pin(_ reason: PINReason) async -> PIN? { PIN(digits: Array(CustomerCard.ordinaryPIN.utf8)) }
    func hold(_ tag: Tag, _ reason: HoldReason) async -> Bool { true }
    func keep(_ certificate: KeptCertificate) async -> Bool {
        certificates.withLock { $0.append(certificate) }
        return true
    }
}

extension Stack {
    /// A phone whose device is enrolled at `wallet`, which is started if it is not yet.
    package func phone() async throws -> LivePhone {
        try await untilWalletServes()
        let device = DeviceFolder(path: folder + "/device-\(UUID().uuidString)")
        let phone = try LivePhone(self, device: device, wallet: wallet)
        let enrolled = try await phone.command("enrol")
        guard enrolled.status == 0 else { throw TestFailure("enrol: \(enrolled.output)\(enrolled.errors)") }
        return phone
    }

    /// Makes a passport for a person and gives its file's path.
    package func passport(for person: SamplePerson, number: String, surname: String, given: String) async throws
        -> String
    {
        let path = folder + "/passport-\(UUID().uuidString).json"
        let sex = [1: "male", 2: "female"][person.sexDigit] ?? "unspecified"
        let made = try await Program.run(
            Programs.path("phone-sim"),
            [
                "passport", "make", "--country", keys + "/passport-country.json", "--out", path, "--number", number,
                "--surname", surname, "--given", given, "--birth-date", person.birthDate.description, "--sex", sex,
            ], folder: folder)
        guard made.status == 0 else { throw TestFailure("passport: \(made.output)\(made.errors)") }
        return path
    }

    /// A passport out of its file.
    package func passport(reading path: String) throws -> SimulatedPassportFile {
        guard let today = CalendarDate.inJapan(secondsSince1970: Date().timeIntervalSince1970) else {
            throw TestFailure("no day")
        }
        return try SimulatedPassportFile(reading: path, today: today)
    }
}
