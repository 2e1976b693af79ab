import CardChip
package import Exchange
import Foundation
import HolderGuard
package import PhoneApp
import SimulatedCard
import Synchronization
import Vaccination

/// Many presentations of distinct simulated cards at many phones at once: each phone takes the next card as soon as it is free,
/// goes the app's whole way with it, and has connections of its own.
package final class PhoneLoadRun: Sendable {
    /// What a load run is told.
    package struct Settings: Sendable {
        let phones: Int
        let sessions: Int
        let configuration: PhoneConfiguration
        let devices: [PhoneDevice]
        let cardAuthority: String
        let cardList: String
        let keyPool: String
        let formats: Set<PageFormat>
        let listsCertificates: Bool
        let keepsTokens: Bool
        let cards: Int
        let typingTime: Duration

        /// A run's settings; counts are from 1.
        ///
        /// - Parameters:
        ///   - devices: enrolled devices, at least one; the phones share them.
        ///   - cardAuthority: the simulated card authority's private file.
        ///   - cardList: the people whose cards are made, as `vrs records fabricate` lists them.
        ///   - keyPool: the folder where keys for cards are kept from run to run.
        ///   - keepsTokens: whether ``PhoneLoadRun/tokens`` are kept.
        ///   - cards: how many distinct cards are presented, in turn; `nil` if each session has its own.
        ///   - typingTime: how long a person takes to type the PIN, in the middle: one takes up to twice as long, and phones begin at
        ///     different moments, as people do. Zero for phones that press on as fast as they can.
        package init(
            phones: Int, sessions: Int, configuration: PhoneConfiguration, devices: [PhoneDevice],
            cardAuthority: String, cardList: String, keyPool: String, formats: Set<PageFormat>, listsCertificates: Bool,
            keepsTokens: Bool = false, cards: Int? = nil, typingTime: Duration = .zero
        ) {
            self.typingTime = typingTime
            self.phones = phones
            self.sessions = sessions
            self.configuration = configuration
            self.devices = devices
            self.cardAuthority = cardAuthority
            self.cardList = cardList
            self.keyPool = keyPool
            self.formats = formats
            self.listsCertificates = listsCertificates
            self.keepsTokens = keepsTokens
            self.cards = min(cards ?? sessions, sessions)
        }
    }

    private let settings: Settings
    private let cards: [LoadCard]
    private let comparison: HolderGuard
    private let next = Mutex(0)
    private let report = Mutex(LoadReport())
    private let kept = Mutex([[UInt8]]())

    /// What the certificates came with to ask later whether they are still current.
    package var tokens: [[UInt8]] { kept.withLock { $0 } }

    /// Makes the cards; `note` is told what takes its time.
    package init(_ settings: Settings, note: (String) -> Void) throws {
        guard settings.configuration.isDevelopment, !settings.devices.isEmpty else {
            throw LoadError("simulated cards need development: true, and a device")
        }
        self.settings = settings
        comparison = try HolderGuard(trustFolder: settings.configuration.trust, isDevelopment: true)
        note("making \(settings.cards) simulated cards")
        cards = try LoadCard.make(
            settings.cards, of: CardList(reading: settings.cardList),
            authority: SimulatedAuthority(readingPrivate: settings.cardAuthority),
            pool: RSAKeyPool(cacheFolder: settings.keyPool))
    }

    /// Runs until every session has ended.
    package func run() async -> LoadReport {
        let start = ContinuousClock.now
        await withTaskGroup(of: Void.self) { group in
            for phone in 0..<settings.phones {
                let device = settings.devices[phone % settings.devices.count]
                group.addTask { await self.work(device) }
            }
        }
        let wall = ContinuousClock.now - start
        return report.withLock { report in
            report.wall = wall
            return report
        }
    }

    private func work(_ device: PhoneDevice) async {
        await LoadPerson.wait(settings.typingTime)
        while let index = take() {
            let start = ContinuousClock.now
            let ending = await present(cards[index % cards.count], device)
            let duration = ContinuousClock.now - start
            report.withLock { $0.count(ending, took: duration) }
        }
    }

    private func take() -> Int? {
        next.withLock { next in
            guard next < settings.sessions, !cards.isEmpty else { return nil }
            defer { next += 1 }
            return next
        }
    }

    private func present(_ card: LoadCard, _ device: PhoneDevice) async -> LoadReport.Ending {
        let wallet = WalletClient(
            url: settings.configuration.wallet, authorities: settings.configuration.authorities)
        let environment = PhoneEnvironment(
            wallet: wallet, device: device, statementKeys: settings.configuration.statementKeys,
            comparison: comparison, formats: settings.formats)
        let chip = SimulatedCard(file: card.card.file, persistTo: nil)
        let reader = TagReader { _ in InProcessTransport(card: chip) }
        let flow = PhoneFlow(
            environment, interface: LoadPerson(person: card.person, typingTime: settings.typingTime), reader: reader)
        let result: Result<[PhoneResult], PhoneEnding>
        do throws(PhoneEnding) { result = .success(try await flow.run()) } catch { result = .failure(error) }
        await wallet.shutdown()
        switch result {
        case .failure(let ending): return .refused(ending.code)
        case .success(let results):
            switch results.first?.certificate {
            case .success(let kept): return ending(kept, card.person)
            case .failure(.guarded(let findings))
            where findings.contains { [.name, .birthDate, .romajiName].contains($0) }:
                return .otherHolder
            case .failure(let reason): return .refused(reason.code)
            case nil: return .refused(PhoneReason.internal.code)
            }
        }
    }

    private func ending(_ kept: KeptCertificate, _ person: ListedPerson) -> LoadReport.Ending {
        if settings.listsCertificates { print("issued \(kept.id) \(kept.request.municipality) delivered") }
        if settings.keepsTokens { self.kept.withLock { $0.append(kept.currentToken) } }
        let isHolders =
            CardName(person.holder.name).mayBe(kept.manifest.name) && kept.manifest.birthDate == person.birthDate
        return isHolders ? .issued : .otherHolder
    }
}

/// A person of a load run at a phone.
private struct LoadPerson: PhoneInterface {
    let person: ListedPerson
    let typingTime: Duration

    static func wait(_ time: Duration) async {
        guard time > .zero else { return }
        try? await Task.sleep(for: time * Double.random(in: 0...2))
    }

    func reached(_ step: PhoneStep) async {}
    func choose(of menu: Menu) async -> [PhoneChoice]? {
        [PhoneChoice(municipality: person.municipality, kind: .domestic)]
    }
    func passport() async -> PresentedPassport? { nil }
    func pin(_ reason: PINReason) async -> PIN? {
        await Self.wait(typingTime)
        return PIN(digits: Array(CustomerCard.ordinaryPIN.utf8))
    }
    func hold(_ tag: Tag, _ reason: HoldReason) async -> Bool { true }
    func keep(_ certificate: KeptCertificate) async -> Bool { true }
}
