import ArgumentParser
import Foundation
import SimulatedPassport
import TravelDocument
import Vaccination

/// `phone-sim passport …`: simulated passports. Each of them says that it is a simulation.
struct PassportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "passport", abstract: "Makes simulated passports.", subcommands: [Country.self, Make.self])

    /// The simulated country.
    struct Country: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a country that signs passports, and puts its authority and its list into a trust folder.")
        @Option(help: "The country's private file.")
        var out: String
        @Option(help: "The trust folder; its passport/ gets the certificate and the revocation list.")
        var trust: String
        @Option(help: "The country, two letters.")
        var country = "JP"
        @Flag(help: "Leave a country that is there already; its public files are written again.")
        var keep = false

        func run() throws {
            Notice.simulation()
            let now = Date().timeIntervalSince1970
            let isThere = FileManager.default.fileExists(atPath: out)
            guard !isThere || keep else {
                throw ValidationError("\(out) is there already (--keep leaves it) / すでにあります（--keep で残します）。")
            }
            guard country.wholeMatch(of: /[A-Z]{2}/) != nil else {
                throw ValidationError("--country is two capital letters / --country は大文字2文字です。")
            }
            let made =
                isThere ? try SimulatedCountry(readingPrivate: out) : SimulatedCountry(country: country, now: now)
            try made.write(privateTo: out, publicTo: trust + "/passport", now: now)
            print("\(out), public files in \(trust)/passport: for development only")
        }
    }

    /// A passport.
    struct Make: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a passport for a made-up holder.")
        @Option(help: "The country's private file.")
        var country: String
        @Option(help: "The passport's file.")
        var out: String
        @Option(help: "The passport's number, at most nine letters and digits.")
        var number: String
        @Option(help: "The family name in Latin letters.")
        var surname: String
        @Option(help: "The given names in Latin letters.")
        var given = ""
        @Option(help: "Birth date, YYYY-MM-DD; unknown parts are left out.")
        var birthDate: String
        @Option(help: "Sex: male, female or unspecified.")
        var sex = "unspecified"
        @Option(help: "The last day on which it is valid, YYYY-MM-DD.")
        var expires = "2035-03-31"
        @Option(help: "Issuing state and nationality, three letters.")
        var state = "JPN"

        func run() throws {
            Notice.simulation()
            let now = Date().timeIntervalSince1970
            guard let today = CalendarDate.inJapan(secondsSince1970: now),
                let name = ZoneName(family: surname, given: given), let state = StateCode(state),
                let birth = BirthDate(iso: birthDate).flatMap({ ZoneBirthDate($0, today: today) }),
                let sex = Sex(rawValue: sex), let expires = CalendarDate(iso: expires),
                let zone = try? MachineReadableZone(
                    issuingState: state, name: name, number: number, nationality: state, birthDate: birth, sex: sex,
                    expires: expires, today: today)
            else {
                throw ValidationError("the passport's holder is not right: look at each value / 旅券の値が正しくありません。")
            }
            let signer = try SimulatedCountry(readingPrivate: country).documentSigner(now: now)
            try SimulatedPassportFile(zone: zone, signer: signer, now: now).save(out)
        }
    }
}
