import Foundation
import RecordSupport
import Records
import Vaccination

/// The record store on SQLite: what a session writes and reads, by one caller and by 64 at once.
enum StoreBench {
    private static let callers = 64

    static func run(_ stopwatch: Stopwatch) async throws -> [Figure] {
        let place = try Place()
        let store = try place.sqlite()
        let disk = try Disk(place.folder + "/baseline")
        let people = MadeUpPeople.rows(count: 2000, municipality: Sample.city, firstNumber: 0, seed: 1).map(\.person)
        _ = try await store.write(people, in: Sample.city, now: Sample.now)
        let sync = Baseline.work("a 4 KiB block appended and synchronised", { try disk.append() })
        let groups = Baseline.work("64 such blocks, each synchronised", { for _ in 0..<callers { try disk.append() } })
        return [
            try await stopwatch.measure("store/claim", against: sync) { try await claim(store) },
            try await stopwatch.measure("store/claim/64", against: groups) {
                try await atOnce { _ in try await claim(store) }
            },
            try await stopwatch.measure("store/session", against: sync) {
                try await session(of: try Sample.value(people.randomElement()), store)
            },
            try await stopwatch.measure("store/session/64", against: groups) {
                let first = Int.random(in: 0..<people.count)
                try await atOnce { try await session(of: people[(first + $0) % people.count], store) }
            },
        ]
    }

    /// A store of 1,700 regions is opened; their databases are only opened when they are asked for.
    static func open(_ stopwatch: Stopwatch) async throws -> [Figure] {
        let place = try Place()
        let codes = (96_000..<99_000).flatMap { five in (0...9).compactMap { MunicipalityCode("\(five)\($0)") } }
            .prefix(1700)
        try place.keys.createMissing(for: Array(codes), development: true)
        let regions = codes.map {
            Municipality(
                code: $0, prefecture: "見本県", name: "見本市", prefectureEnglish: "Mihon-ken", nameEnglish: "Mihon-shi")
        }
        let files = codes.map { "\(place.folder)/keys/\($0.digits).json" }
        return [
            try await stopwatch.measure(
                "store/open/1700",
                against: .work("1,700 key files read") {
                    for file in files { _ = try Data(contentsOf: URL(fileURLWithPath: file)) }
                }
            ) {
                _ = try SQLiteRecordStore(
                    folder: place.folder + "/data", keys: place.keys, journal: place.journal, regions: regions)
            }
        ]
    }

    private static func atOnce(_ body: @escaping @Sendable (Int) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<callers { group.addTask { try await body(caller) } }
            try await group.waitForAll()
        }
    }

    private static func claim(_ store: SQLiteRecordStore) async throws {
        _ = try await store.claim(
            challengeHash: Sample.hash(), transcriptHash: Sample.hash(), certificateID: Sample.id(),
            issuedOn: try Sample.value(CalendarDate(iso: "2023-11-15")), expires: Sample.now + 180, now: Sample.now)
    }

    /// Four durable writes and two reads, as issuing and the report do them.
    static func session(of person: NewPerson, _ store: SQLiteRecordStore) async throws {
        let (id, application) = (Sample.id(), Sample.hash())
        _ = try await store.claim(
            challengeHash: Sample.hash(), transcriptHash: application, certificateID: id,
            issuedOn: try Sample.value(CalendarDate(iso: "2023-11-15")), expires: Sample.now + 180, now: Sample.now)
        guard try await !store.isStopped(number: person.number, chipKeyHash: application) else {
            throw BenchError("a made-up person is on the stop list")
        }
        let record = try Sample.value(try await store.person(person.number, in: Sample.city))
        let intent = try Sample.intent(of: record, id: id, application: application)
        guard try await store.record(intent, limit: DailyLimit(1_000_000)) == .recorded else {
            throw BenchError("an intent was not recorded")
        }
        _ = try await store.recordSigned(
            id, in: Sample.city, codeHashes: [application], now: Sample.now)
        guard try await store.recordOutcome(id, in: Sample.city, printed: true, now: Sample.now) == .changed else {
            throw BenchError("an outcome was not recorded")
        }
    }
}

/// A file on the store's disk that grows by synchronised blocks.
private struct Disk {
    private let handle: FileHandle
    private let block = Data(count: 4096)

    init(_ path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw BenchError("\(path) cannot be written") }
        self.handle = handle
    }

    func append() throws {
        try handle.write(contentsOf: block)
        try handle.synchronize()
    }
}
