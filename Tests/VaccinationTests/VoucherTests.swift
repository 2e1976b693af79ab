import TestSupport
import Testing
import Vaccination

/// A voucher's line, and a passport's name as it is written.
@Suite struct VoucherLineTests {
    @Test func `a line is read as its parts, and written as it was`() throws {
        let line = try #require(VoucherLine("239900191234567890"))
        #expect((line.kind, line.doseNumber, line.municipality.digits) == (2, 3, "990019"))
        #expect(line.number.digits == "1234567890" && line.digits == "239900191234567890")
        #expect("\(line)" == "VoucherLine(…)" && "\(line.number)" == "VoucherNumber(…)")
        #expect(String(reflecting: line).contains("1234567890") == false)
    }

    @Test(arguments: [
        "", "23990019123456789", "2399001912345678901", "239900181234567890", "209900191234567890",
        "23990019123456789a", "２３９９００１９１２３４５６７８９０", " 39900191234567890", "239900191234567890\n",
    ])
    func `a line with one flaw is none`(text: String) { #expect(VoucherLine(text) == nil) }

    @Test(arguments: ["", "123456789", "12345678901", "12345678 0", "１２３４５６７８９０"])
    func `a number with one flaw is none`(text: String) { #expect(VoucherNumber(text) == nil) }

    @Test func `whatever is read as a line is written as the same digits`() async {
        await BadInput.run("voucher lines", samples: [Array("239900191234567890".utf8)], cases: 5_000) { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            if let line = VoucherLine(text) { #expect(line.digits == text) }
        }
    }

    static let names: [(written: String, name: String, family: [String], given: [String])] = [
        ("MIHON, HANAKO", "MIHON, HANAKO", [], []), ("MIHON (REIJI), HANAKO", "MIHON, HANAKO", ["REIJI"], []),
        ("MIHON, HANAKO (MARY)", "MIHON, HANAKO", [], ["MARY"]),
        ("MIHON (REIJI) (SMITH), HANAKO (MARY)", "MIHON, HANAKO", ["REIJI", "SMITH"], ["MARY"]),
        ("MIHON (O'HARA)", "MIHON", ["O'HARA"], []),
    ]

    @Test(arguments: names)
    func `other names stand in brackets, and are read as they are written`(
        written: String, name: String, family: [String], given: [String]
    ) throws {
        let day = try #require(CalendarDate(iso: "2035-01-01"))
        let passport = try #require(
            Passport(number: "XX1", writtenName: written, nationality: "JPN", expires: day))
        #expect(passport.romajiName == name && passport.writtenName == written)
        #expect(passport.otherFamilyNames == family && passport.otherGivenNames == given)
        let tight = try #require(
            Passport(
                number: "XX1", writtenName: written.replacing(" (", with: "("), nationality: "JPN", expires: day))
        #expect(tight == passport)
    }

    @Test(arguments: [
        "MIHON (REIJI, HANAKO", "MIHON (), HANAKO", "MIHON (reiji), HANAKO", "(REIJI), HANAKO", "MIHON (A) B, HANAKO",
        "MIHON ((A)), HANAKO", "MIHON (A)(B)(C)(D), HANAKO", "MIHON (A),", "MIHON ( A), HANAKO", "MIHON), HANAKO",
        "MIHON (A), HANAKO, B",
    ])
    func `a name with a bracket that is not right is none`(written: String) throws {
        let day = try #require(CalendarDate(iso: "2035-01-01"))
        #expect(Passport(number: "XX1", writtenName: written, nationality: "JPN", expires: day) == nil)
    }
}
