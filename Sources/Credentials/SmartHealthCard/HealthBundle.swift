/// The resources in a SMART Health Card (FHIR R4 Bundle): one patient, and what was done to or found of that patient.
struct HealthBundle: ~Copyable {
    /// `nil` in a card that names nobody, and so holds no dose either.
    let holder: VerifiedHolder?
    let doses: [VerifiedDose]
    let subject: Subject

    init(_ bundle: JSONObject, at now: Double) throws(Refusal) {
        guard bundle.json.isString(try bundle.text("resourceType"), "Bundle"), try bundle.text("type") != nil else {
            throw bundle.malformed
        }
        let resources = try Self.resources(bundle)
        var patient: Resource?
        var (hasSeveral, hasDose) = (false, false)
        for resource in resources {
            hasSeveral = hasSeveral || resource.kind == .patient && patient != nil
            if resource.kind == .patient { patient = resource }
            hasDose = hasDose || resource.kind == .dose
        }
        // With several patients nobody could say whose doses these are, nor without any. Cards without a patient and without
        // doses exist (laboratory reports); they say nothing of anybody.
        guard !hasSeveral, patient != nil || !hasDose else { throw Refusal(.holderUnclear) }
        let holder: VerifiedHolder? =
            if let patient { try Self.holder(bundle.object(at: patient.content), at: now) } else { nil }

        var (doses, hasFindings) = ([VerifiedDose](), false)
        for resource in resources where resource.kind != .patient {
            let content = try bundle.object(at: resource.content)
            if let patient {
                if resource.kind == .dose, !content.has("patient") {
                    throw Refusal(.recordOfAnother, at: bundle.json.offset(resource.content))
                }
                try Self.check(content, isAbout: patient.url)
            }
            if resource.kind == .dose, let dose = try Self.dose(content) { doses.append(dose) }
            hasFindings = hasFindings || resource.kind == .finding
        }
        (self.holder, self.doses) = (holder, doses)
        subject = !doses.isEmpty ? .vaccination : hasFindings ? .test : .none
    }

    private enum Kind { case patient, dose, finding, other }

    // Places only: a card is read through one reference.
    private struct Resource {
        let kind: Kind
        let url: JSON.Place?
        let content: JSON.Place
    }

    private static func resources(_ bundle: JSONObject) throws(Refusal) -> [Resource] {
        var resources: [Resource] = []
        let json = bundle.json
        // Comparing each with each costs the square of their number: past a few, use a set.
        var many: Set<[UInt8]> = []
        try bundle.forEachObject("entry") { entry throws(Refusal) in
            let content = try entry.required(try entry.object("resource"))
            let url = try entry.text("fullUrl")
            if let url {
                if resources.count >= 16, many.isEmpty {
                    many = Set(resources.compactMap { $0.url.map(json.unescaped) })
                }
                let isNew =
                    resources.count < 16
                    ? !resources.contains { json.isEqual($0.url, url) } : many.insert(json.unescaped(url)).inserted
                // Two resources of one name: a reference to it would be to either.
                guard isNew else { throw entry.malformed }
            }
            let name = try content.required(try content.text("resourceType"))
            let kind: Kind =
                json.isString(name, "Patient")
                ? .patient
                : json.isString(name, "Immunization") ? .dose : json.isString(name, "Observation") ? .finding : .other
            resources.append(Resource(kind: kind, url: url, content: content.place))
        }
        return resources
    }

    // References are to the bundle's own entries. Who received a dose must be named (Immunization.patient, 1..1); other
    // resources may leave out whom they are about.
    private static func check(_ content: JSONObject, isAbout patient: JSON.Place?) throws(Refusal) {
        try check(try content.object("patient"), refersTo: patient)
        try check(try content.object("subject"), refersTo: patient)
    }

    private static func check(_ member: JSONObject?, refersTo patient: JSON.Place?) throws(Refusal) {
        guard let member else { return }
        guard let reference = try member.text("reference"), member.json.isEqual(patient, reference) else {
            throw Refusal(.recordOfAnother, at: member.json.offset(member.place))
        }
    }

