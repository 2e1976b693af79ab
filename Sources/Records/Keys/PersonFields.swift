import Foundation
package import Vaccination

/// What is sealed of a person, doses, vouchers and earlier printed passports apart.
package struct PersonFields: Hashable, Sendable {
    let vaccinee: Vaccinee
    let standing: Standing
    let register: RegisterEntry?
    /// The passports with their history; empty where there are none, and where a version before this wrote the fields, which kept
    /// the vaccinee's alone.
    private let history: PassportRecord

    /// Fields from their parts.
    package init(vaccinee: Vaccinee, standing: Standing, register: RegisterEntry? = nil) {
        self.init(vaccinee, standing, register, PassportRecord())
    }

    /// Fields whose passports have a history: the vaccinee has the one that counts.
    package init(vaccinee: Vaccinee, standing: Standing, register: RegisterEntry? = nil, passports: PassportRecord) {
        self.init(vaccinee.with(passports.current), standing, register, passports)
    }

    private init(_ vaccinee: Vaccinee, _ standing: Standing, _ register: RegisterEntry?, _ history: PassportRecord) {
        (self.vaccinee, self.standing, self.register, self.history) = (vaccinee, standing, register, history)
    }

    /// All passports that were recorded.
    package var passports: PassportRecord {
        history.entries.isEmpty ? PassportRecord(vaccinee.passport) : history
    }

    /// The same with the passports of other fields, which are taken over as these have them.
    func keepingPassports(of other: PersonFields) -> PersonFields {
        PersonFields(vaccinee.with(other.vaccinee.passport), standing, register, other.history)
    }

    /// The same with other passports.
    func with(_ passports: PassportRecord) -> PersonFields {
        PersonFields(vaccinee: vaccinee, standing: standing, register: register, passports: passports)
    }

    /// The same with an entry of the register, unless it has one.
    func keeping(_ register: RegisterEntry?) -> PersonFields {
        PersonFields(vaccinee, standing, self.register ?? register, history)
    }
}

extension Vaccinee {
    fileprivate func with(_ passport: Passport?) -> Vaccinee {
        Vaccinee(name: name, birthDate: birthDate, sex: sex, passport: passport) ?? self
    }
}

// Where there is a history, the passport that counts stands in it alone.
extension PersonFields: PlainForm {
    private enum CodingKeys: String, CodingKey { case passports, register, standing, vaccinee }

    /// Reads fields; such with two passports that count are a `DecodingError`.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let fields = PersonFields(
            vaccinee: try values.decode(Vaccinee.self, forKey: .vaccinee),
            standing: try values.decode(Standing.self, forKey: .standing),
            register: try values.decodeIfPresent(RegisterEntry.self, forKey: .register),
            entries: try values.decodeIfPresent([PassportEntry].self, forKey: .passports))
        guard let fields else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "passports out of bounds"))
        }
        self = fields
    }

    private init?(vaccinee: Vaccinee, standing: Standing, register: RegisterEntry?, entries: [PassportEntry]?) {
        guard let entries else {
            self.init(vaccinee: vaccinee, standing: standing, register: register)
            return
        }
        guard vaccinee.passport == nil, !entries.isEmpty, let passports = PassportRecord(entries) else { return nil }
        self.init(vaccinee: vaccinee, standing: standing, register: register, passports: passports)
    }

    /// Writes what ``init(from:)`` reads.
    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        if !history.entries.isEmpty { try values.encode(history.entries, forKey: .passports) }
        try values.encodeIfPresent(register, forKey: .register)
        try values.encode(standing, forKey: .standing)
        try values.encode(history.entries.isEmpty ? vaccinee : vaccinee.with(nil), forKey: .vaccinee)
    }

    package func write(to writer: inout PlainWriter) {
        writer.bare("{")
        if !history.entries.isEmpty {
            writer.bare(#""passports":"#)
            history.entries.writeElements(to: &writer)
            writer.bare(",")
        }
        if let register {
            writer.bare(#""register":"#)
            register.write(to: &writer)
            writer.bare(",")
        }
        writer.bare(#""standing":"#)
        writer.text(standing.rawValue)
        writer.bare(#","vaccinee":"#)
        vaccinee.write(to: &writer, passport: history.entries.isEmpty ? vaccinee.passport : nil)
        writer.bare("}")
    }

    package init?(plain reader: inout PlainReader) {
        var (vaccinee, standing, register): (Vaccinee?, Standing?, RegisterEntry?)
        var entries: [PassportEntry]?
        let isRead = reader.members { name, reader in
            switch name {
            case "passports": entries.takeOnce(reader.elements())
            case "register": register.takeOnce(RegisterEntry(plain: &reader))
            case "standing": standing.takeOnce(reader.text().flatMap(Standing.init(rawValue:)))
            case "vaccinee": vaccinee.takeOnce(Vaccinee(plain: &reader))
            default: false
            }
        }
        guard isRead, let vaccinee, let standing else { return nil }
        self.init(vaccinee: vaccinee, standing: standing, register: register, entries: entries)
    }
}
