import Foundation
import Testing
import TestSupport
import Vaccination

/// Birth dates of which a part may be unknown.
@Suite struct BirthDateTests {
    @Test func `a whole birth date is written as the day is`() throws {
        var random = Seeded("birth dates")
        for _ in 0..<2000 {
            let day = try #require(CalendarDate(daysSince1970: Int.random(in: -62_000...83_000, using: &random)))
            let date = BirthDate(day)
            #expect(date.date == day && date.description == day.description && date.digits == day.digits)
            #expect(BirthDate(iso: day.description) == date && BirthDate(digits: day.digits.utf8) == date)
            #expect(try JSONEncoder().encode([date]) == JSONEncoder().encode([day]), "seed \(random.seed)")
            #expect(try JSONDecoder().decode([BirthDate].self, from: JSONEncoder().encode([day])) == [date])
        }
    }

    @Test(
        arguments: [
            ("1950-04", "19500400", 4), ("1950", "19500000", nil), ("1800-12", "18001200", 12),
            ("2199", "21990000", nil),
        ] as [(String, String, Int?)])
    func `what is known survives each form`(iso: String, digits: String, month: Int?) throws {
        let date = try #require(BirthDate(iso: iso))
        #expect(date == BirthDate(digits: digits.utf8) && date.month == month && date.day == nil && date.date == nil)
        #expect(date == BirthDate(year: date.year, month: month))
        #expect(date.description == iso && date.digits == digits)
        let json = try JSONEncoder().encode([date])
        #expect(String(decoding: json, as: UTF8.self) == "[\"\(iso)\"]")
        #expect(try JSONDecoder().decode([BirthDate].self, from: json) == [date])
    }

    @Test(arguments: [
        "", "195", "19500", "1950-", "1950-0", "1950-00", "1950-13", "1950-04-", "1950-04-0", "1950-04-00",
        "1950-00-00",
        "1950-02-30", "1799", "2200", "1950-4", "1950/04", "１９５０", "1950-04-01T", "+950", "-950", "1950\u{0}04",
    ])
    func `another form, and what the calendar does not have, is none`(text: String) throws {
        #expect(BirthDate(iso: text) == nil)
        let json = try JSONEncoder().encode([text])
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([BirthDate].self, from: json) }
    }

    @Test(arguments: [
        "", "1950040", "195004000", "19500015", "19501300", "19500230", "00000000", "17990000", "1950 400", "1950-400",
        "19500４00", "19500432",
    ])
    func `eight digits that contradict themselves or say nothing are none`(digits: String) {
        #expect(BirthDate(digits: digits.utf8) == nil)
    }

    @Test func `there is no day without a month`() {
        #expect(BirthDate(year: 1950, month: nil, day: 1) == nil)
        #expect(BirthDate(year: 1950, month: 2, day: 29) == nil && BirthDate(year: 1952, month: 2, day: 29) != nil)
    }

    @Test func `what is unknown is the same as what is unknown only`() {
        let texts = ["1950", "1950-01", "1950-04", "1950-01-01", "1950-04-01", "1951", "1951-04"]
        for (index, one) in texts.enumerated() {
            for (place, other) in texts.enumerated() {
                #expect((BirthDate(iso: one) == BirthDate(iso: other)) == (index == place))
            }
        }
    }
}
