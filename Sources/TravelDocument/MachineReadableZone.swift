package import Vaccination

/// The machine-readable zone of a passport, TD3: two lines of 44 characters (ICAO Doc 9303-4 section 4.2). Whatever is one has all its
/// check digits right; that its passport is real is not said by that.
///
/// The first line has no check digits: only the chip's signature protects the name.
package struct MachineReadableZone: Hashable, Sendable {
    /// How many characters it has, without anything between the lines.
    package static let length = 88

    /// The 88 characters.
    package let bytes: [UInt8]
    /// `P` and a letter that the issuer chose, or a filler.
    package let documentCode: String
    /// Who issued the passport.
    package let issuingState: StateCode
    /// The holder's name.
    package let name: ZoneName
    /// The passport's number, 1 to 9 of `A–Z`, `0–9` and, for a sign that the printed number has between them, `<`.
    ///
    /// TD3 has no place for the rest of a longer number, as the smaller formats have: a filler for its check digit is wrong.
    package let number: String
    /// The holder's nationality.
    package let nationality: StateCode
    /// The holder's birth date.
    package let birthDate: ZoneBirthDate
    /// The holder's sex; unspecified where the zone has a filler.
    package let sex: Sex
    /// The last day on which the passport is valid.
    package let expires: CalendarDate

    /// Reads 88 characters, as a chip holds them.
    ///
    /// - Parameters:
    ///   - bytes: ASCII.
    ///   - today: the day by which the centuries of two dates are told (``ZoneBirthDate``, and for the expiry from 79 years ago to 20
    ///     years ahead).
    /// - Throws: the first ``ZoneFlaw``: form, then check digits, then the fields in their order.
    package init(parsing bytes: [UInt8], today: CalendarDate) throws(ZoneFlaw) {
        guard bytes.count == Self.length else { throw .length }
        guard bytes.allSatisfy({ Zone.isLetter($0) || Zone.isDigit($0) || $0 == Zone.filler }) else {
            throw .character
        }
        try Self.checkDigits(bytes)
        guard bytes[0] == UInt8(ascii: "P"), !Zone.isDigit(bytes[1]) else { throw .malformed(.documentCode) }
        guard let issuingState = StateCode(zone: bytes[Zone.issuingState]) else { throw .malformed(.issuingState) }
        guard let name = ZoneName(zone: bytes[Zone.name]) else { throw .malformed(.name) }
        let number = String(
            decoding: bytes[Zone.number].reversed().drop { $0 == Zone.filler }.reversed(), as: UTF8.self)
        guard let first = number.utf8.first, first != Zone.filler else { throw .malformed(.number) }
        guard let nationality = StateCode(zone: bytes[Zone.nationality]) else { throw .malformed(.nationality) }
        guard let birthDate = ZoneBirthDate(zone: bytes[Zone.birthDate], today: today) else {
            throw .malformed(.birthDate)
        }
        switch bytes[Zone.sex] {
        case UInt8(ascii: "M"): sex = .male
        case UInt8(ascii: "F"): sex = .female
        case Zone.filler: sex = .unspecified
        default: throw .malformed(.sex)
        }
        guard let expires = ZoneExpiry.date(zone: bytes[Zone.expiry], today: today) else { throw .malformed(.expiry) }
        self.bytes = bytes
        documentCode = String(decoding: bytes[Zone.documentCode], as: UTF8.self)
        (self.issuingState, self.name, self.number) = (issuingState, name, number)
        (self.nationality, self.birthDate, self.expires) = (nationality, birthDate, expires)
    }

    /// Reads two lines, as a camera gives them: 44 characters, a line's end (LF or CR LF), 44 characters, and a line's end or none.
    package init(lines text: String, today: CalendarDate) throws(ZoneFlaw) {
        // What is longer is no zone, however its lines are counted.
        guard text.utf8.count <= Self.length + 4 else { throw .length }
        var fields = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        if fields.count == 3, fields[2].isEmpty { fields.removeLast() }
        guard fields.count == 2, fields.allSatisfy({ $0.utf8.count == Zone.lineLength }) else { throw .length }
        try self.init(parsing: fields.flatMap { Array($0.utf8) }, today: today)
    }

    private static func checkDigits(_ bytes: [UInt8]) throws(ZoneFlaw) {
        for (field, range) in [
            (ZoneFlaw.Field.number, Zone.number), (.birthDate, Zone.birthDate), (.expiry, Zone.expiry),
        ] where CheckDigit.of(bytes[range]) != bytes[range.upperBound] {
            throw .checkDigit(field)
        }
        // An issuer that uses no personal number may leave out its check digit (section 4.2.2.2).
        let personal = bytes[Zone.personalNumber]
        let isLeftOut =
            bytes[Zone.personalNumber.upperBound] == Zone.filler && personal.allSatisfy { $0 == Zone.filler }
        guard isLeftOut || CheckDigit.of(personal) == bytes[Zone.personalNumber.upperBound] else {
            throw .checkDigit(.personalNumber)
        }
        guard CheckDigit.of(Zone.line.flatMap { bytes[$0] }) == bytes[length - 1] else { throw .checkDigit(.line) }
    }

    /// The two lines.
    package var lines: [String] {
        [bytes.prefix(Zone.lineLength), bytes.dropFirst(Zone.lineLength)].map { String(decoding: $0, as: UTF8.self) }
    }
}

