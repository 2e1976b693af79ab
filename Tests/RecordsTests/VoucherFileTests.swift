import Foundation
import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

/// Vouchers, venues, doctors and other names in files, in both directions.
@Suite struct VoucherFileTests {
    private static let header =
        "個人番号,氏名,生年月日,性別,市区町村コード,住民区分,接種券,1回目接種日,1回目製品,1回目ロット番号,1回目接種券,1回目接種会場,1回目医師"

    private func row(
        _ index: Int, vouchers: String = "", dose: String = "R3.6.1,PFIZER-12,EX1234", details: String = ",,"
    ) throws -> String {
        "\(try Sample.person(index).number.digits),見本　花子,昭和64年1月7日,女,\(Sample.city.digits),住民,\(vouchers),\(dose),\(details)"
    }

    private func read(_ text: String) throws -> [ImportRow] {
        let file = try Sample.value(PeopleFile(.memory(Array(text.utf8)), encoding: .utf8, region: Sample.city))
        var rows: [ImportRow] = []
        while let next = try file.next(2) { rows += next }
        return rows
    }

    private func codes(_ row: ImportRow) -> [String] {
        guard case .failure(let refusals) = row.change else { return [] }
        return refusals.refusals.map { "\($0.column ?? "") \($0.code)" }
    }

    private func stage(
        _ rows: [ImportRow], _ format: ImportFormat, in store: any RecordStore
    ) async throws -> RecordImport {
        var batches = [rows]
        let staged = try await store.stage(
            try Sample.value(ImportOrigin(medium: "MADE-UP", purpose: "Tests", format: format)), as: .addition,
            in: Sample.city, maximumRefused: 100, now: Sample.now
        ) { batches.isEmpty ? nil : batches.removeFirst() }
        guard staged.state == .staged else { return staged }
        for name in ["operator-a", "operator-b"] {
            _ = try await store.approve(staged.number, by: name, in: Sample.city, now: Sample.now)
        }
        while true {
            let report = try await store.apply(staged.number, in: Sample.city, limit: 3, now: Sample.now)
            if report.state != .applying { return report }
        }
    }

    private func reasons(_ report: RecordImport, in store: any RecordStore) async throws -> [String] {
        var reasons: [String] = []
        try await store.refusedRows(of: report.number, in: Sample.city) { reasons.append($0.reason) }
        return reasons
    }

    @Test func `vouchers and details are read, wide digits and eras too, and names as they are`() throws {
        let text = """
            \(Self.header)
            \(try row(0, vouchers: "２１９９００１９００００００００１１/Ｒ３.５.１０ 229900190000000012", details: "219900190000000011,Ａ会場　本館,見本　医子"))
            \(try row(1, vouchers: "", dose: ",,", details: ",,"))

            """
        let rows = try read(text)
        let person = try rows[0].person.get()
        #expect(person.vouchers.map(\.line.digits) == ["219900190000000011", "229900190000000012"])
        #expect(person.vouchers.map(\.issuedOn?.description) == ["2021-05-10", nil])
        let details = try Sample.value(person.details[1])
        #expect(details.voucher == person.vouchers[0].line)
        #expect(details.venue == "Ａ会場　本館" && details.doctor == "見本　医子")
        #expect(try rows[1].person.get().details == [:])
    }

    /// What stands in the columns, and what is said of it.
    static let flaws: [(vouchers: String, dose: String, details: String, codes: [String])] = [
        ("219900180000000011", "R3.6.1,PFIZER-12,A", ",,", ["vouchers csv.value"]),
        ("219900190000000011/R3.13.1", "R3.6.1,PFIZER-12,A", ",,", ["vouchers csv.value"]),
        ("219900190000000011 219900190000000011", "R3.6.1,PFIZER-12,A", ",,", ["vouchers csv.value"]),
        ("", "R3.6.1,PFIZER-12,A", "0000000011,,", ["dose1_voucher csv.value"]),
        ("", "R3.6.1,PFIZER-12,A", "229900190000000011,,", ["dose1_voucher csv.value"]),
        ("", "R3.6.1,PFIZER-12,A", ",\(String(repeating: "場", count: 101)),", ["dose1_venue csv.value"]),
        ("", "R3.6.1,PFIZER-12,A", ",,\(String(repeating: "医", count: 81))", ["dose1_doctor csv.value"]),
        ("", "R3.6.1,PFIZER-12,A", ",\u{E000}会場,", ["dose1_venue csv.private_use"]),
        ("", ",,", ",見本会場,", ["dose1_date csv.value", "dose1_product csv.value"]),
    ]

    @Test(arguments: flaws)
    func `a row with one flaw is refused by its column`(
        vouchers: String, dose: String, details: String, codes: [String]
    )
        throws
    {
        let rows = try read("\(Self.header)\n\(try row(0, vouchers: vouchers, dose: dose, details: details))\n")
        #expect(rows.map(self.codes) == [codes])
    }

