package import Foundation
package import Records
package import Vaccination

/// A temporary folder with keys, removed when the test lets go of it.
package final class Place: Sendable {
    /// Where everything of it lies.
    package let folder: String
    /// The regions' keys.
    package let keys: RegionKeyFolder
    private let ownsFolder: Bool

    /// A new place with keys for ``Sample/municipalities``.
    package init() throws {
        folder = NSTemporaryDirectory() + "akashi-records-\(UUID().uuidString)"
        keys = RegionKeyFolder(path: folder + "/keys", allowDevelopment: true)
        ownsFolder = true
        try keys.createMissing(for: Sample.municipalities.map(\.code), development: true)
    }

    /// A place that another process made.
    package init(existing folder: String) {
        self.folder = folder
        keys = RegionKeyFolder(path: folder + "/keys", allowDevelopment: true)
        ownsFolder = false
    }

    deinit {
        if ownsFolder { try? FileManager.default.removeItem(atPath: folder) }
    }

    /// A store on this place.
    package func sqlite(mayBegin: Bool = true, maximumOpenRegions: Int = 64) throws -> SQLiteRecordStore {
        try SQLiteRecordStore(
            folder: folder + "/data", keys: keys, journal: journal, regions: Sample.municipalities, mayBegin: mayBegin,
            maximumOpenRegions: maximumOpenRegions)
    }

    /// Waits until every store on this place that was let go has closed its files: the last one that does removes the log
    /// beside each, and writes into the file before that.
    package func closed() async throws {
        let end = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < end {
            let files = try FileManager.default.subpathsOfDirectory(atPath: folder + "/data")
            if !files.contains(where: { $0.hasSuffix("-wal") }) { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw Sample.Missing()
    }

    /// Its journal.
    package var journal: JournalPlace { JournalPlace(folder: folder + "/journal") }

    /// A region's database file.
    package func path(of region: MunicipalityCode) -> String { "\(folder)/data/regions/\(region.digits).sqlite" }
    /// The control file.
    package var controlPath: String { "\(folder)/data/control.sqlite" }
}

extension PersonStore {
    /// Writes people as a first file does. Returns how many were new.
    package func write(_ people: [NewPerson], in region: MunicipalityCode, now: Date) async throws -> Int {
        try await write(people, as: .addition, in: region, now: now).added
    }
}

extension CertificateStore {
    /// Records an intent, whatever was written to its person since.
    package func record(_ intent: Intent, limit: DailyLimit) async throws -> IntentOutcome {
        try await record(intent, limit: limit, of: nil)
    }
}

extension PersonRecord {
    /// The doses that count, as far as they do not contradict each other.
    package var history: History? { doses.history }
}

extension DoseRecord {
    /// A record of doses that a file brought.
    package init(_ history: History) {
        self.init(history.doses.map { DoseEntry(dose: $0, source: .file, recordedAt: Sample.now) })
    }
}

/// Made-up values that tests share.
package enum Sample {
    /// When everything happens.
    package static let now = Date(timeIntervalSince1970: 1_700_000_000)
    // The last one is a real code that no test's store serves.
    private static let codes = ["990019", "990027", "980013", "131016"].compactMap { MunicipalityCode($0) }
    /// The region that tests use when it does not matter which.
    package static let city = codes[0]
    /// Another region.
    package static let town = codes[1]
    /// A third one.
    package static let village = codes[2]
    /// A region that no store serves.
    package static let elsewhere = codes[3]

    /// What stores serve.
    package static let municipalities = [
        (city, "見本市", "Mihon-shi"), (town, "例示町", "Reiji-cho"), (village, "雛形村", "Hinagata-mura"),
    ].map {
        Municipality(code: $0.0, prefecture: "見本県", name: $0.1, prefectureEnglish: "Mihon-ken", nameEnglish: $0.2)
    }

    /// Different people for different indexes.
    package static func person(
        _ index: Int = 0, name: String? = nil, passport: String? = nil, standing: Standing = .resident,
        register: RegisterEntry? = nil, doses: Int = 3, printed: Set<String> = []
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
                number: row.person.number, vaccinee: vaccinee, standing: standing, register: register,
                history: try value(History(all)), printedOverseasPassports: printed))
    }

    /// A new identifier.
    package static func id() -> CertificateID {
        var random = SystemRandomNumberGenerator()
        return CertificateID(using: &random)
    }

    /// 32 random bytes.
    package static func hash() -> [UInt8] { (0..<32).map { _ in UInt8.random(in: 0...255) } }

    /// What is about to be signed for a person.
    package static func intent(
        of record: PersonRecord, in region: MunicipalityCode = city, id: CertificateID = id(),
        kind: CertificateKind = .domestic, channel: IssueChannel = .kiosk, at: Date = now,
        application: [UInt8] = hash(), inquiry: String = "MH-0001"
    ) throws -> Intent {
        let history = try value(record.history)
        return Intent(
            certificateID: id, municipality: region, kind: kind, channel: channel, copies: 2, personID: record.id,
            terminal: String(repeating: "ab", count: 32), applicationHash: hash(), transcriptHash: application,
            sessionSigningKey: hash(), inquiry: inquiry, at: at,
            issuedOn: try value(CalendarDate.inJapan(secondsSince1970: at.timeIntervalSince1970)),
            content: IssueContent(
                vaccinee: record.vaccinee, doses: history.certified, exceeds: history.exceedsCertificate))
    }

    /// A value that had to be there is not.
    package struct Missing: Error {
        /// Something that was asked for.
        package init() {}
    }

    /// The value; throws ``Missing`` if there is none.
    package static func value<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw Missing() }
        return value
    }
}

extension RecordStore {
    /// Writes a person and reads the record back.
    package func with(_ person: NewPerson, in region: MunicipalityCode = Sample.city) async throws -> PersonRecord {
        _ = try await write([person], in: region, now: Sample.now)
        return try Sample.value(try await self.person(person.number, in: region))
    }

    /// A person with a certificate that was signed.
    package func signed(
        _ person: NewPerson, kind: CertificateKind = .domestic, channel: IssueChannel = .kiosk,
        at: Date = Sample.now
    ) async throws -> CertificateID {
        let record = try await with(person)
        let intent = try Sample.intent(of: record, kind: kind, channel: channel, at: at)
        _ = try await self.record(intent, limit: DailyLimit(100))
        _ = try await recordSigned(
            intent.certificateID, in: Sample.city, codeHashes: [Sample.hash()], now: at)
        return intent.certificateID
    }
}
