import Foundation
import Vaccination

/// A dose that waits to be written with what is told of it; without details its form is that of a dose alone, which a version before
/// wrote.
struct StagedDose: Hashable, Codable, Sendable {
    let told: ToldDose

    init(_ told: ToldDose) { self.told = told }

    init(from decoder: any Decoder) throws {
        let entry = try DoseEntry(from: decoder)
        told = ToldDose(dose: entry.dose, details: entry.details)
    }

    func encode(to encoder: any Encoder) throws { try entry.encode(to: encoder) }

    private var entry: DoseEntry {
        DoseEntry(dose: told.dose, source: nil, recordedAt: nil, details: told.details)
    }
}

extension StagedDose: PlainForm {
    func write(to writer: inout PlainWriter) { entry.write(to: &writer) }

    init?(plain reader: inout PlainReader) {
        guard let entry = DoseEntry(plain: &reader) else { return nil }
        told = ToldDose(dose: entry.dose, details: entry.details)
    }
}

/// A person who waits to be written, as an import's file seals them.
struct StagedPerson: Hashable, Codable, Sendable {
    let number: String
    let fields: PersonFields
    let doses: [StagedDose]
    let passports: [String]
    let keepsPassport: Bool
    /// Those that the person is told to have; `nil` for none.
    let vouchers: [IssuedVoucher]?

    init(_ person: NewPerson) {
        number = person.number.digits
        fields = PersonFields(vaccinee: person.vaccinee, standing: person.standing, register: person.register)
        doses = person.told.map(StagedDose.init)
        passports = person.printedOverseasPassports.sorted()
        keepsPassport = person.keepsPassport
        vouchers = person.vouchers.isEmpty ? nil : person.vouchers
    }

    private init(
        number: String, fields: PersonFields, doses: [StagedDose], passports: [String], keepsPassport: Bool,
        vouchers: [IssuedVoucher]?
    ) {
        (self.number, self.fields, self.doses) = (number, fields, doses)
        (self.passports, self.keepsPassport, self.vouchers) = (passports, keepsPassport, vouchers)
    }

    /// The person; `nil` if a value is out of its bounds.
    var person: NewPerson? {
        guard let number = IndividualNumber(number), let history = History(doses.map(\.told.dose)) else { return nil }
        let details = doses.map(\.told).filter { !$0.details.isEmpty }.map { ($0.dose.number, $0.details) }
        return NewPerson(
            number: number, vaccinee: fields.vaccinee, standing: fields.standing, register: fields.register,
            history: history, printedOverseasPassports: Set(passports), keepsPassport: keepsPassport,
            details: Dictionary(details, uniquingKeysWith: { first, _ in first }), vouchers: vouchers ?? [])
    }
}

extension StagedPerson: PlainForm {
    func write(to writer: inout PlainWriter) {
        writer.bare(#"{"doses":"#)
        doses.writeElements(to: &writer)
        writer.bare(#","fields":"#)
        fields.write(to: &writer)
        writer.bare(#","keepsPassport":"#)
        writer.bare(keepsPassport ? "true" : "false")
        writer.bare(#","number":"#)
        writer.text(number)
        writer.bare(#","passports":"#)
        passports.writeElements(to: &writer)
        if let vouchers {
            writer.bare(#","vouchers":"#)
            vouchers.writeElements(to: &writer)
        }
        writer.bare("}")
    }

    init?(plain reader: inout PlainReader) {
        var (doses, fields, keepsPassport): ([StagedDose]?, PersonFields?, Bool?)
        var (number, passports, vouchers): (String?, [String]?, [IssuedVoucher]?)
        let isRead = reader.members { name, reader in
            switch name {
            case "doses": doses.takeOnce(reader.elements())
            case "fields": fields.takeOnce(PersonFields(plain: &reader))
            case "keepsPassport": keepsPassport.takeOnce(reader.truth())
            case "number": number.takeOnce(reader.text())
            case "passports": passports.takeOnce(reader.elements())
            case "vouchers": vouchers.takeOnce(reader.elements())
            default: false
            }
        }
        guard isRead, let doses, let fields, let keepsPassport, let number, let passports else { return nil }
        self.init(
            number: number, fields: fields, doses: doses, passports: passports, keepsPassport: keepsPassport,
            vouchers: vouchers)
    }
}

/// A change that waits to be written: a person, or a dose of somebody who is there.
struct StagedChange: Hashable, Codable, Sendable {
    private let person: StagedPerson?
    private let dose: StagedDose?
    /// Whose dose it is.
    private let of: String?

    init(_ change: PersonChange) {
        switch change {
        case .person(let person): (self.person, dose, of) = (StagedPerson(person), nil, nil)
        case .dose(let dose, let details, let addressee):
            (person, self.dose, of) = (nil, StagedDose(ToldDose(dose: dose, details: details)), addressee.text)
        }
    }

    private init(person: StagedPerson?, dose: StagedDose?, of: String?) {
        (self.person, self.dose, self.of) = (person, dose, of)
    }

    /// The change; `nil` if a value is out of its bounds.
    var change: PersonChange? {
        if let person { return person.person.map { .person($0) } }
        guard let told = dose?.told, let of = of.flatMap({ AddresseeNumber($0) }) else { return nil }
        return .dose(told.dose, details: told.details, of: of)
    }
}

extension StagedChange: PlainForm {
    func write(to writer: inout PlainWriter) {
        if let person {
            writer.bare(#"{"person":"#)
            person.write(to: &writer)
        } else if let dose, let of {
            writer.bare(#"{"dose":"#)
            dose.write(to: &writer)
            writer.bare(#","of":"#)
            writer.text(of)
        }
        writer.bare("}")
    }

    init?(plain reader: inout PlainReader) {
        var (person, dose, of): (StagedPerson?, StagedDose?, String?)
        let isRead = reader.members { name, reader in
            switch name {
            case "dose": dose.takeOnce(StagedDose(plain: &reader))
            case "of": of.takeOnce(reader.text())
            case "person": person.takeOnce(StagedPerson(plain: &reader))
            default: false
            }
        }
        guard isRead else { return nil }
        self.init(person: person, dose: dose, of: of)
    }
}

extension RefusedRow: PlainForm {
    package func write(to writer: inout PlainWriter) {
        writer.bare("{")
        if let lacking {
            writer.bare(#""lacking":"#)
            lacking.writeElements(to: &writer)
            writer.bare(",")
        }
        writer.bare(#""line":"#)
        writer.bare(String(line))
        writer.bare(#","reason":"#)
        writer.text(reason)
        writer.bare(#","text":"#)
        writer.text(text)
        writer.bare("}")
    }

    package init?(plain reader: inout PlainReader) {
        var (line, reason, text, lacking): (Int64?, String?, String?, [Int]?)
        let isRead = reader.members { name, reader in
            switch name {
            case "lacking": lacking.takeOnce(reader.elements())
            case "line": line.takeOnce(reader.milliseconds())
            case "reason": reason.takeOnce(reader.text())
            case "text": text.takeOnce(reader.text())
            default: false
            }
        }
        guard isRead, let line = line.flatMap({ Int(exactly: $0) }), let reason, let text else { return nil }
        self.init(line: line, text: text, reason: reason, lacking: lacking)
    }
}

/// The place of a column.
extension Int: PlainForm {
    package func write(to writer: inout PlainWriter) { writer.bare(String(self)) }

    package init?(plain reader: inout PlainReader) {
        guard let number = reader.milliseconds().flatMap({ Int(exactly: $0) }) else { return nil }
        self = number
    }
}
