import Vaccination

/// The WHO's vaccination record inside the same claims as the EU's: the Digital Vaccination Certificate and the digital
/// International Certificate of Vaccination or Prophylaxis (claim −260, member −6; WHO SMART Guidelines, ICVP, draft).
struct VaccinationRecord {
    let holder: VerifiedHolder
    let doses: [VerifiedDose]
    /// Days since 1970 in which the certificate counts, for each entry that names them; both ends belong to it.
    private let periods: [ClosedRange<Int>]

    /// The maximum of entries of one record.
    private static let maximumEntries = 64

    init(_ record: CBORMap) throws(Refusal) {
        let birth = try record.required(try record.date("dob") { CalendarDate(iso: $0) != nil })
        // HL7 table 0203: a passport's number, and no other document's, is one to compare with a passport.
        let (kind, number) = (try Self.text("ndt", of: record), try Self.text("nid", of: record))
        holder = VerifiedHolder(
            name: try record.required(try Self.text("n", of: record)), family: nil, given: nil, birthDate: birth,
            sex: try Self.text("s", of: record), documentNumber: kind == "PPN" ? number : nil)
        var (doses, periods) = ([VerifiedDose](), [ClosedRange<Int>]())
        for entry in try Self.entries(record) {
            let (product, target) = (try Self.text("vp", of: entry), try Self.text("tg", of: entry))
            let (issuer, country) = (try Self.text("is", of: entry), try Self.text("cn", of: entry))
            doses.append(
                VerifiedDose(
                    date: try entry.required(try entry.date("dt") { CalendarDate(iso: $0) != nil }),
                    product: try entry.required(product ?? target), maker: try Self.text("ma", of: entry),
                    lot: try Self.text("bo", of: entry), number: try entry.count("dn"),
                    productCode: try Self.text("mp", of: entry), performer: try entry.required(issuer ?? country)))
            let start = try entry.date("vls") { $0.isEmpty || CalendarDate(iso: $0) != nil }
            let end = try entry.date("vle") { $0.isEmpty || CalendarDate(iso: $0) != nil }
            if let period = try Self.period(start, end, of: entry) { periods.append(period) }
        }
        (self.doses, self.periods) = (doses, periods)
    }

    // One entry stands by itself or in an array.
    private static func entries(_ record: CBORMap) throws(Refusal) -> [CBORMap] {
        guard let place = record.cbor.member("v", of: record.place) else { throw record.malformed }
        if record.cbor.kind(place) == .map { return [try CBORMap(record.cbor, place)] }
        let entries = try record.maps("v") ?? []
        guard (1...maximumEntries).contains(entries.count) else { throw record.malformed }
        return entries
    }

    // An empty text says nothing; one that is longer than any such text is no such text.
    private static func text(_ key: StaticString, of map: CBORMap) throws(Refusal) -> String? {
        guard let text = try map.text(key), !text.isEmpty else { return nil }
        guard text.unicodeScalars.count <= 200 else { throw map.malformed }
        return text
    }

    private static func period(
        _ start: String?, _ end: String?, of entry: CBORMap
    ) throws(Refusal) -> ClosedRange<Int>? {
        let (first, last) = (start.flatMap { CalendarDate(iso: $0) }, end.flatMap { CalendarDate(iso: $0) })
        guard first != nil || last != nil else { return nil }
        let (from, until) = (first?.daysSince1970 ?? .min, last?.daysSince1970 ?? .max)
        guard from <= until else { throw entry.malformed }
        return from...until
    }

    /// Why the record does not count on a day; `nil` if it does, or names no period.
    func cause(on day: Int) -> Cause? {
        guard !periods.isEmpty, !periods.contains(where: { $0.contains(day) }) else { return nil }
        return periods.contains { day < $0.lowerBound } ? .notYetValid : .expired
    }
}
