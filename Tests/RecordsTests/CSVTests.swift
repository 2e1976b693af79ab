import Foundation
import RecordSupport
import Records
import Testing
import TestSupport
import Vaccination

/// People and municipalities in CSV.
@Suite struct CSVTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Sources/Records/SampleData")

    private static func sample(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appendingPathComponent(name)))
    }

    private static let good: [String: String] = [
        "individual_number": "999900000011", "card_name": "見本　花子", "birth_date": "1985-04-01", "sex": "female",
        "card_address": "見本県見本市", "municipality_code": "990019", "name": "見本　花子", "standing": "resident",
        "passport_number": "XX0000001", "passport_name": "MIHON, HANAKO", "passport_nationality": "JPN",
        "passport_expires": "2035-03-31", "overseas_printed": "XX0000001 XX0000002", "dose1_date": "2021-07-05",
        "dose1_product": "PFIZER-12", "dose1_lot": "MH0101", "dose2_date": "2021-07-26", "dose2_product": "MODERNA",
        "dose2_lot": "MH0102",
    ]

    private static func file(_ changes: [String: String] = [:]) -> String {
        let fields = PeopleCSV.columns.map { column -> String in
            let value = changes[column] ?? good[column] ?? ""
            return value.contains(",") ? "\"\(value)\"" : value
        }
        return PeopleCSV.columns.joined(separator: ",") + "\n" + fields.joined(separator: ",") + "\n"
    }

    private static func refusals(_ bytes: [UInt8]) -> [CSVRefusal] {
        do throws(CSVRefusals) {
            _ = try PeopleCSV.parse(bytes)
            return []
        } catch {
            return error.refusals
        }
    }

    // MARK: The sample data

    @Test
    func `the sample data holds 200 people of three municipalities with one to seven doses and right check digits`()
        throws
    {
        let lines = String(decoding: try Self.sample("municipalities.csv"), as: UTF8.self).split(separator: "\n")
        let municipalities = lines.dropFirst().compactMap { MunicipalityCode($0.prefix(6)) }
        #expect(municipalities.map(\.digits) == ["990019", "990027", "980013"])
        let rows = try PeopleCSV.parse(Self.sample("people.csv"))
        #expect(Set(rows.map(\.person.number)).count == 200)
        #expect(Set(rows.map(\.municipality)) == Set(municipalities))
        #expect(rows.allSatisfy { (1...7).contains($0.person.history.doses.count) })
        #expect(Set(rows.map(\.person.history.doses.count)) == Set(1...7))
        #expect(rows.allSatisfy { $0.person.number.digits.hasPrefix("99990000") })
        #expect(rows.contains { $0.person.standing == .movedAway })
        #expect(rows.contains { $0.person.standing == .deceased })
        let names = rows.map { ($0.person.vaccinee.name, $0.cardName) }
        #expect(names.count { NameKey($0) != NameKey($1) } == 2)
        #expect(names.count { NameKey($0) == NameKey($1) && $0 != $1 } >= 6)
        let first = try #require(rows.first)
        #expect(first.person.vaccinee.name == "見本　花子")
        #expect(first.person.history.doses.count == 5)
        #expect(first.person.vaccinee.passport.map { first.person.printedOverseasPassports == [$0.number] } == true)
    }

    @Test func `the card's columns of the sample data can be cut at commas, without a CSV reader`() throws {
        let rows = try PeopleCSV.parse(Self.sample("people.csv"))
        let lines = String(decoding: try Self.sample("people.csv"), as: UTF8.self).split(separator: "\n").dropFirst()
        for (row, line) in zip(rows, lines) {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            #expect(fields[0] == row.person.number.digits)
            #expect(fields[1] == row.cardName)
            #expect(fields[4] == row.cardAddress)
            #expect(fields[5] == row.municipality.digits)
        }
    }

    @Test(arguments: Engine.all)
    func `the sample data loads, and loading it again changes nothing`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let bytes = try Self.sample("people.csv")
        let first = try await PeopleCSV.load(bytes, into: store, now: Sample.now)
        #expect(first.map(\.municipality.digits) == ["980013", "990019", "990027"])
        #expect(first.map(\.people) == [20, 120, 61])
        #expect(first.map(\.written.added) == [20, 120, 61])
        let again = try await PeopleCSV.load(bytes, into: store, now: Sample.now)
        #expect(again.map(\.written.added) == [0, 0, 0])
        for row in try PeopleCSV.parse(bytes) {
            let record = try #require(try await store.person(row.person.number, in: row.municipality))
            #expect(record.vaccinee == row.person.vaccinee)
            #expect(record.history == row.person.history)
            #expect(record.printedOverseasPassports == row.person.printedOverseasPassports)
        }
    }

    @Test func `made-up people written as CSV read back as they were`() throws {
        let rows = MadeUpPeople.rows(count: 300, municipality: Sample.city, firstNumber: 0, seed: 3)
        let back = try PeopleCSV.parse(PeopleCSV.encode(rows))
        #expect(back.map(\.person) == rows.map(\.person))
        #expect(back.map(\.cardAddress) == rows.map(\.cardAddress))
        #expect(back.map(\.line) == Array(2...301))
    }

    // MARK: Refusals

    @Test func `a good row is read with every field`() throws {
        let row = try #require(try PeopleCSV.parse(Array(Self.file().utf8)).first)
        #expect(row.line == 2)
        #expect(row.person.vaccinee.passport?.romajiName == "MIHON, HANAKO")
        #expect(row.person.printedOverseasPassports == ["XX0000001", "XX0000002"])
        #expect(row.person.history.doses.map(\.lot) == ["MH0101", "MH0102"])
        // A byte order mark and CRLF change nothing, nor does a missing last line end.
        let windows = [0xEF, 0xBB, 0xBF] + Array(Self.file().replacing("\n", with: "\r\n").utf8)
        #expect(try PeopleCSV.parse(windows).map(\.person) == [row.person])
        #expect(try PeopleCSV.parse(Array(Self.file().utf8.dropLast())).map(\.person) == [row.person])
    }

    @Test(arguments: [
        ("individual_number", "999900000012"), ("individual_number", "99990000001"), ("individual_number", ""),
        ("individual_number", "９９９９０００００００１１"), ("birth_date", "1985-02-29"), ("birth_date", "1985/04/31"),
        ("sex", "女性"), ("card_address", ""), ("card_name", ""), ("municipality_code", "990010"), ("name", ""),
        ("name", String(repeating: "長", count: 81)), ("standing", "転居"), ("passport_number", "xx0000001"),
        ("passport_expires", ""), ("passport_expires", "2035-13-01"), ("overseas_printed", "XX-1"),
        ("overseas_printed", "1 2 3 4 5 6 7 8 9"), ("dose1_date", "2021-7-32"), ("dose2_product", "PFIZER-13"),
        ("dose2_lot", ""), ("dose2_lot", "ロット"), ("dose2_date", ""),
    ])
    func `one wrong field is refused with its line and column, without its value`(column: String, value: String) throws
    {
        let refusals = Self.refusals(Array(Self.file([column: value]).utf8))
        #expect(refusals.map(\.column) == [column])
        #expect(refusals.map(\.line) == [2])
        #expect(refusals.map(\.code) == ["csv.value"])
        for refusal in refusals where !value.isEmpty {
            #expect(!refusal.description.contains(value))
            #expect(!refusal.messageJapanese.isEmpty)
        }
    }

    @Test func `a passport is given whole or not at all`() {
        let missing = Self.refusals(Array(Self.file(["passport_name": ""]).utf8))
        #expect(missing.map(\.column) == ["passport_number"])
        let none = ["passport_number": "", "passport_name": "", "passport_nationality": "", "passport_expires": ""]
        #expect(Self.refusals(Array(Self.file(none).utf8)).isEmpty)
    }

    @Test func `doses that go back in time and people who stand twice are refused with the lines`() {
        #expect(Self.refusals(Array(Self.file(["dose2_date": "2021-07-04"]).utf8)).map(\.code) == ["csv.doses"])
        let lines = Self.file().split(separator: "\n")
        let twice = Self.refusals(Array("\(lines[0])\n\(lines[1])\n\(lines[1])\n".utf8))
        #expect(twice.map(\.code) == ["csv.duplicate"])
        #expect(twice.map(\.line) == [3])
        #expect(twice.first?.message.contains("line 2") == true)
    }

    @Test(arguments: Engine.all)
    func `a municipality that is not served is refused with its line, and nothing is written`(engine: Engine)
        async throws
    {
        let place = try Place()
        let store = try engine.open(place)
        let lines = Self.file().split(separator: "\n")
        let other = Self.file(["municipality_code": "131016"]).split(separator: "\n")[1]
        let error = await #expect(throws: CSVRefusals.self) {
            try await PeopleCSV.load(Array("\(lines[0])\n\(lines[1])\n\(other)\n".utf8), into: store, now: Sample.now)
        }
        #expect(error?.refusals.map(\.code) == ["csv.municipality_unknown"])
        #expect(error?.refusals.map(\.line) == [3])
        #expect(try await store.log(in: Sample.city, after: 0, limit: 9).isEmpty)
    }

    @Test(arguments: [
        ("", "csv.header", 1), ("\n", "csv.header", 1), ("a,b\n1,2\n", "csv.header", 1),
        ("H\n1,2\n", "csv.columns", 2), ("H\nR\n\nR\n", "csv.columns", 3), ("H\n\"\n", "csv.quote", 2),
        ("H\na\"b\"\n", "csv.quote", 2), ("H\n\"a\"b\n", "csv.quote", 2), ("H\na\rb\n", "csv.line_ending", 2),
        ("H\na\tb\n", "csv.control_character", 2), ("H\na\u{0}b\n", "csv.control_character", 2),
    ])
    func `a malformed file is refused where it goes wrong`(text: String, code: String, line: Int) {
        let lines = Self.file().split(separator: "\n")
        let file = text.replacing("H", with: lines[0]).replacing("R", with: lines[1])
        let refusals = Self.refusals(Array(file.utf8))
        #expect(refusals.first?.code == code)
        #expect(refusals.first?.line == line)
    }

    @Test func `a line that is not UTF-8, a long field and a long line are refused`() {
        let header = Array((PeopleCSV.columns.joined(separator: ",") + "\n").utf8)
        #expect(Self.refusals(header + [0x95, 0x5C, 0x0A]).map(\.code) == ["csv.utf8"])
        #expect(Self.refusals(header + Array(repeating: 0x41, count: 2049)).map(\.code) == ["csv.too_long"])
        #expect(Self.refusals(header + Array(repeating: 0x2C, count: 16_385)).map(\.code) == ["csv.too_long"])
    }

    @Test func `quotes, doubled quotes and commas in a field are read as written`() throws {
        let file = Self.file().replacing("見本　花子,1985", with: "\"見本 \"\"花\"\", 子\",1985")
        #expect(try PeopleCSV.parse(Array(file.utf8)).first?.cardName == "見本 \"花\", 子")
    }

    @Test func `a file with many faults names at most fifty of them`() {
        let header = PeopleCSV.columns.joined(separator: ",") + "\n"
        let refusals = Self.refusals(Array((header + String(repeating: "x\n", count: 500)).utf8))
        #expect(refusals.count == 50)
        #expect(refusals.map(\.line) == Array(2...51))
    }

    @Test func `the article on data files has every column in its order, and every product with its codes`() throws {
        let page = try MarkdownPage("Sources/vrs/vrs.docc/DataFiles.md")
        // Of the doses behind the first one it names the first column and the last.
        let expected = [PeopleCSV.columns, PeopleCSV.detailColumns].flatMap { columns in
            let further = columns.filter { $0.firstMatch(of: /^dose[2-9]_/) != nil }
            return columns.filter { !further.contains($0) || [further.first, further.last].contains($0) }
        }
        #expect(try page.names(below: "## Columns") == expected)
        #expect(
            Array(try page.rows(below: "## Products").dropFirst())
                == Product.all.map { product in
                    let from = product.period.lowerBound.description
                    let codes = [product.cvx, product.eu?.product, product.eu?.maker].map { $0 ?? "none" }
                    return ["`\(product.code)`", product.nameEnglish, from, product.kind.icd11] + codes
                })
    }

    @Test func `bad input never traps, and what is read can be written and read again`() async throws {
        let rows = MadeUpPeople.rows(count: 2, municipality: Sample.city, firstNumber: 0, seed: 3)
        await BadInput.run("people CSV", samples: [Array(Self.file().utf8), PeopleCSV.encode(rows)]) { bytes in
            let rows = try PeopleCSV.parse(bytes)
            let again = try PeopleCSV.parse(PeopleCSV.encode(rows))
            #expect(again.map(\.person) == rows.map(\.person))
        }
    }
}
