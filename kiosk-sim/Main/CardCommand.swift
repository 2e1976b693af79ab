import ArgumentParser
import Foundation
import SimulatedCard
import Terminal

/// `kiosk-sim card …`: simulated cards. Each of them says that it is a simulation.
struct CardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "card", abstract: "Makes and uses simulated cards.",
        subcommands: [Authority.self, Make.self, Pool.self, Insert.self, Tries.self])

    /// The simulated card authority.
    struct Authority: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a simulated card authority with keys of its own.")
        @Option(help: "The folder for the private file authority.key.pem.")
        var out: String
        @Option(help: "The trust folder; its card/ gets the public key.")
        var trust: String
        @Flag(help: "Do nothing where there is an authority already.")
        var keep = false

        func run() throws {
            Notice.simulation()
            let path = out + "/authority.key.pem"
            if FileManager.default.fileExists(atPath: path) {
                guard keep else {
                    throw ValidationError("\(path) is there already (--keep leaves it) / すでにあります（--keep で残します）。")
                }
                // The trust folder may be new: whoever holds the private file can say again what is public in it.
                try SimulatedAuthority(readingPrivate: path).write(privateTo: path, publicTo: trust + "/card")
                return
            }
            try SimulatedAuthority.create().write(privateTo: path, publicTo: trust + "/card")
            print("\(path), public key in \(trust)/card: for development only")
        }
    }

    /// A card.
    struct Make: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a card, from options or from a line of the sample records.")
        @Option(help: "The authority's private file.")
        var authority: String
        @Option(help: "The card's file.")
        var out: String
        @Option(help: "The PIN, four digits.")
        var pin = "1234"
        @Option(help: "Sample records (CSV with a header); with --line.")
        var csv: String?
        @Option(help: "Which line of the CSV, 1 for the first behind the header.")
        var line = 1
        @Option(help: "Individual number, twelve digits with a right check digit.")
        var number: String?
        @Option(help: "Name, parts separated by U+3000.")
        var name: String?
        @Option(help: "Address.")
        var address = "見本県見本市見本町１－１"
        @Option(help: "Birth date, YYYYMMDD or YYYY-MM-DD; unknown parts are 00, or left out.")
        var birthDate: String?
        @Option(help: "Sex: male, female or unspecified.")
        var sex = "unspecified"

        func run() throws {
            Notice.simulation()
            let holder = try csv.map { try SampleHolder.read($0, line: line) } ?? Self.holder(self)
            let file = try SimulatedCardFile.make(
                holder: holder, pin: pin, authority: SimulatedAuthority(readingPrivate: authority))
            try file.save(out)
        }

        private static func holder(_ options: Make) throws -> CardHolder {
            guard let number = options.number, let name = options.name, let birth = options.birthDate else {
                throw ValidationError(
                    "either --csv, or --number, --name and --birth-date / --csv か、--number・--name・--birth-date のどちらかを指定してください。"
                )
            }
            return try SampleHolder.holder(
                number: number, name: name, address: options.address, birth: birth, sex: options.sex)
        }
    }

    /// Keys ahead.
    struct Pool: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fills a folder with RSA keys for cards of load tests.")
        @Option(help: "The folder.")
        var out: String
        @Option(help: "How many keys.")
        var keys = 200

        func run() throws {
            Notice.simulation()
            _ = try RSAKeyPool(cacheFolder: out).take(keys)
            print("\(keys) keys in \(out): for load tests only")
        }
    }

    /// A card on the virtual reader.
    struct Insert: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lays a card on the virtual PC/SC reader (vsmartcard-vpcd) until it is stopped or has signed.")
        @Option(help: "The card's file; its tries are kept there.")
        var card: String
        @Option(help: "The reader's IPv4 address.")
        var host = "127.0.0.1"
        @Option(help: "The reader's port.")
        var port: UInt16 = 35963
        @Flag(help: "Take the card away by itself a moment after it has signed.")
        var takeAfterSigning = false
        @Option(help: "Take the card away after this many commands, as a hasty hand does.")
        var takeAfter: Int?

        func run() throws {
            Notice.simulation()
            let chip = SimulatedCard(file: try SimulatedCardFile.load(card), persistTo: card)
            let signing = SigningWatch(chip)
            let reader = VirtualReaderCard(card: signing, host: host, port: port, removedAfter: takeAfter)
            if takeAfterSigning {
                signing.onSigned { DispatchQueue.global().asyncAfter(deadline: .now() + 0.4) { reader.remove() } }
            }
            let signals = StopSignals { reader.remove() }
            print("inserted")
            try reader.run()
            signals.end()
            print("removed")
        }
    }

    /// The tries that are left.
    struct Tries: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Says how often a card's PIN can still be tried.")
        @Option(help: "The card's file.")
        var card: String

        func run() throws {
            Notice.simulation()
            print(try SimulatedCardFile.load(card).triesLeft)
        }
    }
}
