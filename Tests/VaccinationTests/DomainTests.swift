import Testing
import TestSupport
import Vaccination

/// The domain's values can only be right.
@Suite struct DomainTests {
    @Test(arguments: ["537686677188"])
    func `an individual number is taken with its check digit and with no other`(digits: String) {
        #expect(IndividualNumber(digits) != nil)
        for wrong in 0...9 where String(wrong) != digits.suffix(1) {
            #expect(IndividualNumber(digits.dropLast() + String(wrong)) == nil)
        }
        #expect(IndividualNumber(digits + "0") == nil)
        #expect(IndividualNumber("５37686677188") == nil)
    }

    @Test func `a remainder of 0 or 1 gives the check digit 0`() {
        // 11 digits of 0 leave remainder 0; a single 6 at P5 (Q = 6) leaves 36 mod 11 = 3.
        #expect(IndividualNumber("000000000000") != nil)
        #expect(IndividualNumber.checkDigit(of: [0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0]) == 8)
        // P5 = 2: 2 × 6 = 12, remainder 1.
        #expect(IndividualNumber.checkDigit(of: [0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]) == 0)
    }

    @Test func `an individual number shows nothing of itself in text, interpolation or dump`() throws {
        let number = try #require(IndividualNumber("537686677188"))
        var dumped = ""
        dump(number, to: &dumped)
        dump([Optional(number)], to: &dumped)
        for text in ["\(number)", String(reflecting: number), String(describing: [number]), dumped] {
            #expect(!text.contains("5376"))
        }
    }

    @Test(arguments: ["131016", "011002", "271004", "401307", "473821"])
    func `real municipality codes carry the check digit`(code: String) {
        #expect(MunicipalityCode(code) != nil)
        for wrong in 0...9 where String(wrong) != code.suffix(1) {
            #expect(MunicipalityCode(code.dropLast() + String(wrong)) == nil)
        }
    }

    @Test(arguments: [
        "2023-02-29", "1900-02-29", "2023-13-01", "2023-00-10", "2023-04-31", "23-04-30", "2023-4-30",
        "2023-04-30T", "",
    ])
    func `days that the calendar does not have are refused`(text: String) {
        #expect(CalendarDate(iso: text) == nil)
    }

    @Test func `every day of four centuries survives the way over day numbers`() throws {
        let first = try #require(CalendarDate(year: 1800, month: 1, day: 1))
        let last = try #require(CalendarDate(year: 2199, month: 12, day: 31))
        #expect(CalendarDate(year: 1970, month: 1, day: 1)?.daysSince1970 == 0)
        var previous: CalendarDate?
        for days in first.daysSince1970...last.daysSince1970 {
            let date = try #require(CalendarDate(daysSince1970: days))
            #expect(date.daysSince1970 == days)
            if let previous { #expect(previous < date) }
            previous = date
        }
    }

    @Test func `the day in Japan turns at 15:00 UTC`() {
        #expect(CalendarDate.inJapan(secondsSince1970: 1_700_060_399)?.description == "2023-11-15")
        #expect(CalendarDate.inJapan(secondsSince1970: 1_700_060_400)?.description == "2023-11-16")
    }

    @Test(arguments: [
        ("見本　花子", "見本 花子"), ("見本　花子", "見本花子"), ("葛\u{E0100}飾　花子", "葛飾　花子"), ("ﾐﾎﾝ ﾊﾅｺﾞ", "ミホン　ハナゴ"),
        ("ＭＩＨＯＮ　ＴＡＲＯ", "mihon taro"), ("神\u{FE00}田", "\u{FA19}田"), ("ジョン・スミス", "ジョン　スミス"), ("ｶﾞ", "ガ"),
    ])
    func `spelling variants of one name have one key`(one: String, other: String) {
        #expect(NameKey(one) == NameKey(other))
    }

    @Test(arguments: [
        ("斉藤　一", "齊藤　一"), ("見本　花子", "見本　花"), ("ハナコ", "バナコ"), ("ミホン", "ミーホン"),
    ])
    func `different names keep different keys`(one: String, other: String) {
        #expect(NameKey(one) != NameKey(other))
    }

    @Test(
        arguments: [
            0x200B, 0x2060, 0xFEFF, 0x00AD, 0x034F, 0x200C, 0x200D, 0x200E, 0x202E, 0x2062, 0x2066, 0x3164, 0xE0041,
        ] as [UInt32])
    func `a character that nobody sees makes a different name, and alone makes none`(_ value: UInt32) throws {
        let invisible = String(Character(try #require(Unicode.Scalar(value))))
        for name in ["見本\(invisible)花子", "\(invisible)見本花子", "見本花子\(invisible)"] {
            #expect(NameKey(name) != NameKey("見本花子"))
            #expect(NameKey(name) == NameKey(name))
        }
        #expect(NameKey(invisible).isEmpty && NameKey.isEmpty(invisible))
    }

    @Test func `the key of a name of common characters is the one that all others have`() throws {
        let ranges: [ClosedRange<UInt32>] = [0x20...0x7E, 0x3000...0x30FF, 0x4E00...0x9FFF, 0xFF01...0xFF5E]
        for value in ranges.joined() {
            let scalar = try #require(Unicode.Scalar(value))
            for name in [String(scalar), "\(scalar)a", "か\(scalar)", "ハ\(scalar)々"] {
                guard !NameKey.isPlainRight(name) else { continue }
                Issue.record("U+\(String(value, radix: 16))")
            }
        }
        var random = Seeded("names of common characters")
        for _ in 0..<20_000 {
            var name = ""
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                guard let range = ranges.randomElement(using: &random),
                    let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random))
                else { continue }
                name.unicodeScalars.append(scalar)
            }
            guard !NameKey.isPlainRight(name) else { continue }
            Issue.record("\(name.unicodeScalars.map { String($0.value, radix: 16) })")
        }
    }

