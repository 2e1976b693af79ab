package import Exchange
import Foundation
import MutualTLS
import SimulatedCard
import Synchronization
import Terminal
package import Vaccination

/// Many sessions of distinct simulated cards from many terminals at once: each terminal has a certificate of its own and
/// takes the next card as soon as it is free, each session has connections of its own, as at shops.
package final class LoadRun: Sendable {
    /// What a load run is told.
    package struct Settings: Sendable {
        /// How many terminals work at once.
        let terminals: Int
        /// How many sessions; each takes the next person of the card list.
        let sessions: Int
        /// The centre's address; `nil` takes the configuration's.
        let centre: String?
        /// A terminal's configuration: authorities, pinned key and trust folder are taken from it.
        let configuration: String
        /// The folder with a folder for each terminal: `T0001/terminal.pem` and `terminal.key.pem`.
        let terminalKeys: String
        /// The simulated card authority's private file.
        let cardAuthority: String
        /// The people whose cards are made, as `vrs records fabricate` lists them.
        let cardList: String
        /// The folder where keys for cards are kept from run to run.
        let keyPool: String
        /// Which certificate is asked for.
        let kind: CertificateKind
        /// Whether each page is decoded and checked as before printing.
        let isGuarded: Bool
        /// In which formats the page is asked for.
        let formats: Set<PageFormat>
        /// The seed of the sessions' disturbances; `nil` for none.
        let disturbances: UInt64?
        /// Whether a line is printed for each certificate.
        let listsCertificates: Bool

        /// A run's settings; counts are from 1, files are read when the run begins.
        package init(
            terminals: Int, sessions: Int, centre: String?, configuration: String, terminalKeys: String,
            cardAuthority: String, cardList: String, keyPool: String, kind: CertificateKind, isGuarded: Bool,
            formats: Set<PageFormat>, disturbances: UInt64?, listsCertificates: Bool
        ) {
            self.terminals = terminals
            self.sessions = sessions
            self.centre = centre
            self.configuration = configuration
            self.terminalKeys = terminalKeys
            self.cardAuthority = cardAuthority
            self.cardList = cardList
            self.keyPool = keyPool
            self.kind = kind
            self.isGuarded = isGuarded
            self.formats = formats
            self.disturbances = disturbances
            self.listsCertificates = listsCertificates
        }
    }

    private let setting: LoadSetting
    private let identities: [TLSIdentity]
    private let cards: [LoadCard]
    private let prints: Bool
    private let next = Mutex(0)
    private let report = Mutex(LoadReport())

    /// Reads keys and makes the cards; `note` is told what takes its time.
    package init(_ settings: Settings, note: (String) -> Void) throws {
        let configuration = try TerminalConfiguration(path: settings.configuration)
        guard configuration.isDevelopment else {
            throw LoadError("simulated cards need development: true in \(settings.configuration)")
        }
        guard case .fixed(let answerKey, let trustFolder) = configuration.trust else {
            throw LoadError("a load run needs trust and answerSealingKey in \(settings.configuration)")
        }
        setting = LoadSetting(
            centre: settings.centre ?? configuration.centre, authorities: configuration.authorities,
            answerKey: answerKey, kind: settings.kind, formats: settings.formats,
            disturbances: settings.disturbances,
            printGuard: settings.isGuarded
                ? try PrintGuard(
                    trustFolder: trustFolder, isDevelopment: configuration.isDevelopment, program: nil)
                : nil)
        identities = try (1...settings.terminals).map { number in
            let digits = String(repeating: "0", count: 4 - String(number).count) + String(number)
            let folder = settings.terminalKeys + "/T" + digits
            guard
                let identity = TLSIdentity(
                    certificateFile: folder + "/terminal.pem", keyFile: folder + "/terminal.key.pem")
            else { throw LoadError("\(folder) holds no certificate and key that belong together") }
            return identity
        }
        note("making \(settings.sessions) simulated cards")
        cards = try LoadCard.make(
            settings.sessions, of: CardList(reading: settings.cardList),
            authority: SimulatedAuthority(readingPrivate: settings.cardAuthority),
            pool: RSAKeyPool(cacheFolder: settings.keyPool))
        prints = settings.listsCertificates
    }

    /// Runs until every card had its session.
    package func run() async throws -> LoadReport {
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
        let wall = ContinuousClock.now - start
        return report.withLock { report in
            report.wall = wall
            return report
        }
    }

    private func menu(_ identity: TLSIdentity) async throws -> Menu {
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

    private func work(_ identity: TLSIdentity, _ menu: Menu) async {
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
