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
        let data = try JSONObject(json, data)
        let header = try data.required(try data.object("hdr"))
        guard try header.string("t") == "icao.vacc" else { throw Refusal(.typeNotVaccination) }
        guard try header.number("v") == 1 else { throw header.malformed }
        issuer = try header.required(try header.string("is", where: VDSNCForm.isState))
        documentType = Certificate.proofOfVaccination
        let message = try data.required(try data.object("msg"))
        certificateID = try message.required(try message.string("uvci") { VDSNCForm.isShort($0, 12) })
        let person = try message.required(try message.object("pid"))
        let name = try person.required(try person.string("n") { VDSNCForm.isShort($0, 39) })
        let number = try person.string("i") { VDSNCForm.isShort($0, 11) }
        let birthDate = try person.string("dob", where: DateForms.isDate)
        _ = try person.string("ai") { VDSNCForm.isShort($0, 24) }
        // The name alone is no person: a document number or a birth date must stand with it.
        guard number != nil || birthDate != nil else { throw person.malformed }
        holder = VerifiedHolder(
            name: name, family: nil, given: nil, birthDate: birthDate,
            sex: try person.string("sex") { VDSNCForm.isShort($0, 1) }, documentNumber: number)
        var doses: [VerifiedDose] = []
        for event in try Self.some(message.objects("ve"), of: message) { doses += try Self.doses(event) }
        self.doses = doses
    }

    private static func doses(_ event: JSONObject) throws(Refusal) -> [VerifiedDose] {
        let vaccine = try event.required(try event.string("des") { VDSNCForm.isShort($0, 6) })
        let product = try event.required(try event.string("nam") { !$0.isEmpty })
        _ = try event.string("dis") { VDSNCForm.isShort($0, 6) }
        var doses: [VerifiedDose] = []
        for dose in try some(event.objects("vd"), of: event) {
            _ = try dose.string("dvn", where: DateForms.isDate)
            doses.append(
                VerifiedDose(
                    date: try dose.required(try dose.string("dvc", where: DateForms.isDate)), product: product,
                    lot: try dose.required(try dose.string("lot") { VDSNCForm.isShort($0, 20) }),
                    number: try VDSNCForm.sequence(dose),
                    country: try dose.required(try dose.string("ctr", where: VDSNCForm.isState)), productCode: vaccine,
                    performer: try dose.required(try dose.string("adm") { VDSNCForm.isShort($0, 20) })))
        }
        return doses
    }

    // A list that has to hold something.
    private static func some(_ list: [JSONObject], of object: JSONObject) throws(Refusal) -> [JSONObject] {
        guard !list.isEmpty else { throw object.malformed }
        return list
    }
}

/// What the format asks of single values.
private enum VDSNCForm {
    /// From 1 to so many characters.
    static func isShort(_ text: String, _ maximum: Int) -> Bool { (1...maximum).contains(text.unicodeScalars.count) }

    /// A state or organisation (ICAO Doc 9303-3 section 5): three capitals, and Germany's one.
    static func isState(_ text: String) -> Bool {
        text == "D" || (text.utf8.count == 3 && text.utf8.allSatisfy { (0x41...0x5A).contains($0) })
    }

    /// A dose's number, 1 to 99; some issuers write it as a string.
    static func sequence(_ dose: JSONObject) throws(Refusal) -> Int {
        guard let place = dose.json.member("seq", of: dose.place) else { throw dose.malformed }
        let value =
            dose.json.number(place).flatMap { Int(exactly: $0) }
            ?? dose.json.string(place).flatMap { text in
                text.utf8.count <= 2 && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
            }
        guard let value, (1...99).contains(value) else { throw Refusal(.payloadMalformed, at: dose.json.offset(place)) }
        return value
    }
}
