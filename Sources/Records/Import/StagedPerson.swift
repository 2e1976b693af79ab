import Foundation
import Vaccination

/// A person who waits to be written, as an import's file seals them.
struct StagedPerson: Hashable, Codable, Sendable {
    let number: String
    let fields: PersonFields
    let doses: [Dose]
    let passports: [String]
    let keepsPassport: Bool

    init(_ person: NewPerson) {
        number = person.number.digits
        fields = PersonFields(vaccinee: person.vaccinee, standing: person.standing, register: person.register)
        doses = person.history.doses
        passports = person.printedOverseasPassports.sorted()
        keepsPassport = person.keepsPassport
    }

    private init(number: String, fields: PersonFields, doses: [Dose], passports: [String], keepsPassport: Bool) {
        (self.number, self.fields, self.doses) = (number, fields, doses)
        (self.passports, self.keepsPassport) = (passports, keepsPassport)
    }

    /// The person; `nil` if a value is out of its bounds.
    var person: NewPerson? {
        guard let number = IndividualNumber(number), let history = History(doses) else { return nil }
        return NewPerson(
            number: number, vaccinee: fields.vaccinee, standing: fields.standing, register: fields.register,
            history: history, printedOverseasPassports: Set(passports), keepsPassport: keepsPassport)
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
        writer.bare("}")
    }

    init?(plain reader: inout PlainReader) {
        var (doses, fields, keepsPassport): ([Dose]?, PersonFields?, Bool?)
        var (number, passports): (String?, [String]?)
        let isRead = reader.members { name, reader in
            switch name {
            case "doses": doses.takeOnce(reader.elements())
            case "fields": fields.takeOnce(PersonFields(plain: &reader))
            case "keepsPassport": keepsPassport.takeOnce(reader.truth())
            case "number": number.takeOnce(reader.text())
            case "passports": passports.takeOnce(reader.elements())
            default: false
            }
        }
        guard isRead, let doses, let fields, let keepsPassport, let number, let passports else { return nil }
        self.init(
            number: number, fields: fields, doses: doses, passports: passports, keepsPassport: keepsPassport)
    }
}

/// A change that waits to be written: a person, or a dose of somebody who is there.
struct StagedChange: Hashable, Codable, Sendable {
    private let person: StagedPerson?
    private let dose: Dose?
    /// Whose dose it is.
    private let of: String?

    init(_ change: PersonChange) {
        switch change {
        case .person(let person): (self.person, dose, of) = (StagedPerson(person), nil, nil)
        case .dose(let dose, let addressee): (person, self.dose, of) = (nil, dose, addressee.text)
        }
    }

    private init(person: StagedPerson?, dose: Dose?, of: String?) {
        (self.person, self.dose, self.of) = (person, dose, of)
    }

    /// The change; `nil` if a value is out of its bounds.
    var change: PersonChange? {
        if let person { return person.person.map { .person($0) } }
        guard let dose, let of = of.flatMap({ AddresseeNumber($0) }) else { return nil }
        return .dose(dose, of: of)
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
        var (person, dose, of): (StagedPerson?, Dose?, String?)
        let isRead = reader.members { name, reader in
            switch name {
            case "dose": dose.takeOnce(Dose(plain: &reader))
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
        writer.bare(#"{"line":"#)
        writer.bare(String(line))
        writer.bare(#","reason":"#)
        writer.text(reason)
        writer.bare(#","text":"#)
        writer.text(text)
        writer.bare("}")
    }

    package init?(plain reader: inout PlainReader) {
        var (line, reason, text): (Int64?, String?, String?)
        let isRead = reader.members { name, reader in
            switch name {
            case "line": line.takeOnce(reader.milliseconds())
            case "reason": reason.takeOnce(reader.text())
            case "text": text.takeOnce(reader.text())
            default: false
            }
        }
        guard isRead, let line = line.flatMap({ Int(exactly: $0) }), let reason, let text else { return nil }
        self.init(line: line, text: text, reason: reason)
    }
}
