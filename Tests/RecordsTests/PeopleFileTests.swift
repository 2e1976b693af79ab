import Foundation
import RecordSupport
import Records
import Testing
import Vaccination

/// Files of people as municipalities' systems write them.
@Suite struct PeopleFileTests {
    private final class File {
        let path = NSTemporaryDirectory() + "akashi-people-\(UUID().uuidString).csv"
        init(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private func read(_ bytes: [UInt8], _ encoding: FileEncoding = .utf8) throws -> [ImportRow] {
        let file = try File(bytes)
        let people = try #require(PeopleFile(path: file.path, encoding: encoding, region: Sample.city))
        var rows: [ImportRow] = []
        while let next = try people.next(2) { rows += next }
        #expect(people.progress == 1)
        return rows
    }

    private func codes(_ row: ImportRow) -> [String] {
        guard case .failure(let refusals) = row.person else { return [] }
        return refusals.refusals.map(\.code)
    }

    private static let header = "個人番号,氏名,生年月日,性別,市区町村コード,住民区分,1回目接種日,1回目製品,1回目ロット番号"

    private func line(
        number: String? = nil, name: String = "見本　花子", birth: String = "昭和64年1月7日", sex: String = "女",
        code: String? = nil, standing: String = "住民", date: String = "R3.6.1"
    ) throws -> String {
        let number = try number ?? Sample.person().number.digits
        return [number, name, birth, sex, code ?? Sample.city.digits, standing, date, "PFIZER-12", "EX1234"].joined(
            separator: ",")
    }

    /// A text in CP932, by the system's own converter.
    private func cp932(_ text: String) throws -> [UInt8] {
        Array(try #require(text.data(using: .shiftJIS)))
    }

    @Test func `Japanese columns in any order, eras, wide digits and CP932 are read as the same person`() throws {
        let wide = String(
            try Sample.person().number.digits.unicodeScalars.compactMap { Unicode.Scalar($0.value + 0xFEE0) }.map(
                Character.init))
        let text = "\(Self.header)\r\n\(try line(number: wide, birth: "Ｓ６４．１．７", date: "令和３年６月１日"))\r\n"
        let expected = try #require(try read(Array("\(Self.header)\n\(try line())\n".utf8)).first?.person.get())
        #expect(expected.vaccinee.birthDate.description == "1989-01-07")
        #expect(expected.history.doses.first?.date.description == "2021-06-01")
        #expect(try read(try cp932(text), .cp932).first?.person.get() == expected)
        #expect(try read([0xEF, 0xBB, 0xBF] + Array(text.utf8)).first?.person.get() == expected)
    }

    @Test func `a row that is wrong is refused by itself, and comes back as a file that can be repaired`() throws {
        let good = try line()
        let other = try line(number: Sample.person(1).number.digits)
        let rows = try read(
            Array(
                """
                \(Self.header)
                \(try line(birth: "2021-02-29"))
                \(good)
                \(try line(number: Sample.person(2).number.digits, sex: "x", standing: "?"))
                \(good)
                \(try line(number: Sample.person(3).number.digits, code: Sample.town.digits))
                too,few
                \(other)

                """.utf8))
        #expect(
            rows.map(codes) == [
                ["csv.value"], [], ["csv.value", "csv.value"], ["csv.duplicate"], ["csv.municipality_unknown"],
                ["csv.columns"], [],
            ])
        #expect(rows.map(\.line) == Array(2...8))
        let back =
            CSVLine.header
            + PeopleFile.line(RefusedRow(line: 2, text: rows[0].text(), reason: "line 2: \"quoted\", why"))
        let repaired = try read(Array(back.replacing("2021-02-29", with: "2020-02-29").utf8))
        #expect(repaired.count == 1)
        #expect(try repaired[0].person.get().vaccinee.birthDate.description == "2020-02-29")
    }

    private enum CSVLine {
        static let header = PeopleFile.refusedColumns.joined(separator: ",") + "\n"
    }

    @Test(arguments: [
        ("個人番号,氏名\n", "csv.header"), ("", "csv.header"), ("氏名,氏名\n", "csv.header"),
        (header + ",余分\n", "csv.header"), ("\"個人番号\n", "csv.quote"),
    ])
    func `a header that is not right refuses the file`(text: String, code: String) throws {
        let file = try File(Array(text.utf8))
        let people = try #require(PeopleFile(path: file.path, encoding: .utf8, region: Sample.city))
        let error = #expect(throws: CSVRefusals.self) { try people.next() }
        #expect(error?.refusals.first?.code == code)
    }

    @Test func `a file in CP932 that is read as UTF-8 is refused, and says so`() throws {
        let file = try File(try cp932("\(Self.header)\n\(try line())\n"))
        let people = try #require(PeopleFile(path: file.path, encoding: .utf8, region: Sample.city))
        let error = #expect(throws: CSVRefusals.self) { try people.next() }
        #expect(error?.refusals.first?.code == "csv.utf8")
    }

    @Test(
        arguments: [
            // A user-defined character, a lead byte without its second, and a byte that is no character.
            ([0xF0, 0x40], "csv.private_use"), ([0x81], "csv.encoding"), ([0xA0], "csv.encoding"),
            ([0x85, 0x40, 0xFF], "csv.encoding"),
        ] as [([UInt8], String)])
    func `bytes that are no registered character are refused in their row alone`(bytes: [UInt8], code: String) throws {
        let parts = try line(name: "@").split(separator: "@", omittingEmptySubsequences: false).map(String.init)
        let first = try cp932(Self.header + "\n" + parts[0]) + bytes + cp932(parts[1] + "\n")
        let rows = try read(first + cp932(try line() + "\n"), .cp932)
        #expect(codes(try #require(rows.first)) == [code])
        #expect(rows.count == 2 && codes(rows[1]).isEmpty)
    }

    @Test func `a line that never ends costs no more than a line`() throws {
        let long = Array("\(Self.header)\n".utf8) + [UInt8](repeating: 0x61, count: 3 << 20) + Array("\n".utf8)
        let rows = try read(long + Array(try line().utf8))
        #expect(rows.map(codes) == [["csv.too_long"], []])
        #expect(rows[0].text().utf8.count < 20_000)
    }

    @Test(arguments: [
        ("2021-06-01", "2021-06-01"), ("20210601", "2021-06-01"), ("2021/6/1", "2021-06-01"),
        ("2021年6月1日", "2021-06-01"), ("令和元年5月1日", "2019-05-01"), ("R1.5.1", "2019-05-01"),
        ("平成31年4月30日", "2019-04-30"), ("平成31年5月1日", nil), ("H31-04-30", "2019-04-30"),
        ("昭和元年12月25日", "1926-12-25"), ("昭和元年12月24日", nil), ("大正15年12月24日", "1926-12-24"),
        ("T15.12.25", nil), ("明治45年7月29日", "1912-07-29"), ("明治45年7月30日", nil), ("明治5年12月2日", nil),
        ("令和0年1月1日", nil), ("令和3年2月29日", nil), ("令和2年2月29日", "2020-02-29"), ("3/6/1", nil),
        ("2021/6.1", nil), ("2021年6月1", nil), ("", nil), ("R", nil), ("令和", nil), ("2021-06-01 ", nil),
        ("令和９９９９年1月1日", nil), ("R3.6.1.", nil),
    ])
    func `a date is read in each of its forms, and a day outside of its era is none`(text: String, iso: String?) throws
    {
        let rows = try read(Array("\(Self.header)\n\(try line(birth: text))\n".utf8))
        let person = try? rows[0].person.get()
        #expect(person?.vaccinee.birthDate.description == iso)
    }
}
