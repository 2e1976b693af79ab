/// The resources in a SMART Health Card (FHIR R4 Bundle): one patient, and what was done to or found of that patient.
struct HealthBundle {
    /// `nil` in a card that names nobody, and so holds no dose either.
    let holder: VerifiedHolder?
    let doses: [VerifiedDose]
    let subject: Subject

    init(_ bundle: JSONObject, at now: Double) throws(Refusal) {
        guard try bundle.string("resourceType") == "Bundle", try bundle.string("type") != nil else {
            throw bundle.malformed
        }
        var resources: [(url: String?, type: String, content: JSONObject)] = []
        var urls: Set<String> = []
        for entry in try bundle.objects("entry") {
            let content = try entry.required(try entry.object("resource"))
            let url = try entry.string("fullUrl")
            // Two resources of one name: a reference to it would be to either.
            if let url, !urls.insert(url).inserted { throw entry.malformed }
            resources.append((url, try content.required(try content.string("resourceType")), content))
        }
        let patients = resources.filter { $0.type == "Patient" }
        // With several patients nobody could say whose doses these are, nor without any. Cards without a patient and without
        // doses exist (laboratory reports); they say nothing of anybody.
        guard patients.count == 1 || (patients.isEmpty && !resources.contains { $0.type == "Immunization" }) else {
            throw Refusal(.holderUnclear)
        }
        let patient = patients.first
        holder = try patient.map { patient throws(Refusal) in try Self.holder(patient.content, at: now) }

        var (doses, hasFindings) = ([VerifiedDose](), false)
        for resource in resources where resource.type != "Patient" {
            let isDose = resource.type == "Immunization"
            if let patient { try Self.check(resource.content, isDose: isDose, isAbout: patient.url) }
            if isDose, let dose = try Self.dose(resource.content) { doses.append(dose) }
            hasFindings = hasFindings || resource.type == "Observation"
        }
        self.doses = doses
        subject = !doses.isEmpty ? .vaccination : hasFindings ? .test : .none
    }

    // References are to the bundle's own entries. Who received a dose must be named (Immunization.patient, 1..1); other
    // resources may leave out whom they are about.
    private static func check(_ resource: JSONObject, isDose: Bool, isAbout patient: String?) throws(Refusal) {
        if isDose, !resource.has("patient") {
            throw Refusal(.recordOfAnother, at: resource.json.offset(resource.place))
        }
        for name in ["patient", "subject"] as [StaticString] {
            guard let member = try resource.object(name) else { continue }
            guard let reference = try member.string("reference"), reference == patient else {
                throw Refusal(.recordOfAnother, at: member.json.offset(member.place))
            }
        }
    }

    // "not-done" and "entered-in-error" are no doses (Immunization.status).
    private static func dose(_ immunization: JSONObject) throws(Refusal) -> VerifiedDose? {
        let status = try immunization.string("status") { ["completed", "not-done", "entered-in-error"].contains($0) }
        let date = try immunization.string("occurrenceDateTime", where: DateForms.isFHIRDateTime)
        // One of both has to be there, and only one.
        guard (date == nil) != (try immunization.string("occurrenceString") == nil) else {
            throw immunization.malformed
        }
        var code: String?
        for coding in try immunization.required(try immunization.object("vaccineCode")).objects("coding") {
            let (system, text) = (try coding.string("system"), try coding.string("code"))
            if code == nil, system == CVX.system { code = text }
        }
        let lot = try immunization.string("lotNumber")
        var performers: [String?] = []
        for performer in try immunization.objects("performer") {
            performers.append(try performer.required(try performer.object("actor")).string("display"))
        }
        guard try immunization.required(status) == "completed" else { return nil }
        let entry = code.flatMap(CVX.entry)
        return VerifiedDose(
            date: date, product: entry?.product ?? code.map { "CVX \($0)" }, maker: entry?.maker, lot: lot,
            productCode: code, performer: performers.first ?? nil)
    }

    private static func holder(_ patient: JSONObject, at now: Double) throws(Refusal) -> VerifiedHolder {
        var names: [HumanName] = []
        for name in try patient.objects("name") {
            guard let name = try HumanName(name), name.isCurrent(at: now) else { continue }
            names.append(name)
        }
        // A temporary name is shown only if there is no other.
        guard let shown = names.first(where: { !$0.isTemporary }) ?? names.first else { throw Refusal(.holderUnclear) }
        let birthDate = try patient.string("birthDate", where: DateForms.isFHIRDate)
        let sex = try patient.string("gender") { ["male", "female", "other", "unknown"].contains($0) }
        return VerifiedHolder(
            name: shown.text, names: names.map(\.text), family: shown.family, given: shown.given, birthDate: birthDate,
            sex: sex, documentNumber: nil)
    }
}

/// A person's name (FHIR R4 HumanName).
private struct HumanName {
    let text: String
    let family: String?
    let given: String?
    let isTemporary: Bool
    private let isOld: Bool
    private let start: String?
    private let end: String?

    /// `nil` if the name has no text at all.
    init?(_ name: JSONObject) throws(Refusal) {
        let use = try name.string("use") {
            ["usual", "official", "temp", "nickname", "anonymous", "old", "maiden"].contains($0)
        }
        isTemporary = use == "temp"
        // In FHIR's list of uses a maiden name is a kind of old one.
        isOld = use == "old" || use == "maiden"
        let period = try name.object("period")
        start = try period?.string("start", where: DateForms.isFHIRDateTime)
        end = try period?.string("end", where: DateForms.isFHIRDateTime)
        family = try name.string("family")
        let given = try name.strings("given").joined(separator: " ")
        let parts = [family ?? "", given].filter { !$0.isEmpty }.joined(separator: " ")
        let whole = try name.string("text") ?? ""
        self.given = given.isEmpty ? nil : given
        text = parts.isEmpty ? whole : parts
        if text.isEmpty { return nil }
    }

    /// Whether it is a person's name now: not an old one, and within its period (both ends belong to it).
    func isCurrent(at now: Double) -> Bool {
        guard !isOld else { return false }
        if let start, DateForms.bounds(ofFHIR: start).first > now { return false }
        if let end, DateForms.bounds(ofFHIR: end).last < now { return false }
        return true
    }
}
