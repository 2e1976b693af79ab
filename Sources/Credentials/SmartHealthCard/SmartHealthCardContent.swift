/// What a SMART Health Card says, read from a payload whose signature was checked.
struct SmartHealthCardContent {
    let keys: [SmartHealthCardTrust.Key]
    let issuer: String
    /// Seconds since 1970, perhaps with a fraction.
    let notBefore: Double
    let expires: Double?
    let isSmartHealthCard: Bool
    let revocationID: String?
    let holder: VerifiedHolder?
    let doses: [VerifiedDose]

    init(_ verified: SmartHealthCardChecker.Verified) throws(Refusal) {
        let json: JSON
        do { json = try JSON(verified.payload) } catch { throw Refusal(Reason(error)) }
        guard let issuer = json.string(json.member("iss", of: json.root)),
            let notBefore = json.number(json.member("nbf", of: json.root)),
            let credential = json.member("vc", of: json.root),
            let subject = json.member("credentialSubject", of: credential),
            let bundle = json.member("fhirBundle", of: subject),
            json.string(json.member("fhirVersion", of: subject)) != nil,
            json.isString(json.member("resourceType", of: bundle), "Bundle"),
            let types = json.elements(of: json.member("type", of: credential))
        else { throw Refusal(.payloadMalformed) }
        if let place = json.member("exp", of: json.root) {
            guard let time = json.number(place) else { throw Refusal(.payloadMalformed, at: json.offset(place)) }
            expires = time
        } else {
            expires = nil
        }
        if let place = json.member("rid", of: credential) {
            guard let text = json.string(place), SmartHealthCardForm.isRevocationID(text[...]) else {
                throw Refusal(.payloadMalformed, at: json.offset(place))
            }
            revocationID = text
        } else {
            revocationID = nil
        }
        self.issuer = issuer
        self.notBefore = notBefore
        isSmartHealthCard = types.contains { json.isString($0, "https://smarthealth.cards#health-card") }
        keys = verified.keys
        (holder, doses) = Self.read(bundle, in: json)
    }

    private static func read(_ bundle: JSON.Place, in json: JSON) -> (VerifiedHolder?, [VerifiedDose]) {
        var holder: VerifiedHolder?
        var patients = 0
        var doses: [VerifiedDose] = []
        for entry in json.children(of: json.member("entry", of: bundle)) {
            guard let resource = json.member("resource", of: entry) else { continue }
            let type = json.member("resourceType", of: resource)
            if json.isString(type, "Immunization") {
                if let dose = dose(resource, in: json) { doses.append(dose) }
            } else if json.isString(type, "Patient") {
                patients += 1
                holder = self.holder(resource, in: json)
            }
        }
        // Two patients in one card: nobody could say whose doses these are.
        return patients == 1 ? (holder, doses) : (nil, [])
    }

    private static func holder(_ patient: JSON.Place, in json: JSON) -> VerifiedHolder? {
        guard let names = json.elements(of: json.member("name", of: patient)) else { return nil }
        for name in names {
            let family = json.string(json.member("family", of: name))
            let given = json.children(of: json.member("given", of: name)).compactMap { json.string($0) }
                .joined(separator: " ")
            let whole = [family ?? "", given].filter { !$0.isEmpty }.joined(separator: " ")
            let text = whole.isEmpty ? json.string(json.member("text", of: name)) ?? "" : whole
            guard !text.isEmpty else { continue }
            return VerifiedHolder(
                name: text, family: family, given: given.isEmpty ? nil : given,
                birthDate: json.string(json.member("birthDate", of: patient)),
                sex: json.string(json.member("gender", of: patient)), documentNumber: nil)
        }
        return nil
    }

    private static func dose(_ immunization: JSON.Place, in json: JSON) -> VerifiedDose? {
        // "not-done" and "entered-in-error" are no doses (FHIR R4 Immunization.status).
        guard json.isString(json.member("status", of: immunization), "completed") else { return nil }
        var code: String?
        for coding in json.children(of: json.member("coding", of: json.member("vaccineCode", of: immunization))) {
            guard json.isString(json.member("system", of: coding), "http://hl7.org/fhir/sid/cvx") else { continue }
            code = json.string(json.member("code", of: coding))
            break
        }
        let entry = code.flatMap(CVX.entry)
        var performers = json.children(of: json.member("performer", of: immunization))
        return VerifiedDose(
            date: json.string(json.member("occurrenceDateTime", of: immunization)),
            product: entry?.product ?? code.map { "CVX \($0)" }, maker: entry?.maker,
            lot: json.string(json.member("lotNumber", of: immunization)), productCode: code,
            performer: json.string(json.member("display", of: json.member("actor", of: performers.next()))))
    }
}
