import CardChip
import Crypto
import Exchange
import ExchangeSupport
import Foundation
import HolderGuard
import IssuerSupport
import Credentials
import PhoneApp
import SimulatedAttestation
import SimulatedCard
import SimulatedPassport
import TestSupport
import TravelDocument
import Vaccination

/// A phone with everything around it: cards, a passport, issuers, keys of a record system. Made once for all tests.
struct PhoneWorld: Sendable {
    static let pin = "1234"
    /// When all of it is valid.
    static let now = Issuers.now + 3600
    static let number = "999900000011"
    static let shared: Result<PhoneWorld, any Error> = Result { try PhoneWorld() }

    let pki: TestPKI
    let issuers: Issuers
    let foreignIssuers: Issuers
    let authority: SimulatedAuthority
    /// The person's card, and another person's of the same authority.
    let card: SimulatedCardFile
    let otherCard: SimulatedCardFile
    let passport: SimulatedPassportFile
    let pinned = P256.Signing.PrivateKey()
    let uploadKey = P256.KeyAgreement.PrivateKey()
    let answerKey = P256.KeyAgreement.PrivateKey()
    let deviceKey = P256.Signing.PrivateKey()
    let deviceCertificate = [UInt8](repeating: 0x30, count: 600)
    let municipalities: [Municipality]

    private init() throws {
        pki = try TestPKI()
        issuers = try Issuers()
        // The same address under other keys.
        foreignIssuers = try Issuers()
        authority = try SimulatedAuthority.create()
        func card(_ number: String, _ name: String, _ birth: String, _ authority: SimulatedAuthority) throws
            -> SimulatedCardFile
        {
            try SimulatedCardFile.make(
                holder: CardHolder(
                    individualNumber: number, name: name, address: "見本県見本市中央町２－２－２", birthDate: birth, sexDigit: 2),
                pin: Self.pin, authority: authority)
        }
        self.card = try card(Self.number, "見本\u{3000}花子", "19801123", authority)
        otherCard = try card("999900000020", "見本\u{3000}太郎", "19791123", authority)
        let seconds = Self.now.timeIntervalSince1970
        let today = try some(CalendarDate.inJapan(secondsSince1970: seconds))
        let zone = try MachineReadableZone(
            issuingState: some(StateCode("JPN")), name: some(ZoneName(family: "MIHON", given: "HANAKO")),
            number: "TK1234567", nationality: some(StateCode("JPN")),
            birthDate: some(ZoneBirthDate(some(BirthDate(iso: "1980-11-23")), today: today)), sex: .female,
            expires: some(CalendarDate(iso: "2035-03-31")), today: today)
        passport = SimulatedPassportFile(
            zone: zone, signer: SimulatedCountry(country: "JP", now: seconds).documentSigner(now: seconds), now: seconds
        )
        municipalities = try (1...10).map { index in
            let code = try some(
                (0...9).lazy.compactMap { MunicipalityCode("99\(index < 10 ? "0" : "")\(index)0\($0)") }.first)
            return Municipality(
                code: code, prefecture: "見本県", name: "見本市\(index)", prefectureEnglish: "Mihon-ken",
                nameEnglish: "Mihon-shi \(index)")
        }
    }

    /// A device certificate for a key, of an authority that nobody here asks for.
    static func certificate(_ key: P256.Signing.PublicKey, platform: String = "development") throws -> [UInt8] {
        var terms = SimulatedIssuer.Terms(from: now - 3600, until: now + 90 * 86_400)
        let authority = try SimulatedIssuer(root: "Devices", .p256, terms)
        terms.isAuthority = false
        let uri = "urn:akashi:device:platform=\(platform);level=software;app=mihon.app;version=3"
        let name = DERWriter.value(0x30, DERWriter.value(0x86, Array(uri.utf8)))
        terms.extensions = [.init("2.5.29.17", name)]
        return try authority.certify("device", key, terms)
    }

    /// A device certificate for the key that a chain attests.
    static func certificate(attested chain: [UInt8]) throws -> [UInt8] {
        // The key's own certificate stands first: 30 82, and the length of what follows.
        let length = chain.count > 4 ? 4 + Int(chain[2]) * 256 + Int(chain[3]) : 0
        let leaf = try some(Certificate(der: Array(chain.prefix(length))))
        return try certificate(some(leaf.p256Key))
    }

    /// A choice of the menu by its place.
    func choice(_ index: Int = 0, _ kind: CertificateKind = .domestic) -> PhoneChoice {
        PhoneChoice(municipality: municipalities[index].code, kind: kind)
    }

