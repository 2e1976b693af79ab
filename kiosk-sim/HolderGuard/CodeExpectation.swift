import CardChip
import Credentials
import Exchange
import Vaccination

/// What one verified code must say, by its format, to belong on a page.
struct CodeExpectation {
    private let verdict: Verdict
    private let manifest: Manifest
    private let kind: CertificateKind
    private let holder: CardAttributes

    init(_ verdict: Verdict, _ manifest: Manifest, _ kind: CertificateKind, _ holder: CardAttributes) {
        self.kind = kind
        self.verdict = verdict
        self.manifest = manifest
        self.holder = holder
    }

    /// Whether it names the manifest's certificate; an EU code writes the identifier as a UVCI of its country.
    var isCertificate: Bool {
        let id = manifest.certificateID.text
        guard verdict.format == .dcc else { return verdict.certificateID == id }
        guard let country = verdict.issuer else { return false }
        return verdict.certificateID == UVCI.make(country: country, identifier: id)
    }

    /// Whether it has the manifest's number of doses; an EU code has the latest one alone.
    var hasDoses: Bool { verdict.doses.count == (verdict.format == .dcc ? 1 : manifest.doses) }

    /// Whether a VDS-NC names the manifest's travel document; the other formats name none.
    var isDocument: Bool {
        let number = verdict.holder?.documentNumber
        return verdict.format == .vdsnc ? number != nil && number == manifest.documentNumber : number == nil
    }

    /// Whether it says the holder's birth date, as far as that is known, and nothing more; a VDS-NC, which has whole dates only, says
    /// none where the day is unknown.
    func isBorn(_ date: BirthDate) -> Bool {
        guard let holder = verdict.holder else { return false }
        return verdict.format == .vdsnc && date.date == nil ? holder.birthDate == nil : holder.bornOn == date
    }

    /// Whether a VDS-NC does not say the other sex than the card; either may leave it open.
    var isSex: Bool {
        switch (verdict.holder?.sex, holder.sexDigit) {
        case ("M", 2), ("F", 1): false
        default: true
        }
    }

    /// Whether it bears the holder's name: on a domestic certificate the manifest's, which may be what the card shows, the manifest's romaji on an overseas one,
    /// on a VDS-NC in the form of ICAO Doc 9303.
    var isNamed: Bool {
        guard let written = verdict.holder?.name else { return false }
        guard kind == .overseas else {
            return NameKey(written) == NameKey(manifest.name) && CardName(holder.name).mayBe(written)
        }
        guard let romaji = manifest.romajiName else { return false }
        guard verdict.format == .vdsnc else { return NameKey(written) == NameKey(romaji) }
        let parts = romaji.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
        let given = parts.count > 1 ? String(parts[1]) : ""
        return written == TravelDocumentName.make(family: String(parts[0]), given: given)
    }

    /// Whether these formats are a whole certificate: a SMART Health Card, overseas with a VDS-NC and perhaps an EU code, each
    /// once.
    static func isWhole(_ formats: [Format?], _ kind: CertificateKind) -> Bool {
        let formats = formats.compactMap { $0?.rawValue }.sorted()
        return switch kind {
        case .domestic: formats == ["shc"]
        case .overseas: formats == ["shc", "vdsnc"] || formats == ["dcc", "shc", "vdsnc"]
        }
    }

    /// Whether the codes of a page name the same doses: card and VDS-NC all of them, an EU code the latest.
    static func agree(_ verdicts: [Verdict]) -> Bool {
        func days(_ format: Format) -> [[String]]? {
            verdicts.first { $0.format == format }.map { verdict in
                verdict.doses.map { [$0.date ?? "", $0.lot ?? ""] }.sorted { $0.lexicographicallyPrecedes($1) }
            }
        }
        guard let card = days(.shc) else { return verdicts.isEmpty }
        if let vdsnc = days(.vdsnc), vdsnc != card { return false }
        if let latest = days(.dcc)?.last?.first, latest != card.last?.first { return false }
        return true
    }
}
