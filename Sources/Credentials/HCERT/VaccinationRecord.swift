import Vaccination

/// The WHO's vaccination record inside the same claims as the EU's: the Digital Vaccination Certificate and the digital
/// International Certificate of Vaccination or Prophylaxis (claim −260, member −6; WHO SMART Guidelines, ICVP, draft).
struct VaccinationRecord {
    let holder: VerifiedHolder
    let doses: [VerifiedDose]
    /// Days since 1970 in which the certificate counts, for each entry that names them; both ends belong to it.
    private let periods: [ClosedRange<Int>]

    /// The most entries of one record.
    private static let most = 64

    init(_ record: CBOR.Place, _ cbor: CBOR) throws(Refusal) {
        func text(_ key: StaticString, of place: CBOR.Place?, most: Int = 200) -> String? {
            cbor.text(cbor.member(key, of: place)).flatMap {
                $0.isEmpty || $0.unicodeScalars.count > most ? nil : $0
            }
        }
        guard let name = text("n", of: record), let birth = text("dob", of: record), CalendarDate(iso: birth) != nil,
            let group = cbor.member("v", of: record)
        else { throw Refusal(.payloadMalformed, at: cbor.offset(record)) }
        // One entry stands by itself or in an array.
        let entries = cbor.kind(group) == .array ? Array(cbor.children(of: group).prefix(Self.most + 1)) : [group]
        guard (1...Self.most).contains(entries.count) else { throw Refusal(.payloadMalformed, at: cbor.offset(group)) }

        holder = VerifiedHolder(
            name: name, family: nil, given: nil, birthDate: birth, sex: text("s", of: record),
            // HL7 table 0203: a passport's number, and no other document's, is one to compare with a passport.
            documentNumber: text("ndt", of: record) == "PPN" ? text("nid", of: record) : nil)
        var (doses, periods) = ([VerifiedDose](), [ClosedRange<Int>]())
        for entry in entries {
            guard cbor.kind(entry) == .map, let date = text("dt", of: entry), CalendarDate(iso: date) != nil,
                let product = text("vp", of: entry) ?? text("tg", of: entry),
                let issuer = text("is", of: entry) ?? text("cn", of: entry)
            else { throw Refusal(.payloadMalformed, at: cbor.offset(entry)) }
            doses.append(
                VerifiedDose(
                    date: date, product: product, maker: text("ma", of: entry), lot: text("bo", of: entry),
                    number: cbor.integer(cbor.member("dn", of: entry)), productCode: text("mp", of: entry),
                    performer: issuer))
            if let period = try Self.period(text("vls", of: entry), text("vle", of: entry)) { periods.append(period) }
        }
        (self.doses, self.periods) = (doses, periods)
    }

    private static func period(_ start: String?, _ end: String?) throws(Refusal) -> ClosedRange<Int>? {
        guard start != nil || end != nil else { return nil }
        func day(_ text: String?, _ open: Int) throws(Refusal) -> Int {
            guard let text else { return open }
            guard let date = CalendarDate(iso: text) else { throw Refusal(.payloadMalformed) }
            return date.daysSince1970
        }
        let (first, last) = (try day(start, .min), try day(end, .max))
        guard first <= last else { throw Refusal(.payloadMalformed) }
        return first...last
    }

    /// Why the record does not count on a day; `nil` if it does, or names no period.
    func cause(on day: Int) -> Cause? {
        guard !periods.isEmpty, !periods.contains(where: { $0.contains(day) }) else { return nil }
        return periods.contains { day < $0.lowerBound } ? .notYetValid : .expired
    }
}