extension MachineReadableZone {
    /// Writes a zone, for made-up passports.
    ///
    /// - Parameters:
    ///   - documentCode: `P`, alone or with a letter behind it.
    ///   - number: 1 to 9 of `A–Z`, `0–9` and `<`.
    ///   - personalNumber: at most 14 of the same; empty leaves field and check digit unused.
    ///   - today: as for ``init(parsing:today:)``.
    /// - Throws: the first ``ZoneFlaw``, as the reader does.
    package init(
        documentCode: String = "P", issuingState: StateCode, name: ZoneName, number: String, nationality: StateCode,
        birthDate: ZoneBirthDate, sex: Sex, expires: CalendarDate, personalNumber: String = "", today: CalendarDate
    ) throws(ZoneFlaw) {
        func field(_ text: String, _ count: Int, _ field: ZoneFlaw.Field) throws(ZoneFlaw) -> [UInt8] {
            let characters = Array(text.utf8)
            guard characters.count <= count else { throw .malformed(field) }
            return characters + [UInt8](repeating: Zone.filler, count: count - characters.count)
        }
        func checked(_ characters: [UInt8]) throws(ZoneFlaw) -> [UInt8] {
            guard let digit = CheckDigit.of(characters) else { throw .character }
            return characters + [digit]
        }
        var bytes = try field(documentCode, 2, .documentCode) + issuingState.zone + name.zone
        bytes += try checked(field(number, 9, .number)) + nationality.zone + checked(birthDate.zone)
        bytes.append(sex == .male ? UInt8(ascii: "M") : sex == .female ? UInt8(ascii: "F") : Zone.filler)
        bytes += try checked(Array(expires.digits.utf8.dropFirst(2)))
        let personal = try field(personalNumber, 14, .personalNumber)
        bytes += personalNumber.isEmpty ? personal + [Zone.filler] : try checked(personal)
        guard let last = CheckDigit.of(Zone.line.flatMap { bytes[$0] }) else { throw .character }
        try self.init(parsing: bytes + [last], today: today)
    }

    /// The passport as a record keeps it: number without the signs between its characters, name as the zone has it (shortened if
    /// ``ZoneName/mayBeTruncated``), nationality in three letters, expiry. Other names, which a passport has in brackets on its
    /// page, are in no zone.
    package var passport: Passport? {
        let names = [name.primary, name.secondary].filter { !$0.isEmpty }.map { $0.joined(separator: " ") }
        return Passport(
            number: number.filter { $0 != "<" }, romajiName: names.joined(separator: ", "),
            nationality: nationality.alpha3, expires: expires)
    }
}

extension MachineReadableZone: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the person, wherever it ends up.
    package var description: String { "MachineReadableZone(…)" }
    /// Shows no parts, to dumps and debuggers either.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
