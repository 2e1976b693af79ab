public import Vaccination

/// A number by which a municipality's own systems know a person: 宛名番号 (addressee number), or 統合宛名番号, which joins those of
/// several systems. 1 to 20 digits or Latin letters; leading zeros count.
public struct AddresseeNumber: Hashable, Sendable {
    /// The number as it is written.
    public let text: String

    /// A number; `nil` if it is empty, too long or of other characters.
    public init?(_ text: String) {
        guard (1...20).contains(text.utf8.count),
            text.utf8.allSatisfy({
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
            })
        else { return nil }
        self.text = text
    }
}

/// A name that a person has beside the registered one.
public struct OtherName: Hashable, Codable, Sendable {
    /// What sort of name it is, as the resident register tells them apart.
    public enum Kind: String, Hashable, Codable, Sendable, CaseIterable {
        /// アルファベット氏名: in Latin letters.
        case alphabet
        /// 外国人氏名: a foreigner's name in kanji.
        case foreign
        /// 通称: the name somebody goes by, registered as such.
        case alias
        /// 併記名: a name that is written beside the other one.
        case combined
    }

    /// What sort of name it is.
    public let kind: Kind
    /// The name, at most 80 characters.
    public let name: String

    /// A name; `nil` if it is empty or longer than 80 characters.
    public init?(kind: Kind, name: String) {
        guard RegisterEntry.isName(name) else { return nil }
        self.kind = kind
        self.name = name
    }

    /// Reads a name; one out of bounds is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        guard
            let name = OtherName(
                kind: try values.decode(Kind.self, forKey: .kind), name: try values.decode(String.self, forKey: .name))
        else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "a name out of bounds"))
        }
        self = name
    }

    private enum CodingKeys: String, CodingKey { case kind, name }
}

/// What the resident register (住民記録) of a region's municipality says of a person, beyond name, birth date and sex.
public struct RegisterEntry: Hashable, Sendable {
    /// How many other names an entry has at most.
    public static let maximumOtherNames = 8

    /// 宛名番号: whom the municipality's own systems mean.
    public let addressee: AddresseeNumber
    /// 統合宛名番号, if there is one.
    public let integrated: AddresseeNumber?
    /// The readings of the names, in kana, as the register has them.
    public let readings: [String]
    /// Names beside the registered one.
    public let otherNames: [OtherName]
    /// The nationality in the register's words; `nil` if it says none.
    public let nationality: String?
    /// 異動日: the day of the last change.
    public let changedOn: CalendarDate?
    /// 住民となった日: since when the person is a resident.
    public let residentFrom: CalendarDate?
    /// 住民でなくなった日: since when the person is none any more.
    public let residentUntil: CalendarDate?
    /// When the municipality's systems wrote the entry, as `yyyymmddhhmmss` in their own time: of two entries the later one counts.
    public let writtenAt: Int64
    /// 履歴連番: of two entries of one moment the one with the greater number counts.
    public let sequence: Int64

    /// An entry; `nil` with more than ``maximumOtherNames`` names or readings, or a value that is out of bounds.
    public init?(
        addressee: AddresseeNumber, integrated: AddresseeNumber? = nil, readings: [String] = [],
        otherNames: [OtherName] = [], nationality: String? = nil, changedOn: CalendarDate? = nil,
        residentFrom: CalendarDate? = nil, residentUntil: CalendarDate? = nil, writtenAt: Int64,
        sequence: Int64 = 0
    ) {
        guard readings.count <= Self.maximumOtherNames, otherNames.count <= Self.maximumOtherNames,
            readings.allSatisfy(Self.isName), nationality.map(Self.isName) ?? true,
            (0...99_999_999_999_999).contains(writtenAt), (0...99_999_999).contains(sequence)
        else { return nil }
        self.addressee = addressee
        self.integrated = integrated
        self.readings = readings
        self.otherNames = otherNames
        self.nationality = nationality
        self.changedOn = changedOn
        self.residentFrom = residentFrom
        self.residentUntil = residentUntil
        self.writtenAt = writtenAt
        self.sequence = sequence
    }

    /// Whether the register said this before it said the other.
    func isOlder(than other: RegisterEntry) -> Bool {
        (writtenAt, sequence) < (other.writtenAt, other.sequence)
    }

    static func isName(_ text: String) -> Bool {
        (1...80).contains(text.count) && text.unicodeScalars.count <= 160 && !NameKey.isEmpty(text)
    }
}

extension RegisterEntry: Codable {
    private enum CodingKeys: String, CodingKey {
        case addressee, changedOn, integrated, nationality, otherNames, readings, residentFrom, residentUntil, sequence,
            writtenAt
    }

    /// Reads an entry; one out of bounds is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let integrated = try values.decodeIfPresent(String.self, forKey: .integrated)
        guard let addressee = AddresseeNumber(try values.decode(String.self, forKey: .addressee)),
            integrated.map({ AddresseeNumber($0) != nil }) ?? true,
            let entry = RegisterEntry(
                addressee: addressee, integrated: integrated.flatMap(AddresseeNumber.init),
                readings: try values.decode([String].self, forKey: .readings),
                otherNames: try values.decode([OtherName].self, forKey: .otherNames),
                nationality: try values.decodeIfPresent(String.self, forKey: .nationality),
                changedOn: try values.decodeIfPresent(CalendarDate.self, forKey: .changedOn),
                residentFrom: try values.decodeIfPresent(CalendarDate.self, forKey: .residentFrom),
                residentUntil: try values.decodeIfPresent(CalendarDate.self, forKey: .residentUntil),
                writtenAt: try values.decode(Int64.self, forKey: .writtenAt),
                sequence: try values.decode(Int64.self, forKey: .sequence))
        else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath, debugDescription: "a register entry out of bounds"))
        }
        self = entry
    }

    /// Writes the entry's members, those that are `nil` left out.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(addressee.text, forKey: .addressee)
        try values.encodeIfPresent(changedOn, forKey: .changedOn)
        try values.encodeIfPresent(integrated?.text, forKey: .integrated)
        try values.encodeIfPresent(nationality, forKey: .nationality)
        try values.encode(otherNames, forKey: .otherNames)
        try values.encode(readings, forKey: .readings)
        try values.encodeIfPresent(residentFrom, forKey: .residentFrom)
        try values.encodeIfPresent(residentUntil, forKey: .residentUntil)
        try values.encode(sequence, forKey: .sequence)
        try values.encode(writtenAt, forKey: .writtenAt)
    }
}

// What is written in a message, an assertion or a crash report must not show the person.
extension AddresseeNumber: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the person, wherever it ends up.
    public var description: String { "AddresseeNumber(…)" }
    /// Shows no parts, to dumps and debuggers either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension OtherName: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the person, wherever it ends up.
    public var description: String { "OtherName(…)" }
    /// Shows no parts, to dumps and debuggers either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension RegisterEntry: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the person, wherever it ends up.
    public var description: String { "RegisterEntry(…)" }
    /// Shows no parts, to dumps and debuggers either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
