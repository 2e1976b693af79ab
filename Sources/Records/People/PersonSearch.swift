public import Vaccination

/// What a person is looked for by.
public enum PersonSearch: Hashable, Sendable {
    /// The individual number.
    case number(IndividualNumber)
    /// 宛名番号, as the last entry of the resident register has it.
    case addressee(AddresseeNumber)
    /// 統合宛名番号.
    case integrated(AddresseeNumber)
    /// The number of a voucher of the person, in whichever state it is; of another region's municipality it is nobody's.
    case voucher(VoucherNumber, of: MunicipalityCode?)
    /// Any of the person's names or readings, with birth date and sex. Names are compared as ``NameKey`` does, hiragana as katakana; a
    /// birth date of which a part is unknown finds whose record says the same, and nobody else.
    case name(String, birthDate: BirthDate, sex: Sex)

    /// More people than this are too many to be shown.
    public static let maximumFound = 5

    /// What sort of search it is, as the log calls it.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// By the individual number.
        case number
        /// By 宛名番号.
        case addressee
        /// By 統合宛名番号.
        case integrated
        /// By a voucher's number or line.
        case voucher
        /// By name, birth date and sex.
        case name
    }

    /// What sort of search it is.
    public var kind: Kind {
        switch self {
        case .number: .number
        case .addressee: .addressee
        case .integrated: .integrated
        case .voucher: .voucher
        case .name: .name
        }
    }

    /// A search as somebody writes it: a number, a voucher's ten digits or its whole line, or name, birth date and sex with commas between, as a file of people has them;
    /// `nil` if it is none.
    public init?(_ kind: Kind, written text: String) {
        let narrow = WrittenValue.narrow(text)
        switch kind {
        case .number:
            guard let number = IndividualNumber(narrow) else { return nil }
            self = .number(number)
        case .addressee, .integrated:
            guard let number = AddresseeNumber(narrow) else { return nil }
            self = kind == .addressee ? .addressee(number) : .integrated(number)
        case .voucher:
            if let line = VoucherLine(narrow) {
                self = .voucher(line.number, of: line.municipality)
            } else {
                guard let number = VoucherNumber(narrow) else { return nil }
                self = .voucher(number, of: nil)
            }
        case .name:
            guard let parts = try? CSVFile.fields(of: Array(text.utf8)[...], 1).get(), parts.count == 3,
                let birthDate = WrittenValue.birthDate(parts[1]),
                let sex = RowParser.sex(WrittenValue.narrow(parts[2])),
                RegisterEntry.isName(parts[0])
            else { return nil }
            self = .name(parts[0], birthDate: birthDate, sex: sex)
        }
    }
}

/// What a search gave.
public enum PeopleFound: Hashable, Sendable {
    /// Those who were found, in the order of their rows; at most ``PersonSearch/maximumFound``.
    case people([PersonRecord])
    /// More than can be shown: none is.
    case tooMany
}

extension FindingKey: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the person, wherever it ends up.
    var description: String { "FindingKey(…)" }
    /// Shows no parts, to dumps and debuggers either.
    var customMirror: Mirror { Mirror(self, children: [:]) }
}

// What is searched for must not be shown either.
extension PersonSearch: CustomStringConvertible, CustomReflectable {
    /// What sort of search it is.
    public var description: String { "PersonSearch(\(kind.rawValue))" }
    /// Shows no parts, to dumps and debuggers either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// What the index of a region's people has of one: a number or a name in the form in which it is hashed.
struct FindingKey: Hashable, Sendable {
    let text: String

    static func addressee(_ number: AddresseeNumber) -> FindingKey { FindingKey(text: "addressee/\(number.text)") }

    static func integrated(_ number: AddresseeNumber) -> FindingKey { FindingKey(text: "integrated/\(number.text)") }

    static func voucher(_ number: VoucherNumber) -> FindingKey { FindingKey(text: "voucher/\(number.digits)") }

    static func name(_ name: String, _ birthDate: BirthDate, _ sex: Sex) -> FindingKey {
        FindingKey(text: "name/\(birthDate)/\(sex.rawValue)/\(NameKey(name).katakana)")
    }

    /// What a search looks for; `nil` for the individual number, which has its own place.
    init?(_ search: PersonSearch) {
        switch search {
        case .number: return nil
        case .addressee(let number): self = .addressee(number)
        case .integrated(let number): self = .integrated(number)
        case .voucher(let number, _): self = .voucher(number)
        case .name(let name, let birthDate, let sex): self = .name(name, birthDate, sex)
        }
    }

    private init(text: String) { self.text = text }
}

extension PersonFields {
    /// All that the person is found by, but for the individual number.
    func findingKeys(_ vouchers: [Voucher]) -> Set<FindingKey> {
        var names = [vaccinee.name]
        var keys: Set<FindingKey> = []
        if let register {
            names += register.otherNames.map(\.name) + register.readings
            keys.insert(.addressee(register.addressee))
            if let integrated = register.integrated { keys.insert(.integrated(integrated)) }
        }
        for voucher in vouchers { keys.insert(.voucher(voucher.line.number)) }
        for name in names { keys.insert(.name(name, vaccinee.birthDate, vaccinee.sex)) }
        return keys
    }
}
