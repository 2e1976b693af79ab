import Attestation
import CardChip
import Crypto
import Exchange
import Foundation
import RecordService
import RecordSupport
import Records
import Signing
import SimulatedAttestation
import SimulatedCard
import SimulatedPassport
import TestSupport
import TravelDocument
import Vaccination

/// Who vouches for the made-up devices and passports of all tests here.
enum TestMakers {
    static let package = "jp.example.akashi"
    static let signer = Array(SHA256.hash(data: Array("a signing certificate".utf8)))
    static let maker = made {
        try SimulatedMaker(
            "\(DevelopmentMark.name) maker", root: .p256, authorities: [], from: Stack.start - 86_400 * 30,
            until: Stack.start + 86_400 * 3650)
    }
    /// Who vouches for made-up iPhones: nothing says that they are made up.
    static let appAttest = made {
        try SimulatedAppAttest(from: Stack.start - 86_400 * 30, until: Stack.start + 86_400 * 3650)
    }
    static let (appleTeam, appleBundle) = ("MIHON12345", "jp.example.akashi")
    static let country = SimulatedCountry(country: "JP", now: Stack.start.timeIntervalSince1970 - 86_400)
    static let documentSigner = country.documentSigner(now: Stack.start.timeIntervalSince1970 - 86_400)

    private static func made<T>(_ make: () throws -> T) -> T {
        do { return try make() } catch { preconditionFailure("no maker: \(error)") }
    }

    static func pem(_ der: [UInt8], _ label: String = "CERTIFICATE") -> String {
        let text = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "-----BEGIN \(label)-----\n\(text)\n-----END \(label)-----\n"
    }

    /// Puts what a record system trusts beside its keys.
    static func write(to keys: String) throws {
        try pem(maker.root.certificate).write(toFile: keys + "/attester.pem", atomically: true, encoding: .utf8)
        try pem(appAttest.root.certificate).write(
            toFile: keys + "/app-attest.pem", atomically: true, encoding: .utf8)
        let folder = keys + "/trust/test/passport"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try pem(country.certificate).write(toFile: folder + "/csca.pem", atomically: true, encoding: .utf8)
        let start = Stack.start.timeIntervalSince1970
        try pem(country.revocationList(from: start - 86_400, until: start + 86_400 * 90), "X509 CRL")
            .write(toFile: folder + "/csca.crl", atomically: true, encoding: .utf8)
    }
}

/// A phone with an app, a device key and a card reader.
struct TestPhone: Sendable {
    let stack: Stack
    let key = P256.Signing.PrivateKey()
    var certificate: [UInt8] = []
    var revocationCode = ""
    /// Of an iPhone, what its key counts next; it stays as it is until a test changes it.
    var counter: UInt32?

    init(_ stack: Stack) { self.stack = stack }

    /// One that has enrolled.
    static func enrolled(_ stack: Stack) async throws -> TestPhone {
        var phone = TestPhone(stack)
        let answer = try await phone.enrol(try phone.enrolment())
        (phone.certificate, phone.revocationCode) = (Array(answer.certificate), answer.revocationCode)
        return phone
    }

    /// An iPhone that has enrolled.
    static func enrolledApple(_ stack: Stack) async throws -> TestPhone {
        var phone = TestPhone(stack)
        let token = Array(try stack.enrolling().token().token)
        let challenge = EnrolmentChallenge(token: token, platform: .ios)
        let attestation = try TestMakers.appAttest.attestation(
            .init(key: phone.key, app: appleApp, clientDataHash: challenge.bytes, time: stack.clock.now))
        let answer = try await phone.enrol(
            DeviceEnrolment(
                platform: AttestationPlatform.ios.rawValue, token: token, attestation: attestation, proof: nil))
        (phone.certificate, phone.revocationCode, phone.counter) =
            (Array(answer.certificate), answer.revocationCode, 1)
        return phone
    }

    private static var appleApp: String { "\(TestMakers.appleTeam).\(TestMakers.appleBundle)" }

    func enrolment(
        token: [UInt8]? = nil, platform: AttestationPlatform = .development,
        _ change: (inout SimulatedStatement) -> Void = { _ in }
    ) throws -> DeviceEnrolment {
        let token = try token ?? Array(try stack.enrolling().token().token)
        let challenge = EnrolmentChallenge(token: token, platform: platform)
        var statement = SimulatedStatement(
            challenge: challenge.bytes, package: .init(name: TestMakers.package, version: 12),
            signer: TestMakers.signer)
        (statement.attestationLevel, statement.keyLevel) = (0, 0)
        change(&statement)
        let chain = try TestMakers.maker.chain(key.publicKey, statement)
        let proof = try key.signature(for: SHA256.hash(data: DeviceProof.enrolment(challenge))).derRepresentation
        return DeviceEnrolment(
            platform: platform.rawValue, token: token, attestation: Array(chain.joined()), proof: Array(proof))
    }

    func enrol(_ enrolment: DeviceEnrolment) async throws -> EnrolledDeviceAnswer {
        try await stack.enrolling().enrol(enrolment)
    }

