import CheckedConfiguration
import CardChip
import Credentials
import Exchange
import Foundation
import HolderGuard
import Terminal
import Synchronization
import TestSupport
import Testing
import Vaccination

struct GuardTests {
    let world: TestWorld

    init() throws { world = try TestWorld.shared.get() }

    private func findings(
        _ flaw: TestIssuer.Flaw?, kind: CertificateKind = .domestic, trustIsTest: Bool = true,
        isDevelopment: Bool = true, hasEUCode: Bool = true
    ) async throws -> [GuardFinding] {
        let request = try world.request(kind)
        let answer = try await world.issuer.answer(request, for: world.person, flaw: flaw, hasEUCode: hasEUCode)
        let printGuard = PrintGuard(
            trust: world.issuer.trust(isTest: trustIsTest), isDevelopment: isDevelopment, program: nil)
        switch printGuard.check(answer, request: request, holder: try world.attributes, now: Date()) {
        case .success: return []
        case .failure(let failure): return failure.findings
        }
    }

    @Test(arguments: CertificateKind.allCases)
    func `the right page passes`(_ kind: CertificateKind) async throws {
        #expect(try await findings(nil, kind: kind) == [])
    }

    @Test func `an overseas page without an EU code passes`() async throws {
        #expect(try await findings(nil, kind: .overseas, hasEUCode: false) == [])
    }

    @Test(
        arguments: [
            (TestIssuer.Flaw.otherName, [GuardFinding.name]),
            (.otherBirthDate, [.birthDate]),
            (.otherMunicipality, [.municipality]),
            (.otherKind, [.kind]),
            (.otherID, [.certificateID]),
            (.otherDoses, [.doses]),
            (.tamperedPDF, [.pdfHash]),
            (.tamperedPNG, [.pngHash]),
            (.swappedPNG, [.pagesDiffer]),
            (.codeOfAnother, [.codeHashes, .name]),
            (.codeOfAnotherWithItsHash, [.name]),
            (.missingCode, [.codeHashes, .codeInvalid]),
            (.unsignedCode, [.codeInvalid]),
            (.unknownKey, [.codeInvalid]),
            (.notSample, [.sample]),
            (.garbagePage, [.unreadable]),
        ] as [(TestIssuer.Flaw, [GuardFinding])])
    func `a page with one flaw is not printed`(_ flaw: TestIssuer.Flaw, _ expected: [GuardFinding]) async throws {
        #expect(try await findings(flaw) == expected)
    }

    @Test(
        arguments: [
            (TestIssuer.Flaw.otherName, [GuardFinding.name]), (.codeOfAnotherWithItsHash, [.romajiName]),
            (.noManifestRomaji, [.romajiName]),
            (.noManifestDocument, [.documentNumber]),
            (.vdsncOfAnotherName, [.romajiName]),
            (.vdsncOfAnotherPassport, [.documentNumber]),
            (.vdsncOfAnotherCertificate, [.certificateID]),
            (.vdsncOfAnotherBirthDate, [.birthDate]),
            (.vdsncOfOtherSex, [.sex]),
            (.vdsncOfOtherDoses, [.codesDiffer]),
            (.vdsncOfAnotherWithoutItsHash, [.codeHashes, .romajiName]),
            (.vdsncOfUnknownAuthority, [.codeInvalid]),
            (.cardInPlaceOfVDSNC, [.codeFormats]),
            (.euCodeOfAnotherName, [.romajiName]),
            (.euCodeOfAnotherCertificate, [.certificateID]),
            (.euCodeOfAnotherDose, [.codesDiffer]),
            (.euCodeMissing, [.codeHashes]),
            (.euCodeNotInManifest, [.codeHashes]),
            (.euCodeTwice, [.codeFormats]),
            (.unsignedCode, [.codeInvalid]),
        ] as [(TestIssuer.Flaw, [GuardFinding])])
    func `an overseas page with one flaw is not printed`(_ flaw: TestIssuer.Flaw, _ expected: [GuardFinding])
        async throws
    {
        #expect(try await findings(flaw, kind: .overseas) == expected)
    }

    @Test func `a code that only a test issuer vouches for is refused outside development`() async throws {
        #expect(try await findings(.notSample, isDevelopment: false) == [.sample])
        #expect(try await findings(.notSample, trustIsTest: false, isDevelopment: false) == [])
    }

    @Test func `a name passes in another spelling of the same characters, and no other`() async throws {
        let request = try world.request()
        let answer = try await world.issuer.answer(request, for: world.person)
        let printGuard = PrintGuard(trust: world.issuer.trust(), isDevelopment: true, program: nil)
        for (name, isRight) in [
            ("見本 花子", true), ("見本\u{E0100}\u{3000}花子", true), ("見本\u{3000}花江", false),
            ("見本［例示］\u{3000}花子", true), ("例示［見本］\u{3000}花子", false), ("［見本\u{3000}花子］例示", false),
        ] {
            let holder = try CardAttributes(parsing: Self.attributes(name: name))
            let result = printGuard.check(answer, request: request, holder: holder, now: Date())
            #expect(((try? result.get()) != nil) == isRight, "\(name)")
        }
    }