    var presented: PresentedPassport { PresentedPassport(zone: passport.zone) }

    /// The person's chip; each has its own tries.
    func chip(_ file: SimulatedCardFile? = nil) -> SimulatedCard { SimulatedCard(file: file ?? card, persistTo: nil) }

    /// A phone that asks a mobile back end.
    func environment(
        _ url: String, formats: Set<PageFormat> = [], timeouts: PhoneTimeouts? = nil, isDevelopment: Bool = true
    ) -> PhoneEnvironment {
        var quick = PhoneTimeouts()
        (quick.asking, quick.tag, quick.answer, quick.outcome) = (
            .seconds(900), .seconds(30), .seconds(900), .seconds(900)
        )
        let trust = TrustStore(
            files: issuers.trustFiles.map { TrustFile(path: (isDevelopment ? "test/" : "") + $0.path, bytes: $0.bytes) }
        )
        return PhoneEnvironment(
            wallet: WalletClient(url: url, authorities: pki.authority),
            device: PhoneDevice(certificate: deviceCertificate, key: deviceKey), statementKeys: [pinned.publicKey],
            comparison: HolderGuard(trust: trust, isDevelopment: isDevelopment), formats: formats,
            timeouts: timeouts ?? quick, clock: QuickClock(), now: { Self.now })
    }

    /// How a presentation went.
    struct Course: Sendable {
        let ending: PhoneEnding?
        let results: [PhoneResult]
        let notes: TestPerson.Notes
        let outcomes: [Outcome]
        let applications: [[UInt8]]
        let challenges: Int
        /// How often a PIN was presented.
        let presentations: Int
        /// Everything that the mobile back end was sent.
        let traffic: [TestCentre.Request]

        /// Why each has no certificate; `nil` for each that has one.
        var reasons: [PhoneReason?] {
            results.map { result in if case .failure(let reason) = result.certificate { reason } else { nil } }
        }
        /// The dispositions that were reported.
        var dispositions: [Outcome.Disposition] { outcomes.map(\.disposition) }
    }

    /// Runs one presentation with a mobile back end of its own.
    func run(
        _ person: TestPerson, _ behaviour: TestWallet.Behaviour = .init(), tags: TestTags? = nil,
        formats: Set<PageFormat> = [], timeouts: PhoneTimeouts? = nil,
        during: (@Sendable (Task<Void, Never>, TestWallet) async -> Void)? = nil
    ) async throws -> Course {
        let wallet = TestWallet(self, behaviour)
        let server = try await TestCentre.start(pki.identity("wallet"), clients: nil) { await wallet.answer($0) }
        let tags = tags ?? TestTags([.init(chip: chip())], passport: passport.passport)
        let environment = environment(server.url, formats: formats, timeouts: timeouts)
        let flow = PhoneFlow(environment, interface: person, reader: tags.reader)
        let work = Task { () -> Result<[PhoneResult], PhoneEnding> in
            do throws(PhoneEnding) { return .success(try await flow.run()) } catch { return .failure(error) }
        }
        if let during {
            await during(
                Task {
                    await withTaskCancellationHandler {
                        _ = await work.value
                    } onCancel: {
                        work.cancel()
                    }
                }, wallet)
        }
        let ended = await work.value
        await server.stop()
        var (ending, results) = (PhoneEnding?.none, [PhoneResult]())
        switch ended {
        case .success(let all): results = all
        case .failure(let error): ending = error
        }
        return Course(
            ending: ending, results: results, notes: person.notes,
            outcomes: try server.asked("/v1/outcome").map { try Outcome(parsing: $0.body) },
            applications: server.asked("/v1/application").map(\.body),
            challenges: server.asked("/v1/challenge").count, presentations: tags.presentations,
            traffic: server.asked("/"))
    }
}

/// What a fixture is made of.
func some<T>(_ value: T?) throws -> T {
    guard let value else { throw TestFailure("a fixture is not what it should be") }
    return value
}

/// Zones of other passports.
enum MachineReadableZoneMaker {
    /// The same holder's zone with another number.
    static func other(_ zone: MachineReadableZone) throws -> MachineReadableZone {
        let today = try some(CalendarDate.inJapan(secondsSince1970: PhoneWorld.now.timeIntervalSince1970))
        return try MachineReadableZone(
            issuingState: zone.issuingState, name: zone.name, number: "TK7654321", nationality: zone.nationality,
            birthDate: zone.birthDate, sex: zone.sex, expires: zone.expires, today: today)
    }
}
