package import Vaccination

// The plain forms of all that is sealed. Members and their types are those of each type's `Codable`, which the tests compare.

/// What is sealed of a person, doses and earlier passports apart.
package struct PersonFields: Hashable, Codable, Sendable {
    let vaccinee: Vaccinee
    let standing: Standing

    /// Fields from their parts.
    package init(vaccinee: Vaccinee, standing: Standing) {
        self.vaccinee = vaccinee
        self.standing = standing
    }
}

extension PersonFields: PlainForm {
    package func write(to writer: inout PlainWriter) {
        writer.bare(#"{"standing":"#)
        writer.text(standing.rawValue)
        writer.bare(#","vaccinee":"#)
        vaccinee.write(to: &writer)
        writer.bare("}")
    }

    package init?(plain reader: inout PlainReader) {
        var (vaccinee, standing): (Vaccinee?, Standing?)
        let isRead = reader.members { name, reader in
            switch name {
            case "standing": standing.takeOnce(reader.text().flatMap(Standing.init(rawValue:)))
            case "vaccinee": vaccinee.takeOnce(Vaccinee(plain: &reader))
            default: false
            }
        }
        guard isRead, let vaccinee, let standing else { return nil }
        self.init(vaccinee: vaccinee, standing: standing)
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
        writer.bare(#"{"country":"#)
        writer.text(country)
        writer.bare(#","date":"#)
        writer.text(date.description)
        writer.bare(#","lot":"#)
        writer.text(lot)
        writer.bare(#","number":"#)
        writer.bare(String(number))
        writer.bare(#","product":"#)
        writer.text(product.code)
        writer.bare("}")
    }

    package init?(plain reader: inout PlainReader) {
        var (number, date, product): (Int?, CalendarDate?, Product?)
        var (lot, country): (String?, String?)
        let isRead = reader.members { name, reader in
            switch name {
            case "country": country.takeOnce(reader.text())
            case "date": date.takeOnce(reader.text().flatMap { CalendarDate(iso: $0) })
            case "lot": lot.takeOnce(reader.text())
            case "number": number.takeOnce(reader.number())
            case "product": product.takeOnce(reader.text().flatMap { Product.withCode($0) })
            default: false
            }
        }
        guard isRead, let number, let date, let product, let lot, let country else { return nil }
        self.init(number: number, date: date, product: product, lot: lot, country: country)
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
