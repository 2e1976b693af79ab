public import ArgumentParser
import Exchange
import Foundation
import SimulatedCard
import Synchronization
import Terminal
public import Vaccination

/// `kiosk-sim load`: many sessions of distinct simulated cards from many terminals at once.
///
/// Each terminal has a certificate of its own and each session connections of its own, as at shops. Every document is
/// compared with the card that asked for it. The last line of output is one JSON object.
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Runs sessions of distinct simulated cards from many terminals at once.",
        discussion: """
            The last line of output is {"sessions","issued","per_s","p50_ms","p99_ms","refused":{reason:count},"other_holder"}; \
            other_holder, the documents whose holder is not the card's, must be 0 (and the exit status is 1 otherwise).
            """)

    @Option(help: "How many terminals work at once, 1 to 4096.")
    var terminals = 64
    @Option(help: "How many sessions, 1 to 50000; each takes the next person of the card list.")
    var sessions = 2000
    @Option(help: "The centre's address, https://HOST:PORT; without it the one of --config.")
    var centre: String?
    @Option(help: "A terminal's configuration: centre, authorities, pinned key and trust folder are taken from it.")
    var config = ".akashi/terminal.yaml"
    @Option(help: "The folder with a folder for each terminal: T0001/terminal.pem and terminal.key.pem.")
    var terminalKeys = ".akashi/keys/terminals"
    @Option(help: "The simulated card authority's private file.")
    var cardAuthority = ".akashi/keys/cards/authority.key.pem"
    @Option(help: "The people whose cards are made, as vrs records fabricate lists them.")
    var cardList = ".akashi/cards.jsonl"
    @Option(help: "The folder where keys for cards are kept from run to run.")
    var keyPool = ".akashi/pool"
    @Option(help: "Which certificate: domestic or overseas.")
    var kind = CertificateKind.domestic
    @Flag(name: .customLong("guard"), inversion: .prefixedNo, help: "Decode and check each page as before printing.")
    var isGuarded = true
    @Flag(help: "Ask for the page as PDF only, as for a printer that takes no picture; goes with --no-guard.")
    var pdfOnly = false
    @Flag(help: "Random pauses, sessions broken off, applications and outcomes sent twice, aborts.")
    var chaos = false
    @Option(help: "Repeats the disturbances of another run.")
    var seed: UInt64?
    @Flag(help: "Print a line for each certificate: issued ID MUNICIPALITY printed|aborted|unreported.")
    var list = false

    func validate() throws {
        guard (1...4096).contains(terminals) else { throw ValidationError("--terminals takes 1 to 4096") }
        guard (1...50_000).contains(sessions) else { throw ValidationError("--sessions takes 1 to 50000") }
        guard !(pdfOnly && isGuarded) else {
            throw ValidationError("--pdf-only goes with --no-guard: the guard reads both")
        }
    }

    func run() async throws {
        let configuration = try TerminalConfiguration(path: config)
        guard configuration.isDevelopment else {
            throw LoadError("simulated cards need development: true in \(config)")
        }
        let seed = seed ?? .random(in: 1 ... .max)
        if chaos { Self.note("disturbances of seed \(seed) (repeat with --seed \(seed))") }
        let setting = LoadSetting(
            centre: centre ?? configuration.centre, authorities: configuration.authorities,
            answerKey: configuration.answerKey, kind: kind, forms: pdfOnly ? [.pdf] : Set(PageForm.allCases),
            isDisturbed: chaos, seed: seed,
            printGuard: isGuarded
                ? try PrintGuard(trustFolder: configuration.trustFolder, isDevelopment: configuration.isDevelopment)
                : nil)
        let identities = try (1...terminals).map { number in
            let folder = terminalKeys + "/T" + String(repeating: "0", count: 4 - String(number).count) + String(number)
            return try TerminalIdentity(
                certificatePath: folder + "/terminal.pem", keyPath: folder + "/terminal.key.pem")
        }
        Self.note("making \(sessions) simulated cards")
        let cards = try LoadCard.make(
            sessions, of: CardList(reading: cardList),
            authority: SimulatedAuthority(readingPrivate: cardAuthority), pool: RSAKeyPool(cacheFolder: keyPool))
        Self.note("\(sessions) sessions from \(terminals) terminals\(isGuarded ? "" : ", without print guard")")
        let run = LoadRun(setting: setting, cards: cards, prints: list)
        let (report, wall) = try await run.run(identities)
        print(report.line(in: wall))
        if !report.isClean { throw ExitCode(1) }
    }

    static func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}

extension CertificateKind: ExpressibleByArgument {}

/// The terminals of a load run at work; each takes the next card as soon as it is free.
final class LoadRun: Sendable {
    private let setting: LoadSetting
    private let cards: [LoadCard]
    private let prints: Bool
    private let next = Mutex(0)
    private let report = Mutex(LoadReport())

    init(setting: LoadSetting, cards: [LoadCard], prints: Bool) {
        self.setting = setting
        self.cards = cards
        self.prints = prints
    }

    /// Runs until every card had its session, and says how long that took from the first to the last.
    func run(_ identities: [TerminalIdentity]) async throws -> (LoadReport, Duration) {
        // A terminal has its menu before customers come.
        let menus = try await withThrowingTaskGroup(of: (Int, Menu).self) { group in
            for (index, identity) in identities.enumerated() {
                group.addTask { (index, try await self.menu(identity)) }
            }
            return try await group.reduce(into: [Int: Menu]()) { $0[$1.0] = $1.1 }
        }
        let start = ContinuousClock.now
        await withTaskGroup(of: Void.self) { group in
            for (index, identity) in identities.enumerated() {
                guard let menu = menus[index] else { continue }
                group.addTask { await self.work(identity, menu) }
            }
        }
        return (report.withLock { $0 }, ContinuousClock.now - start)
    }

    private func menu(_ identity: TerminalIdentity) async throws -> Menu {
        let client = setting.client(identity)
        do {
            var menu = try await client.menu()
            // A centre that was just started, or whose vrs was, opens a moment later.
            for _ in 0..<3 where menu.closed?.isTransient == true { menu = try await client.menu(after: menu.revision) }
            await client.shutdown()
            return menu
        } catch {
            await client.shutdown()
            throw LoadError("the centre gives no menu: \(error)")
        }
    }

    private func work(_ identity: TerminalIdentity, _ menu: Menu) async {
        while let index = take() {
            let session = LoadSession(
                setting: setting, identity: identity, menu: menu, card: cards[index], plan: setting.plan(of: index))
            let start = ContinuousClock.now
            let result: Result<LoadSession.Document, any Error>
            do { result = .success(try await session.run()) } catch { result = .failure(error) }
            count(result, took: ContinuousClock.now - start)
        }
    }

    private func take() -> Int? {
        next.withLock { next in
            guard next < cards.count else { return nil }
            defer { next += 1 }
            return next
        }
    }

    private func count(_ result: Result<LoadSession.Document, any Error>, took duration: Duration) {
        report.withLock { report in
            switch result {
            case .success(let document):
                if prints { print("issued \(document.id) \(document.municipality) \(document.ending)") }
                report.count(document.isHolders ? .issued : .otherHolder, took: duration)
            case .failure(let error):
                report.count(.refused((error as? LoadSession.Refusal)?.reason ?? "terminal.internal"), took: duration)
            }
        }
    }
}