    func device(proving: P256.Signing.PrivateKey? = nil) -> PhoneDevice {
        let (key, counter) = (proving ?? key, counter)
        return PhoneDevice(certificate: certificate) { message in
            if let counter {
                return try SimulatedAppAttest.assertion(
                    key, app: Self.appleApp, clientDataHash: Array(SHA256.hash(data: message)), counter: counter)
            }
            return Array(try key.signature(for: SHA256.hash(data: message)).derRepresentation)
        }
    }

    /// The statement of the record system, as the app has checked it.
    func stated() throws -> StatedKeys {
        let statement = try stack.system.issuing.keyStatement()
        guard let phones = stack.configuration.phones,
            let stated = statement.keys(statedBy: [phones.statementKey.publicKey], at: stack.clock.now)
        else { throw TestFailure("no statement") }
        return stated
    }

    /// An application for a person, up to its bytes.
    func application(
        _ person: TestPerson, _ kind: CertificateKind = .domestic, in region: Municipality = Stack.mihon,
        passport: PassportFiles? = nil, challenge: [UInt8]? = nil, authority: SimulatedAuthority = TestCards.authority,
        proving: P256.Signing.PrivateKey? = nil, filesOf other: TestPerson? = nil, stated: StatedKeys? = nil
    ) async throws -> SignedApplication {
        let session = PhoneSession(
            device: device(proving: proving), request: try request(kind, in: region),
            challenge: try challenge ?? Array(try stack.system.issuing.phoneChallenge().challenge),
            stated: try stated ?? self.stated())
        let presented = try CustomerCard(try TestCards.card(person, authority: authority)).present()
        var files = presented.files
        if let other {
            let others = try CustomerCard(try TestCards.card(other, authority: authority)).present().files
            files = try CardFiles(
                number: others.number, attributes: files.attributes, record: files.record,
                certificate: files.certificate, chipKey: files.chipKey)
        }
        guard let session, let draft = try session.draft(files, passport: passport) else {
            throw TestFailure("no session")
        }
        return try await draft.signed(chipSignature: try presented.chip.authenticate(digest: draft.transcript))
    }

    /// What the record system says to an application, opened.
    func send(_ application: SignedApplication, formats: Set<PageFormat> = []) async throws -> SealedAnswer.Content {
        let sealed = try await stack.system.issuing.issuePhone(
            application.bytes, inquiry: application.inquiry, formats: formats)
        guard let key = stack.configuration.phones?.answerKey.publicKey else { throw TestFailure("no phones") }
        return try application.open(sealed, from: key)
    }

    /// The certificate; throws the code of a refusal.
    func issue(_ application: SignedApplication, formats: Set<PageFormat> = []) async throws -> Answer {
        switch try await send(application, formats: formats) {
        case .issued(let answer): return answer
        case .refused(let refusal): throw refusal.code
        }
    }

    /// The code with which an application is refused, openly or sealed; `nil` if it is not.
    func refusal(_ application: SignedApplication) async -> ProblemCode? {
        do {
            _ = try await issue(application)
            return nil
        } catch { return error as? ProblemCode }
    }

    /// A passport of a made-up country.
    static func zone(
        number: String = "TZ1234567", family: String = "MIHON", given: String = "HANAKO", born: String = "1980-01-23",
        sex: Sex = .female, expires: String = "2030-01-01"
    ) throws -> MachineReadableZone {
        guard let today = Stack.today, let name = ZoneName(family: family, given: given),
            let state = StateCode("JPN"),
            let birthDate = BirthDate(iso: born).flatMap({ ZoneBirthDate($0, today: today) }),
            let expiry = CalendarDate(iso: expires)
        else { throw TestFailure("zone") }
        return try MachineReadableZone(
            issuingState: state, name: name, number: number, nationality: state, birthDate: birthDate, sex: sex,
            expires: expiry, today: today)
    }

    static func passport(
        _ zone: MachineReadableZone, by signer: SimulatedDocumentSigner = TestMakers.documentSigner,
        hasChip: Bool = true
    ) throws -> PassportFiles {
        let bytes = DataGroup1(zone).bytes
        var form = SecurityObjectForm(dataGroup1: bytes)
        form.signedAt = Stack.start.timeIntervalSince1970 - 3600
        guard let files = PassportFiles(zone: bytes, securityObject: hasChip ? form.signed(by: signer) : []) else {
            throw TestFailure("passport")
        }
        return files
    }
}

extension Stack {
    func enrolling() throws -> DeviceEnrolling {
        guard let enrolling = system.enrolling else { throw TestFailure("no phones") }
        return enrolling
    }
}

extension Stack {
    /// Settles something for a region, by two.
    func settle(_ region: Municipality = Stack.mihon, _ change: (inout RegionSettings) -> Void) async throws {
        let present = try await store.control().settings[region.code] ?? .initial
        var settings = present
        change(&settings)
        let (store, now) = (store, clock.now)
        let wanted = settings
        let decision = try await LogActor.$current.withValue("certificate a") {
            try await store.propose(
                .settings(wanted), for: region.code, by: "one", reason: "Tests", insteadOf: present, now: now)
        }
        _ = try await LogActor.$current.withValue("certificate b") {
            try await store.approve(decision: decision.number, of: region.code, by: "other", now: now)
        }
        try await system.control.refresh()
    }
}
