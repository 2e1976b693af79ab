import Foundation
import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

/// The residents' feed, the ledger, and what their codes mean.
@Suite struct ResidentFileTests {
    private static let tables = #"""
        {"sex": {"1": "male", "2": "female"}, "left": {"20": "movedAway", "30": "deceased"}, "deleted": ["1"],
         "products": {"101": "PFIZER-12"}, "gaiji": {"E000": "8FBB E0101"}}
        """#

    private func tables() throws -> CodeTables { try CodeTables(json: Array(Self.tables.utf8)) }

    private func read(
        _ text: String, _ encoding: FileEncoding = .utf8, tables: CodeTables? = nil
    ) throws -> [ImportRow] {
        let bytes = encoding == .utf8 ? Array(text.utf8) : Array(try #require(text.data(using: .shiftJIS)))
        let file = try #require(
            ResidentFile(.memory(bytes), encoding: encoding, tables: try tables ?? self.tables(), now: Sample.now))
        var rows: [ImportRow] = []
        while let next = try file.next(2) { rows += next }
        #expect(file.progress == 1)
        return rows
    }

    private func person(_ row: ImportRow?) throws -> NewPerson {
        guard case .person(let person) = try row?.change.get() else { throw Sample.Missing() }
        return person
    }

    private func codes(_ row: ImportRow) -> [String] {
        guard case .failure(let refusals) = row.change else { return [] }
        return refusals.refusals.map(\.code)
    }

    private func number(_ index: Int = 0) throws -> String { try Sample.person(index).number.digits }

    @Test(arguments: [FileEncoding.utf8, .cp932], [false, true])
    func `an entry is read with or without a header, in either encoding`(encoding: FileEncoding, hasHeader: Bool) throws
    {
        let header = hasHeader ? ResidentFile.columns.joined(separator: ",") + "\r\n" : ""
        let row = ResidentRow(
            number: try number(), ["通称名漢字": "例示　花", "通称名かな": "れいじ　はな", "生年月日": "昭和45年1月31日"])
        let rows = try read(header + row.line + "\r\n", encoding)
        #expect(rows.map(\.line) == [hasHeader ? 2 : 1])
        let person = try person(rows.first)
        #expect(person.vaccinee.name == "見本　花子" && person.vaccinee.birthDate.description == "1970-01-31")
        #expect(person.vaccinee.sex == .female && person.standing == .resident && person.keepsPassport)
        #expect(person.history.doses.isEmpty)
        let register = try #require(person.register)
        #expect(register.addressee.text == "0000000100" && register.integrated?.text == "990000000000100")
        #expect(register.readings == ["みほん　はなこ", "れいじ　はな"])
        #expect(register.otherNames.map(\.kind) == [.alias] && register.otherNames.map(\.name) == ["例示　花"])
        #expect(register.nationality == "日本" && register.writtenAt == 2021_04_01_12_00_00)
        #expect(register.residentFrom?.description == "2020-04-01" && register.residentUntil == nil)
    }

    @Test(arguments: [
        (["住民でなくなった日": "20220301", "住民でなくなった事由CD": "20"], Standing.movedAway),
        (["住民でなくなった日": "20220301", "異動事由CD": "30"], .deceased),
        (["住民でなくなった日": "", "異動事由CD": "10"], .resident),
    ])
    func `whether somebody is a resident is read from the day and the reason`(
        items: [String: String], standing: Standing
    )
        throws
    {
        let rows = try read(ResidentRow(number: try number(), items).line + "\n")
        #expect(try person(rows.first).standing == standing)
    }

    @Test func `a foreigner without a name in kanji goes by the name in Latin letters`() throws {
        let items = [
            "本名漢字": "", "本名かな": "", "アルファベット氏名漢字": "MIHON TARO", "通称名漢字": "見本　太郎", "併記名漢字": "見本　多郎",
        ]
        let found = try person(try read(ResidentRow(number: try number(), items).line + "\n").first)
        #expect(found.vaccinee.name == "MIHON TARO")
        #expect(found.register?.otherNames.map(\.kind) == [.alphabet, .alias, .combined])
    }

    @Test(arguments: [
        (["性別": "7"], "csv.value"), (["個人番号": "123456789012"], "csv.value"), (["宛名番号": ""], "csv.value"),
        (["生年月日": "19700231"], "csv.value"), (["生年月日": "19700015"], "csv.value"),
        (["生年月日": "00000000"], "csv.birth_date_unknown"),
        (["本名漢字": "　"], "csv.value"),
        (["住民でなくなった日": "20220301", "異動事由CD": "77"], "csv.value"),
        // A reason to have left without its day.
        (["異動事由CD": "30"], "csv.value"), (["住民でなくなった事由CD": "20"], "csv.value"),
        (["連携更新日時": "20211399"], "csv.value"), (["連携更新日時": "20210401250000"], "csv.value"),
        (["連携更新日時": "", "データ更新日": ""], "csv.value"), (["統合宛名番号": "９９-１"], "csv.value"),
        // Nobody writes an entry in the future.
        (["連携更新日時": "20311231000000"], "csv.value"), (["履歴連番": "x"], "csv.value"),
        (["削除区分": "1"], "csv.deleted"), (["削除区分": " 1"], "csv.deleted"), (["削除区分": "9"], "csv.value"),
        (["本名漢字": "見本\u{E001}"], "csv.private_use"),
        (["通称名漢字": String(repeating: "長", count: 81)], "csv.value"),
    ])
    func `a row that cannot be taken is refused by itself, and comes back without what nobody asked for`(
        items: [String: String], code: String
    ) throws {
        let rows = try read(
            ResidentRow(number: try number(), items).line + "\n" + ResidentRow(number: try number(1)).line + "\n")
        #expect(codes(rows[0]) == [code] && codes(rows[1]) == [])
        let text = rows[0].text()
        for kept in ["例示町９９番地", "00-0000-0000", "見本　太郎"] { #expect(!text.contains(kept)) }
        #expect(text.contains("20200401"))
    }

    @Test func `refused rows are read again as they are repaired`() throws {
        let items = ["宛名番号": "0000000200", "性別": "?"]
        let rows = try read(ResidentRow(number: try number(), items).line + "\n")
        var (form, text) = (RefusedFile(.residents), "")
        for row in rows {
            guard case .failure(let refusals) = row.change else { continue }
            let reason = refusals.refusals.map(\.description).joined(separator: "; ")
            text += form.lines(of: RefusedRow(row, because: reason))
        }
        #expect(text.contains(",?,"))
        let again = try read(text.replacingOccurrences(of: ",?,", with: ",1,"))
        #expect(try person(again.first).register?.addressee.text == "0000000200")
    }

    @Test func `a private-use character becomes what the table says, with its variant`() throws {
        let rows = try read(ResidentRow(number: try number(), ["本名漢字": "\u{E000}　花子"]).line + "\n")
        #expect(
            Array(try person(rows.first).vaccinee.name.unicodeScalars)
                == Array("\u{8FBB}\u{E0101}　花子".unicodeScalars))
    }

    @Test func `a private-use character of CP932 is the one of the table too`() throws {
        let text = ResidentRow(number: try number(), ["本名漢字": "Ｘ　花子", "通称名漢字": "例示"]).line + "\n"
        var bytes = Array(try #require(text.data(using: .shiftJIS)))
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: [0x82, 0x77]) })
        bytes.replaceSubrange(place..<place + 2, with: [0xF0, 0x40])
        let file = try #require(ResidentFile(.memory(bytes), encoding: .cp932, tables: try tables(), now: Sample.now))
        let row = try file.next(1)?.first
        #expect(
            Array(try person(row).vaccinee.name.unicodeScalars) == Array("\u{8FBB}\u{E0101}　花子".unicodeScalars))
        let plain = try #require(ResidentFile(.memory(bytes), encoding: .cp932, tables: CodeTables(), now: Sample.now))
        #expect(codes(try #require(try plain.next(1)?.first)) == ["csv.private_use"])
    }

    private func source(_ path: String) throws -> ImportSource { try #require(ImportSource.plain(path)) }

    @Test func `the sample files are read whole`() throws {
        let folder = Programs.root + "/Sources/Records/SampleData/"
        let tables = try CodeTables(json: Array(try Data(contentsOf: URL(fileURLWithPath: folder + "codes.json"))))
        let feed = try #require(
            ResidentFile(try source(folder + "residents.csv"), encoding: .utf8, tables: tables, now: Sample.now))
        let people = try #require(try feed.next(9))
        #expect(try people.map { try person($0).standing } == [.resident, .resident, .movedAway, .deceased, .resident])
        #expect(try person(people[0]).vaccinee.name.unicodeScalars.contains("\u{E0101}"))
        #expect(try person(people[4]).vaccinee.birthDate == BirthDate(year: 1950, month: 4))
        let ledger = try #require(LedgerFile(try source(folder + "ledger.csv"), encoding: .utf8, tables: tables))
        #expect(try #require(try ledger.next(9)).map { codes($0) } == Array(repeating: [], count: 5))
    }

    @Test(arguments: [
        "宛名番号,履歴連番", ResidentFile.columns.reversed().joined(separator: ","), "",
        ResidentFile.columns.map { $0 == "宛名番号" ? "住民コード" : $0 }.joined(separator: ","),
        ResidentFile.columns.map { $0 == "宛名番号" ? "宛名番号 " : $0 }.joined(separator: ","),
    ])
    func `a first line that is neither the header nor a row is refused with its file`(line: String) throws {
        let file = try #require(
            ResidentFile(.memory(Array("\(line)\n".utf8)), encoding: .utf8, tables: try tables(), now: Sample.now))
        #expect(throws: CSVRefusals.self) { try file.next(1) }
    }

    @Test func `a header in another encoding is refused with its file`() throws {
        let text = ResidentFile.columns.joined(separator: ",") + "\n" + ResidentRow(number: try number()).line + "\n"
        let file = try #require(
            ResidentFile(.memory(Array(text.utf8)), encoding: .cp932, tables: try tables(), now: Sample.now))
        #expect(throws: CSVRefusals.self) { try file.next(1) }
    }

    @Test(
        arguments: [
            (["連携更新日時": "20210401093005"], 2021_04_01_09_30_05), (["連携更新日時": "20210401"], 2021_04_01_00_00_00),
            (["連携更新日時": "2021/1/12 10:30:00"], 2021_01_12_10_30_00),
            (["連携更新日時": "2021-01-12T1:30"], 2021_01_12_01_30_00),
            (["連携更新日時": "H31.01.12 09:15:00"], 2019_01_12_09_15_00),
            (["連携更新日時": "", "データ更新日": "20210401", "データ更新時間": "1:30:00"], 2021_04_01_01_30_00),
            (["連携更新日時": "", "データ更新日": "R3.4.1", "データ更新時間": "13000"], 2021_04_01_01_30_00),
            (["連携更新日時": "", "データ更新日": "20210401", "データ更新時間": ""], 2021_04_01_00_00_00),
            (["連携更新日時": "2021040109"], nil), (["連携更新日時": "2021/1/12 10"], nil), (["連携更新日時": "20210401 9x"], nil),
            (["連携更新日時": "", "データ更新日": "20210401093005", "データ更新時間": "093005"], nil),
            (["連携更新日時": "2021-01-12 10:-1:00"], nil), (["連携更新日時": "2021-01-12 10:60"], nil),
        ] as [([String: String], Int64?)])
    func `when an entry was written is read in the ways that leave nothing open`(items: [String: String], at: Int64?)
        throws
    {
        let row = try #require(try read(ResidentRow(number: try number(), items).line + "\n").first)
        #expect((try? person(row))?.register?.writtenAt == at)
    }

    @Test func `two rows of one file that cannot both be right are told apart before anything is written`() throws {
        let (one, other) = (try number(), try number(1))
        let rows = try read(
            [
                ResidentRow(number: one), ResidentRow(number: one, ["履歴連番": "2", "本名漢字": "見本　華子"]),
                ResidentRow(number: one, ["履歴連番": "2"]), ResidentRow(number: other),
                ResidentRow(number: other, ["宛名番号": "0000000101"]),
                // An older one between two of the same moment.
                ResidentRow(number: one, ["連携更新日時": "20200101"]), ResidentRow(number: one, ["履歴連番": "2"]),
            ].map { $0.line + "\n" }.joined())
        #expect(rows.map { codes($0) } == [[], [], ["csv.duplicate"], ["csv.other_person"], [], [], ["csv.duplicate"]])
    }

    // MARK: Code tables

    @Test(arguments: [
        (#"{"sexes": {}}"#, ""), (#"[]"#, ""), (#"{"sex": {"1": "man"}}"#, "sex 1"), ("{", ""),
        (#"{"left": {"1": "resident"}}"#, "left 1"), (#"{"products": {"1": "NOTHING"}}"#, "products 1"),
        (#"{"gaiji": {"8FBB": "8FBB"}}"#, "gaiji 8FBB"), (#"{"gaiji": {"E000": "E001"}}"#, "gaiji E000"),
        (#"{"gaiji": {"E000": "E0101"}}"#, "gaiji E000"), (#"{"gaiji": {"E000": ""}}"#, "gaiji E000"),
        (#"{"gaiji": {"E000": "000A"}}"#, "gaiji E000"), (#"{"gaiji": {"E000": "8FBB 8FBB"}}"#, "gaiji E000"),
        (#"{"gaiji": {"e000": "8FBB"}}"#, "gaiji e000"), (#"{"gaiji": {"0E000": "8FBB"}}"#, "gaiji 0E000"),
        (#"{"gaiji": {"E000": "202E"}}"#, "gaiji E000"), (#"{"gaiji": {"E000": "FFFE"}}"#, "gaiji E000"),
        (#"{"deleted": [""]}"#, "deleted"), (#"{"deleted": ["00"]}"#, "deleted"),
        (#"{"gaiji": {"E000": "8FBB E0101 E0101"}}"#, "gaiji E000"),
    ])
    func `a file of tables says where it is wrong`(text: String, place: String) {
        #expect(throws: CodeTables.Fault.self) { try CodeTables(json: Array(text.utf8)) }
        do throws(CodeTables.Fault) { _ = try CodeTables(json: Array(text.utf8)) } catch {
            #expect(error.place == place)
        }
    }

    @Test func `without tables the codes of sex are the standard's`() throws {
        let none = try CodeTables(json: Array("{}".utf8))
        #expect(none == CodeTables() && none.sexes["9"] == .unspecified && none.products == nil)
    }

    // MARK: The ledger

    private func ledger(_ text: String, _ tables: CodeTables = CodeTables()) throws -> [ImportRow] {
        let file = try #require(LedgerFile(.memory(Array(text.utf8)), encoding: .utf8, tables: tables))
        var rows: [ImportRow] = []
        while let next = try file.next(1) { rows += next }
        return rows
    }

    @Test func `a ledger's row is a dose of who has the addressee number`() throws {
        let rows = try ledger(
            "接種日,ロット番号,製品,接種回数,宛名番号\nR3.6.1,ＭＨ０１,101,２,0100\n", try tables())
        let product = try #require(Product.withCode("PFIZER-12"))
        let date = try #require(CalendarDate(iso: "2021-06-01"))
        let dose = try #require(Dose(number: 2, date: date, product: product, lot: "MH01"))
        let addressee = try #require(AddresseeNumber("0100"))
        #expect(try rows.map { try $0.change.get() } == [.dose(dose, of: addressee)])
    }

    @Test(arguments: [
        ("0100,2,2021-06-01,101,MH01", ["csv.value"]), ("0100,0,2021-06-01,PFIZER-12,MH01", ["csv.value"]),
        ("０１００,2,2021-06-31,PFIZER-12,MH01", ["csv.value"]), ("MH,0100,2,2021-06-01,PFIZER-12,MH01", ["csv.columns"]),
        ("01 00,2,2021-06-01,PFIZER-12,MH01", ["csv.value"]), ("0100,2,2021-06-01,PFIZER-12,MH_01", ["csv.value"]),
    ])
    func `a ledger's row that cannot be taken is refused by itself`(line: String, refused: [String]) throws {
        let rows = try ledger(
            "addressee_number,dose_number,date,product,lot\n\(line)\n0100,1,2021-05-01,PFIZER-12,MH02\n")
        #expect(codes(rows[0]) == refused && codes(rows[1]) == [])
        #expect(rows[0].text().contains("MH"))
    }

    @Test(arguments: [
        "addressee_number,dose_number,date,product", "individual_number,dose_number,date,product,lot", "",
    ])
    func `a ledger with another header is refused whole`(header: String) throws {
        #expect(throws: CSVRefusals.self) { try ledger(header + "\n") }
    }
}
