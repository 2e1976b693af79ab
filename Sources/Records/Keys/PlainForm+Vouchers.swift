import Foundation
import Vaccination

// The plain forms of vouchers and passports with their histories. Times are milliseconds since 1970.

extension Voucher: PlainForm {
    private enum CodingKeys: String, CodingKey { case history, line, on }

    /// Reads a voucher; one out of bounds is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        guard
            let voucher = Voucher(
                line: try values.decode(VoucherLine.self, forKey: .line),
                issuedOn: try values.decodeIfPresent(CalendarDate.self, forKey: .on),
                history: try values.decode([VoucherEvent].self, forKey: .history))
        else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a voucher out of bounds"))
        }
        self = voucher
    }

    /// Writes what ``init(from:)`` reads.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(history, forKey: .history)
        try values.encode(line, forKey: .line)
        try values.encodeIfPresent(issuedOn, forKey: .on)
    }

    package func write(to writer: inout PlainWriter) {
        writer.bare(#"{"history":"#)
        history.writeElements(to: &writer)
        writer.bare(#","line":"#)
        writer.text(line.digits)
        if let issuedOn {
            writer.bare(#","on":"#)
            writer.text(issuedOn.description)
        }
        writer.bare("}")
    }

    package init?(plain reader: inout PlainReader) {
        var (history, line, day): ([VoucherEvent]?, VoucherLine?, CalendarDate?)
        let isRead = reader.members { name, reader in
            switch name {
            case "history": history.takeOnce(reader.elements())
            case "line": line.takeOnce(reader.text().flatMap { VoucherLine($0) })
            case "on": day.takeOnce(reader.text().flatMap { CalendarDate(iso: $0) })
            default: false
            }
        }
        guard isRead, let history, let line else { return nil }
        self.init(line: line, issuedOn: day, history: history)
    }
}

extension VoucherEvent: PlainForm {
    private enum CodingKeys: String, CodingKey { case at, by, kind, reason, source }

    /// Reads a step.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            kind: try values.decode(Kind.self, forKey: .kind),
            at: Date(storedMilliseconds: try values.decode(Int64.self, forKey: .at)),
            by: try values.decodeIfPresent(String.self, forKey: .by),
            source: try values.decode(DoseSource.self, forKey: .source),
            reason: try values.decodeIfPresent(VoucherReason.self, forKey: .reason))
    }

    /// Writes what ``init(from:)`` reads.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(at.storedMilliseconds, forKey: .at)
        try values.encodeIfPresent(by, forKey: .by)
        try values.encode(kind, forKey: .kind)
        try values.encodeIfPresent(reason, forKey: .reason)
        try values.encode(source, forKey: .source)
    }

    package func write(to writer: inout PlainWriter) {
        writer.bare(#"{"at":"#)
        writer.bare(String(at.storedMilliseconds))
        writer.member("by", by)
        writer.member("kind", kind.rawValue)
        writer.member("reason", reason?.rawValue)
        writer.member("source", source.rawValue)
        writer.bare("}")
    }

    package init?(plain reader: inout PlainReader) {
        var (at, by, kind): (Int64?, String?, Kind?)
        var (reason, source): (VoucherReason?, DoseSource?)
        let isRead = reader.members { name, reader in
            switch name {
            case "at": at.takeOnce(reader.milliseconds())
            case "by": by.takeOnce(reader.text())
            case "kind": kind.takeOnce(reader.text().flatMap(Kind.init(rawValue:)))
            case "reason": reason.takeOnce(reader.text().flatMap(VoucherReason.init(rawValue:)))
            case "source": source.takeOnce(reader.text().flatMap(DoseSource.init(rawValue:)))
            default: false
            }
        }
        guard isRead, let at, let kind, let source else { return nil }
        self.init(kind: kind, at: Date(storedMilliseconds: at), by: by, source: source, reason: reason)
    }
}

