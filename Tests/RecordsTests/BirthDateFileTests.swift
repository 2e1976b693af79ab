import Foundation
import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

/// People of whose birth date the day, or month and day, are unknown: read, kept, found and given back.
@Suite struct BirthDateFileTests {
    private static let header = "個人番号,氏名,生年月日,性別,市区町村コード,住民区分,1回目接種日,1回目製品,1回目ロット番号"

    private final class File {
        let path = NSTemporaryDirectory() + "akashi-births-\(UUID().uuidString).csv"
        init(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private func change(ofFile birth: String) throws -> ImportRow {
        let number = try Sample.person().number.digits
        let line = "\(number),見本　花子,\(birth),女,\(Sample.city.digits),住民,R3.6.1,PFIZER-12,EX1234"
        let file = try File(Array("\(Self.header)\n\(line)\n".utf8))
        let source = try #require(ImportSource.plain(file.path))
        let people = try #require(PeopleFile(source, encoding: .utf8, region: Sample.city, for: .addition))
        return try #require(try people.next(2)?.first)
    }

    private func change(ofFeed birth: String) throws -> ImportRow {
        let row = ResidentRow(number: try Sample.person().number.digits, ["生年月日": birth])
        let file = try #require(
            ResidentFile(.memory(Array("\(row.line)\n".utf8)), encoding: .utf8, tables: CodeTables(), now: Sample.now))
        return try #require(try file.next(2)?.first)
    }

    private func born(_ row: ImportRow) throws -> BirthDate {
        guard case .person(let person) = try row.change.get() else { throw Sample.Missing() }
        return person.vaccinee.birthDate
    }

    private func refusals(_ row: ImportRow) -> [CSVRefusal] {
        guard case .failure(let refusals) = row.change else { return [] }
        return refusals.refusals
    }

    @Test(arguments: [
        ("1950-04", "1950-04"), ("19500400", "1950-04"), ("１９５００４００", "1950-04"), ("1950-04-00", "1950-04"),
        ("1950/4/00", "1950-04"), ("S25.04.00", "1950-04"), ("昭和25年4月不詳", "1950-04"), ("昭和２５年４月不詳", "1950-04"),
        ("昭和25年04月日不詳", "1950-04"), ("昭和25年4月不詳日", "1950-04"), ("昭和25年4月00日", "1950-04"), ("1950年4月不詳", "1950-04"),
        ("1950", "1950"), ("19500000", "1950"), ("1950-00-00", "1950"), ("S25.00.00", "1950"), ("昭和25年不詳", "1950"),
        ("昭和25年月日不詳", "1950"), ("1950年不詳月不詳日", "1950"), ("昭和元年不詳", "1926"), ("昭和64年1月不詳", "1989-01"),
        ("平成元年1月不詳", "1989-01"), ("昭和64年不詳", "1989"), ("平成31年4月不詳", "2019-04"), ("令和元年5月不詳", "2019-05"),
        ("明治45年7月不詳", "1912-07"), ("大正15年12月不詳", "1926-12"), ("19500401", "1950-04-01"), ("昭和25年4月1日", "1950-04-01"),
    ])
    func `a birth date is read as far as it is known, from a file and from the feed`(text: String, iso: String) throws {
        #expect(try born(change(ofFile: text)).description == iso)
        #expect(try born(change(ofFeed: text)).description == iso)
        #expect(try born(change(ofFeed: " \(text)　")).description == iso)
        let search = PersonSearch(.name, written: "見本　花子,\(text),女")
        #expect(search == .name("見本　花子", birthDate: try #require(BirthDate(iso: iso)), sex: .female))
    }

