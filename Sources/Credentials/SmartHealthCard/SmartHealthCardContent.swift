/// What a SMART Health Card says, read from a payload whose signature was checked.
struct SmartHealthCardContent: ~Copyable {
    let keys: [SmartHealthCardTrust.Key]
    /// The identifier of these keys, which are one.
    let keyID: String
    let issuer: String
    /// Seconds since 1970, perhaps with a fraction.
    let notBefore: Double
    let expires: Double?
    let isSmartHealthCard: Bool
    let revocationID: String?
    let bundle: HealthBundle

    init(_ verified: SmartHealthCardChecker.Verified, at now: Double) throws(Refusal) {
        let json: JSON
        do { json = try JSON(verified.payload) } catch { throw Refusal(Reason(error)) }
        let claims = try JSONObject(json, json.root)
        let issuer = try claims.required(try claims.string("iss"))
        let notBefore = try claims.required(try claims.number("nbf"))
        let expires = try claims.number("exp")
        let credential = try claims.required(try claims.object("vc"))
        var isSmartHealthCard = false
        try credential.forEachString("type") { json, place in
            isSmartHealthCard = isSmartHealthCard || json.isString(place, "https://smarthealth.cards#health-card")
        }
        let revocationID = try credential.string("rid") { SmartHealthCardForm.isRevocationID($0[...]) }
        let subject = try credential.required(try credential.object("credentialSubject"))
        _ = try subject.required(try subject.string("fhirVersion", where: SmartHealthCardForm.isFHIRVersion))
        bundle = try HealthBundle(subject.required(try subject.fhirObject("fhirBundle")), at: now)
        (self.issuer, self.notBefore, self.expires) = (issuer, notBefore, expires)
        (self.isSmartHealthCard, self.revocationID) = (isSmartHealthCard, revocationID)
        (keys, keyID) = (verified.keys, verified.keyID)
    }
}
