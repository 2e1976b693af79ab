/// What a VDS-NC says, read from data whose signature was checked.
struct VDSNCContent {
    /// The issuing state, `hdr.is`.
    let issuer: String
    /// The two letters by which certificates name the document type: `NV` for proofs of vaccination.
    let documentType: String
    let certificateID: String?
    let holder: VerifiedHolder
    let doses: [VerifiedDose]

    init(_ json: JSON, _ data: JSON.Place) throws(Refusal) {
        let header = json.member("hdr", of: data)
        let message = json.member("msg", of: data)
        guard json.isString(json.member("t", of: header), "icao.vacc") else { throw Refusal(.typeNotVaccination) }
        guard let issuer = json.string(json.member("is", of: header)), (1...3).contains(issuer.utf8.count),
            issuer.utf8.allSatisfy({ (0x41...0x5A).contains($0) }), json.number(json.member("v", of: header)) == 1,
            let person = json.member("pid", of: message), let name = json.string(json.member("n", of: person)),
            !name.isEmpty,
            let events = json.elements(of: json.member("ve", of: message))
        else { throw Refusal(.payloadMalformed) }
        let number = json.string(json.member("i", of: person))
        let birthDate = json.string(json.member("dob", of: person))
        // The name alone is no person: a document number or a birth date must stand with it.
        guard number != nil || birthDate != nil else { throw Refusal(.payloadMalformed) }
        self.issuer = issuer
        documentType = Certificate.proofOfVaccination
        certificateID = json.string(json.member("uvci", of: message))
        holder = VerifiedHolder(
            name: name, family: nil, given: nil, birthDate: birthDate, sex: json.string(json.member("sex", of: person)),
            documentNumber: number)
        doses = events.flatMap { Self.doses($0, in: json) }
    }

    private static func doses(_ event: JSON.Place, in json: JSON) -> [VerifiedDose] {
        json.children(of: json.member("vd", of: event)).map { dose in
            VerifiedDose(
                date: json.string(json.member("dvc", of: dose)), product: json.string(json.member("nam", of: event)),
                lot: json.string(json.member("lot", of: dose)), number: sequence(dose, in: json),
                country: json.string(json.member("ctr", of: dose)),
                productCode: json.string(json.member("des", of: event)),
                performer: json.string(json.member("adm", of: dose)))
        }
    }

    // Some issuers write the number as a string.
    private static func sequence(_ dose: JSON.Place, in json: JSON) -> Int? {
        let place = json.member("seq", of: dose)
        let value = json.number(place).flatMap { Int(exactly: $0) } ?? json.string(place).flatMap { Int($0) }
        return value.flatMap { (1...99).contains($0) ? $0 : nil }
    }
}