    // "not-done" and "entered-in-error" are no doses (Immunization.status).
    private static func dose(_ immunization: JSONObject) throws(Refusal) -> VerifiedDose? {
        let json = immunization.json
        let status = try immunization.required(try immunization.text("status"))
        let isCompleted = json.isString(status, "completed")
        guard isCompleted || json.isString(status, "not-done") || json.isString(status, "entered-in-error") else {
            throw Refusal(.payloadMalformed, at: json.offset(status))
        }
        let date = try immunization.string("occurrenceDateTime", where: DateForms.isFHIRDateTime)
        // One of both has to be there, and only one.
        guard (date == nil) != (try immunization.text("occurrenceString") == nil) else {
            throw immunization.malformed
        }
        var cvx: String?
        // The first that names a product, or else the first: a card may have a code for the kind as well.
        var icd11: String?
        let vaccine = try immunization.required(try immunization.object("vaccineCode"))
        try vaccine.forEachObject("coding") { coding throws(Refusal) in
            let (system, text) = (try coding.text("system"), try coding.text("code"))
            if cvx == nil, json.isString(system, CVX.system) { cvx = json.string(text) }
            if json.isString(system, ICD11.system), let other = json.string(text) {
                if icd11.map({ ICD11.entry($0)?.maker == nil && ICD11.entry(other)?.maker != nil }) ?? true {
                    icd11 = other
                }
            }
        }
        let lot = try immunization.string("lotNumber")
        // The first one's name, if it has one.
        var performer: String??
        try immunization.forEachObject("performer") { one throws(Refusal) in
            let name = try one.required(try one.object("actor")).string("display")
            if performer == nil { performer = .some(name) }
        }
        guard isCompleted else { return nil }
        let product: String?
        let maker: String?
        if let cvx {
            let entry = CVX.entry(cvx)
            (product, maker) = (entry?.product ?? "CVX \(cvx)", entry?.maker)
        } else {
            let entry = icd11.flatMap(ICD11.entry)
            (product, maker) = (entry?.name ?? icd11.map { "ICD-11 \($0)" }, entry?.maker)
        }
        return VerifiedDose(
            date: date, product: product, maker: maker, lot: lot, productCode: cvx ?? icd11,
            performer: performer ?? nil)
    }

    private static func holder(_ patient: JSONObject, at now: Double) throws(Refusal) -> VerifiedHolder {
        var names: [HumanName] = []
        try patient.forEachObject("name") { name throws(Refusal) in
            if let name = try HumanName(name), name.isCurrent(at: now) { names.append(name) }
        }
        // A temporary name is shown only if there is no other.
        guard let shown = names.first(where: { !$0.isTemporary }) ?? names.first else { throw Refusal(.holderUnclear) }
        let birthDate = try patient.string("birthDate", where: DateForms.isFHIRDate)
        let sex = try patient.string("gender") { $0 == "male" || $0 == "female" || $0 == "other" || $0 == "unknown" }
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
        let use = try name.string("use", where: Self.isUse)
        isTemporary = use == "temp"
        // In FHIR's list of uses a maiden name is a kind of old one.
        isOld = use == "old" || use == "maiden"
        let period = try name.object("period")
        start = try period?.string("start", where: DateForms.isFHIRDateTime)
        end = try period?.string("end", where: DateForms.isFHIRDateTime)
        family = try name.string("family")
        var given = ""
        for one in try name.strings("given") { given = Self.joined(given, one) }
        let parts = Self.joined(family ?? "", given)
        let whole = try name.string("text") ?? ""
        self.given = given.isEmpty ? nil : given
        text = parts.isEmpty ? whole : parts
        if text.isEmpty { return nil }
    }

    private static func isUse(_ text: String) -> Bool {
        switch text {
        case "usual", "official", "temp", "nickname", "anonymous", "old", "maiden": true
        default: false
        }
    }

    private static func joined(_ one: String, _ other: String) -> String {
        one.isEmpty ? other : other.isEmpty ? one : one + " " + other
    }

    /// Whether it is a person's name now: not an old one, and within its period (both ends belong to it).
    func isCurrent(at now: Double) -> Bool {
        guard !isOld else { return false }
        if let start, DateForms.bounds(ofFHIR: start).first > now { return false }
        if let end, DateForms.bounds(ofFHIR: end).last < now { return false }
        return true
    }
}
