import Foundation
import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

/// Files of people as municipalities' systems write them.
@Suite struct PeopleFileTests {
    private final class File {
        let path = NSTemporaryDirectory() + "akashi-people-\(UUID().uuidString).csv"
        init(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
        var source: ImportSource { get throws { try #require(ImportSource.plain(path)) } }
        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private func read(
        _ bytes: [UInt8], _ encoding: FileEncoding = .utf8, for change: RecordChange = .addition
    ) throws -> [ImportRow] {
        let file = try File(bytes)
        let people = try #require(
            PeopleFile(try file.source, encoding: encoding, region: Sample.city, for: change))
        var rows: [ImportRow] = []
        while let next = try people.next(2) { rows += next }
        #expect(people.progress == 1)
        return rows
    }

    private func codes(_ row: ImportRow) -> [String] {
        guard case .failure(let refusals) = row.change else { return [] }
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
        // Each in its columns, or as it was where it could not be taken apart; whatever encoding is said.
        let back = try refusedFile(rows)
        #expect(back.contains("\"too,few\",7,"))
        let repaired = try read(Array(back.replacing("2021-02-29", with: "2020-02-29").utf8), .cp932)
        #expect(repaired.map(\.line) == [2, 3, 4, 5, 6])
        #expect(try repaired[0].person.get().vaccinee.birthDate.description == "2020-02-29")
        #expect(repaired.dropFirst().map(codes).first == ["csv.value", "csv.value"])
    }

    /// The file in which refused rows come back.
    private func refusedFile(_ rows: [ImportRow]) throws -> String {
        var form = RefusedFile(.people)
        let lines = rows.compactMap { row -> String? in
            guard case .failure(let refusals) = row.change else { return nil }
            let reason = refusals.refusals.map(\.description).joined(separator: "; ")
            return form.lines(of: RefusedRow(row, because: reason))
        }
        return lines.joined() + form.end
    }

    @Test
    func `a row of another order of columns that has a private-use character or many faults goes in when repaired`()
        throws
    {
        let doses = (1...7).map { "\($0)回目接種日,\($0)回目製品,\($0)回目ロット番号" }.joined(separator: ",")
        let header = "氏名,券面氏名,個人番号,生年月日,性別,市区町村コード,住民区分,\(doses)"
        let wrong = Array(repeating: "x,y,\(String(repeating: "z", count: 30))", count: 7).joined(separator: ",")
        let numbers = try (0..<2).map { try Sample.person($0).number.digits }
        let text = """
            \(header)
            見\u{E000}本　一,券面の表記,\(numbers[0]),1970-01-31,女,\(Sample.city.digits),住民\(String(repeating: ",", count: 21))
            見本　二,券面の表記,\(numbers[1]),1970-01-31,女,\(Sample.city.digits),住民,\(wrong)

            """
        let rows = try read(Array(text.utf8))
        #expect(rows.map(codes) == [["csv.private_use"], Array(repeating: "csv.value", count: 14)])
        let back = try refusedFile(rows).replacing("\u{E000}", with: "").replacing(
            wrong, with: String(repeating: ",", count: 20))
        let repaired = try read(Array(back.utf8))
        #expect(try repaired.map { try $0.person.get().vaccinee.name } == ["見本　一", "見本　二"])
    }

    @Test func `the extensions of CP932 are read as the characters they are, variants too`() throws {
        let parts = try line(name: "@").split(separator: "@", omittingEmptySubsequences: false).map(String.init)
        // 髙 and 﨑 of IBM's extension, by both of their codes, ① of NEC's row 13, and the variant of 福.
        let name: [UInt8] = [0xFB, 0xFC, 0xEE, 0xE0, 0xFA, 0xB1, 0xED, 0x95, 0x87, 0x40, 0xEE, 0x65]
        let bytes = try cp932(Self.header + "\n" + parts[0]) + name + cp932(parts[1] + "\n")
        let person = try #require(try read(bytes, .cp932).first).person.get()
        let scalars = person.vaccinee.name.unicodeScalars.map(\.value)
        #expect(scalars == [0x9AD9, 0x9AD9, 0xFA11, 0xFA11, 0x2460, 0xFA1B])
    }

    @Test func `what is kept of nobody may have private-use characters`() throws {
        let text = "\(Self.header),備考,券面住所\n\(try line()),外\u{E000}字,見本\u{E001}町\n"
        #expect(try read(Array(text.utf8)).map(codes) == [[]])
    }

    @Test func `a correction has the columns of every dose, and a passport's columns are all there or none`() throws {
        for (header, change) in [
            (Self.header, RecordChange.correction), (Self.header + ",旅券番号", .addition),
        ] {
            let error = #expect(throws: CSVRefusals.self) {
                try read(Array("\(header)\n".utf8), for: change)
            }
            #expect(error?.refusals.first?.code == "csv.header")
        }
        #expect(try read(Array("\(Self.header)\n\(try line())\n".utf8)).first?.person.get().keepsPassport == true)
    }

    @Test func `a file that grows or shrinks while it is read is refused`() throws {
        for grows in [true, false] {
            let file = try File(Array("\(Self.header)\n\(try line())\n".utf8))
            let people = try #require(PeopleFile(try file.source, encoding: .utf8, region: Sample.city))
            let handle = try #require(FileHandle(forWritingAtPath: file.path))
            if grows {
                try handle.seekToEnd()
                try handle.write(contentsOf: Data("1".utf8))
            } else {
                try handle.truncate(atOffset: 200)
            }
            let error = #expect(throws: CSVRefusals.self) { while try people.next() != nil {} }
            #expect(error?.refusals.first?.code == "csv.unreadable")
        }
    }

    @Test(arguments: [
        ("個人番号,氏名\n", "csv.header"), ("", "csv.header"), ("氏名,氏名\n", "csv.header"),
        (header + ",余分\n", "csv.header"), ("\"個人番号\n", "csv.quote"),
    ])
    func `a header that is not right refuses the file`(text: String, code: String) throws {
        let file = try File(Array(text.utf8))
        let people = try #require(PeopleFile(try file.source, encoding: .utf8, region: Sample.city))
        let error = #expect(throws: CSVRefusals.self) { try people.next() }
        #expect(error?.refusals.first?.code == code)
    }

    @Test func `a file in CP932 that is read as UTF-8 is refused, and says so`() throws {
        let file = try File(try cp932("\(Self.header)\n\(try line())\n"))
        let people = try #require(PeopleFile(try file.source, encoding: .utf8, region: Sample.city))
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

    @Test func `refused rows come back with the columns that their file had: what it said nothing of stays as it is`()
        throws
    {
        // Neither a passport's columns nor those of vouchers.
        let plain = try read(Array("\(Self.header)\n\(line(birth: "2021-02-29"))\n".utf8))
        let back = try refusedFile(plain)
        #expect(!back.contains("passport_number") && !back.contains("vouchers") && back.contains("refused_why"))
        let repaired = try read(Array(back.replacing("2021-02-29", with: "2020-02-29").utf8))
        #expect(try repaired[0].person.get().keepsPassport)

        // An empty field of a column that is there says that there is none.
        let passports = ",passport_number,passport_name,passport_nationality,passport_expires"
        let full = try read(Array("\(Self.header)\(passports)\n\(line(birth: "2021-02-29")),,,,\n".utf8))
        let told = try refusedFile(full)
        #expect(told.contains("passport_number"))
        let again = try read(Array(told.replacing("2021-02-29", with: "2020-02-29").utf8))
        #expect(try !again[0].person.get().keepsPassport)
    }

    @Test func `a refused row waits with the columns that its file lacked, in either form`() throws {
        for reason in ["why", "why / なぜ"] {
            for lacking in [[], [0, 12, 104], nil] {
                let row = RefusedRow(line: 3, text: "a,b", reason: reason, lacking: lacking)
                let bytes = try row.json()
                #expect(try JSONDecoder().decode(RefusedRow.self, from: Data(bytes)) == row)
                #expect(try RefusedRow(json: Data(bytes)) == row)
            }
        }
    }

    @Test func `a field that grew beyond what a file may have keeps its row and those behind it in their columns`()
        throws
    {
        var form = RefusedFile(.people)
        let fields = PeopleFile.columns.map { $0 == "note" ? String(repeating: "長", count: 683) : "\($0)!" }
        let text = fields.joined(separator: ",") + ","
        for line in [2, 3] {
            let lines = form.lines(of: RefusedRow(line: line, text: text, reason: "why")).split(separator: "\n")
            #expect(lines.count == (line == 2 ? 2 : 1))
            let values = try #require(lines.last).split(separator: ",", omittingEmptySubsequences: false)
            #expect(values.prefix(fields.count).map(String.init) == fields)
        }
    }

    @Test func `a row that an earlier version refused comes back in its own columns`() throws {
        // That version's format ended before the columns of vouchers, and said nothing of which the file had.
        let earlier = PeopleFile.columns.prefix { $0 != "vouchers" }
        let fields = earlier.map { "\($0)!" }
        let json = try JSONSerialization.data(withJSONObject: [
            "line": 7, "text": fields.joined(separator: ",") + ",", "reason": "why",
        ])
        var form = RefusedFile(.people)
        let lines = form.lines(of: try JSONDecoder().decode(RefusedRow.self, from: json)).split(separator: "\n")
        #expect(lines.count == 2)
        let (names, values) = (lines[0].dropFirst().split(separator: ","), lines[1].split(separator: ","))
        #expect(names.dropLast(3).map { "\($0)!" } == values.dropLast(2).map(String.init))
        #expect(values.suffix(2) == ["7", "why"])
    }

    @Test func `whatever stands in a file, each of its rows is taken or comes back as a row`() async throws {
        let text = try (0..<4).reduce("\(Self.header)\n") {
            try $0 + line(number: Sample.person($1).number.digits, birth: $1 == 2 ? "S99.1.1" : "S45.1.31") + "\n"
        }
        let samples = [Array(text.utf8), try cp932(text), Array(text.replacing("見本", with: "\"見,\"\"本\"").utf8)]
        await BadInput.run("people in files", samples: samples, cases: BadInput.cases / 5) { bytes in
            for encoding in FileEncoding.allCases {
                guard let file = PeopleFile(.memory(bytes), encoding: encoding, region: Sample.city) else { continue }
                var (rows, form, back) = (0, RefusedFile(.people), "")
                while let next = try file.next(3) {
                    for row in next {
                        guard case .failure(let refusals) = row.change else { continue }
                        rows += 1
                        let reason = refusals.refusals.map(\.description).joined(separator: "; ")
                        back += form.lines(of: RefusedRow(row, because: reason))
                    }
                }
                let again = PeopleFile(.memory(Array((back + form.end).utf8)), encoding: encoding, region: Sample.city)
                var read = 0
                do { while let next = try again?.next(3) { read += next.count } } catch { read = -1 }
                if read != rows { Issue.record("\(rows) rows came back as \(read)") }
            }
        }
    }

    @Test func `a line that never ends costs no more than a line`() throws {
        let long = Array("\(Self.header)\n".utf8) + [UInt8](repeating: 0x61, count: 3 << 20) + Array("\n".utf8)
        let rows = try read(long + Array(try line().utf8))
        #expect(rows.map(codes) == [["csv.too_long"], []])
        #expect(rows[0].text().utf8.count < 20_000)
        #expect(rows[0].text().contains("aaaa"))
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

extension ImportRow {
    /// The person of a row; all of such a file's rows are people's.
    fileprivate var person: Result<NewPerson, any Error> {
        Result {
            guard case .person(let person) = try change.get() else { throw Sample.Missing() }
            return person
        }
    }
}
