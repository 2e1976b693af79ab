/// The forms in which the formats write dates and times.
enum DateForms {
    /// A whole date that the calendar has: `full-date` of RFC 3339 section 5.6, `YYYY-MM-DD`.
    static func isDate(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { isDate($0[...]) }
    }

    /// A date with a time and an offset: `date-time` of RFC 3339 section 5.6.
    static func isDateTime(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count > 11, bytes[10] | 0x20 == UInt8(ascii: "t"), isDate(bytes[..<10]), isTime(bytes[11...]) else {
            return false
        }
        return bytes[17] != UInt8(ascii: "6") || isLeapSecond(bytes)
    }

    /// A date of FHIR R4: a year, a year and month, or a whole date.
    static func isFHIRDate(_ text: String) -> Bool {
        text.utf8.count == 10 ? isDate(text) : isPartialDate(Array(text.utf8))
    }

    /// A `dateTime` of FHIR R4: a date, perhaps with a time, which then has an offset.
    static func isFHIRDateTime(_ text: String) -> Bool {
        if text.utf8.count == 10 { return isDate(text) }
        let bytes = Array(text.utf8)
        guard bytes.count > 10 else { return isPartialDate(bytes) }
        // FHIR writes the letters in capitals.
        return bytes[10] == UInt8(ascii: "T") && isDate(bytes[..<10]) && isTime(bytes[11...])
            && !bytes[11...].contains(UInt8(ascii: "z"))
            // No zone is further away than 14 hours.
            && (bytes.last == UInt8(ascii: "Z") || abs(offset(bytes)) <= 14 * 3600)
    }

    // Leap seconds are the last of June or December in UTC (RFC 3339 appendix D).
    private static func isLeapSecond(_ bytes: [UInt8]) -> Bool {
        guard let year = number(bytes[0..<4], 0...9999), let month = number(bytes[5..<7], 1...12),
            let day = number(bytes[8..<10], 1...31), let hour = number(bytes[11..<13], 0...23),
            let minute = number(bytes[14..<16], 0...59)
        else { return false }
        let next = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + 60 - offset(bytes)
        return [days(year, 7, 1), days(year, 1, 1), days(year + 1, 1, 1)].contains { $0 * 86_400 == next }
    }

    // A checked time's offset in seconds.
    private static func offset(_ bytes: [UInt8]) -> Int {
        let count = bytes.count
        guard let last = bytes.last, last | 0x20 != UInt8(ascii: "z"),
            let hours = number(bytes[count - 5..<count - 3], 0...23),
            let minutes = number(bytes[count - 2..<count], 0...59)
        else { return 0 }
        return (hours * 60 + minutes) * (bytes[count - 6] == UInt8(ascii: "-") ? -60 : 60)
    }

    /// The first and the last second that a `dateTime` of FHIR R4 may mean, since 1970: a year is all of it. A date without a
    /// time is taken in UTC.
    static func bounds(ofFHIR text: String) -> (first: Double, last: Double) {
        let bytes = Array(text.utf8)
        func part(_ range: Range<Int>) -> Int? {
            bytes.count >= range.upperBound ? number(bytes[range], 0...9999) : nil
        }
        let year = part(0..<4) ?? 1
        let (month, day) = (part(5..<7), part(8..<10))
        let first = Double(days(year, month ?? 1, day ?? 1)) * 86_400
        guard bytes.count > 10, let hour = part(11..<13), let minute = part(14..<16), let second = part(17..<19) else {
            let next =
                if day != nil { days(year, month ?? 1, day ?? 1) + 1 } else if let month {
                    month == 12 ? days(year + 1, 1, 1) : days(year, month + 1, 1)
                } else { days(year + 1, 1, 1) }
            return (first, Double(next) * 86_400 - 1)
        }
        let time = first + Double(hour * 3600 + minute * 60 + second - offset(bytes))
        return (time, time)
    }

    /// The seconds since 1970 of `YYYYMMDDhhmmss`, in UTC; `nil` unless it is that and the calendar has it.
    static func seconds(_ digits: [UInt8]) -> Double? {
        guard digits.count == 14 else { return nil }
        let dash = [UInt8(ascii: "-")]
        let date = digits[0..<4] + dash + digits[4..<6] + dash + digits[6..<8]
        guard isDate(date[...]), let year = number(digits[0..<4], 1...9999), let month = number(digits[4..<6], 1...12),
            let day = number(digits[6..<8], 1...31), let hour = number(digits[8..<10], 0...23),
            let minute = number(digits[10..<12], 0...59), let second = number(digits[12..<14], 0...59)
        else { return nil }
        return Double(days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
    }

    // Days from 1970-01-01 in the proleptic Gregorian calendar.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted >= 0 ? shifted / 400 : (shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func isPartialDate(_ bytes: [UInt8]) -> Bool {
        switch bytes.count {
        case 4: number(bytes[...], 1...9999) != nil
        case 7: isDate((bytes + Array("-01".utf8))[...])
        default: isDate(bytes[...])
        }
    }

    private static func isDate<Bytes: RandomAccessCollection<UInt8>>(_ bytes: Bytes) -> Bool where Bytes.Index == Int {
        let at = bytes.startIndex
        guard bytes.count == 10, bytes[at + 4] == UInt8(ascii: "-"), bytes[at + 7] == UInt8(ascii: "-"),
            let year = number(bytes[at..<at + 4], 1...9999), let month = number(bytes[at + 5..<at + 7], 1...12),
            let day = number(bytes[at + 8..<at + 10], 1...31)
        else { return false }
        switch month {
        case 2: return day <= (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28)
        case 4, 6, 9, 11: return day <= 30
        default: return true
        }
    }

    // hh:mm:ss, perhaps a fraction, and an offset. 60 seconds are a leap second's.
    private static func isTime(_ bytes: ArraySlice<UInt8>) -> Bool {
        let at = bytes.startIndex
        guard bytes.count >= 9, bytes[at + 2] == UInt8(ascii: ":"), bytes[at + 5] == UInt8(ascii: ":"),
            number(bytes[at..<at + 2], 0...23) != nil, number(bytes[at + 3..<at + 5], 0...59) != nil,
            number(bytes[at + 6..<at + 8], 0...60) != nil
        else { return false }
        var rest = bytes[(at + 8)...]
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { isDigit($0) }
            guard !digits.isEmpty else { return false }
            rest = rest[digits.endIndex...]
        }
        if rest.count == 1 { return rest.first.map { $0 | 0x20 } == UInt8(ascii: "z") }
        let start = rest.startIndex
        return rest.count == 6 && (rest[start] == UInt8(ascii: "+") || rest[start] == UInt8(ascii: "-"))
            && rest[start + 3] == UInt8(ascii: ":") && number(rest[start + 1..<start + 3], 0...23) != nil
            && number(rest[start + 4..<start + 6], 0...59) != nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func number(_ digits: some Collection<UInt8>, _ range: ClosedRange<Int>) -> Int? {
        var value = 0
        for digit in digits {
            guard isDigit(digit) else { return nil }
            value = value * 10 + Int(digit - 0x30)
        }
        return range.contains(value) ? value : nil
    }
}
