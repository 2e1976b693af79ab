import Foundation
import RecordSupport
import Records
import Testing
import TestSupport
import Vaccination

/// Phones that enrolled, and how often they tried.
@Suite struct DeviceTests {
    private static let end = Sample.now + 90 * 86_400

    private func device(
        key: [UInt8] = Sample.hash(), code: [UInt8] = Sample.hash(), certificate: [UInt8] = [0x30, 0x00],
        until end: Date = Self.end
    ) throws -> EnrolledDevice {
        try Sample.value(
            EnrolledDevice(
                keyHash: key, kind: "android", level: "strongbox", notAfter: end, certificateDER: certificate,
                codeHash: code))
    }

    private func enrol(
        _ device: EnrolledDevice, _ token: [UInt8] = Sample.hash(), in store: any RecordStore,
        at now: Date = Sample.now
    ) async throws -> DeviceEnrolmentOutcome {
        try await store.enrol(device, token: token, expires: now + 300, now: now)
    }

    @Test(arguments: Engine.all)
    func `a token enrols one key, the same one again, and no other`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let (first, other, token) = (try device(), try device(), Sample.hash())
        #expect(try await store.device(keyHash: first.keyHash) == nil)
        let before = try await store.controlRevision()
        #expect(try await enrol(first, token, in: store) == .fresh)
        // The answer was lost, and what is made anew for it is another certificate.
        let again = try device(key: first.keyHash, certificate: [0x30, 0x01, 0x00])
        #expect(try await enrol(again, token, in: try engine.open(place), at: Sample.now + 599) == .repeated(first))
        #expect(try await enrol(other, token, in: store) == .used)
        #expect(try await store.device(keyHash: first.keyHash) == first)
        #expect(try await store.device(keyHash: other.keyHash) == nil)
        // Neither a line nor a change of what operators set.
        #expect(try await store.controlRevision() == before)
        #expect(try await store.controlLog(after: 0, limit: 9).isEmpty)
        #expect(try await store.verify(.control, pins: [], everything: true).breaks.isEmpty)
    }

    @Test(arguments: Engine.all)
    func `what a token enrolled is known for ten minutes, also where it has ended meanwhile`(engine: Engine)
        async throws
    {
        let store = try engine.open(Place())
        let (one, token) = (try device(), Sample.hash())
        #expect(try await store.device(enrolledBy: token, now: Sample.now) == nil)
        // In the last second of the token's life.
        #expect(try await store.enrol(one, token: token, expires: Sample.now + 1, now: Sample.now) == .fresh)
        for seconds in [0.0, 2, 599] {
            #expect(try await store.device(enrolledBy: token, now: Sample.now + seconds) == one)
        }
        #expect(try await store.device(enrolledBy: token, now: Sample.now + 600) == nil)
        #expect(try await store.device(enrolledBy: Sample.hash(), now: Sample.now) == nil)
    }

    @Test(arguments: Engine.all)
    func `a key that was enrolled before gets its new certificate, end and code`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let first = try device()
        #expect(try await enrol(first, in: store) == .fresh)
        let next = try device(key: first.keyHash, certificate: [0x30, 0x01, 0x00], until: Self.end + 5)
        #expect(try await enrol(next, in: store) == .fresh)
        #expect(try await store.device(keyHash: first.keyHash) == next)
        #expect(try await store.revokeDevice(codeHash: first.codeHash, now: Sample.now) == nil)
        #expect(try await store.revokeDevice(codeHash: next.codeHash, now: Sample.now) == first.keyHash)
        #expect(try await store.verify(.control, pins: [], everything: true).breaks.isEmpty)
    }

    @Test(arguments: Engine.all)
    func `a device is revoked by its holder's code or an operator, once, and its key does not come back`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let (lost, other) = (try device(), try device())
        let (token, otherToken) = (Sample.hash(), Sample.hash())
        #expect(try await enrol(lost, token, in: store) == .fresh)
        #expect(try await enrol(other, otherToken, in: store) == .fresh)
        #expect(try await store.revokeDevice(codeHash: Sample.hash(), now: Sample.now) == nil)
        let before = try await store.controlRevision()
        for _ in 1...2 {
            #expect(try await store.revokeDevice(codeHash: lost.codeHash, now: Sample.now) == lost.keyHash)
            #expect(try await store.controlRevision() == before + 1)
        }
        let operators = String(repeating: "cd", count: 32)
        for _ in 1...2 {
            try await LogActor.$current.withValue(operators) {
                try await store.revokeDevice(keyHash: other.keyHash, now: Sample.now)
            }
            #expect(try await store.controlRevision() == before + 2)
        }
        await #expect(throws: StoreError.notFound()) {
            try await store.revokeDevice(keyHash: Sample.hash(), now: Sample.now)
        }
        #expect(try await store.device(keyHash: lost.keyHash)?.isRevoked == true)
        #expect(try await engine.open(place).control().revokedDevices == [lost.keyHash, other.keyHash])
        for used in [token, Sample.hash()] {
            await #expect(throws: StoreError.conflict()) { try await enrol(lost, used, in: store) }
        }
        let lines = try await store.controlLog(after: 0, limit: 9)
        #expect(lines.map(\.event) == [.deviceRevoked, .deviceRevoked])
        #expect(lines.map(\.actor) == [nil, operators])
        #expect(lines.map(\.detail) == [lost, other].map { $0.keyHash.map { String(format: "%02x", $0) }.joined() })
        #expect(try await store.verify(.control, pins: [], everything: true).breaks.isEmpty)
    }

    @Test(arguments: Engine.all)
    func `of writers racing with one token in two instances one key is enrolled`(engine: Engine) async throws {
        let place = try Place()
        let stores = [try engine.open(place), try engine.open(place)]
        let token = Sample.hash()
        let outcomes = try await withThrowingTaskGroup(of: DeviceEnrolmentOutcome.self) { group in
            for writer in 0..<16 {
                let one = try device()
                group.addTask { try await enrol(one, token, in: stores[writer % 2]) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == .fresh } == 1)
        #expect(outcomes.count { $0 == .used } == 15)
    }

    @Test(arguments: Engine.all)
    func `a code is one device's`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let first = try device()
        let second = try device(code: first.codeHash)
        #expect(try await enrol(first, in: store) == .fresh)
        await #expect(throws: StoreError.conflict()) { try await enrol(second, in: store) }
        await #expect(throws: StoreError.invalid()) { try await enrol(first, [1], in: store) }
    }

    @Test func `what is older than it is kept goes a few at a time, revoked or not`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        let old = try (0..<12).map { _ in try device() }
        for one in old { #expect(try await enrol(one, in: store) == .fresh) }
        _ = try await store.revokeDevice(codeHash: old[0].codeHash, now: Sample.now)
        // Until thirty days behind the end all are there, and no token any more.
        let margin = Self.end + 30 * 86_400
        #expect(try await enrol(try device(until: margin + 99), in: store, at: margin) == .fresh)
        #expect(try await RawDatabase(place.controlPath).count("device") == 13)
        for second in 1...2 {
            let now = margin + Double(second)
            #expect(try await enrol(try device(until: now + 99), in: store, at: now) == .fresh)
        }
        #expect(try await RawDatabase(place.controlPath).count("device") == 3)
        #expect(try await RawDatabase(place.controlPath).count("revoked_device") == 0)
        #expect(try await RawDatabase(place.controlPath).count("enrolment_token") == 3)
        #expect(try await store.control().revokedDevices.isEmpty)
        #expect(try await store.verify(.control, pins: [], everything: true).breaks.isEmpty)
    }

    @Test(arguments: [
        ("DELETE FROM revoked_device", EvidenceBreak.Kind.sum), ("UPDATE revoked_device SET not_after = 0", .row),
    ])
    func `a hand in what is revoked is found`(sql: String, kind: EvidenceBreak.Kind) async throws {
        let place = try Place()
        let store = try place.sqlite()
        let one = try device()
        _ = try await enrol(one, in: store)
        _ = try await store.revokeDevice(codeHash: one.codeHash, now: Sample.now)
        try await RawDatabase(place.controlPath).execute(sql)
        let breaks = try await store.verify(.control, pins: [], everything: true).breaks
        #expect(breaks.contains { $0.kind == kind }, "\(breaks)")
    }

    @Test(arguments: [
        "UPDATE device SET not_after = not_after + 1", "UPDATE device SET certificate_der = x'3001'",
        "UPDATE device SET code_hash = randomblob(32)", "UPDATE device SET key_hash = randomblob(32)",
        "DELETE FROM device",
    ])
    func `a device that a hand has changed is none until it enrols again, and what is revoked stays so`(
        sql: String
    ) async throws {
        let place = try Place()
        let store = try place.sqlite()
        let (one, lost, token) = (try device(), try device(), Sample.hash())
        for (device, token) in [(one, token), (lost, Sample.hash())] {
            #expect(try await enrol(device, token, in: store) == .fresh)
        }
        try await store.revokeDevice(keyHash: lost.keyHash, now: Sample.now)
        try await RawDatabase(place.controlPath).execute(sql)
        #expect(try await store.device(keyHash: one.keyHash) == nil)
        #expect(try await store.revokeDevice(codeHash: one.codeHash, now: Sample.now) == nil)
        await #expect(throws: StoreError.notFound()) {
            try await store.revokeDevice(keyHash: one.keyHash, now: Sample.now)
        }
        #expect(try await enrol(one, token, in: store) == .fresh)
        #expect(try await store.device(keyHash: one.keyHash) == one)
        await #expect(throws: StoreError.conflict()) { try await enrol(lost, in: store) }
        #expect(try await store.verify(.control, pins: [], everything: true).breaks.isEmpty)
    }

    @Test(arguments: [
        (31, "android", "tee", 2, 32), (32, "", "tee", 2, 32), (32, "Android", "tee", 2, 32), (32, "ios", "a b", 2, 32),
        (32, "ios", "tee", 0, 32), (32, "ios", "tee", 2049, 32), (32, "ios", "tee", 2, 33),
        (32, String(repeating: "a", count: 33), "tee", 2, 32),
    ])
    func `a device out of its bounds is none`(key: Int, kind: String, level: String, certificate: Int, code: Int) {
        func bytes(_ count: Int) -> [UInt8] { [UInt8](repeating: 1, count: count) }
        #expect(
            EnrolledDevice(
                keyHash: bytes(key), kind: kind, level: level, notAfter: Sample.now, certificateDER: bytes(certificate),
                codeHash: bytes(code)) == nil)
    }

    // MARK: Attempts

    @Test(arguments: Engine.all)
    func `attempts are counted to the limit and until the first one's end, in every instance`(engine: Engine)
        async throws
    {
        let place = try Place()
        let stores = [try engine.open(place), try engine.open(place)]
        let subjects: [AttemptSubject] = [.device(Sample.hash()), .card(Sample.hash())]
        for subject in subjects {
            for attempt in 0..<3 {
                let until = Sample.now + 60 + Double(attempt)
                #expect(
                    try await stores[attempt % 2].countAttempt(subject, limit: 3, until: until, now: Sample.now))
            }
            let last = Sample.now + 59
            #expect(try await !stores[0].countAttempt(subject, limit: 3, until: last + 60, now: last))
            #expect(try await stores[0].countAttempt(subject, limit: 4, until: last + 60, now: last))
            // Other attempts have counts of their own.
            for kind in AttemptKind.allCases where kind != .application {
                #expect(try await stores[0].countAttempt(subject, of: kind, limit: 1, until: last + 60, now: last))
            }
            let next = Sample.now + 60
            #expect(try await stores[1].countAttempt(subject, limit: 1, until: next + 60, now: next))
            #expect(try await !stores[1].countAttempt(subject, limit: 1, until: next + 60, now: next))
        }
        #expect(try await stores[0].controlLog(after: 0, limit: 9).isEmpty)
    }

    @Test(arguments: Engine.all)
    func `of several subjects all are counted or none`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let (device, card) = (AttemptSubject.device(Sample.hash()), AttemptSubject.card(Sample.hash()))
        let until = Sample.now + 60
        #expect(try await store.countAttempts([device: 3, card: 1], until: until, now: Sample.now))
        for _ in 1...3 {
            #expect(try await !store.countAttempts([device: 3, card: 1], until: until, now: Sample.now))
        }
        for _ in 1...2 { #expect(try await store.countAttempt(device, limit: 3, until: until, now: Sample.now)) }
        #expect(try await !store.countAttempt(device, limit: 3, until: until, now: Sample.now))
    }

    @Test(arguments: Engine.all)
    func `of attempts racing in two instances no more are counted than the limit allows`(engine: Engine) async throws {
        let place = try Place()
        let stores = [try engine.open(place), try engine.open(place)]
        let subjects: [AttemptSubject: Int] = [.device(Sample.hash()): 9, .card(Sample.hash()): 5]
        let counted = try await withThrowingTaskGroup(of: Bool.self) { group in
            for caller in 0..<32 {
                group.addTask {
                    try await stores[caller % 2].countAttempts(subjects, until: Sample.now + 60, now: Sample.now)
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(counted == 5)
    }

    @Test(arguments: Engine.all)
    func `a device's highest count is noted with its attempts, and kept until long after it last rose`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let stores = [try engine.open(place), try engine.open(place)]
        let (key, other) = (Sample.hash(), Sample.hash())
        func note(
            _ value: UInt32, of key: [UInt8], limit: Int = 99, in store: Int = 0, at now: Date = Sample.now
        ) async throws -> AttemptOutcome {
            try await stores[store].countAttempts(
                [.device(key): limit], of: .application, until: now + 60,
                noting: DeviceCounter(keyHash: key, value: value), now: now)
        }
        func highest(_ value: UInt32, _ seconds: Double = 0) -> AttemptOutcome {
            .counted(HighestCounter(value: value, at: Sample.now + seconds))
        }
        #expect(try await note(7, of: key) == .counted(nil))
        #expect(try await note(9, of: key, in: 1, at: Sample.now + 1) == highest(7))
        // A lower one and the same one leave it as it is, also when it came.
        #expect(try await note(8, of: key, at: Sample.now + 2) == highest(9, 1))
        #expect(try await note(9, of: key, at: Sample.now + 3) == highest(9, 1))
        #expect(try await note(.max, of: other) == .counted(nil))
        // Without a count nothing is known of one, and with attempts that are not counted none is noted.
        #expect(
            try await stores[0].countAttempts(
                [.device(key): 99], of: .application, until: Sample.now + 60, noting: nil, now: Sample.now)
                == .counted(nil))
        #expect(try await note(20, of: key, limit: 1, at: Sample.now + 4) == .limitReached)
        #expect(try await note(10, of: key, at: Sample.now + 5) == highest(9, 1))
        let last = Sample.now + 5 + StoreTimes.counterKept
        #expect(try await note(3, of: key, at: last - 1) == highest(10, 5))
        #expect(try await note(3, of: key, at: last) == .counted(nil))
        #expect(try await !RawDatabase(place.controlPath).blobs("hash", of: "attempt").contains(Data(key)))
        await #expect(throws: StoreError.invalid()) {
            try await stores[0].countAttempts(
                [.device(key): 1], of: .application, until: Sample.now + 60,
                noting: DeviceCounter(keyHash: [1], value: 1), now: Sample.now)
        }
    }

    @Test(arguments: [0, 9])
    func `none and too many subjects are refused, and hashes of another length`(count: Int) async throws {
        let store = try Place().sqlite()
        let subjects = Dictionary(
            uniqueKeysWithValues: (0..<count).map { _ in (AttemptSubject.card(Sample.hash()), 1) })
        for wrong in [subjects, [.card([1]): 1], [.device([]): 1]] {
            await #expect(throws: StoreError.invalid()) {
                try await store.countAttempts(wrong, until: Sample.now, now: Sample.now)
            }
        }
    }

    @Test func `only keyed hashes of subjects are stored, and what has ended goes a few at a time`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        let card = Sample.hash()
        for _ in 0..<40 {
            let subjects: [AttemptSubject: Int] = [.card(Sample.hash()): 1, .device(Sample.hash()): 1]
            #expect(try await store.countAttempts(subjects, until: Sample.now + 60, now: Sample.now))
        }
        let later = Sample.now + 60
        #expect(try await store.countAttempt(.card(card), limit: 1, until: later + 60, now: later))
        #expect(try await !RawDatabase(place.controlPath).blobs("hash", of: "attempt").contains(Data(card)))
        #expect(try await RawDatabase(place.controlPath).count("attempt") == 65)
        for _ in 1...5 {
            #expect(try await store.countAttempt(.card(Sample.hash()), limit: 1, until: later + 60, now: later))
        }
        #expect(try await RawDatabase(place.controlPath).count("attempt") == 6)
    }
}
