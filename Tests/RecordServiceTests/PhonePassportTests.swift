import Exchange
import Foundation
import RecordService
import RecordSupport
import Records
import SimulatedPassport
import TestSupport
import Testing
import TravelDocument
import Vaccination

/// The one way to a first overseas certificate without a counter: the passport itself.
@Suite struct PhonePassportTests {
    /// Somebody of whom no passport is known.
    private let person = TestPerson(1)

    private func refusal(
        _ files: PassportFiles, of person: TestPerson? = nil, _ prepare: (Stack) async throws -> Void = { _ in }
    ) async throws -> ProblemCode? {
        let stack = try await Stack(servesPhones: true)
        let person = person ?? self.person
        try await stack.write(person)
        try await prepare(stack)
        let phone = try await TestPhone.enrolled(stack)
        return await phone.refusal(try await phone.application(person, .overseas, passport: files))
    }

    @Test func `a passport goes into the record, and its first certificate by phone lets a terminal print the second`()
        async throws
    {
        let stack = try await Stack(servesPhones: true)
        try await stack.write(person)
        await #expect(throws: ProblemCode.overseasNoPassport) {
            _ = try await stack.issue(try stack.session(person, .overseas))
        }
        let phone = try await TestPhone.enrolled(stack)
        let zone = try TestPhone.zone()
        let application = try await phone.application(person, .overseas, passport: try TestPhone.passport(zone))
        let answer = try await phone.issue(application)
        #expect(answer.codes.count == 3 && answer.manifest.documentNumber == "TZ1234567")
        #expect(answer.manifest.romajiName == "MIHON, HANAKO")
        let number = try #require(IndividualNumber(person.number))
        let record = try #require(try await stack.store.person(number, in: Stack.mihon.code))
        #expect(record.vaccinee.passport == zone.passport)
        #expect(record.passports.entries.count == 1 && record.printedOverseasPassports == ["TZ1234567"])
        // The signed one counts at once, before its report comes.
        let printed = try await stack.issue(try stack.session(person, .overseas))
        #expect(printed.manifest.documentNumber == "TZ1234567")
        // The same passport again is no other one.
        _ = try await phone.issue(
            try await phone.application(person, .overseas, passport: try TestPhone.passport(zone)))
        #expect(try await stack.store.person(number, in: Stack.mihon.code)?.passports.entries.count == 1)
    }

    @Test func `a renewed passport takes the place of the one before, which stays in the history`() async throws {
        let stack = try await Stack(servesPhones: true)
        let traveller = TestPerson.traveller(2)
        try await stack.write(traveller)
        let phone = try await TestPhone.enrolled(stack)
        let passport = try TestPhone.passport(try TestPhone.zone(number: "TZ7654321"))
        let answer = try await phone.issue(try await phone.application(traveller, .overseas, passport: passport))
        #expect(answer.manifest.documentNumber == "TZ7654321")
        let number = try #require(IndividualNumber(traveller.number))
        let record = try #require(try await stack.store.person(number, in: Stack.mihon.code))
        #expect(record.passports.entries.map(\.passport.number) == ["TZ1234567", "TZ7654321"])
        #expect(record.passports.entries.first?.reason == .renewed)
    }

    @Test func `an expired passport, another person's and one without its chip are refused with the reason`()
        async throws
    {
        let expired = try TestPhone.passport(try TestPhone.zone(expires: "2026-11-20"))
        #expect(try await refusal(expired) == .passportExpired)
        for zone in [
            try TestPhone.zone(born: "1980-01-24"), try TestPhone.zone(sex: .male),
        ] {
            #expect(try await refusal(try TestPhone.passport(zone)) == .passportHolderDiffers)
        }
        // Of a person with a name in Latin letters the names are compared.
        let named = TestPerson.traveller(3)
        let other = try TestPhone.passport(try TestPhone.zone(number: "TZ7654321", family: "TANIN", given: "TARO"))
        #expect(try await refusal(other, of: named) == .passportHolderDiffers)
        let zoneAlone = try TestPhone.passport(try TestPhone.zone(), hasChip: false)
        #expect(try await refusal(zoneAlone) == .passportChipRequired)
        // Whoever's name is not in Latin letters anywhere could write any.
        let accepting: (Stack) async throws -> Void = { try await $0.settle { $0.acceptsZoneAlone = true } }
        #expect(try await refusal(zoneAlone, accepting) == .passportChipRequired)
        #expect(try await refusal(zoneAlone, of: named, accepting) == nil)
        // Nor does what a camera saw end a passport that somebody has seen.
        let renewed = try TestPhone.passport(try TestPhone.zone(number: "TZ7654321"), hasChip: false)
        #expect(try await refusal(renewed, of: named, accepting) == .passportChipRequired)
    }

    enum Flaw: CaseIterable {
        case wrongDigit, tamperedZone, unknownSigner, revokedSigner, garbageSOD

        var code: ProblemCode {
            switch self {
            case .wrongDigit, .garbageSOD: .passportUnreadable
            case .tamperedZone, .unknownSigner: .passportNotGenuine
            case .revokedSigner: .passportRevoked
            }
        }
    }

    @Test(arguments: Flaw.allCases)
    func `a passport with one flaw is refused, and nothing of it is recorded`(_ flaw: Flaw) async throws {
        let stack = try await Stack(servesPhones: true)
        try await stack.write(person)
        let zone = try TestPhone.zone()
        let right = try TestPhone.passport(zone)
        var files: PassportFiles?
        let now = Stack.start.timeIntervalSince1970
        switch flaw {
        case .wrongDigit:
            var bytes = right.zone
            bytes[5 + 44 + 9] = bytes[5 + 44 + 9] == 0x30 ? 0x31 : 0x30
            files = PassportFiles(zone: bytes, securityObject: right.securityObject)
        case .tamperedZone:
            files = PassportFiles(
                zone: try TestPhone.passport(try TestPhone.zone(number: "TZ7654321")).zone,
                securityObject: right.securityObject)
        case .unknownSigner:
            let signer = SimulatedCountry(country: "JP", now: now - 86_400).documentSigner(now: now - 86_400)
            files = try TestPhone.passport(zone, by: signer)
        case .revokedSigner:
            let list = TestMakers.country.revocationList(
                from: now - 3600, until: now + 86_400, revoking: [TestMakers.documentSigner.serial])
            try TestMakers.pem(list, "X509 CRL").write(
                toFile: stack.folder + "/keys/trust/test/passport/csca.crl", atomically: true, encoding: .utf8)
            await stack.system.reload(logger: stack.logs.logger)
            files = right
        case .garbageSOD:
            files = PassportFiles(zone: right.zone, securityObject: [0x77, 0x03, 1, 2, 3])
        }
        let phone = try await TestPhone.enrolled(stack)
        let shown = try #require(files)
        let application = try await phone.application(person, .overseas, passport: shown)
        #expect(await phone.refusal(application) == flaw.code)
        let number = try #require(IndividualNumber(person.number))
        #expect(try await stack.store.person(number, in: Stack.mihon.code)?.passports.entries.isEmpty == true)
    }
}