    @Test(
        arguments: [
            ("1985-04", "19850400", []), ("1985", "19850000", []), ("1985-04", "19850401", [.birthDate]),
            ("1985-04", "19850000", [.birthDate]), ("1985", "19850400", [.birthDate]),
            ("1985-04-01", "19850400", [.birthDate]), ("1985", "00000000", [.birthDate]),
        ] as [(String, String, [GuardFinding])], CertificateKind.allCases)
    func `a card's unknown day or month is the page's and its codes' unknown one`(
        _ page: (String, String, [GuardFinding]), _ kind: CertificateKind
    ) async throws {
        var person = world.person
        person.birthDate = try #require(BirthDate(iso: page.0))
        let request = try world.request(kind)
        let answer = try await world.issuer.answer(request, for: person)
        let printGuard = PrintGuard(trust: world.issuer.trust(), isDevelopment: true, program: nil)
        let holder = try CardAttributes(parsing: Self.attributes(name: person.name, born: page.1))
        switch printGuard.check(answer, request: request, holder: holder, now: Date()) {
        case .success: #expect(page.2 == [])
        case .failure(let failure): #expect(failure.findings == page.2)
        }
    }

    @Test(arguments: [TestIssuer.Flaw.otherBirthDate, .vdsncOfAnotherBirthDate])
    func `a code that says a day where the card has none is not printed`(_ flaw: TestIssuer.Flaw) async throws {
        var person = world.person
        person.birthDate = try #require(BirthDate(iso: "1985-04"))
        let request = try world.request(.overseas)
        let answer = try await world.issuer.answer(request, for: person, flaw: flaw)
        let printGuard = PrintGuard(trust: world.issuer.trust(), isDevelopment: true, program: nil)
        let holder = try CardAttributes(parsing: Self.attributes(name: person.name, born: "19850400"))
        switch printGuard.check(answer, request: request, holder: holder, now: Date()) {
        case .success: Issue.record("the page passed")
        case .failure(let failure): #expect(failure.findings == [.birthDate])
        }
    }

    private static func attributes(name: String, born: String = "19850401") -> [UInt8] {
        func object(_ tag: [UInt8], _ value: [UInt8]) -> [UInt8] { tag + [UInt8(value.count)] + value }
        let inner =
            object([0xDF, 0x21], [UInt8](repeating: 0, count: 8)) + object([0xDF, 0x22], Array(name.utf8))
            + object([0xDF, 0x23], Array("x".utf8)) + object([0xDF, 0x24], Array(born.utf8))
            + object([0xDF, 0x25], [0x32])
        return object([0xFF, 0x20], inner)
    }

    @Test(arguments: [TestIssuer.Flaw.otherName, .tamperedPDF, .codeOfAnother, .unsignedCode])
    func `a flaw ends the session aborted, nothing is printed, and the terminal is out of service`(
        _ flaw: TestIssuer.Flaw
    ) async throws {
        let course = try await world.run(world.script(), .init(flaw: flaw))
        guard case .outOfService(let findings) = course.ending else {
            Issue.record("ended with \(course.ending.code)")
            return
        }
        #expect(!findings.isEmpty)
        #expect(course.ending.exitCode == SessionEnding.ExitCode.outOfService)
        #expect(course.jobs.isEmpty)
        #expect(!course.steps.contains("contents"))
        #expect(course.outcomes.map(\.disposition) == [.aborted])
    }

    @Test(arguments: [TestIssuer.Flaw.vdsncOfAnotherName, .vdsncOfAnotherPassport, .euCodeMissing, .cardInPlaceOfVDSNC])
    func `a flaw of one code of several ends the session, and the terminal is out of service`(
        _ flaw: TestIssuer.Flaw
    ) async throws {
        let script = try Script(
            ConfigurationFile(
                text: "municipality: \"990019\"\nkind: overseas\npins: [\"\(TestWorld.pin)\"]\n", name: "test"))
        let course = try await world.run(script, .init(flaw: flaw))
        guard case .outOfService = course.ending else {
            Issue.record("ended with \(course.ending.code)")
            return
        }
        #expect(course.jobs.isEmpty)
        #expect(course.outcomes.map(\.disposition) == [.aborted])
    }

    @Test func `an answer sealed for another session is not opened, and ends this session alone`() async throws {
        let folder = try TemporaryFolder()
        let marker = ServiceMarker(path: folder.file("marker"))
        let course = try await world.run(world.script(), .init(replaced: true), marker: marker)
        #expect(course.ending == .unopened)
        #expect(course.ending.exitCode != SessionEnding.ExitCode.outOfService)
        #expect(!marker.isSet)
        #expect(course.jobs.isEmpty)
        #expect(course.outcomes.map(\.disposition) == [.aborted])
    }

    @Test(arguments: [TestIssuer.Flaw.withoutPNG, .withoutPDF])
    func `a form of the page that a relay did not ask for ends this session alone`(_ flaw: TestIssuer.Flaw) async throws
    {
        let course = try await world.run(world.script(), .init(flaw: flaw))
        #expect(course.ending == .unopened)
        #expect(course.jobs.isEmpty)
        #expect(course.outcomes.map(\.disposition) == [.aborted])
    }

    @Test func `a page that does not match is noted before anything else is done`() async throws {
        let folder = try TemporaryFolder()
        let marker = ServiceMarker(path: folder.file("marker"))
        let wasSet = Mutex<Bool?>(nil)
        let course = try await world.run(
            world.script(), .init(flaw: .otherName), marker: marker,
            line: { line in
                if line.contains(#""outcome""#) || line.contains(#""end""#) {
                    wasSet.withLock { if $0 == nil { $0 = marker.isSet } }
                }
            })
        #expect(course.ending == .outOfService([.name]))
        #expect(wasSet.withLock { $0 } == true)
        #expect(try folder.read("marker").isEmpty)
    }
}