    @Test(arguments: [
        "19500015", "1950-00-15", "19501300", "1950-13", "1950-13-00", "昭和25年13月不詳", "昭和25年0月不詳", "昭和25年不詳15日",
        "昭和64年2月不詳", "平成31年5月不詳", "平成32年不詳", "明治5年不詳", "昭和25年", "昭和25年4月", "昭和25年4月不祥", "令和0年不詳", "不詳年4月1日",
        "195", "1950-4", "1950年4月不詳日不詳", "昭和25年4月不詳 ?", "", "19500229", "25年4月不詳",
    ])
    func `a birth date that contradicts itself or its era is refused by name`(text: String) throws {
        for row in [try change(ofFile: text), try change(ofFeed: text)] {
            let refusal = try #require(refusals(row).first)
            #expect(refusal.code == "csv.value" && ["birth_date", "生年月日"].contains(refusal.column))
        }
        #expect(PersonSearch(.name, written: "見本　花子,\(text),女") == nil)
    }

    @Test(arguments: ["00000000", "0000-00-00", "不詳", "生年月日不詳", "年月日不詳", "００００００００"])
    func `a birth date of which nothing is known is refused by a name of its own`(text: String) throws {
        for row in [try change(ofFile: text), try change(ofFeed: text)] {
            #expect(refusals(row).map(\.code) == ["csv.birth_date_unknown"])
        }
        #expect(PersonSearch(.name, written: "見本　花子,\(text),女") == nil)
    }

    @Test func `whatever stands there is refused or read as a birth date that is read back`() throws {
        var random = Seeded("birth dates as they are written")
        let forms = ["19500400", "1950-04-00", "S25.04.00", "昭和25年4月不詳", "1950年月日不詳", "令和元年不詳月不詳日", "2021/6/1"]
        let signs = Array("0123456789-/.年月日不詳元昭和令SＳ０９ \u{0}\u{E0100}")
        for _ in 0..<5000 {
            var text = Array(try #require(forms.randomElement(using: &random)))
            for _ in 0...Int.random(in: 0...2, using: &random) {
                let place = Int.random(in: 0..<text.count, using: &random)
                let sign = try #require(signs.randomElement(using: &random))
                switch Int.random(in: 0...2, using: &random) {
                case 0: text[place] = sign
                case 1: text.insert(sign, at: place)
                default: if text.count > 1 { text.remove(at: place) }
                }
            }
            guard case .name(_, let date, _) = PersonSearch(.name, written: "見本　花子,\(String(text)),女") else { continue }
            for form in [date.description, date.digits] {
                let again = PersonSearch(.name, written: "見本　花子,\(form),女")
                #expect(again == .name("見本　花子", birthDate: date, sex: .female), "seed \(random.seed)")
            }
        }
    }

    @Test func `no other day may be partly unknown`() throws {
        let number = try Sample.person().number.digits
        for date in ["2021-06", "20210600", "令和3年6月不詳"] {
            let line = "\(number),見本　花子,1950-04,女,\(Sample.city.digits),住民,\(date),PFIZER-12,EX1234"
            let file = try File(Array("\(Self.header)\n\(line)\n".utf8))
            let source = try #require(ImportSource.plain(file.path))
            let people = try #require(PeopleFile(source, encoding: .utf8, region: Sample.city, for: .addition))
            #expect(refusals(try #require(try people.next(1)?.first)).map(\.code) == ["csv.value"])
        }
    }

    @Test func `what is sealed of a whole birth date has the bytes of before, and those are read`() throws {
        let before = #"{"birthDate":"1980-02-17","name":"見本　花子","sex":"female"}"#
        let date = try #require(CalendarDate(iso: "1980-02-17"))
        let vaccinee = try #require(Vaccinee(name: "見本　花子", birthDate: BirthDate(date), sex: .female))
        #expect(try String(decoding: vaccinee.json(), as: UTF8.self) == before)
        #expect(Vaccinee(plainJSON: Data(before.utf8)) == vaccinee)
        #expect(try JSONDecoder().decode(Vaccinee.self, from: Data(before.utf8)) == vaccinee)
        for iso in ["1980-02", "1980"] {
            let text = before.replacing("1980-02-17", with: iso)
            let partly = try #require(Vaccinee(plainJSON: Data(text.utf8)))
            #expect(partly.birthDate.description == iso)
            #expect(try String(decoding: partly.json(), as: UTF8.self) == text)
            #expect(try JSONDecoder().decode(Vaccinee.self, from: Data(text.utf8)) == partly)
        }
        for wrong in ["1980-02-00", "1980-13", "0000", "19800217"] {
            #expect(Vaccinee(plainJSON: Data(before.replacing("1980-02-17", with: wrong).utf8)) == nil)
        }
    }

    private func person(_ index: Int, born: String, register: RegisterEntry? = nil) throws -> NewPerson {
        let like = try Sample.person(index)
        let birthDate = try #require(BirthDate(iso: born))
        let vaccinee = try #require(Vaccinee(name: "見本　花子", birthDate: birthDate, sex: .female))
        return try #require(
            NewPerson(
                number: like.number, vaccinee: vaccinee, standing: .resident, register: register, history: like.history)
        )
    }

