public import Vaccination

extension PageContent {
    /// The content of a vaccination certificate, with the field names that `templates/domestic.json` and
    /// `templates/overseas.json` use.
    ///
    /// Fields: `name`, `birthDate` (`1980-01-23`; `1950-04（日は不詳 Day unknown）`), `birthDateJapanese` (`1980年1月23日`;
    /// `1950年4月（日は不詳）`), `prefecture`, `municipality`,
    /// `prefectureEnglish`, `municipalityEnglish`, `issuedOn`, `issuedOnJapanese`, `certificateID` (in three groups of
    /// four), `moreDoses` (empty unless the record has more doses than the page); with a passport also `romajiName`,
    /// `nationality`, `passportNumber`. Rows: `number`, `date`, `dateJapanese`, `vaccineType`, `vaccineTypeEnglish`,
    /// `maker`, `makerEnglish`, `product`, `productEnglish`, `lot`, `country`.
    ///
    /// - Parameters:
    ///   - kind: which template.
    ///   - doses: the doses that the certificate names, first to last, at most five.
    ///   - exceeds: whether the record has more doses than these.
    ///   - codes: by place: `shc`, on the overseas certificate also `icao`, and `dcc` if there is an EU code.
    public static func certificate(
        _ kind: CertificateKind, of vaccinee: Vaccinee, doses: [Dose], exceeds: Bool, by municipality: Municipality,
        issuer: (japanese: String, english: String)? = nil, id: CertificateID, issuedOn: CalendarDate,
        codes: [String: QRCode], isSample: Bool
    ) -> PageContent {
        var fields = [
            "name": vaccinee.name,
            "birthDate": english(vaccinee.birthDate),
            "birthDateJapanese": japanese(vaccinee.birthDate),
            "prefecture": municipality.prefecture,
            "municipality": municipality.name,
            "prefectureEnglish": municipality.prefectureEnglish,
            "municipalityEnglish": municipality.nameEnglish,
            "issuer": issuer?.japanese ?? "\(municipality.name)長",
            "issuerEnglish": issuer?.english ?? "Mayor of \(municipality.nameEnglish)",
            "issuedOn": issuedOn.description,
            "issuedOnJapanese": japanese(issuedOn),
            "certificateID": grouped(id.text),
            "moreDoses": exceeds ? "1" : "",
        ]
        if let passport = vaccinee.passport {
            fields["romajiName"] = passport.romajiName
            fields["nationality"] = passport.nationality
            fields["passportNumber"] = passport.number
        }
        return PageContent(
            template: kind.rawValue, fields: fields, rows: doses.map(row), codes: codes, isSample: isSample)
    }

    private static func row(of dose: Dose) -> [String: String] {
        [
            "number": String(dose.number),
            "date": dose.date.description,
            "dateJapanese": japanese(dose.date),
            "vaccineType": dose.product.kind.name,
            "vaccineTypeEnglish": dose.product.kind.nameEnglish,
            "maker": dose.product.maker,
            "makerEnglish": dose.product.makerEnglish,
            "product": dose.product.name,
            "productEnglish": dose.product.nameEnglish,
            "lot": dose.lot,
            "country": dose.country,
        ]
    }

    private static func english(_ date: BirthDate) -> String {
        if date.month == nil { return "\(date)（月日は不詳 Month and day unknown）" }
        return date.day == nil ? "\(date)（日は不詳 Day unknown）" : date.description
    }

    private static func japanese(_ date: BirthDate) -> String {
        guard let month = date.month else { return "\(date.year)年（月日は不詳）" }
        guard let day = date.day else { return "\(date.year)年\(month)月（日は不詳）" }
        return "\(date.year)年\(month)月\(day)日"
    }

    private static func japanese(_ date: CalendarDate) -> String { "\(date.year)年\(date.month)月\(date.day)日" }

    private static func grouped(_ id: String) -> String {
        let characters = Array(id)
        return stride(from: 0, to: characters.count, by: 4)
            .map { String(characters[$0..<min($0 + 4, characters.count)]) }.joined(separator: " ")
    }
}
