import Foundation
import Records
import Testing
import Vaccination

/// Measurements. Run with `AKASHI_MEASURE=1`; prints, and judges nothing.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["AKASHI_MEASURE"] != nil), .serialized)
struct MeasureTests {
    @Test(arguments: [1, 64])
    func `durable claims a second`(callers: Int) async throws {
        let place = try Place()
        let store = try place.sqlite()
        let day = try #require(CalendarDate(iso: "2023-11-15"))
        let each = callers == 1 ? 500 : 100
        let elapsed = try await ContinuousClock().measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<callers {
                    group.addTask {
                        for _ in 0..<each {
                            _ = try await store.claim(
                                challengeHash: Sample.hash(), applicationHash: Sample.hash(),
                                certificateID: Sample.id(),
                                issuedOn: day, expires: Sample.now + 180, now: Sample.now)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        report("durable claims, \(callers) callers", callers * each, elapsed)
    }

    @Test(arguments: [1, 64])
    func `whole sessions' store work a second`(callers: Int) async throws {
        let place = try Place()
        let store = try place.sqlite()
        let day = try #require(CalendarDate(iso: "2023-11-15"))
        let rows = MadeUpPeople.rows(count: 2000, municipality: Sample.city, firstNumber: 0, seed: 1)
        let writing = try await ContinuousClock().measure {
            _ = try await store.write(rows.map(\.person), in: Sample.city, now: Sample.now)
        }
        report("people written", rows.count, writing)
        let each = callers == 1 ? 100 : 25
        let elapsed = try await ContinuousClock().measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<callers {
                    group.addTask {
                        for step in 0..<each {
                            let number = rows[(caller * each + step) % rows.count].person.number
                            let id = Sample.id()
                            let application = Sample.hash()
                            _ = try await store.claim(
                                challengeHash: Sample.hash(), applicationHash: application, certificateID: id,
                                issuedOn: day,
                                expires: Sample.now + 180, now: Sample.now)
                            _ = try await store.isStopped(number: number, chipKeyHash: application)
                            let record = try Sample.value(try await store.person(number, in: Sample.city))
                            let intent = try Sample.intent(of: record, id: id, application: application)
                            _ = try await store.record(intent, dailyLimit: 100)
                            _ = try await store.recordSigned(
                                id, in: Sample.city, codeHashes: [application], redelivery: false, now: Sample.now)
                            _ = try await store.recordOutcome(id, in: Sample.city, printed: true, now: Sample.now)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        report("sessions (4 durable writes, 2 reads), \(callers) callers", callers * each, elapsed)
    }

    @Test func `a store of 1,700 regions: opening it, and the files open after writing to a hundred`() async throws {
        let place = try Place()
        let codes = Array(
            Set((96_000..<99_000).flatMap { five in (0...9).compactMap { MunicipalityCode("\(five)\($0)") } })
        )
        .sorted().prefix(1700)
        try place.keys.createMissing(for: Array(codes), development: true)
        let all = codes.map {
            Municipality(
                code: $0, prefecture: "見本県", name: "見本市", prefectureEnglish: "Mihon-ken", nameEnglish: "Mihon-shi")
        }
        for round in ["first", "second"] {
            let elapsed = try ContinuousClock().measure {
                _ = try SQLiteRecordStore(folder: place.folder + "/data", keys: place.keys, regions: all)
            }
            print("measured: \(round) opening with \(all.count) regions: \(elapsed)")
        }
        let store = try SQLiteRecordStore(folder: place.folder + "/data", keys: place.keys, regions: all)
        let person = try Sample.person()
        let elapsed = try await ContinuousClock().measure {
            for code in codes.prefix(100) { _ = try await store.write([person], in: code, now: Sample.now) }
        }
        report("new regions made and written to", 100, elapsed)
        let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        print("measured: regions open: \(await store.openRegionCount), file descriptors: \(descriptors)")
    }

    private func report(_ name: String, _ count: Int, _ elapsed: Duration) {
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        print(
            "measured: \(name): \(Int(Double(count) / seconds)) a second (\(count) in \(String(format: "%.3f", seconds)) s)"
        )
    }
}
