public import Vaccination

/// How a person stands to the municipality whose region holds the record.
public enum Standing: String, Hashable, Sendable, Codable, CaseIterable {
    /// Registered as a resident.
    case resident
    /// Moved to another municipality: doses given before remain in this region and are certified from it.
    case movedAway
    /// Deceased: nothing is issued.
    case deceased
}

/// One person's record in one region.
public struct PersonRecord: Hashable, Sendable {
    /// The row's identifier in its region; says nothing about the person.
    public let id: Int64
    /// Who was vaccinated.
    public let vaccinee: Vaccinee
    /// How the person stands to the municipality.
    public let standing: Standing
    /// What the resident register says; `nil` if no entry of it came.
    public let register: RegisterEntry?
    /// What was recorded of the doses.
    public let doses: DoseRecord
    /// The passport numbers on overseas certificates that were issued before: printed, over the counter or at a terminal, or signed for
    /// a phone and neither voided nor revoked since.
    public let printedOverseasPassports: Set<String>
    /// The passports that were recorded; the one of ``vaccinee`` is the one that counts.
    public let passports: PassportRecord
    /// How often it was written: another number means that something of it may be different.
    public let version: Int64

    /// A record from its parts.
    public init(
        id: Int64, vaccinee: Vaccinee, standing: Standing, register: RegisterEntry? = nil, doses: DoseRecord,
        printedOverseasPassports: Set<String>, passports: PassportRecord? = nil, version: Int64 = 1
    ) {
        self.passports = passports ?? PassportRecord(vaccinee.passport)
        self.register = register
        self.id = id
        self.vaccinee = vaccinee
        self.standing = standing
        self.doses = doses
        self.printedOverseasPassports = printedOverseasPassports
        self.version = version
    }
}

extension PersonRecord {
    /// Whether both say the same, however often they were written: a rotation of keys writes without changing anything.
    public static func == (one: PersonRecord, other: PersonRecord) -> Bool {
        one.id == other.id && one.vaccinee == other.vaccinee && one.standing == other.standing
            && one.register == other.register && one.doses == other.doses
            && one.printedOverseasPassports == other.printedOverseasPassports && one.passports == other.passports
    }

    /// Hashes what is compared, as far as it is short.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(id)
        hasher.combine(vaccinee)
        hasher.combine(standing)
    }
}

/// A person to be written to a region, found again by the individual number.
public struct NewPerson: Hashable, Sendable {
    /// The individual number, by whose keyed hash the person is found.
    public let number: IndividualNumber
    /// Who was vaccinated.
    public let vaccinee: Vaccinee
    /// How the person stands to the municipality.
    public let standing: Standing
    /// What the resident register says; `nil` leaves what is recorded of it.
    public let register: RegisterEntry?
    /// The doses.
    public let history: History
    /// The passport numbers on overseas certificates printed before; at most eight.
    public let printedOverseasPassports: Set<String>
    /// What is told of the doses beside themselves, by their numbers.
    public let details: [Int: DoseDetails]
    /// The vouchers that were issued to the person; more than those that are recorded are added.
    public let vouchers: [IssuedVoucher]
    /// Whether the passport that is recorded stays, since who writes the person knows of none: the vaccinee has none then.
    public let keepsPassport: Bool

    /// How many vouchers a person is told with at most.
    public static let maximumVouchers = 16

    /// A person from the parts; `nil` with more than eight earlier passports, with a passport and one that stays, with more than
    /// ``maximumVouchers``, or with details of a dose that is not there.
    public init?(
        number: IndividualNumber, vaccinee: Vaccinee, standing: Standing, register: RegisterEntry? = nil,
        history: History, printedOverseasPassports: Set<String> = [], keepsPassport: Bool = false,
        details: [Int: DoseDetails] = [:], vouchers: [IssuedVoucher] = []
    ) {
        guard printedOverseasPassports.count <= 8, !keepsPassport || vaccinee.passport == nil,
            vouchers.count <= Self.maximumVouchers,
            details.keys.allSatisfy({ number in history.doses.contains { $0.number == number } })
        else { return nil }
        (self.details, self.vouchers) = (details, vouchers)
        self.keepsPassport = keepsPassport
        self.number = number
        self.vaccinee = vaccinee
        self.standing = standing
        self.register = register
        self.history = history
        self.printedOverseasPassports = printedOverseasPassports
    }
}

/// What a row of a file says, for a region's records.
public enum PersonChange: Hashable, Sendable {
    /// A person, who may be there or not.
    case person(NewPerson)
    /// A dose of somebody who is there.
    case dose(Dose, details: DoseDetails = DoseDetails(), of: AddresseeNumber)
}

extension NewPerson {
    /// The doses with what is told of them.
    var told: [ToldDose] {
        history.doses.map { ToldDose(dose: $0, details: details[$0.number] ?? DoseDetails()) }
    }
}

extension PersonChange: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the person, wherever it ends up.
    public var description: String { "PersonChange(…)" }
    /// Shows no parts, to dumps and debuggers either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

// A record in a message, an assertion or a crash report must not show the person.
extension PersonRecord: CustomStringConvertible, CustomReflectable {
    /// The record's own number; nothing of the person.
    public var description: String { "PersonRecord(\(id))" }
    /// Shows no parts, to dumps and debuggers either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension NewPerson: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the person, wherever it ends up.
    public var description: String { "NewPerson(…)" }
    /// Shows no parts, to dumps and debuggers either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
