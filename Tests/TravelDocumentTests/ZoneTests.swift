import Crypto
import TestSupport
import Testing
import TravelDocument
import Vaccination

/// The machine-readable zone: what is read, what is refused, what is written.
@Suite struct ZoneTests {
    private func read(_ bytes: [UInt8], on day: String = "2011-01-01") throws -> MachineReadableZone {
        try MachineReadableZone(parsing: bytes, today: try date(day))
    }

    private func flaw(_ bytes: [UInt8], on day: String = "2011-01-01") throws -> String? {
        let today = try date(day)
        do {
            _ = try MachineReadableZone(parsing: bytes, today: today)
            return nil
        } catch { return error.code }
    }

    @Test func `the public specimen is read`() throws {
        let zone = try read(Array(Made.specimen.utf8))
        #expect(zone.documentCode == "P<")
        #expect(zone.issuingState.text == "UTO" && zone.nationality.text == "UTO")
        #expect(zone.name.primary == ["ERIKSSON"] && zone.name.secondary == ["ANNA", "MARIA"])
        #expect(!zone.name.mayBeTruncated)
        #expect(zone.number == "L898902C3")
        #expect(zone.birthDate.resolved == BirthDate(iso: "1974-08-12"))
        #expect(zone.sex == .female)
        #expect(zone.expires == CalendarDate(iso: "2012-04-15"))
        let passport = try #require(zone.passport)
        #expect(passport.romajiName == "ERIKSSON, ANNA MARIA" && passport.number == "L898902C3")
        #expect(passport.romajiFamily == "ERIKSSON" && passport.otherFamilyNames.isEmpty)
        #expect(passport.nationality == "UTO" && passport.expires == zone.expires)
        #expect(zone.lines.joined() == Made.specimen)
        #expect("\(zone)" == "MachineReadableZone(…)" && !"\(zone.name) \(zone.birthDate)".contains("ERIKSSON"))
    }

    @Test(arguments: ["\n", "\r\n"])
    func `two lines are read as a camera gives them`(end: String) throws {
        let (first, second) = (String(Made.specimen.prefix(44)), String(Made.specimen.suffix(44)))
        let day = try date("2011-01-01")
        for text in ["\(first)\(end)\(second)", "\(first)\(end)\(second)\(end)"] {
            #expect(try MachineReadableZone(lines: text, today: day).number == "L898902C3")
        }
        let wrong = [
            first + second, "\(first)\(end)\(end)\(second)", "\(first)\(end)\(second)\(end)\(end)", first + end,
            "\(first)\(end)\(second.dropLast())", "\(end)\(first)\(end)\(second)",
        ]
        for text in wrong {
            #expect(throws: ZoneFlaw.length) { try MachineReadableZone(lines: text, today: day) }
        }
    }

    @Test func `each digit of the second line is protected`() throws {
        let good = Array(Made.specimen.utf8)
        var tried = 0
        for place in good.indices where place >= 44 && (0x30...0x39).contains(good[place]) {
            for digit in UInt8(0x30)...0x39 where digit != good[place] {
                var bytes = good
                bytes[place] = digit
                let code = try flaw(bytes)
                #expect(code?.hasSuffix(".check_digit") == true, "place \(place)")
                tried += 1
            }
        }
        #expect(tried == 9 * 30)
    }

    @Test func `a change that two check digits do not see together is seen by the last`() throws {
        // Number and its digit changed so that they agree.
        var bytes = Array(Made.specimen.utf8)
        bytes[45] = UInt8(ascii: "9")
        bytes[53] = try #require(CheckDigit.of(bytes[44..<53]))
        #expect(try flaw(bytes) == "zone.line.check_digit")
    }

    @Test func `a personal number that is not used needs no check digit, and one that is does`() throws {
        let unused = [(72, "<<<<<<<<<<<<<<")]
        let zero = try Made.zone(unused)
        #expect(zero[86] == UInt8(ascii: "0"))
        #expect(try flaw(zero) == nil)
        func filled(_ bytes: [UInt8]) throws -> [UInt8] {
            var bytes = bytes
            bytes[86] = UInt8(ascii: "<")
            bytes[87] = try #require(CheckDigit.of(bytes[44..<54] + bytes[57..<64] + bytes[65..<87]))
            return bytes
        }
        #expect(try flaw(filled(zero)) == nil)
        #expect(try flaw(filled(Array(Made.specimen.utf8))) == "zone.personal_number.check_digit")
    }

