/// What an EU Digital COVID Certificate (schema 1.3.x) or a WHO vaccination record says, read from a payload whose
/// signature was checked.
struct HCERTContent {
    let issuer: String?
    /// Seconds since 1970, perhaps with a fraction.
    let issuedAt: Double?
    let expires: Double?
    let type: DCCType
    let certificateID: String?
    let holder: VerifiedHolder
    let doses: [VerifiedDose]
    private let record: VaccinationRecord?

    init(_ payload: [UInt8]) throws(Refusal) {
        let cbor: CBOR
        do { cbor = try CBOR(payload) } catch { throw Refusal(Reason(error)) }
        guard let claims = cbor.untagged(cbor.root), cbor.kind(claims) == .map else { throw Refusal(.payloadMalformed) }
        let container = cbor.member(-260, of: claims)
        issuer = cbor.text(cbor.member(1, of: claims))
        expires = try Self.time(4, claims, cbor)
        issuedAt = try Self.time(6, claims, cbor)
        guard let certificate = cbor.member(1, of: container) else {
            guard let place = cbor.member(-6, of: container), cbor.kind(place) == .map else {
                throw Refusal(container == nil ? .payloadMalformed : .formatUnsupported)
            }
            let record = try VaccinationRecord(place, cbor)
            (self.record, type, certificateID) = (record, .vaccination, nil)
            (holder, doses) = (record.holder, record.doses)
            return
        }
        record = nil
        let (type, entry) = try Self.entry(certificate, cbor)
        try DCCSchema.check(certificate, entry: entry, type, cbor)
        self.type = type
        holder = try Self.holder(certificate, cbor)
        certificateID = cbor.text(cbor.member("ci", of: entry))
        doses = type == .vaccination ? [Self.dose(entry, cbor)] : []
    }

    /// Why it does not count at a time by what the certificate itself says. Equal to the clock is valid still.
    func causes(at now: Double) -> [Cause] {
        var causes: [Cause] = []
        if let issuedAt, now < issuedAt { causes.append(.notYetValid) }
        if let expires, now > expires { causes.append(.expired) }
        if let day = Int(exactly: (now / 86_400).rounded(.down)), let cause = record?.cause(on: day),
            !causes.contains(cause)
        {
            causes.append(cause)
        }
        return causes
    }

    private static func time(_ key: Int, _ claims: CBOR.Place, _ cbor: CBOR) throws(Refusal) -> Double? {
        guard let place = cbor.member(key, of: claims) else { return nil }
        guard let time = cbor.number(place) else { throw Refusal(.payloadMalformed, at: cbor.offset(place)) }
        return time
    }

    // Exactly one of v, t and r, with exactly one entry. Some issuers write the others as empty arrays or null.
    private static func entry(_ certificate: CBOR.Place, _ cbor: CBOR) throws(Refusal) -> (DCCType, CBOR.Place) {
        var found: [(DCCType, CBOR.Place)] = []
        for (type, place) in [
            (DCCType.vaccination, cbor.member("v", of: certificate)), (.test, cbor.member("t", of: certificate)),
            (.recovery, cbor.member("r", of: certificate)),
        ] {
            guard let place, cbor.kind(place) != .null else { continue }
            guard cbor.kind(place) == .array else { throw Refusal(.payloadMalformed, at: cbor.offset(place)) }
            found += cbor.children(of: place).map { (type, $0) }
        }
        guard found.count == 1, cbor.kind(found[0].1) == .map else { throw Refusal(.payloadMalformed) }
        return found[0]
    }

    private static func holder(_ certificate: CBOR.Place, _ cbor: CBOR) throws(Refusal) -> VerifiedHolder {
        let name = cbor.member("nam", of: certificate)
        func text(_ key: StaticString) -> String? {
            cbor.text(cbor.member(key, of: name)).flatMap { $0.isEmpty ? nil : $0 }
        }
        let family = text("fn") ?? text("fnt")
        let given = text("gn") ?? text("gnt")
        let whole = [family, given].compactMap { $0 }.joined(separator: " ")
        guard !whole.isEmpty else { throw Refusal(.payloadMalformed) }
        let birth = cbor.text(cbor.member("dob", of: certificate)).flatMap { $0.isEmpty ? nil : $0 }
        return VerifiedHolder(
            name: whole, family: family, given: given, birthDate: birth, sex: nil, documentNumber: nil)
    }

    private static func dose(_ entry: CBOR.Place, _ cbor: CBOR) -> VerifiedDose {
        let product = cbor.text(cbor.member("mp", of: entry))
        let maker = cbor.text(cbor.member("ma", of: entry))
        return VerifiedDose(
            date: cbor.text(cbor.member("dt", of: entry)), product: product.map { EUValueSets.products[$0] ?? $0 },
            maker: maker.map { EUValueSets.makers[$0] ?? $0 }, number: cbor.integer(cbor.member("dn", of: entry)),
            country: cbor.text(cbor.member("co", of: entry)), productCode: product,
            performer: cbor.text(cbor.member("is", of: entry)))
    }
}

/// The EU's value sets as far as certificates met here use them; what is not listed is shown by its code.
enum EUValueSets {
    static let products = [
        "EU/1/20/1528": "COMIRNATY", "EU/1/20/1507": "SPIKEVAX", "EU/1/21/1529": "VAXZEVRIA", "EU/1/20/1525": "JCOVDEN",
        "EU/1/21/1618": "NUVAXOVID",
    ]
    static let makers = [
        "ORG-100030215": "BioNTech", "ORG-100031184": "Moderna", "ORG-100001699": "AstraZeneca",
        "ORG-100001417": "Janssen",
        "ORG-100032020": "Novavax",
    ]
}