    @Test(arguments: Engine.all)
    func `a person with an unknown day or month is kept, found as exactly that, and told again without a change`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let births = ["1950-04-01", "1950-04", "1950"]
        let people = try births.enumerated().map { try person($0, born: $1) }
        _ = try await store.write(people, in: Sample.city, now: Sample.now)
        for (person, birth) in zip(people, births) {
            let search = try #require(PersonSearch(.name, written: "ミホン花子,\(birth),女"))
            #expect(try await found(search, in: store) == [])
            for text in [birth, person.vaccinee.birthDate.digits] {
                let search = try #require(PersonSearch(.name, written: "見本　花子,\(text),女"))
                #expect(try await found(search, in: store) == [person.vaccinee])
            }
            #expect(try await found(.number(person.number), in: store) == [person.vaccinee])
        }
        #expect(try await store.write(people, in: Sample.city, now: Sample.now) == 0)
        // The register learns the day.
        let known = try person(2, born: "1950-04")
        _ = try await store.write([known], in: Sample.city, now: Sample.now)
        let both = try #require(PersonSearch(.name, written: "見本　花子,19500400,女"))
        #expect(try await found(both, in: store).count == 2)
        #expect(try await found(try #require(PersonSearch(.name, written: "見本　花子,1950,女")), in: store) == [])
        #expect(try await store.verify(.region(Sample.city), pins: [], everything: true).breaks == [])
    }

    private func found(_ search: PersonSearch, in store: any RecordStore) async throws -> [Vaccinee] {
        guard case .people(let people) = try await store.find(search, for: "Tests", in: Sample.city, now: Sample.now)
        else { throw Sample.Missing() }
        return people.map(\.vaccinee)
    }

    @Test(arguments: Engine.all)
    func `lists of people give an unknown day back as it came in`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let births = ["1950-04-01", "1950-04", "1950"]
        let made = MadeUpPeople.rows(count: births.count, municipality: Sample.city, firstNumber: 0, seed: 7)
        var text = String(decoding: PeopleCSV.encode(made), as: UTF8.self)
        for (row, birth) in zip(made, births) {
            text = text.replacing(",\(row.person.vaccinee.birthDate),", with: ",\(birth),")
        }
        let rows = try PeopleCSV.parse(Array(text.utf8))
        #expect(rows.map(\.person.vaccinee.birthDate.description) == births)
        #expect(String(decoding: PeopleCSV.encode(rows), as: UTF8.self) == text)
        _ = try await PeopleCSV.load(Array(text.utf8), into: store, now: Sample.now)
        // Doses that contradict those of before, so that the list of them names the people.
        let product = try #require(Product.withCode("MODERNA"))
        let date = try #require(CalendarDate(iso: "2021-01-20"))
        let dose = try #require(Dose(number: 1, date: date, product: product, lot: "MHX"))
        let history = try #require(History([dose]))
        var others: [NewPerson] = []
        for row in rows {
            let other = NewPerson(
                number: row.person.number, vaccinee: row.person.vaccinee, standing: .resident, history: history)
            others.append(try #require(other))
        }
        _ = try await store.write(others, in: Sample.city, now: Sample.now)
        let list = try await UnclearCSV.list(Sample.city, of: store)
        for row in rows {
            let vaccinee = row.person.vaccinee
            #expect(list.text.contains(",\(vaccinee.name),\(vaccinee.birthDate),\(vaccinee.sex.rawValue),"))
        }
    }
}