    /// One flaw each, with check digits that are right.
    static let flaws: [(flaw: String, place: Int, text: String, code: String)] = [
        ("an identity card", 0, "I", "zone.document_code.malformed"),
        ("a digit in the document code", 1, "1", "zone.document_code.malformed"),
        ("an issuer of two letters", 2, "UT<", "zone.issuing_state.malformed"),
        ("an issuer of one letter that is not Germany", 2, "F<<", "zone.issuing_state.malformed"),
        ("no issuer", 2, "<<<", "zone.issuing_state.malformed"),
        ("a digit in the issuer", 2, "UT0", "zone.issuing_state.malformed"),
        ("a digit in the name", 6, "0", "zone.name.malformed"),
        ("no family name", 5, "<<<<<<<<", "zone.name.malformed"),
        ("a filler first", 5, "<", "zone.name.malformed"),
        ("a third identifier", 19, "<<M", "zone.name.malformed"),
        ("three fillers in the name", 13, "<<<", "zone.name.malformed"),
        ("no number", 44, "<<<<<<<<<", "zone.number.malformed"),
        ("a number that begins with a filler", 44, "<", "zone.number.malformed"),
        ("no nationality", 54, "<<<", "zone.nationality.malformed"),
        ("a month that there is not", 59, "13", "zone.birth_date.malformed"),
        ("a day that there is not", 61, "32", "zone.birth_date.malformed"),
        ("half a day", 61, "1<", "zone.birth_date.malformed"),
        ("a day of an unknown month", 59, "<<", "zone.birth_date.malformed"),
        ("a letter in the birth date", 61, "A1", "zone.birth_date.malformed"),
        ("the 29th of February 1999", 57, "990229", "zone.birth_date.malformed"),
        ("another sex", 64, "X", "zone.sex.malformed"),
        ("an expiry that there is not", 67, "00", "zone.expiry.malformed"),
        ("an unknown expiry", 65, "<<<<<<", "zone.expiry.malformed"),
        ("a small letter", 5, "e", "zone.character"),
        ("a space", 43, " ", "zone.character"),
    ]

    @Test(arguments: flaws)
    func `a zone with one flaw is refused by it`(_ flaw: String, _ place: Int, _ text: String, _ code: String) throws {
        #expect(try self.flaw(Made.zone([(place, text)])) == code, "\(flaw)")
    }

    @Test func `a zone of another length is refused`() throws {
        let good = Array(Made.specimen.utf8)
        for bytes in [[], Array(good.dropLast()), good + [0x3C], Array(good.prefix(44)), good + good] {
            #expect(try flaw(bytes) == "zone.length")
        }
    }

    @Test func `a number's check digit cannot be a filler, as in smaller formats`() throws {
        var bytes = Array(Made.specimen.utf8)
        bytes[53] = UInt8(ascii: "<")
        #expect(try flaw(bytes) == "zone.number.check_digit")
    }

    @Test func `Germany has one letter, and numbers lose what stands between their characters in a record`() throws {
        let zone = try read(Made.zone([(2, "D<<"), (54, "D<<"), (44, "AB<12<3<<")]))
        #expect(zone.issuingState.text == "D" && zone.nationality.alpha3 == "DEU")
        #expect(zone.number == "AB<12<3")
        #expect(zone.passport?.number == "AB123" && zone.passport?.nationality == "DEU")
    }

    @Test(arguments: [
        ("740812", "2026-06-01", "1974-08-12"), ("260601", "2026-06-01", "2026-06-01"),
        ("260602", "2026-06-01", "1926-06-02"), ("2606<<", "2026-06-01", "2026-06"),
        ("2607<<", "2026-06-01", "1926-07"),
        ("26<<<<", "2026-06-01", "2026"), ("27<<<<", "2026-06-01", "1927"), ("000229", "2026-06-01", "2000-02-29"),
        ("040229", "2026-06-01", "2004-02-29"), ("991231", "2000-01-01", "1999-12-31"),
    ])
    func `a birth date is the latest that has been`(_ written: String, _ day: String, _ expected: String) throws {
        #expect(try read(Made.zone([(57, written)]), on: day).birthDate.resolved == BirthDate(iso: expected))
    }

    @Test(arguments: ["<<<<<<", "<<0812", "<<08<<"])
    func `a birth date without a year is none that anything agrees with`(written: String) throws {
        let birth = try read(Made.zone([(57, written)])).birthDate
        #expect(birth.resolved == nil && birth.year == nil)
        #expect(!birth.agrees(with: try #require(BirthDate(iso: "1974-08-12"))))
    }

