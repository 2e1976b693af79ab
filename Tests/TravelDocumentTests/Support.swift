import Credentials
import Crypto
import SimulatedPassport
import TravelDocument
import Vaccination

/// 2026-06-01T00:00:00Z, when everything in these tests is valid.
let now = 1_780_272_000.0
let day = 86_400.0

struct Missing: Error {}

/// A date in a table.
func date(_ text: String) throws -> CalendarDate {
    guard let date = CalendarDate(iso: text) else { throw Missing() }
    return date
}

/// The day of ``now`` in Japan.
func today() throws -> CalendarDate { try date("2026-06-01") }

/// Zones by their characters.
enum Made {
    /// ICAO's specimen (Doc 9303-4 appendix).
    static let specimen =
        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<" + "L898902C36UTO7408122F1204159ZE184226B<<<<<10"

    /// Characters, some of them replaced, with the check digits that belong to the rest.
    static func zone(
        _ changes: [(place: Int, text: String)] = [], of text: String = specimen, fixing: Bool = true
    ) throws -> [UInt8] {
        var bytes = Array(text.utf8)
        for (place, text) in changes { bytes.replaceSubrange(place..<place + text.utf8.count, with: text.utf8) }
        guard fixing else { return bytes }
        for range in [44..<53, 57..<63, 65..<71, 72..<86] {
            guard let digit = CheckDigit.of(bytes[range]) else { continue }
            bytes[range.upperBound] = digit
        }
        if let digit = CheckDigit.of(bytes[44..<54] + bytes[57..<64] + bytes[65..<87]) { bytes[87] = digit }
        return bytes
    }

    /// A zone with a name, valid until 2031.
    static func named(_ family: String, _ given: String) throws -> MachineReadableZone {
        guard let name = ZoneName(family: family, given: given) else { throw Missing() }
        return try holder(name: name)
    }

    /// A made-up holder's zone.
    static func holder(
        name: ZoneName? = ZoneName(family: "Mihon", given: "Hanako"), state: String = "UTO",
        number: String = "TZ1234567",
        birth: String = "1980-02-17", sex: Sex = .female, expires: String = "2031-05-31", code: String = "P"
    ) throws -> MachineReadableZone {
        guard let name, let state = StateCode(state), let birth = BirthDate(iso: birth),
            let birth = ZoneBirthDate(birth, today: try today())
        else { throw Missing() }
        return try MachineReadableZone(
            documentCode: code, issuingState: state, name: name, number: number, nationality: state, birthDate: birth,
            sex: sex, expires: try date(expires), today: try today())
    }
}

/// A country whose passports are trusted, with one passport.
struct Issued {
    var country: SimulatedCountry
    var signer: SimulatedDocumentSigner
    var zone: MachineReadableZone
    var form: SecurityObjectForm
    /// The revocation lists in the folder.
    var lists: [[UInt8]]
    /// The folder.
    var folder = "passport"

    init(mark: String = "MIHON", country code: String = "UT") throws {
        country = SimulatedCountry(country: code, now: now, mark: mark)
        signer = country.documentSigner(now: now)
        zone = try Made.holder()
        form = SecurityObjectForm(dataGroup1: DataGroup1(zone).bytes)
        form.signedAt = now - 3600
        lists = [country.revocationList(from: now - day, until: now + 30 * day)]
    }

    var certificates: [TrustFile] { [TrustFile(path: "\(folder)/csca.cer", bytes: country.certificate)] }
    var files: [TrustFile] {
        certificates + lists.enumerated().map { TrustFile(path: "\(folder)/\($0.offset).crl", bytes: $0.element) }
    }
    var trust: TravelDocumentTrust { TravelDocumentTrust(files: files) }
    var chip: TravelDocumentFiles {
        TravelDocumentFiles(dataGroup1: DataGroup1(zone).bytes, securityObject: form.signed(by: signer))
    }

    /// The zone in the passport, and signed by its signer.
    mutating func write(_ zone: MachineReadableZone) {
        self.zone = zone
        let signedAt = form.signedAt
        form = SecurityObjectForm(dataGroup1: DataGroup1(zone).bytes)
        form.signedAt = signedAt
    }

    /// Signs by another signer's certificate of the same authority.
    mutating func sign(at time: Double = now, _ change: (inout CertificateForm) -> Void) {
        signer = country.documentSigner(now: time, change)
    }

    /// The code of the rejection; `nil` if it is accepted.
    func code(at time: Double = now, rules: TravelDocumentChecker.Rules = .strict) -> String? {
        do {
            _ = try TravelDocumentChecker(trust: trust, rules: rules).check(chip, at: time)
            return nil
        } catch { return error.code }
    }
}
