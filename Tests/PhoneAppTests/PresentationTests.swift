import CardChip
import Credentials
import Crypto
import Exchange
import ExchangeSupport
import Foundation
import IssuerSupport
import PhoneApp
import SimulatedCard
import SimulatedPassport
import TestSupport
import Testing
import TravelDocument
import Vaccination

/// One presentation of the card, the good way and what each municipality says.
@Suite struct PresentationTests {
    let world: PhoneWorld

    init() throws { world = try PhoneWorld.shared.get() }

    @Test func `a domestic certificate comes and is kept, and that is reported once`() async throws {
        let course = try await world.run(TestPerson([world.choice()]))
        #expect(course.ending == nil)
        #expect(course.reasons == [nil])
        #expect(course.dispositions == [.delivered])
        #expect(course.presentations == 1)
        #expect(
            course.notes.steps == [
                .menu, .choice, .keys, .pin, .challenge, .card, .read, .sign, .send, .guarding, .outcome,
            ])
        let kept = try #require(try course.results.first?.certificate.get())
        #expect(kept.manifest.name == "見本\u{3000}花子")
        #expect(kept.currentToken.count == 120)
        #expect(kept.pdf.isEmpty && kept.png.isEmpty)
        let application = try #require(course.traffic.first { $0.path == "/v1/application" })
        #expect(application.pageFormats == nil)
        #expect(application.inquiry == course.results.first?.inquiry.text)
    }

    @Test func `the file that is kept is a SMART Health Card's, and a verifier takes it`() async throws {
        let course = try await world.run(TestPerson([world.choice()]))
        let kept = try #require(try course.results.first?.certificate.get())
        let files = world.issuers.trustFiles.map { TrustFile(path: "test/" + $0.path, bytes: $0.bytes) }
        let verifier = Verifier(trust: TrustStore(files: files))
        let file = String(decoding: kept.smartHealthCard, as: UTF8.self)
        #expect(file.hasPrefix(#"{"verifiableCredential":["ey"#))
        for texts in [[file], kept.codes] {
            let verdicts = verifier.check(texts, at: PhoneWorld.now)
            #expect(verdicts.map(\.isValid) == [true])
            #expect(verdicts.first?.certificateID == kept.id.text)
        }
    }

    @Test func `an overseas certificate comes for the card and the passport that its chip gave`() async throws {
        let chip = world.passport.passport
        let person = TestPerson([world.choice(0, .overseas)], passport: world.presented)
        let course = try await world.run(
            person, tags: TestTags([.init(chip: world.chip())], passport: chip))
        #expect(course.reasons == [nil])
        let kept = try #require(try course.results.first?.certificate.get())
        #expect(kept.codes.count == 2)
        #expect(kept.manifest.documentNumber == "TK1234567")
        let application = try PhoneApplication(parsing: try #require(course.applications.first))
        let checker = CardChecker(authorities: try world.authority.authorities())
        let opened = try application.checkedChip(by: checker).opened(by: world.uploadKey)
        #expect(opened.passport?.zone.suffix(88) == world.passport.zone.bytes[...])
        #expect(opened.passport?.securityObject.isEmpty == false)
        // The zone's file and the signed object alone: no picture was asked for.
        #expect(Set(chip.askedFiles) == [0x011E, 0x011D, 0x0101])
        // Both tags once: the passport before the PIN, so that the challenges are young when the card signs.
        #expect(person.notes.holds.map(\.tag) == [.passport, .card])
    }

    @Test func `pages come if they are asked for`() async throws {
        let course = try await world.run(TestPerson([world.choice()]), formats: [.pdf, .png])
        let kept = try #require(try course.results.first?.certificate.get())
        #expect(!kept.pdf.isEmpty && !kept.png.isEmpty)
        #expect(course.traffic.first { $0.path == "/v1/application" }?.pageFormats == "pdf, png")
    }

    @Test func `eight municipalities are asked with one PIN and one holding of the card`() async throws {
        let person = TestPerson((0..<8).map { world.choice($0) })
        let course = try await world.run(person)
        #expect(course.reasons == Array(repeating: nil, count: 8))
        #expect(course.results.map(\.choice) == (0..<8).map { world.choice($0) })
        #expect((course.presentations, course.challenges, person.notes.holds.count) == (1, 8, 1))
        let applications = try course.applications.map { try PhoneApplication(parsing: $0) }
        #expect(Set(applications.map(\.transcriptHash)).count == 8)
        #expect(Set(applications.map(\.kemPublicKey.rawRepresentation)).count == 8)
        #expect(Set(applications.map(\.signingPublicKey.rawRepresentation)).count == 8)
        #expect(Set(course.results.map(\.inquiry)).count == 8)
        #expect(course.dispositions == Array(repeating: .delivered, count: 8))
    }

    @Test func `each municipality has its own certificate or its own reason`() async throws {
        let codes = world.municipalities.map(\.code)
        var behaviour = TestWallet.Behaviour()
        behaviour.refusals = [
            codes[1]: Refusal(.personNotFound, isOutcomeOwed: false),
            codes[2]: Refusal(.recordUnclear, isOutcomeOwed: true),
        ]
        behaviour.challengeRefusals = [codes[3]: .municipalitySuspended]
        behaviour.suspended = [codes[4]]
        behaviour.elsewhere = [codes[5]]
        let unknown = PhoneChoice(municipality: try #require(MunicipalityCode("131016")), kind: .domestic)
        let person = TestPerson((0..<6).map { world.choice($0) } + [unknown, world.choice(7, .overseas)])
        let course = try await world.run(person, behaviour)
        #expect(
            course.reasons == [
                nil, .refused(.personNotFound), .refused(.recordUnclear), .refusedOpenly(.municipalitySuspended),
                .refusedOpenly(.municipalitySuspended), .refusedOpenly(.channelNotOffered),
                .refusedOpenly(.municipalityNotParticipating), .passport("passport.not_presented"),
            ])
        // Of a certificate that may stand in the register, and was not given, that it is not kept.
        let outcomes = Dictionary(uniqueKeysWithValues: course.outcomes.map { ($0.municipality, $0.disposition) })
        #expect(outcomes == [codes[0]: .delivered, codes[2]: .aborted])
        // Nobody was asked who cannot answer.
        #expect(course.challenges == 4)
    }

    @Test(arguments: [[], Array(0..<9), [0, 0]])
    func `nothing is asked for none, more than eight, or one twice`(_ places: [Int]) async throws {
        let course = try await world.run(TestPerson(places.map { world.choice($0) }))
        #expect(course.ending == .choiceInvalid)
        #expect(course.traffic.map(\.path) == ["/v1/menu"])
    }

    @Test func `a person who leaves the menu asked for nothing, and a closed service is asked for nothing`()
        async throws
    {
        let left = try await world.run(TestPerson(nil))
        #expect(left.ending == .left)
        var behaviour = TestWallet.Behaviour()
        behaviour.closed = .serviceSuspended
        let closed = try await world.run(TestPerson([world.choice()]), behaviour)
        #expect(closed.ending == .refused(.serviceSuspended))
        #expect(closed.traffic.map(\.path) == ["/v1/menu"])
    }

    @Test func `where no municipality gives a challenge no card is asked for`() async throws {
        var behaviour = TestWallet.Behaviour()
        behaviour.challengeRefusals = [world.municipalities[0].code: .limitAttempts]
        let person = TestPerson([world.choice()])
        let course = try await world.run(person, behaviour)
        #expect(course.reasons == [.refusedOpenly(.limitAttempts)])
        #expect(person.notes.holds.isEmpty)
    }

    // MARK: The passport

    @Test func `a passport that does not open refuses the overseas certificate alone`() async throws {
        let zone = world.passport.zone
        let other = try MachineReadableZoneMaker.other(zone)
        let person = TestPerson(
            [world.choice(0, .overseas), world.choice(1)], passport: PresentedPassport(zone: other))
        let course = try await world.run(person)
        #expect(course.reasons == [.passport("passport.access_refused"), nil])
        #expect(course.applications.count == 1)
    }

    @Test func `a zone without a chip is sent as such`() async throws {
        let presented = PresentedPassport(zone: world.passport.zone, hasChip: false)
        let person = TestPerson([world.choice(0, .overseas)], passport: presented)
        let course = try await world.run(person)
        let application = try PhoneApplication(parsing: try #require(course.applications.first))
        let checker = CardChecker(authorities: try world.authority.authorities())
        let opened = try application.checkedChip(by: checker).opened(by: world.uploadKey)
        #expect(opened.passport?.securityObject == [])
        #expect(person.notes.holds.map(\.tag) == [.card])
    }

    // MARK: What is left

    @Test func `what the mobile back end saw has neither number nor name nor passport`() async throws {
        let person = TestPerson(
            [world.choice(), world.choice(1, .overseas)], passport: world.presented)
        let course = try await world.run(person)
        #expect(course.reasons == [nil, nil])
        let secrets = [PhoneWorld.number, "見本\u{3000}花子", "HANAKO", "TK1234567", "19801123"]
        for request in course.traffic {
            let bytes = Data(request.body)
            for secret in secrets { #expect(bytes.range(of: Data(secret.utf8)) == nil) }
        }
    }

    @Test func `what is kept tells nothing of itself in a log`() async throws {
        let course = try await world.run(TestPerson([world.choice()]))
        let kept = try #require(try course.results.first?.certificate.get())
        var dumped = ""
        dump(kept, to: &dumped)
        for text in ["\(kept)", String(reflecting: kept), dumped] { #expect(!text.contains("見本")) }
        #expect("\(world.presented)" == "PresentedPassport(…)")
    }
}