    @Test(arguments: Engine.all)
    func `vouchers of another municipality and of somebody else are refused by name, and the others go in once`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let elsewhere = "21\(Sample.town.digits)0000000011"
        let text = """
            \(Self.header)
            \(try row(0, vouchers: "219900190000000011/R3.5.10", details: "219900190000000011,見本会場,"))
            \(try row(1, vouchers: elsewhere))
            \(try row(2, details: "\(elsewhere),,"))

            """
        let first = try await stage(read(text), .people, in: store)
        #expect((first.counts.new, first.counts.refused, first.counts.skipped) == (1, 2, 0))
        for reason in try await reasons(first, in: store) {
            #expect(reason.contains("csv.voucher]") && reason.contains("接種券"))
        }
        let other = try await stage(
            read("\(Self.header)\n\(try row(3, vouchers: "219900190000000011"))\n"), .people, in: store)
        #expect(other.counts.refused == 1 && other.counts.new == 0)
        #expect(try await reasons(other, in: store).first?.contains("csv.voucher_taken]") == true)
        let again = try await stage(read(text), .people, in: store)
        #expect(again.state == .applied && again.counts.unchanged == 1)
        // Of two in one file the second comes back to who loads it.
        let both = try await stage(
            read(
                "\(Self.header)\n\(try row(4, vouchers: "219900190000000044"))\n\(try row(5, vouchers: "219900190000000044"))\n"
            ), .people, in: store)
        #expect((both.counts.new, both.counts.refused, both.counts.skipped) == (1, 1, 0))
        #expect(try await reasons(both, in: store).first?.contains("csv.voucher_taken]") == true)
    }

    @Test(arguments: Engine.all)
    func `what goes back to the ledger is read again as what is there, and holds no individual number`(engine: Engine)
        async throws
    {
        let place = try Place()
        let store = try engine.open(place)
        for index in 0..<3 {
            let addressee = try Sample.value(AddresseeNumber("0\(100 + index)"))
            let register = try Sample.value(RegisterEntry(addressee: addressee, writtenAt: 0))
            _ = try await store.write(
                [try Sample.person(index, register: register, doses: index)], in: Sample.city, now: Sample.now)
        }
        let ledger = """
            宛名番号,接種回数,接種日,製品,ロット番号,接種券,接種会場,医師
            0100,1,R3.6.1,PFIZER-12,EX1,219900190000000011,見本会場,見本　医子
            0101,1,R3.6.23,PFIZER-12,MHTESTLOT1,219900190000000012,,
            0102,1,R3.6.23,PFIZER-12,MHTESTLOT1,219900190000000011,,
            0999,1,R3.6.22,PFIZER-12,EX9,,,

            """
        func read(_ text: String) throws -> [ImportRow] {
            let file = try Sample.value(
                LedgerFile(.memory(Array(text.utf8)), encoding: .utf8, tables: CodeTables()))
            var rows: [ImportRow] = []
            while let next = try file.next() { rows += next }
            return rows
        }
        let first = try await stage(try read(ledger), .ledger, in: store)
        #expect((first.counts.changed, first.counts.refused) == (3, 1))
        let disputed = try Sample.value(try await store.person(try Sample.person(2).number, in: Sample.city))
        #expect(disputed.doses.history == nil && disputed.doses.entries.last?.dispute == .otherPerson)
        let unclear = try await UnclearCSV.list(Sample.city, of: store)
        #expect(unclear.people == 1 && unclear.text.contains("219900190000000011,other_person"))
        #expect(try await stage(try read(ledger), .ledger, in: store).counts.unchanged == 3)

        var bytes: [UInt8] = []
        let counts = try await LedgerExport.write(Sample.city, of: store, products: nil) { bytes += $0 }
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(counts.doses == 2 && counts.unclear == 1)
        #expect(text.contains("EX1,219900190000000011,見本会場,見本　医子\n"))
        for index in 0..<3 { #expect(!text.contains(try Sample.person(index).number.digits)) }
        let back = try await stage(try read(text), .ledger, in: store)
        #expect(back.state == .applied && back.counts.unchanged == 2)
    }

    @Test func `a list with vouchers, details and other names is read as it was written`() async throws {
        let fields = [
            "individual_number": try Sample.person(0).number.digits, "card_name": "見本　花子", "card_address": "見本県",
            "birth_date": "1970-01-31", "sex": "female", "municipality_code": Sample.city.digits, "name": "見本　花子",
            "standing": "resident", "passport_number": "XX1", "passport_name": "\"MIHON (REIJI), HANAKO\"",
            "passport_nationality": "JPN", "passport_expires": "2035-01-01", "dose1_date": "2021-06-01",
            "dose1_product": "PFIZER-12", "dose1_lot": "A", "dose2_date": "2021-06-22", "dose2_product": "PFIZER-12",
            "dose2_lot": "B", "vouchers": "219900190000000011/2021-05-10 239900190000000012",
            "dose1_voucher": "219900190000000011", "dose1_venue": "\"見本,会場\"", "dose2_doctor": "見本　医子",
        ]
        let lines = [PeopleFile.columns, PeopleFile.columns.map { fields[$0] ?? "" }]
        let text = Array(lines.map { $0.joined(separator: ",") + "\n" }.joined().utf8)
        let rows = try PeopleCSV.parse(text)
        #expect(rows.first?.person.vaccinee.passport?.otherFamilyNames == ["REIJI"])
        #expect(rows.first?.person.details.count == 2 && rows.first?.person.vouchers.count == 2)
        #expect(PeopleCSV.encode(rows) == text)
        // A header that ends before them is one too, and any other is none.
        let short = lines.map { $0.prefix(PeopleCSV.columns.count).joined(separator: ",") + "\n" }.joined()
        #expect(try PeopleCSV.parse(Array(short.utf8)).first?.person.vouchers == [])
        let middle = lines.map { $0.prefix(PeopleCSV.columns.count + 1).joined(separator: ",") + "\n" }.joined()
        #expect(throws: CSVRefusals.self) { try PeopleCSV.parse(Array(middle.utf8)) }
        await BadInput.run("people CSV with vouchers", samples: [text], cases: 2_000) { bytes in
            let read = try PeopleCSV.parse(bytes)
            #expect(try PeopleCSV.parse(PeopleCSV.encode(read)).map(\.person) == read.map(\.person))
        }
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