    @Test func `birth dates agree in what is written, whatever the century`() throws {
        let birth = try read(Made.zone()).birthDate
        for (text, agrees) in [
            ("1974-08-12", true), ("1874-08-12", true), ("1974-08-13", false), ("1974-08", false), ("1974", false),
            ("1975-08-12", false),
        ] { #expect(birth.agrees(with: try #require(BirthDate(iso: text))) == agrees) }
        let month = try read(Made.zone([(61, "<<")])).birthDate
        #expect(month.agrees(with: try #require(BirthDate(iso: "1974-08"))))
        #expect(!month.agrees(with: try #require(BirthDate(iso: "1974-08-12"))))
    }

    @Test(arguments: [
        ("310531", "2031-05-31"), ("460101", "2046-01-01"), ("470101", "1947-01-01"), ("991231", "1999-12-31"),
        ("250101", "2025-01-01"),
    ])
    func `an expiry lies at most twenty years ahead`(_ written: String, _ expected: String) throws {
        #expect(try read(Made.zone([(65, written)]), on: "2026-06-01").expires == CalendarDate(iso: expected))
    }

    @Test func `every flaw has a code of its own`() {
        #expect(Set(ZoneFlaw.all.map(\.code)).count == ZoneFlaw.all.count)
        #expect(ZoneFlaw.all.allSatisfy { $0.code.hasPrefix("zone.") })
    }
}

/// Names in zones: Doc 9303-4 section 4.2.3.
@Suite struct ZoneNameTests {
    static let read: [(zone: String, primary: [String], secondary: [String], isTruncated: Bool)] = [
        ("ERIKSSON<<ANNA<MARIA", ["ERIKSSON"], ["ANNA", "MARIA"], false),
        ("ARKFREITH", ["ARKFREITH"], [], false),
        ("VAN<DER<MUELLEN<<HENDRIK<IZAAK", ["VAN", "DER", "MUELLEN"], ["HENDRIK", "IZAAK"], false),
        // The standard's own shortened forms.
        (
            "NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K", ["NILAVADHANANANDA"], ["CHAYAPA", "DEJTHAMRONG", "K"], true
        ),
        (
            "BENNELONG<WOOLOOMOOLOO<WARRANDYTE<W<<DI", ["BENNELONG", "WOOLOOMOOLOO", "WARRANDYTE", "W"], ["DI"], true
        ),
        (
            "PAPANDROPOULOUS<<JONATHON<ALEC<BENJAMIN", ["PAPANDROPOULOUS"], ["JONATHON", "ALEC", "BENJAMIN"], true
        ),
    ]

    @Test(arguments: read)
    func `names are read, and known as possibly truncated`(
        _ zone: String, _ primary: [String], _ secondary: [String], _ isTruncated: Bool
    ) throws {
        let field = zone + String(repeating: "<", count: 39 - zone.utf8.count)
        let name = try MachineReadableZone(parsing: Made.zone([(5, field)]), today: today()).name
        #expect(name.primary == primary && name.secondary == secondary && name.mayBeTruncated == isTruncated)
    }

    static let written: [(family: String, given: String, field: String)] = [
        ("Mihon", "Hanako", "MIHON<<HANAKO"),
        ("Arkfreith", "", "ARKFREITH"),
        ("D'Artagnan-Müller", "José, Ærø", "DARTAGNAN<MUELLER<<JOSE<AEROE"),
        // Cut at the end.
        ("Nilavadhanananda", "Chayapa Dejthamrong Krasuang", "NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K"),
        ("Papandropoulous", "Jonathon Alec Benjamin Xeno", "PAPANDROPOULOUS<<JONATHON<ALEC<BENJAMIN"),
        // The cut would leave a filler at the end.
        ("Papandropoulou", "Jonathon Alec Benjamin Xeno", "PAPANDROPOULOU<<JONATHO<ALEC<BENJAMIN<X"),
        // The family name leaves no room.
        (
            "Bennelong Wooloomooloo Warrandyte Warnambool", "Dingo Potoroo",
            "BENNELONG<WOOLOOMOOLOO<WARRANDYTE<WA<<D"
        ),
        (
            "Bennelong Wooloomooloo Warrandytes Warnambool", "Dingo Potoroo",
            "BENNELONG<WOOLOOMOOLOO<WARRANDYTES<W<<D"
        ),
        (
            "Bennelong Wooloomooloo Warrandytexy Warnambool", "Dingo Potoroo",
            "BENNELONG<WOOLOOMOOLO<WARRANDYTEXY<W<<D"
        ),
        (
            "Bennelong Wooloomooloo Warrandyte Warnambool", "", "BENNELONG<WOOLOOMOOLOO<WARRANDYTE<WARNA"
        ),
    ]

