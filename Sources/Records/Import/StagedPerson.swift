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
        fields = PersonFields(vaccinee: person.vaccinee, standing: person.standing)
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
            number: number, vaccinee: fields.vaccinee, standing: fields.standing, history: history,
            printedOverseasPassports: Set(passports), keepsPassport: keepsPassport)
    }
}

extension StagedPerson: PlainForm {
    func write(to writer: inout PlainWriter) {
        writer.bare(#"{"doses":"#)
        Self.write(doses, to: &writer)
        writer.bare(#","fields":"#)
        fields.write(to: &writer)
        writer.bare(#","keepsPassport":"#)
        writer.bare(keepsPassport ? "true" : "false")
        writer.bare(#","number":"#)
        writer.text(number)
        writer.bare(#","passports":"#)
        Self.write(passports, to: &writer)
        writer.bare("}")
    }

    private static func write(_ values: [some PlainForm], to writer: inout PlainWriter) {
        writer.bare("[")
        for (index, value) in values.enumerated() {
            if index > 0 { writer.bare(",") }
            value.write(to: &writer)
        }
        writer.bare("]")
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
