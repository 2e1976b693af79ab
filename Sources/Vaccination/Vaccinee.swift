/// A person's passport as far as an overseas certificate needs it.
public struct Passport: Hashable, Sendable, Codable {
    /// The travel document number, one to eleven characters of `A–Z0–9` (ICAO 9303 part 3; VDS-NC `pid.i`).
    public let number: String
    /// The holder's name in the passport's Latin letters, family name first, parts separated by one space within a
    /// part and the family name ended by a comma: `MIHON, HANAKO`. At most 80 characters.
    public let romajiName: String
    /// Nationality, ISO 3166-1 alpha-3, such as `JPN`.
    public let nationality: String
    /// The last day the passport is valid.
    public let expires: CalendarDate

    /// A passport; `nil` if a field is out of the bounds above.
    public init?(number: String, romajiName: String, nationality: String, expires: CalendarDate) {
        guard (1...11).contains(number.utf8.count), number.utf8.allSatisfy({ Self.isUpperOrDigit($0) }) else {
            return nil
        }
        guard (1...80).contains(romajiName.utf8.count),
            romajiName.utf8.allSatisfy({ Self.isUpper($0) || " ,-'".utf8.contains($0) })
        else { return nil }
        guard nationality.utf8.count == 3, nationality.utf8.allSatisfy(Self.isUpper) else { return nil }
        self.number = number
        self.romajiName = romajiName
        self.nationality = nationality
        self.expires = expires
    }

    private enum CodingKeys: String, CodingKey { case number, romajiName, nationality, expires }

    /// Reads a passport; one out of bounds is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        guard
            let checked = Passport(
                number: try values.decode(String.self, forKey: .number),
                romajiName: try values.decode(String.self, forKey: .romajiName),
                nationality: try values.decode(String.self, forKey: .nationality),
                expires: try values.decode(CalendarDate.self, forKey: .expires))
        else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a Passport out of its bounds"))
        }
        self = checked
    }

    /// The family name in Latin letters: what stands before the comma, or the whole name.
    public var romajiFamily: String { Self.split(romajiName).family }
    /// The given names in Latin letters: what stands behind the comma; empty if there is none.
    public var romajiGiven: String { Self.split(romajiName).given }

    private static func split(_ name: String) -> (family: String, given: String) {
        guard let comma = name.firstIndex(of: ",") else { return (name, "") }
        return (String(name[..<comma]), String(name[name.index(after: comma)...].drop { $0 == " " }))
    }

    private static func isUpper(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) }
    private static func isUpperOrDigit(_ byte: UInt8) -> Bool { isUpper(byte) || (0x30...0x39).contains(byte) }
}

/// Who was vaccinated, as the municipality registers the person.
public struct Vaccinee: Hashable, Sendable, Codable {
    /// The registered name with its variant characters, parts separated by U+3000 (as on the card), at most 80 characters.
    public let name: String
    /// The date of birth.
    public let birthDate: CalendarDate
    /// Sex as registered.
    public let sex: Sex
    /// The passport known to the municipality, if there is one.
    public let passport: Passport?

    /// A vaccinee; `nil` if the name is empty or longer than 80 characters.
    public init?(name: String, birthDate: CalendarDate, sex: Sex, passport: Passport? = nil) {
        guard !NameKey(name).isEmpty, name.unicodeScalars.count <= 160, name.count <= 80 else { return nil }
        self.name = name
        self.birthDate = birthDate
        self.sex = sex
        self.passport = passport
    }

    private enum CodingKeys: String, CodingKey { case name, birthDate, sex, passport }

    /// Reads a vaccinee; one out of bounds is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        guard
            let checked = Vaccinee(
                name: try values.decode(String.self, forKey: .name),
                birthDate: try values.decode(CalendarDate.self, forKey: .birthDate),
                sex: try values.decode(Sex.self, forKey: .sex),
                passport: try values.decodeIfPresent(Passport.self, forKey: .passport))
        else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a Vaccinee out of its bounds"))
        }
        self = checked
    }

    /// The family name: what stands before the first space of any kind, or the whole name.
    public var family: String { String(name.prefix { !$0.isWhitespace }) }
    /// The given names: what stands behind the first space, inner spaces kept; empty if there is none.
    public var given: String { String(name.drop { !$0.isWhitespace }.drop { $0.isWhitespace }) }
}
