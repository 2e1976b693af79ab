import Foundation
package import Vaccination

// The plain forms of all that is sealed. Members and their types are those of each type's `Codable`, which the tests compare.

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
        write(to: &writer) { _ in }
        writer.bare("}")
    }

    /// Writes all but the last brace; an entry has members of its own between those of a dose.
    fileprivate func write(to writer: inout PlainWriter, between: (inout PlainWriter) -> Void) {
        writer.bare(#"{"country":"#)
        writer.text(country)
        writer.bare(#","date":"#)
        writer.text(date.description)
        between(&writer)
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

/// A dose's members and, where they are known, `dispute`, `doctor`, `ended`, `recorded`, `source`, `venue` and `voucher`; times in
/// milliseconds since 1970.
extension DoseEntry: PlainForm {
    private enum CodingKeys: String, CodingKey { case dispute, doctor, ended, recorded, source, venue, voucher }

    /// Reads an entry; a dose out of its bounds is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        guard
            let details = DoseDetails(
                venue: try values.decodeIfPresent(String.self, forKey: .venue),
                doctor: try values.decodeIfPresent(String.self, forKey: .doctor),
                voucher: try values.decodeIfPresent(VoucherLine.self, forKey: .voucher))
        else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "details of a dose out of bounds"))
        }
        self.init(
            dose: try Dose(from: decoder),
            source: try values.decodeIfPresent(DoseSource.self, forKey: .source),
            recordedAt: try values.decodeIfPresent(Int64.self, forKey: .recorded).map { Date(storedMilliseconds: $0) },
            endedAt: try values.decodeIfPresent(Int64.self, forKey: .ended).map { Date(storedMilliseconds: $0) },
            details: details, dispute: try values.decodeIfPresent(VoucherDispute.self, forKey: .dispute))
    }

    /// Writes the members of the dose and the entry's own beside each other.
    public func encode(to encoder: any Encoder) throws {
        try dose.encode(to: encoder)
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encodeIfPresent(dispute, forKey: .dispute)
        try values.encodeIfPresent(details.doctor, forKey: .doctor)
        try values.encodeIfPresent(endedAt?.storedMilliseconds, forKey: .ended)
        try values.encodeIfPresent(recordedAt?.storedMilliseconds, forKey: .recorded)
        try values.encodeIfPresent(source, forKey: .source)
        try values.encodeIfPresent(details.venue, forKey: .venue)
        try values.encodeIfPresent(details.voucher, forKey: .voucher)
    }

    package func write(to writer: inout PlainWriter) {
        dose.write(to: &writer) { writer in
            writer.member("dispute", dispute?.rawValue)
            writer.member("doctor", details.doctor)
            if let endedAt {
                writer.bare(#","ended":"#)
                writer.bare(String(endedAt.storedMilliseconds))
            }
        }
        if let recordedAt {
            writer.bare(#","recorded":"#)
            writer.bare(String(recordedAt.storedMilliseconds))
        }
        writer.member("source", source?.rawValue)
        writer.member("venue", details.venue)
        writer.member("voucher", details.voucher?.digits)
        writer.bare("}")
    }

    package init?(plain reader: inout PlainReader) {
        var (members, source) = (DoseMembers(), DoseSource?.none)
        var (recorded, ended): (Int64?, Int64?)
        var (venue, doctor): (String?, String?)
        var (voucher, dispute): (VoucherLine?, VoucherDispute?)
        let isRead = reader.members { name, reader in
            switch name {
            case "dispute": dispute.takeOnce(reader.text().flatMap(VoucherDispute.init(rawValue:)))
            case "doctor": doctor.takeOnce(reader.text())
            case "ended": ended.takeOnce(reader.milliseconds())
            case "recorded": recorded.takeOnce(reader.milliseconds())
            case "source": source.takeOnce(reader.text().flatMap(DoseSource.init(rawValue:)))
            case "venue": venue.takeOnce(reader.text())
            case "voucher": voucher.takeOnce(reader.text().flatMap { VoucherLine($0) })
            default: members.take(name, &reader)
            }
        }
        guard isRead, let dose = members.dose,
            let details = DoseDetails(venue: venue, doctor: doctor, voucher: voucher)
        else { return nil }
        self.init(
            dose: dose, source: source, recordedAt: recorded.map { Date(storedMilliseconds: $0) },
            endedAt: ended.map { Date(storedMilliseconds: $0) }, details: details, dispute: dispute)
    }
}

extension Vaccinee: PlainForm {
    package func write(to writer: inout PlainWriter) { write(to: &writer, passport: passport) }

    /// Writes the members with another passport, or none.
    func write(to writer: inout PlainWriter, passport: Passport?) {
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
        var (name, birthDate, sex, passport): (String?, BirthDate?, Sex?, Passport?)
        let isRead = reader.members { member, reader in
            switch member {
            case "birthDate": birthDate.takeOnce(reader.text().flatMap { BirthDate(iso: $0) })
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

/// An earlier passport's number.
extension String: PlainForm {
    package func write(to writer: inout PlainWriter) { writer.text(self) }

    package init?(plain reader: inout PlainReader) {
        guard let text = reader.text() else { return nil }
        self = text
    }
}