extension IssuedVoucher: PlainForm {
    package func write(to writer: inout PlainWriter) {
        writer.bare("{")
        if let issuedOn {
            writer.bare(#""issuedOn":"#)
            writer.text(issuedOn.description)
            writer.bare(",")
        }
        writer.bare(#""line":"#)
        writer.text(line.digits)
        writer.bare("}")
    }

    package init?(plain reader: inout PlainReader) {
        var (line, day): (VoucherLine?, CalendarDate?)
        let isRead = reader.members { name, reader in
            switch name {
            case "issuedOn": day.takeOnce(reader.text().flatMap { CalendarDate(iso: $0) })
            case "line": line.takeOnce(reader.text().flatMap { VoucherLine($0) })
            default: false
            }
        }
        guard isRead, let line else { return nil }
        self.init(line: line, issuedOn: day)
    }
}

extension PassportEntry: PlainForm {
    private enum CodingKeys: String, CodingKey { case ended, endedBy, passport, reason, recorded, source }

    /// Reads an entry.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            passport: try values.decode(Passport.self, forKey: .passport),
            source: try values.decodeIfPresent(DoseSource.self, forKey: .source),
            recordedAt: try values.decodeIfPresent(Int64.self, forKey: .recorded).map { Date(storedMilliseconds: $0) },
            endedAt: try values.decodeIfPresent(Int64.self, forKey: .ended).map { Date(storedMilliseconds: $0) },
            reason: try values.decodeIfPresent(PassportReason.self, forKey: .reason),
            endedBy: try values.decodeIfPresent(DoseSource.self, forKey: .endedBy))
    }

    /// Writes what ``init(from:)`` reads.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encodeIfPresent(endedAt?.storedMilliseconds, forKey: .ended)
        try values.encodeIfPresent(endedBy, forKey: .endedBy)
        try values.encode(passport, forKey: .passport)
        try values.encodeIfPresent(reason, forKey: .reason)
        try values.encodeIfPresent(recordedAt?.storedMilliseconds, forKey: .recorded)
        try values.encodeIfPresent(source, forKey: .source)
    }

    package func write(to writer: inout PlainWriter) {
        writer.bare("{")
        if let endedAt { writer.bare(#""ended":\#(endedAt.storedMilliseconds),"#) }
        if let endedBy {
            writer.bare(#""endedBy":"#)
            writer.text(endedBy.rawValue)
            writer.bare(",")
        }
        writer.bare(#""passport":"#)
        passport.write(to: &writer)
        if let reason {
            writer.bare(#","reason":"#)
            writer.text(reason.rawValue)
        }
        if let recordedAt { writer.bare(#","recorded":\#(recordedAt.storedMilliseconds)"#) }
        if let source {
            writer.bare(#","source":"#)
            writer.text(source.rawValue)
        }
        writer.bare("}")
    }

    package init?(plain reader: inout PlainReader) {
        var (passport, source, endedBy, reason): (Passport?, DoseSource?, DoseSource?, PassportReason?)
        var (recorded, ended): (Int64?, Int64?)
        let isRead = reader.members { name, reader in
            switch name {
            case "ended": ended.takeOnce(reader.milliseconds())
            case "endedBy": endedBy.takeOnce(reader.text().flatMap(DoseSource.init(rawValue:)))
            case "passport": passport.takeOnce(Passport(plain: &reader))
            case "reason": reason.takeOnce(reader.text().flatMap(PassportReason.init(rawValue:)))
            case "recorded": recorded.takeOnce(reader.milliseconds())
            case "source": source.takeOnce(reader.text().flatMap(DoseSource.init(rawValue:)))
            default: false
            }
        }
        guard isRead, let passport else { return nil }
        self.init(
            passport: passport, source: source, recordedAt: recorded.map { Date(storedMilliseconds: $0) },
            endedAt: ended.map { Date(storedMilliseconds: $0) }, reason: reason, endedBy: endedBy)
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
        if !otherFamilyNames.isEmpty {
            writer.bare(#","otherFamilyNames":"#)
            otherFamilyNames.writeElements(to: &writer)
        }
        if !otherGivenNames.isEmpty {
            writer.bare(#","otherGivenNames":"#)
            otherGivenNames.writeElements(to: &writer)
        }
        writer.bare(#","romajiName":"#)
        writer.text(romajiName)
        writer.bare("}")
    }

    package init?(plain reader: inout PlainReader) {
        var (number, romajiName, nationality, expires): (String?, String?, String?, CalendarDate?)
        var (family, given): ([String]?, [String]?)
        let isRead = reader.members { name, reader in
            switch name {
            case "expires": expires.takeOnce(reader.text().flatMap { CalendarDate(iso: $0) })
            case "nationality": nationality.takeOnce(reader.text())
            case "number": number.takeOnce(reader.text())
            case "otherFamilyNames": family.takeOnce(reader.elements())
            case "otherGivenNames": given.takeOnce(reader.elements())
            case "romajiName": romajiName.takeOnce(reader.text())
            default: false
            }
        }
        guard isRead, let number, let romajiName, let nationality, let expires else { return nil }
        self.init(
            number: number, romajiName: romajiName, otherFamilyNames: family ?? [], otherGivenNames: given ?? [],
            nationality: nationality, expires: expires)
    }
}
