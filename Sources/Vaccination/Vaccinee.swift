/// A person's passport as far as an overseas certificate needs it.
public struct Passport: Hashable, Sendable, Codable {
    /// How many other names a passport has at most, beside the family name and beside the given names.
    public static let maximumOtherNames = 3

    /// The travel document number, one to eleven characters of `A–Z0–9` (ICAO 9303 part 3; VDS-NC `pid.i`).
    public let number: String
    /// The holder's name in the passport's Latin letters, family name first, parts separated by one space within a
    /// part and the family name ended by a comma: `MIHON, HANAKO`. At most 80 characters. It is what the machine-readable zone
    /// says; ``otherFamilyNames`` and ``otherGivenNames`` are not in it.
    public let romajiName: String
    /// Family names that the passport has in brackets (旧姓, 別姓), each 1 to 40 characters; at most ``maximumOtherNames``.
    public let otherFamilyNames: [String]
    /// Given names that the passport has in brackets (別名), with the same bounds.
    public let otherGivenNames: [String]
    /// Nationality, ISO 3166-1 alpha-3, such as `JPN`.
    public let nationality: String
    /// The last day the passport is valid.
    public let expires: CalendarDate

    /// A passport; `nil` if a field is out of the bounds above, or if there are other names and `romajiName` is not written as
    /// ``romajiFamily``, a comma, a space and ``romajiGiven``.
    public init?(
        number: String, romajiName: String, otherFamilyNames: [String] = [], otherGivenNames: [String] = [],
        nationality: String, expires: CalendarDate
    ) {
        guard (1...11).contains(number.utf8.count), number.utf8.allSatisfy({ Self.isUpperOrDigit($0) }) else {
            return nil
        }
        guard (1...80).contains(romajiName.utf8.count),
            romajiName.utf8.allSatisfy({ Self.isUpper($0) || " ,-'".utf8.contains($0) })
        else { return nil }
        guard nationality.utf8.count == 3, nationality.utf8.allSatisfy(Self.isUpper) else { return nil }
        if !otherFamilyNames.isEmpty || !otherGivenNames.isEmpty {
            let (family, given) = Self.split(romajiName)
            guard otherFamilyNames.count <= Self.maximumOtherNames, otherGivenNames.count <= Self.maximumOtherNames,
                (otherFamilyNames + otherGivenNames).allSatisfy(Self.isPart), Self.isPart(family, upTo: 80),
                given.isEmpty
                    ? otherGivenNames.isEmpty && romajiName == family
                    : Self.isPart(given, upTo: 80) && romajiName == "\(family), \(given)"
            else { return nil }
        }
        self.number = number
        self.romajiName = romajiName
        self.otherFamilyNames = otherFamilyNames
        self.otherGivenNames = otherGivenNames
        self.nationality = nationality
        self.expires = expires
    }

    /// A passport whose name is written as in the passport itself, other names in brackets behind what they stand beside:
    /// `MIHON (REIJI), HANAKO (MARY)`; `nil` if a field is out of its bounds or a bracket is not closed.
    public init?(number: String, writtenName: String, nationality: String, expires: CalendarDate) {
        guard writtenName.utf8.contains(UInt8(ascii: "(")) else {
            self.init(number: number, romajiName: writtenName, nationality: nationality, expires: expires)
            return
        }
        let comma = writtenName.firstIndex(of: ",")
        guard let family = Self.parts(writtenName[..<(comma ?? writtenName.endIndex)]) else { return nil }
        guard let comma else {
            self.init(
                number: number, romajiName: family.name, otherFamilyNames: family.others, nationality: nationality,
                expires: expires)
            return
        }
        guard let given = Self.parts(writtenName[writtenName.index(after: comma)...]) else { return nil }
        self.init(
            number: number, romajiName: "\(family.name), \(given.name)", otherFamilyNames: family.others,
            otherGivenNames: given.others, nationality: nationality, expires: expires)
    }

    /// The name with other names in brackets, as ``init(number:writtenName:nationality:expires:)`` reads it.
    public var writtenName: String {
        guard !otherFamilyNames.isEmpty || !otherGivenNames.isEmpty else { return romajiName }
        let (family, given) = ([romajiFamily] + otherFamilyNames.map { "(\($0))" }, romajiGiven)
        guard !given.isEmpty else { return family.joined(separator: " ") }
        return family.joined(separator: " ") + ", "
            + ([given] + otherGivenNames.map { "(\($0))" }).joined(separator: " ")
    }

    /// A name, and what stands in brackets behind it.
    private static func parts(_ text: Substring) -> (name: String, others: [String])? {
        let pieces = text.split(separator: "(", omittingEmptySubsequences: false)
        var others: [String] = []
        for piece in pieces.dropFirst() {
            guard let end = piece.firstIndex(of: ")"), others.count < maximumOtherNames,
                piece[piece.index(after: end)...].allSatisfy({ $0 == " " })
            else { return nil }
            others.append(String(piece[..<end]))
        }
        var name = (pieces.first ?? "").drop { $0 == " " }
        while name.last == " " { name.removeLast() }
        return (String(name), others)
    }

    private static func isPart(_ text: String) -> Bool { isPart(text, upTo: 40) }

    private static func isPart(_ text: String, upTo length: Int) -> Bool {
        (1...length).contains(text.utf8.count) && text.utf8.allSatisfy { isUpper($0) || " -'".utf8.contains($0) }
            && text.first != " " && text.last != " "
    }

    private enum CodingKeys: String, CodingKey {
        case number, romajiName, otherFamilyNames, otherGivenNames, nationality, expires
    }

    /// Reads a passport; one out of bounds is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        guard
            let checked = Passport(
                number: try values.decode(String.self, forKey: .number),
                romajiName: try values.decode(String.self, forKey: .romajiName),
                otherFamilyNames: try values.decodeIfPresent([String].self, forKey: .otherFamilyNames) ?? [],
                otherGivenNames: try values.decodeIfPresent([String].self, forKey: .otherGivenNames) ?? [],
                nationality: try values.decode(String.self, forKey: .nationality),
                expires: try values.decode(CalendarDate.self, forKey: .expires))
        else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a Passport out of its bounds"))
        }
        self = checked
    }

    /// Writes what ``init(from:)`` reads; other names only where there are some.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(number, forKey: .number)
        try values.encode(romajiName, forKey: .romajiName)
        if !otherFamilyNames.isEmpty { try values.encode(otherFamilyNames, forKey: .otherFamilyNames) }
        if !otherGivenNames.isEmpty { try values.encode(otherGivenNames, forKey: .otherGivenNames) }
        try values.encode(nationality, forKey: .nationality)
        try values.encode(expires, forKey: .expires)
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
    /// The date of birth, as far as it is known.
    public let birthDate: BirthDate
    /// Sex as registered.
    public let sex: Sex
    /// The passport known to the municipality, if there is one.
    public let passport: Passport?

    /// A vaccinee; `nil` if the name is empty or longer than 80 characters.
    public init?(name: String, birthDate: BirthDate, sex: Sex, passport: Passport? = nil) {
        let scalars = name.unicodeScalars.count
        guard !NameKey.isEmpty(name), scalars <= 160, scalars <= 80 || name.count <= 80 else { return nil }
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
                birthDate: try values.decode(BirthDate.self, forKey: .birthDate),
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