    @Test func `whether a name is empty is what its key says, of every character alone and with one that nobody sees`()
    {
        for value in UInt32(0)..<0x3_2000 {
            guard let scalar = Unicode.Scalar(value) else { continue }
            for name in [String(scalar), "\(scalar)\u{200B}", "\u{FE00}\(scalar)"] {
                guard NameKey.isEmpty(name) != NameKey(name).isEmpty else { continue }
                Issue.record("U+\(String(value, radix: 16))")
            }
        }
    }

    @Test(arguments: [
        // Behind a virama a joiner chooses a shape (RFC 5892, A.1 and A.2): क्ष with and without one.
        ("\u{0915}\u{094D}\u{200D}\u{0937}", "\u{0915}\u{094D}\u{0937}", true),
        ("\u{0915}\u{094D}\u{200C}\u{0937}", "\u{0915}\u{094D}\u{0937}", true),
        ("\u{0DC1}\u{0DCA}\u{200D}\u{0DBB}\u{0DD3}", "\u{0DC1}\u{0DCA}\u{0DBB}\u{0DD3}", true),
        // Anywhere else it is a difference.
        ("\u{0915}\u{200D}\u{094D}\u{0937}", "\u{0915}\u{094D}\u{0937}", false),
        ("\u{0645}\u{06CC}\u{200C}\u{062E}", "\u{0645}\u{06CC}\u{062E}", false),
        ("TA\u{200D}RO", "TARO", false), ("\u{200C}TARO", "TARO", false),
    ])
    func `joiners follow the written rule`(_ one: String, _ other: String, _ same: Bool) {
        #expect((NameKey(one) == NameKey(other)) == same)
    }

    @Test func `a certificate identifier with any one character changed is refused`() throws {
        var random = Seeded("certificate identifiers")
        let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        for _ in 0..<200 {
            let id = CertificateID(using: &random)
            #expect(CertificateID(id.text) == id)
            var changed = Array(id.text)
            let index = Int.random(in: 0..<12, using: &random)
            let other = try #require(alphabet.filter { $0 != changed[index] }.randomElement(using: &random))
            changed[index] = other
            #expect(CertificateID(String(changed)) == nil)
        }
    }

    @Test func `a history refuses a repeated number and a date that goes back, and certifies the latest five`() throws {
        let product = try #require(Product.withCode("PFIZER-12"))
        func dose(_ number: Int, _ day: Int) throws -> Dose {
            let date = try #require(CalendarDate(year: 2022, month: 1, day: day))
            return try #require(Dose(number: number, date: date, product: product, lot: "TEST1"))
        }
        #expect(History([try dose(1, 1), try dose(1, 2)]) == nil)
        #expect(History([try dose(1, 2), try dose(2, 1)]) == nil)
        let seven = try #require(History(try (1...7).map { try dose($0, $0) }.shuffled()))
        #expect(seven.certified.map(\.number) == [3, 4, 5, 6, 7])
        #expect(seven.exceedsCertificate)
    }

    @Test func `parsers of the domain take any bytes without a trap`() async {
        let samples = ["537686677188", "131016", "2023-04-30", "20230430", "0123456789AB"].map { Array($0.utf8) }
        await BadInput.run("domain values", samples: samples) { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            _ = IndividualNumber(text)
            _ = MunicipalityCode(text)
            _ = CalendarDate(iso: text)
            _ = CalendarDate(digits: bytes)
            _ = CertificateID(text)
            _ = NameKey(text)
            _ = Product.withCode(text)
        }
    }
}