    @Test func `names are written, shortened so that the last place says so`() throws {
        for (family, given, field) in Self.written {
            let zone = try Made.named(family, given)
            let text = String(decoding: zone.bytes[5..<44], as: UTF8.self)
            #expect(text == field + String(repeating: "<", count: max(0, 39 - field.utf8.count)))
            #expect(zone.name.mayBeTruncated == (text.utf8.last != UInt8(ascii: "<")))
            if given.isEmpty { #expect(zone.name.secondary.isEmpty) } else { #expect(!zone.name.secondary.isEmpty) }
        }
    }

    @Test func `whatever is written is read, ends in a letter if it was shortened, and keeps both identifiers`() throws
    {
        var random = Seeded("names in zones")
        for _ in 0..<3_000 {
            func part(_ most: Int) -> String {
                (0..<Int.random(in: 1...most, using: &random)).map { _ in
                    String(repeating: "A", count: Int.random(in: 2...14, using: &random))
                }.joined(separator: " ")
            }
            let (family, given) = (part(5), Bool.random(using: &random) ? part(5) : "")
            let name = try #require(ZoneName(family: family, given: given))
            let whole = family.utf8.count + (given.isEmpty ? 0 : 2 + given.utf8.count)
            // Parts are given to the reader up to eighty characters.
            if whole > ZoneName.length { #expect(name.mayBeTruncated) }
            if whole < ZoneName.length { #expect(!name.mayBeTruncated) }
            #expect(name.secondary.isEmpty == given.isEmpty)
        }
    }

    @Test(arguments: [("", "Hanako"), ("見本", "花子"), ("Mihon", "花子"), ("Mihon 2", "Hanako")])
    func `a name that has no form in a zone is not written`(_ family: String, _ given: String) {
        #expect(ZoneName(family: family, given: given) == nil)
    }

    @Test func `twenty names of one letter cannot be shortened`() {
        let given = Array(repeating: "A", count: 20).joined(separator: " ")
        #expect(ZoneName(family: "Mihon", given: given) == nil)
        #expect(ZoneName(family: "Mihona", given: given) != nil)
    }
}

/// Bad input, and what is written is read as it was.
@Suite struct ZoneIdentityTests {
    @Test func `a zone is written as it was read, and DG1 too`() throws {
        var random = Seeded("zones")
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        for _ in 0..<500 {
            let number = String(
                (0..<Int.random(in: 1...9, using: &random)).compactMap { _ in letters.randomElement(using: &random) })
            let personal = String(
                (0..<Int.random(in: 0...14, using: &random)).compactMap { _ in letters.randomElement(using: &random) })
            let birth = try #require(CalendarDate(daysSince1970: Int.random(in: -15_000...20_000, using: &random)))
            let expires = try #require(CalendarDate(daysSince1970: Int.random(in: 15_000...25_000, using: &random)))
            let zone = try MachineReadableZone(
                documentCode: "PN", issuingState: try #require(StateCode("JPN")),
                name: try #require(ZoneName(family: "Mihon", given: "Taro")), number: number,
                nationality: try #require(StateCode("D")),
                birthDate: try #require(ZoneBirthDate(BirthDate(birth), today: today())),
                sex: Sex.allCases.randomElement(using: &random) ?? .male, expires: expires, personalNumber: personal,
                today: today())
            #expect(zone.number == number && zone.expires == expires && zone.birthDate.resolved == BirthDate(birth))
            #expect(try MachineReadableZone(parsing: zone.bytes, today: today()) == zone)
            let data = DataGroup1(zone)
            #expect(try DataGroup1(parsing: data.bytes, today: today()) == data)
        }
    }

    @Test func `bad zones never trap, and what is read is the bytes it was read from`() async throws {
        let samples = [Array(Made.specimen.utf8), try Made.holder().bytes, try Made.zone([(57, "<<<<<<")])]
        let day = try today()
        await BadInput.run("zones", samples: samples) { bytes in
            let zone = try MachineReadableZone(parsing: bytes, today: day)
            #expect(zone.bytes == bytes && zone.lines.allSatisfy { $0.utf8.count == 44 })
            _ = zone.passport
            _ = try MachineReadableZone(lines: String(decoding: bytes, as: UTF8.self), today: day)
        }
        // Right check digits bring bad fields further.
        await BadInput.run("zones with right digits", samples: samples) { bytes in
            guard bytes.count == 88 else { return }
            let fixed = try Made.zone(of: String(decoding: bytes.map { $0 < 0x80 ? $0 : 0x3C }, as: UTF8.self))
            let zone = try MachineReadableZone(parsing: fixed, today: day)
            #expect(zone.bytes == fixed)
            _ = zone.passport
        }
    }

    @Test func `bad DG1 never trap`() async throws {
        let (sample, day) = (DataGroup1(try Made.holder()).bytes, try today())
        #expect(sample.count == DataGroup1.length && DataGroup1.length == 93)
        await BadInput.run("DG1", samples: [sample]) { bytes in
            let read = try DataGroup1(parsing: bytes, today: day)
            #expect(read.bytes == bytes)
        }
    }
}
