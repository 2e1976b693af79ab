import Exchange
import RecordService
import RecordSupport
import Records
import Testing
import Vaccination

@Suite struct EligibilityTests {
    private func refusal(_ body: () throws(ProblemCode) -> Void) -> ProblemCode? {
        do { try body() } catch { return error }
        return nil
    }

    @Test(arguments: [
        ("渡邉\u{3000}花子", "渡邉\u{E0100}\u{3000}花子", true),
        ("見本\u{3000}花子", "見本 花子", true),
        ("見本\u{3000}花子", "見本花子", true),
        ("ｱﾗｲ\u{3000}ｼﾞｮﾝ", "アライ\u{3000}ジョン", true),
        ("ＳＭＩＴＨ　ＪＯＨＮ", "Smith John", true),
        ("神\u{3000}太郎", "\u{FA19}\u{3000}太郎", true),
        ("斉藤\u{3000}花子", "齊藤\u{3000}花子", false),
        ("見本\u{3000}花子", "見本\u{3000}花代", false),
        ("見本\u{3000}ハナコ", "見本\u{3000}ハナゴ", false),
        ("見本\u{3000}花子", "見本", false),
    ])
    func `names are the same in their spellings only`(card: String, record: String, isSame: Bool) throws {
        let date = try #require(BirthDate(iso: "1980-01-23"))
        let vaccinee = try #require(Vaccinee(name: record, birthDate: date, sex: .female))
        let claim = CardHolderClaim(name: card, birthDate: date, sex: .female)
        #expect(
            refusal { () throws(ProblemCode) in try Eligibility.compare(claim, with: vaccinee) }
                == (isSame ? nil : .personNameDiffers))
    }

    @Test(
        arguments: [
            // A former surname behind the surname, an alias behind the name; brackets of each form.
            ("見本［例示］　花子", ["例示　花子"], true), ("見本[例示]花子", ["例示"], true), ("見本（例示）　花子", ["例示　花子"], true),
            ("見本　花子（例示　花）", ["例示　花"], true), ("見本　花子〔例示　花〕", ["雛形", "例示　花"], true),
            ("見本　花子（ﾚｲｼﾞ ﾊﾅ）", ["レイジ　ハナ"], true),
            // A name that nobody registered, none, half a pair, two pairs, another name outside.
            ("見本［例示］　花子", [], false), ("見本［雛形］　花子", ["例示　花子"], false), ("見本［花子］　花子", ["例示　花子"], false),
            ("見本［］　花子", ["例示"], false), ("見本［例示　花子", ["例示"], false), ("見本［例示）　花子", ["例示"], false),
            ("見本［例示］　花子［例示］", ["例示"], false), ("見本［［例示］］　花子", ["例示"], false),
            ("例示［見本］　花子", ["例示"], false), ("［見本　花子］", ["見本　花子"], false),
            // The other name alone is another name.
            ("例示　花子", ["例示　花子"], false),
        ] as [(String, [String], Bool)])
    func `a card may show one more name in brackets, if the register has it`(
        card: String, others: [String], isSame: Bool
    )
        throws
    {
        let date = try #require(BirthDate(iso: "1980-01-23"))
        let vaccinee = try #require(Vaccinee(name: "見本　花子", birthDate: date, sex: .female))
        let claim = CardHolderClaim(name: card, birthDate: date, sex: .female)
        let names = try others.map { try #require(OtherName(kind: .combined, name: $0)) }
        #expect(
            refusal { () throws(ProblemCode) in try Eligibility.compare(claim, with: vaccinee, beside: names) }
                == (isSame ? nil : .personNameDiffers))
    }

    @Test func `a registered name with brackets of its own is compared as a whole`() throws {
        let date = try #require(BirthDate(iso: "1980-01-23"))
        let vaccinee = try #require(Vaccinee(name: "見本（例示）　花子", birthDate: date, sex: .female))
        let claim = CardHolderClaim(name: "見本(例示)花子", birthDate: date, sex: .female)
        #expect(refusal { () throws(ProblemCode) in try Eligibility.compare(claim, with: vaccinee) } == nil)
    }

    @Test(arguments: [
        (Sex.female, Sex.female, true), (.male, .male, true), (.unspecified, .male, true),
        (.female, .unspecified, true),
        (.male, .female, false), (.female, .male, false),
    ])
    func `only male against female is a difference of sex`(card: Sex, record: Sex, isSame: Bool) throws {
        let date = try #require(BirthDate(iso: "1980-01-23"))
        let vaccinee = try #require(Vaccinee(name: "見本\u{3000}花子", birthDate: date, sex: record))
        let claim = CardHolderClaim(name: "見本\u{3000}花子", birthDate: date, sex: card)
        #expect(
            refusal { () throws(ProblemCode) in try Eligibility.compare(claim, with: vaccinee) }
                == (isSame ? nil : .personSexDiffers))
    }

    @Test(arguments: ["1980-01-24", "1979-01-23", nil])
    func `another birth date or none differs`(card: String?) throws {
        let date = try #require(BirthDate(iso: "1980-01-23"))
        let vaccinee = try #require(Vaccinee(name: "見本\u{3000}花子", birthDate: date, sex: .female))
        let claim = CardHolderClaim(
            name: "見本\u{3000}花子", birthDate: card.flatMap { BirthDate(iso: $0) }, sex: .female)
        #expect(
            refusal { () throws(ProblemCode) in try Eligibility.compare(claim, with: vaccinee) }
                == .personBirthDateDiffers)
    }

    @Test(arguments: [
        ("19500400", "1950-04", true), ("19500000", "1950", true), ("19500401", "1950-04-01", true),
        // Unknown is the same as unknown only.
        ("19500400", "1950-04-01", false), ("19500401", "1950-04", false), ("19500400", "1950", false),
        ("19500000", "1950-04", false), ("19500000", "1950-01-01", false), ("19500100", "1950", false),
        ("19500500", "1950-04", false), ("19510400", "1950-04", false), ("19510000", "1950", false),
        // No date, or one of which nothing is known.
        ("19500015", "1950", false), ("19501300", "1950", false), ("00000000", "1950", false),
        ("19500432", "1950-04", false),
    ])
    func `a card's 00 is a record's unknown part, and nothing else`(card: String, record: String, isSame: Bool) throws {
        let date = try #require(BirthDate(iso: record))
        let vaccinee = try #require(Vaccinee(name: "見本　花子", birthDate: date, sex: .female))
        let claim = CardHolderClaim(name: "見本　花子", birthDate: BirthDate(digits: card.utf8), sex: .female)
        #expect(
            refusal { () throws(ProblemCode) in try Eligibility.compare(claim, with: vaccinee) }
                == (isSame ? nil : .personBirthDateDiffers))
    }

    /// One rule a row: what is changed, and the refusal (`nil`: issued).
    @Test(
        arguments: [
            ("2026-11-21", ["TZ1234567"], nil),
            ("2026-11-20", ["TZ1234567"], ProblemCode.overseasPassportExpired),
            ("2030-01-01", [], .overseasNoEarlierCertificate),
            ("2030-01-01", ["TZ0000000"], .overseasNoEarlierCertificate),
            ("2030-01-01", ["TZ0000000", "TZ1234567"], nil),
        ] as [(String, Set<String>, ProblemCode?)])
    func `an overseas certificate wants a valid passport printed before`(
        expires: String, printed: Set<String>, expected: ProblemCode?
    ) throws {
        let person = TestPerson.traveller(1) {
            $0.passportExpires = expires
            $0.printedBefore = printed
        }
        let new = try person.record()
        let record = PersonRecord(
            id: 1, vaccinee: new.vaccinee, standing: .resident, doses: DoseRecord(new.history),
            printedOverseasPassports: new.printedOverseasPassports)
        let today = try #require(Stack.today)
        #expect(
            refusal { () throws(ProblemCode) in
                _ = try Eligibility.content(of: record, kind: .overseas, today: today)
            } == expected)
    }

    @Test func `the five latest doses stand on a certificate and it says that there are more`() throws {
        let new = try TestPerson(1) { $0.doses = 7 }.record()
        let record = PersonRecord(
            id: 1, vaccinee: new.vaccinee, standing: .resident, doses: DoseRecord(new.history),
            printedOverseasPassports: [])
        let content = try Eligibility.content(of: record, kind: .domestic, today: try #require(Stack.today))
        #expect(content.doses.map(\.number) == [3, 4, 5, 6, 7])
        #expect(content.exceeds)
    }
}
