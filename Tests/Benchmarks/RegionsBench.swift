import Foundation
import RecordSupport
import Records
import Vaccination

/// A country's regions in one store: 1,700 files that hold people, asked in any order.
///
/// They are made by one process and asked by another one, so that what making them takes is not in what serving takes.
enum RegionsBench {
    private static let people = 20
    private static var count: Int {
        ProcessInfo.processInfo.environment["AKASHI_BENCH_REGIONS"].flatMap { Int($0) } ?? 1700
    }

    /// What the process that asks has measured, in microseconds and KiB.
    private struct Measured: Codable {
        var first: [Double] = []
        var again: [Double] = []
        var bareFirst: [Double] = []
        var bareAgain: [Double] = []
        var peakKiB = 0
    }

    private static var municipalities: [Municipality] {
        (96_000..<99_000).flatMap { five in (0...9).compactMap { MunicipalityCode("\(five)\($0)") } }
            .prefix(count).map {
                Municipality(
                    code: $0, prefecture: "見本県", name: "見本市", prefectureEnglish: "Mihon-ken",
                    nameEnglish: "Mihon-shi")
            }
    }

    static func run(_ stopwatch: Stopwatch) async throws -> [Figure] {
        let folder = NSTemporaryDirectory() + "akashi-regions-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try child(["make", folder])
        guard !stopwatch.isCounting else { return [] }
        let measured = try JSONDecoder().decode(
            Measured.self, from: try child(["ask", folder, "\(stopwatch.seconds)"]))
        return [
            figure(
                "records/regions/first", measured.first, measured.bareFirst,
                "bare SQLite: a region's file opened, one person's rows read by number, and closed", nil),
            figure(
                "records/regions", measured.again, measured.bareAgain,
                "bare SQLite: the same, of a region that was asked before", measured.peakKiB),
        ]
    }

    private static func figure(
        _ name: String, _ times: [Double], _ bare: [Double], _ baseline: String, _ peak: Int?
    ) -> Figure {
        let (times, bare) = (times.sorted(), bare.sorted())
        func rate(_ times: [Double]) -> Double { Double(times.count) * 1e6 / times.reduce(0, +) }
        return Figure(
            name: name, opsPerSecond: Stopwatch.rounded(rate(times)),
            p50Microseconds: Stopwatch.rounded(times[times.count / 2]),
            p99Microseconds: Stopwatch.rounded(times[min(times.count - 1, times.count * 99 / 100)]), baseline: baseline,
            baselineOpsPerSecond: Stopwatch.rounded(rate(bare)), ratio: Stopwatch.rounded(rate(times) / rate(bare)),
            peakKiB: peak)
    }

    /// Runs this program again, and gives what it printed.
    private static func child(_ arguments: [String]) throws -> Data {
        let (process, pipe) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["regions"] + arguments
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchError("regions \(arguments[0]) failed") }
        return data
    }

    /// `akashi-bench regions make FOLDER`, `akashi-bench regions ask FOLDER SECONDS`: the two processes' parts.
    static func work(_ arguments: ArraySlice<String>) async throws {
        let arguments = Array(arguments)
        guard arguments.count >= 2 else { throw BenchError("regions make|ask FOLDER [SECONDS]") }
        let place = Place(existing: arguments[1])
        if arguments[0] == "make" { return try await make(place) }
        let measured = try await ask(place, seconds: arguments.count > 2 ? Double(arguments[2]) ?? 3 : 3)
        FileHandle.standardOutput.write(try JSONEncoder().encode(measured))
    }

    private static func store(_ place: Place) throws -> SQLiteRecordStore {
        try SQLiteRecordStore(
            folder: place.folder + "/data", keys: place.keys, journal: place.journal, regions: municipalities)
    }

    private static func make(_ place: Place) async throws {
        try place.keys.createMissing(for: municipalities.map(\.code), development: true)
        let store = try store(place)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, region) in municipalities.map(\.code).enumerated() {
                if index >= 8 { try await group.next() }
                group.addTask {
                    let people = MadeUpPeople.rows(count: people, municipality: region, firstNumber: 0, seed: 3)
                        .map(\.person)
                    _ = try await store.write(people, in: region, now: Sample.now)
                }
            }
            try await group.waitForAll()
        }
        _ = try await store.heads()
        await store.close()
    }

    private static func ask(_ place: Place, seconds: Double) async throws -> Measured {
        let regions = municipalities.map(\.code)
        let numbers = MadeUpPeople.rows(count: people, municipality: regions[0], firstNumber: 0, seed: 3)
            .map(\.person.number)
        let store = try store(place)
        var measured = Measured()
        func timed(_ times: WritableKeyPath<Measured, [Double]>, _ body: () async throws -> Void) async throws {
            let begun = ContinuousClock.now
            try await body()
            measured[keyPath: times].append((ContinuousClock.now - begun) / .microseconds(1))
        }
        func look(_ region: MunicipalityCode) async throws {
            guard let number = numbers.randomElement(), try await store.person(number, in: region) != nil else {
                throw BenchError("a person is missing")
            }
        }
        func bare(_ region: MunicipalityCode) throws {
            try BareRegion(place.path(of: region), isNew: false).read(Int64.random(in: 1...Int64(people)))
        }
        for region in regions.shuffled() {
            try await timed(\.bareFirst) { try bare(region) }
            try await timed(\.first) { try await look(region) }
        }
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end || measured.again.count < 1000 {
            guard let region = regions.randomElement() else { break }
            try await timed(\.bareAgain) { try bare(region) }
            try await timed(\.again) { try await look(region) }
        }
        measured.peakKiB =
            try String(contentsOfFile: "/proc/self/status", encoding: .utf8).split(separator: "\n")
            .first { $0.hasPrefix("VmHWM:") }.flatMap { Int($0.filter(\.isNumber)) } ?? 0
        await store.close()
        return measured
    }
}
