import Foundation
package import Vaccination

// The plain forms of all that is sealed. Members and their types are those of each type's `Codable`, which the tests compare.

/// What is sealed of a person, doses and earlier passports apart.
package struct PersonFields: Hashable, Codable, Sendable {
    let vaccinee: Vaccinee
    let standing: Standing
    let register: RegisterEntry?

    /// Fields from their parts.
    package init(vaccinee: Vaccinee, standing: Standing, register: RegisterEntry? = nil) {
        self.vaccinee = vaccinee
        self.standing = standing
        self.register = register
    }

    /// The same with another passport.
    func keeping(_ passport: Passport?) -> PersonFields {
        let whole = Vaccinee(
            name: vaccinee.name, birthDate: vaccinee.birthDate, sex: vaccinee.sex, passport: passport)
        return PersonFields(vaccinee: whole ?? vaccinee, standing: standing, register: register)
    }

    /// The same with an entry of the register, unless it has one.
    func keeping(_ register: RegisterEntry?) -> PersonFields {
        PersonFields(vaccinee: vaccinee, standing: standing, register: self.register ?? register)
    }
}

extension PersonFields: PlainForm {
    package func write(to writer: inout PlainWriter) {
        writer.bare("{")
        if let register {
            writer.bare(#""register":"#)
            register.write(to: &writer)
            writer.bare(",")
        }
        writer.bare(#""standing":"#)
        writer.text(standing.rawValue)
        writer.bare(#","vaccinee":"#)
        vaccinee.write(to: &writer)
        writer.bare("}")
    }

    package init?(plain reader: inout PlainReader) {
        var (vaccinee, standing, register): (Vaccinee?, Standing?, RegisterEntry?)
        let isRead = reader.members { name, reader in
            switch name {
            case "register": register.takeOnce(RegisterEntry(plain: &reader))
            case "standing": standing.takeOnce(reader.text().flatMap(Standing.init(rawValue:)))
            case "vaccinee": vaccinee.takeOnce(Vaccinee(plain: &reader))
            default: false
            }
        }
        guard isRead, let vaccinee, let standing else { return nil }
        self.init(vaccinee: vaccinee, standing: standing, register: register)
    }
}

extension RegisterEntry: PlainForm {
    package func write(to writer: inout PlainWriter) {
        writer.bare(#"{"addressee":"#)
        writer.text(addressee.text)
        func text(_ name: String, _ value: String?) {
            guard let value else { return }
            writer.bare(#","\#(name)":"#)
            writer.text(value)
        }
        text("changedOn", changedOn?.description)
        text("integrated", integrated?.text)
        text("nationality", nationality)
        writer.bare(#","otherNames":"#)
        otherNames.writeElements(to: &writer)
        writer.bare(#","readings":"#)
        readings.writeElements(to: &writer)
        text("residentFrom", residentFrom?.description)
        text("residentUntil", residentUntil?.description)
        writer.bare(#","sequence":"#)
        writer.bare(String(sequence))
        writer.bare(#","writtenAt":"#)
        writer.bare(String(writtenAt))
        writer.bare("}")
    }

    package init?(plain reader: inout PlainReader) {
        var (addressee, integrated): (AddresseeNumber?, AddresseeNumber?)
        var (readings, otherNames, nationality): ([String]?, [OtherName]?, String?)
        var (changedOn, residentFrom, residentUntil): (CalendarDate?, CalendarDate?, CalendarDate?)
        var (writtenAt, sequence): (Int64?, Int64?)
        let isRead = reader.members { name, reader in
            switch name {
            case "addressee": addressee.takeOnce(reader.text().flatMap { AddresseeNumber($0) })
            case "changedOn": changedOn.takeOnce(reader.text().flatMap { CalendarDate(iso: $0) })
            case "integrated": integrated.takeOnce(reader.text().flatMap { AddresseeNumber($0) })
            case "nationality": nationality.takeOnce(reader.text())
            case "otherNames": otherNames.takeOnce(reader.elements())
            case "readings": readings.takeOnce(reader.elements())
            case "residentFrom": residentFrom.takeOnce(reader.text().flatMap { CalendarDate(iso: $0) })
            case "residentUntil": residentUntil.takeOnce(reader.text().flatMap { CalendarDate(iso: $0) })
            case "sequence": sequence.takeOnce(reader.milliseconds())
            case "writtenAt": writtenAt.takeOnce(reader.milliseconds())
            default: false
            }
        }
        guard isRead, let addressee, let readings, let otherNames, let writtenAt, let sequence else { return nil }
        self.init(
            addressee: addressee, integrated: integrated, readings: readings, otherNames: otherNames,
            nationality: nationality, changedOn: changedOn, residentFrom: residentFrom, residentUntil: residentUntil,
            writtenAt: writtenAt, sequence: sequence)
    }
}

extension OtherName: PlainForm {
    package func write(to writer: inout PlainWriter) {
        writer.bare(#"{"kind":"#)
        writer.text(kind.rawValue)
        writer.bare(#","name":"#)
        writer.text(name)
        writer.bare("}")
    }

    package init?(plain reader: inout PlainReader) {
        var (kind, name): (Kind?, String?)
        let isRead = reader.members { member, reader in
            switch member {
            case "kind": kind.takeOnce(reader.text().flatMap(Kind.init(rawValue:)))
            case "name": name.takeOnce(reader.text())
            default: false
            }
        }
        guard isRead, let kind, let name else { return nil }
        self.init(kind: kind, name: name)
    }
}

extension IssueContent: PlainForm {
    package func write(to writer: inout PlainWriter) {
        writer.bare(#"{"doses":"#)
        for (index, dose) in doses.enumerated() {
            writer.bare(index == 0 ? "[" : ",")
            dose.write(to: &writer)
        }
        writer.bare(doses.isEmpty ? "[]" : "]")
        writer.bare(#","exceeds":"#)
        writer.bare(exceeds ? "true" : "false")
        writer.bare(#","vaccinee":"#)
        vaccinee.write(to: &writer)
        writer.bare("}")
    }

    package init?(plain reader: inout PlainReader) {
        var (doses, exceeds, vaccinee): ([Dose]?, Bool?, Vaccinee?)
        let isRead = reader.members { name, reader in
            switch name {
            case "doses": doses.takeOnce(reader.elements())
            case "exceeds": exceeds.takeOnce(reader.truth())
            case "vaccinee": vaccinee.takeOnce(Vaccinee(plain: &reader))
            default: false
            }
        }
        guard isRead, let doses, let exceeds, let vaccinee else { return nil }
        self.init(vaccinee: vaccinee, doses: doses, exceeds: exceeds)
    }
}

extension Dose: PlainForm {
    package func write(to writer: inout PlainWriter) {
        write(to: &writer, ended: nil)
        writer.bare("}")
    }

    /// Writes all but the last brace; when an entry ended has its place between the names.
    fileprivate func write(to writer: inout PlainWriter, ended: Int64?) {
        writer.bare(#"{"country":"#)
        writer.text(country)
        writer.bare(#","date":"#)
        writer.text(date.description)
        if let ended {
            writer.bare(#","ended":"#)
            writer.bare(String(ended))
        }
        writer.bare(#","lot":"#)
        writer.text(lot)
        writer.bare(#","number":"#)
        writer.bare(String(number))
        writer.bare(#","product":"#)
        writer.text(product.code)
    }

    package init?(plain reader: inout PlainReader) {
        var members = DoseMembers()
        guard reader.members({ members.take($0, &$1) }), let dose = members.dose else { return nil }
        self = dose
    }
}

/// The members of a dose, as they are read.
private struct DoseMembers {
    private var (number, date, product): (Int?, CalendarDate?, Product?)
    private var (lot, country): (String?, String?)

    /// Takes one; `false` if it is none of a dose's, or is not read.
    mutating func take(_ name: String, _ reader: inout PlainReader) -> Bool {
        switch name {
        case "country": country.takeOnce(reader.text())
        case "date": date.takeOnce(reader.text().flatMap { CalendarDate(iso: $0) })
        case "lot": lot.takeOnce(reader.text())
        case "number": number.takeOnce(reader.number())
        case "product": product.takeOnce(reader.text().flatMap { Product.withCode($0) })
        default: false
        }
    }

    /// The dose; `nil` if something is missing or out of bounds.
    var dose: Dose? {
        guard let number, let date, let product, let lot, let country else { return nil }
        return Dose(number: number, date: date, product: product, lot: lot, country: country)
    }
}

/// A dose's members and, where they are known, `ended`, `recorded` and `source`; times in milliseconds since 1970.
extension DoseEntry: PlainForm {
    private enum CodingKeys: String, CodingKey { case ended, recorded, source }

    /// Reads an entry; a dose out of its bounds is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            dose: try Dose(from: decoder),
            source: try values.decodeIfPresent(DoseSource.self, forKey: .source),
            recordedAt: try values.decodeIfPresent(Int64.self, forKey: .recorded).map { Date(storedMilliseconds: $0) },
            endedAt: try values.decodeIfPresent(Int64.self, forKey: .ended).map { Date(storedMilliseconds: $0) })
    }

    /// Writes the members of the dose and the entry's own beside each other.
    public func encode(to encoder: any Encoder) throws {
        try dose.encode(to: encoder)
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encodeIfPresent(endedAt?.storedMilliseconds, forKey: .ended)
        try values.encodeIfPresent(recordedAt?.storedMilliseconds, forKey: .recorded)
        try values.encodeIfPresent(source, forKey: .source)
    }

    package func write(to writer: inout PlainWriter) {
        dose.write(to: &writer, ended: endedAt?.storedMilliseconds)
        if let recordedAt {
            writer.bare(#","recorded":"#)
            writer.bare(String(recordedAt.storedMilliseconds))
        }
        if let source {
            writer.bare(#","source":"#)
            writer.text(source.rawValue)
        }
        writer.bare("}")
    }

    package init?(plain reader: inout PlainReader) {
        var (members, source) = (DoseMembers(), DoseSource?.none)
        var (recorded, ended): (Int64?, Int64?)
        let isRead = reader.members { name, reader in
            switch name {
            case "ended": ended.takeOnce(reader.milliseconds())
            case "recorded": recorded.takeOnce(reader.milliseconds())
            case "source": source.takeOnce(reader.text().flatMap(DoseSource.init(rawValue:)))
            default: members.take(name, &reader)
            }
        }
        guard isRead, let dose = members.dose else { return nil }
        self.init(
            dose: dose, source: source, recordedAt: recorded.map { Date(storedMilliseconds: $0) },
            endedAt: ended.map { Date(storedMilliseconds: $0) })
    }
}

extension Vaccinee: PlainForm {
    package func write(to writer: inout PlainWriter) {
        writer.bare(#"{"birthDate":"#)
        writer.text(birthDate.description)
        writer.bare(#","name":"#)
        writer.text(name)
        if let passport {
            writer.bare(#","passport":"#)
            passport.write(to: &writer)
        }
        writer.bare(#","sex":"#)
        writer.text(sex.rawValue)
        writer.bare("}")
    }

    package init?(plain reader: inout PlainReader) {
        var (name, birthDate, sex, passport): (String?, CalendarDate?, Sex?, Passport?)
        let isRead = reader.members { member, reader in
            switch member {
            case "birthDate": birthDate.takeOnce(reader.text().flatMap { CalendarDate(iso: $0) })
            case "name": name.takeOnce(reader.text())
            case "passport": passport.takeOnce(Passport(plain: &reader))
            case "sex": sex.takeOnce(reader.text().flatMap(Sex.init(rawValue:)))
            default: false
            }
        }
        guard isRead, let name, let birthDate, let sex else { return nil }
        self.init(name: name, birthDate: birthDate, sex: sex, passport: passport)
    }
}

extension Passport: PlainForm {
    package func write(to writer: inout PlainWriter) {
        writer.bare(#"{"expires":"#)
        writer.text(expires.description)
        writer.bare(#","nationality":"#)
        writer.text(nationality)
        writer.bare(#","number":"#)
        writer.text(number)
        writer.bare(#","romajiName":"#)
        writer.text(romajiName)
        writer.bare("}")
    }

    package init?(plain reader: inout PlainReader) {
        var (number, romajiName, nationality, expires): (String?, String?, String?, CalendarDate?)
        let isRead = reader.members { name, reader in
            switch name {
            case "expires": expires.takeOnce(reader.text().flatMap { CalendarDate(iso: $0) })
            case "nationality": nationality.takeOnce(reader.text())
            case "number": number.takeOnce(reader.text())
            case "romajiName": romajiName.takeOnce(reader.text())
            default: false
            }
        }
        guard isRead, let number, let romajiName, let nationality, let expires else { return nil }
        self.init(number: number, romajiName: romajiName, nationality: nationality, expires: expires)
    }
}

/// An earlier passport's number.
extension String: PlainForm {
    package func write(to writer: inout PlainWriter) { writer.text(self) }

    package init?(plain reader: inout PlainReader) {
        guard let text = reader.text() else { return nil }
        self = text
    }
}
