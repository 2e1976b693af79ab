/// What an EU Digital COVID Certificate (schema 1.3.x) or a WHO vaccination record says, read from a payload whose
/// signature was checked.
struct HCERTContent {
    let issuer: String?
    /// Seconds since 1970, perhaps with a fraction.
    let issuedAt: Double
    let expires: Double
    let notBefore: Double?
    let type: DCCType
    let certificateID: String?
    let holder: VerifiedHolder
    let doses: [VerifiedDose]
    private let record: VaccinationRecord?

    /// What the verdict says that it is about.
    var subject: Subject {
        switch type {
        case .vaccination: .vaccination
        case .test: .test
        case .recovery: .recovery
        }
    }

    init(_ payload: [UInt8]) throws(Refusal) {
        let cbor: CBOR
        do { cbor = try CBOR(payload) } catch { throw Refusal(Reason(error)) }
        let claims = try CBORMap(cbor, cbor.root)
        // RFC 8392 section 1.1: a claim's key is an integer or a text.
        guard cbor.hasLabels(claims.place) else { throw claims.malformed }
        issuer = try claims.text(1)
        expires = try claims.required(try claims.number(4))
        notBefore = try claims.number(5)
        issuedAt = try claims.required(try claims.number(6))
        let container = try claims.required(try claims.map(-260))
        guard let certificate = try container.map(1) else {
            guard let place = try container.map(-6) else { throw Refusal(.formatUnsupported) }
            let record = try VaccinationRecord(place)
            (self.record, type, certificateID) = (record, .vaccination, nil)
            (holder, doses) = (record.holder, record.doses)
            return
        }
        record = nil
        let (type, entry) = try DCCSchema.entry(of: certificate)
        self.type = type
        holder = try Self.holder(certificate)
        certificateID = try entry.text("ci")
        doses = type == .vaccination ? [try Self.dose(entry)] : []
    }

    /// Why it does not count at a time by what the certificate itself says. Equal to the clock is valid still.
    func causes(at now: Double) -> [Cause] {
        var causes: [Cause] = []
        // RFC 8392 sections 3.1.5 and 3.1.6.
        if now + Verifier.clockAllowance < max(issuedAt, notBefore ?? issuedAt) {
            causes.append(.notYetValid)
        }
        if now > expires { causes.append(.expired) }
        if let day = Int(exactly: (now / 86_400).rounded(.down)), let cause = record?.cause(on: day),
            !causes.contains(cause)
        {
            causes.append(cause)
        }
        return causes
    }

    private static func holder(_ certificate: CBORMap) throws(Refusal) -> VerifiedHolder {
        let name = try certificate.required(try certificate.map("nam"))
        func text(_ key: StaticString) throws(Refusal) -> String? {
            try name.text(key).flatMap { $0.isEmpty ? nil : $0 }
        }
        let (family, standardFamily) = (try text("fn"), try text("fnt"))
        let (given, standardGiven) = (try text("gn"), try text("gnt"))
        return try holder(certificate, name, family ?? standardFamily, given ?? standardGiven)
    }

    private static func holder(
        _ certificate: CBORMap, _ name: CBORMap, _ family: String?, _ given: String?
    ) throws(Refusal) -> VerifiedHolder {
        let whole = [family, given].compactMap { $0 }.joined(separator: " ")
        let birth = try certificate.date("dob") { _ in true }.flatMap { $0.isEmpty ? nil : $0 }
        return VerifiedHolder(
            name: whole, family: family, given: given, birthDate: birth, sex: nil, documentNumber: nil)
    }

    private static func dose(_ entry: CBORMap) throws(Refusal) -> VerifiedDose {
        let product = try entry.text("mp")
        let maker = try entry.text("ma")
        return VerifiedDose(
            date: try entry.date("dt") { _ in true }, product: product.map { EUValueSets.products[$0] ?? $0 },
            maker: maker.map { EUValueSets.makers[$0] ?? $0 }, number: try entry.count("dn"),
            country: try entry.text("co"), productCode: product, performer: try entry.text("is"))
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
