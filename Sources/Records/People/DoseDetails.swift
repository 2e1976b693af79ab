public import Vaccination

/// What is known of a dose beside what certificates say of it: where it was given and by whom, and the voucher that it spent.
public struct DoseDetails: Hashable, Sendable {
    /// How many characters a venue has.
    public static let venueLengths = 1...100
    /// How many characters a doctor's name has.
    public static let doctorLengths = 1...80

    /// 接種会場: where it was given.
    public let venue: String?
    /// 医師: who examined the person.
    public let doctor: String?
    /// 接種券: the voucher that it names.
    public let voucher: VoucherLine?

    /// Nothing but the dose is known.
    public init() { (venue, doctor, voucher) = (nil, nil, nil) }

    /// Details; `nil` if a text is empty, too long, or has control characters.
    public init?(venue: String? = nil, doctor: String? = nil, voucher: VoucherLine? = nil) {
        guard venue.map({ Self.isText($0, Self.venueLengths) }) ?? true,
            doctor.map({ Self.isText($0, Self.doctorLengths) }) ?? true
        else { return nil }
        self.init(unchecked: venue, doctor, voucher)
    }

    private init(unchecked venue: String?, _ doctor: String?, _ voucher: VoucherLine?) {
        (self.venue, self.doctor, self.voucher) = (venue, doctor, voucher)
    }

    static func isText(_ text: String, _ lengths: ClosedRange<Int>) -> Bool {
        lengths.contains(text.count) && text.unicodeScalars.count <= 2 * lengths.upperBound && !NameKey.isEmpty(text)
            && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }

    /// Whether nothing is known.
    var isEmpty: Bool { venue == nil && doctor == nil && voucher == nil }

    /// Whether all that somebody else says of the dose is known.
    func covers(_ told: DoseDetails) -> Bool {
        (told.venue == nil || told.venue == venue) && (told.doctor == nil || told.doctor == doctor)
            && (told.voucher == nil || told.voucher == voucher)
    }

    /// Whether nothing of both is different.
    func agrees(with told: DoseDetails) -> Bool { filled(from: told).covers(told) }

    /// The same, and what was not known of it.
    func filled(from told: DoseDetails) -> DoseDetails {
        DoseDetails(unchecked: venue ?? told.venue, doctor ?? told.doctor, voucher ?? told.voucher)
    }

    /// What several say that none contradicts.
    static func agreed(_ all: [DoseDetails]) -> DoseDetails {
        func one<Value: Hashable>(_ values: [Value]) -> Value? {
            values.dropFirst().allSatisfy { $0 == values.first } ? values.first : nil
        }
        return DoseDetails(
            unchecked: one(all.compactMap(\.venue)), one(all.compactMap(\.doctor)), one(all.compactMap(\.voucher)))
    }

    /// The same without a voucher.
    var withoutVoucher: DoseDetails { DoseDetails(unchecked: venue, doctor, nil) }
}

/// Why a dose cannot have spent the voucher that it names. Both stand in the record until somebody corrects the dose.
public enum VoucherDispute: String, Hashable, Sendable, Codable, CaseIterable {
    /// Another dose of the person has spent it.
    case spent
    /// It was void.
    case void
    /// It is somebody else's.
    case otherPerson = "other_person"
    /// Another source names another voucher for the same dose.
    case second
}

/// A dose as somebody tells it.
struct ToldDose: Hashable, Sendable {
    let dose: Dose
    let details: DoseDetails
}

// What is written in a message, an assertion or a crash report must not show the person.
extension DoseDetails: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the person, wherever it ends up.
    public var description: String { "DoseDetails(…)" }
    /// Shows no parts, to dumps and debuggers either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension ToldDose: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the person, wherever it ends up.
    var description: String { "ToldDose(…)" }
    /// Shows no parts, to dumps and debuggers either.
    var customMirror: Mirror { Mirror(self, children: [:]) }
}
