import Foundation
import Records
import Testing
import Vaccination

/// A real store that every behavioural test runs against.
struct Engine: Sendable, CustomTestStringConvertible {
    let name: String
    /// Opens a store on a place; opening twice gives two instances on the same data.
    let open: @Sendable (Place) throws -> any RecordStore

    var testDescription: String { name }

    static let all = [
        Engine(name: "SQLite") { place in
            try SQLiteRecordStore(folder: place.folder + "/data", keys: place.keys, regions: Sample.municipalities)
        }
    ]
}

/// A temporary folder with keys, removed when the test lets go of it.
final class Place: Sendable {
    let folder: String
    let keys: RegionKeyFolder
    private let ownsFolder: Bool

    init() throws {
        folder = NSTemporaryDirectory() + "akashi-records-\(UUID().uuidString)"
        keys = RegionKeyFolder(path: folder + "/keys", allowDevelopment: true)
        ownsFolder = true
        try keys.createMissing(for: Sample.municipalities.map(\.code), development: true)
    }

    /// A place that another process made.
    init(existing folder: String) {
        self.folder = folder
        keys = RegionKeyFolder(path: folder + "/keys", allowDevelopment: true)
        ownsFolder = false
    }

    deinit {
        if ownsFolder { try? FileManager.default.removeItem(atPath: folder) }
    }

    func sqlite(mayBegin: Bool = true, maximumOpenRegions: Int = 64) throws -> SQLiteRecordStore {
        try SQLiteRecordStore(
            folder: folder + "/data", keys: keys, regions: Sample.municipalities, mayBegin: mayBegin,
            maximumOpenRegions: maximumOpenRegions)
    }

    func path(of region: MunicipalityCode) -> String { "\(folder)/data/regions/\(region.digits).sqlite" }
    var controlPath: String { "\(folder)/data/control.sqlite" }
}

/// Made-up values that tests share.
enum Sample {
    static let now = Date(timeIntervalSince1970: 1_700_000_000)
    // The last one is a real code that no test's store serves.
    private static let codes = ["990019", "990027", "980013", "131016"].compactMap { MunicipalityCode($0) }
    static let city = codes[0]
    static let town = codes[1]
    static let village = codes[2]
    static let elsewhere = codes[3]

    static let municipalities = [
        (city, "見本市", "Mihon-shi"), (town, "例示町", "Reiji-cho"), (village, "雛形村", "Hinagata-mura"),
    ].map {
        Municipality(code: $0.0, prefecture: "見本県", name: $0.1, prefectureEnglish: "Mihon-ken", nameEnglish: $0.2)
    }

    /// Different people for different indexes.
    static func person(
        _ index: Int = 0, name: String? = nil, passport: String? = nil, standing: Standing = .resident, doses: Int = 3,
        printed: Set<String> = []
    ) throws -> NewPerson {
        let row = try value(
            MadeUpPeople.rows(count: 1, municipality: city, firstNumber: index, seed: 7).first)
        let expires = try value(CalendarDate(iso: "2035-01-01"))
        let all = try (1...99).prefix(doses).map { number in
            try value(
                Dose(
                    number: number, date: try value(CalendarDate(daysSince1970: 18_800 + number)),
                    product: try value(Product.withCode("PFIZER-12")), lot: "MHTESTLOT\(number)"))
        }
        let vaccinee = try value(
            Vaccinee(
                name: name ?? row.person.vaccinee.name, birthDate: row.person.vaccinee.birthDate,
                sex: row.person.vaccinee.sex,
                passport: try passport.map {
                    try value(Passport(number: $0, romajiName: "MIHON, HANAKO", nationality: "JPN", expires: expires))
                }))
        return try value(
            NewPerson(
                number: row.person.number, vaccinee: vaccinee, standing: standing, history: try value(History(all)),
                printedOverseasPassports: printed))
    }

    static func id() -> CertificateID {
        var random = SystemRandomNumberGenerator()
        return CertificateID(using: &random)
    }

    static func hash() -> [UInt8] { (0..<32).map { _ in UInt8.random(in: 0...255) } }

    static func intent(
        of record: PersonRecord, in region: MunicipalityCode = city, id: CertificateID = id(),
        kind: CertificateKind = .domestic, at: Date = now, application: [UInt8] = hash(), inquiry: String = "MH-0001"
    ) throws -> Intent {
        Intent(
            certificateID: id, municipality: region, kind: kind, copies: 2, personID: record.id,
            terminal: String(repeating: "ab", count: 32), applicationHash: application, transcriptHash: hash(),
            sessionSigningKey: hash(), inquiry: inquiry, at: at,
            issuedOn: try value(CalendarDate.inJapan(secondsSince1970: at.timeIntervalSince1970)),
            content: IssueContent(
                vaccinee: record.vaccinee, doses: record.history.certified, exceeds: record.history.exceedsCertificate))
    }

    struct Missing: Error {}

    static func value<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw Missing() }
        return value
    }
}

extension RecordStore {
    /// Writes a person and reads the record back.
    func with(_ person: NewPerson, in region: MunicipalityCode = Sample.city) async throws -> PersonRecord {
        _ = try await write([person], in: region, now: Sample.now)
        return try Sample.value(try await self.person(person.number, in: region))
    }

    /// A person with a certificate that was signed.
    func signed(
        _ person: NewPerson, kind: CertificateKind = .domestic, at: Date = Sample.now
    ) async throws -> CertificateID {
        let record = try await with(person)
        let intent = try Sample.intent(of: record, kind: kind, at: at)
        _ = try await self.record(intent, dailyLimit: 100)
        _ = try await recordSigned(
            intent.certificateID, in: Sample.city, codeHashes: [Sample.hash()], redelivery: false, now: at)
        return intent.certificateID
    }
}
