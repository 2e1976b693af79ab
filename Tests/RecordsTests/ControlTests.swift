import Foundation
import RecordSupport
import Records
import Testing
import Vaccination

/// What operators set for all regions.
@Suite struct ControlTests {
    private func terminal(_ id: String = "T0001", hash: [UInt8] = Sample.hash()) throws -> EnrolledTerminal {
        try Sample.value(
            EnrolledTerminal(
                id: id, shop: "見本商店 例示支店", certificateHash: hash, certificateDER: [0x30, 0x00],
                notAfter: Sample.now + 86_400, enrolledAt: Sample.now))
    }

    @Test(arguments: Engine.all)
    func `a terminal is enrolled, renewed and revoked, and found by its certificate`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let first = try terminal()
        try await store.enrol(first, now: Sample.now)
        #expect(try await store.control().terminals == [first])
        #expect(try await store.terminal(certificateHash: first.certificateHash) == first)
        #expect(try await store.terminal(certificateHash: Sample.hash()) == nil)
        let newHash = Sample.hash()
        try await store.renew(
            terminal: "T0001", certificateHash: newHash, certificateDER: [0x30, 0x01, 0x00], notAfter: Sample.now + 9,
            now: Sample.now)
        #expect(try await store.terminal(certificateHash: first.certificateHash) == nil)
        #expect(try await store.terminal(certificateHash: newHash)?.certificateDER == [0x30, 0x01, 0x00])
        try await store.revoke(terminal: "T0001", now: Sample.now)
        #expect(try await store.terminal(certificateHash: newHash)?.status == .revoked)
        await #expect(throws: StoreError.conflict()) {
            try await store.renew(
                terminal: "T0001", certificateHash: Sample.hash(), certificateDER: [1], notAfter: Sample.now,
                now: Sample.now)
        }
        #expect(
            try await store.controlLog(after: 0, limit: 9).map(\.event)
                == [.terminalEnrolled, .terminalRenewed, .terminalRevoked])
    }

    @Test(arguments: Engine.all)
    func `a name or a certificate is one terminal's`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let first = try terminal()
        try await store.enrol(first, now: Sample.now)
        let sameName = try terminal()
        let sameCertificate = try terminal("T0002", hash: first.certificateHash)
        await #expect(throws: StoreError.conflict()) { try await store.enrol(sameName, now: Sample.now) }
        await #expect(throws: StoreError.conflict()) { try await store.enrol(sameCertificate, now: Sample.now) }
        await #expect(throws: StoreError.notFound()) { try await store.revoke(terminal: "T0009", now: Sample.now) }
    }

    @Test(arguments: Engine.all)
    func `suspensions, the halt and their removal are seen at once in another instance`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let other = try engine.open(place)
        let all: Set<Suspension> = [
            .everything, .municipality(Sample.city), .kind(.overseas), .terminal("T0001"), .channel(.app),
            .device(keyHash: Sample.hash()), .model("Mihon/Phone 9"), .patchLevel(202511),
            .appRelease(app: "jp.example.app", version: 12),
        ]
        for suspension in all { try await store.suspend(suspension, now: Sample.now) }
        try await store.haltIssuing("own output does not match", now: Sample.now)
        #expect(try await other.control().suspensions == all)
        #expect(try await other.control().issuingHalted == "own output does not match")
        for suspension in all { try await other.resume(suspension, now: Sample.now) }
        #expect(try await other.clearHalt("own output does not match", now: Sample.now))
        #expect(try await store.control().suspensions == [])
        #expect(try await store.control().issuingHalted == nil)
    }

    @Test(arguments: Engine.all)
    func `a halt is cleared by its own reason only, also by another instance`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let other = try engine.open(place)
        try await store.haltIssuing("the code", now: Sample.now)
        try await other.haltIssuing("the page", now: Sample.now)
        let revision = try await store.controlRevision()
        #expect(try await !store.clearHalt("the code", now: Sample.now))
        #expect(try await store.control().issuingHalted == "the page")
        #expect(try await store.controlRevision() == revision)
        #expect(try await store.clearHalt("the page", now: Sample.now))
        #expect(try await other.control().issuingHalted == nil)
        // What is not halted has nothing to clear.
        #expect(try await store.clearHalt("the page", now: Sample.now))
        #expect(
            try await store.controlLog(after: 0, limit: 9).map(\.event) == [
                .issuingHalted, .issuingHalted, .issuingCleared,
            ])
    }

    @Test(arguments: Engine.all)
    func `a halt that a break of evidence made gives way to no other`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let reason = EvidenceBreak(log: .control, kind: .row, place: "terminal T0002").haltReason
        try await store.haltIssuing("the code", now: Sample.now)
        try await store.haltIssuing(reason, now: Sample.now)
        let later = EvidenceBreak(log: .control, kind: .sum, place: "stop").haltReason
        for other in ["the page", later] {
            try await store.haltIssuing(other, now: Sample.now)
            #expect(try await store.control().issuingHalted == reason)
            #expect(try await !store.clearHalt(other, now: Sample.now))
        }
        #expect(try await store.clearHalt(reason, now: Sample.now))
        #expect(try await store.control().issuingHalted == nil)
    }

    @Test(arguments: Engine.all)
    func `the revision grows with every change and with nothing else`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let changes: [() async throws -> Void] = [
            { try await store.suspend(.everything, now: Sample.now) },
            { try await store.resume(.everything, now: Sample.now) },
            { try await store.haltIssuing("reason", now: Sample.now) },
            { _ = try await store.clearHalt("reason", now: Sample.now) },
            { try await store.stop(.chipKey(hash: [UInt8](repeating: 3, count: 32)), now: Sample.now) },
            { try await store.unstop(.chipKey(hash: [UInt8](repeating: 3, count: 32)), now: Sample.now) },
        ]
        for change in changes {
            let before = try await store.controlRevision()
            try await change()
            #expect(try await store.controlRevision() == before + 1)
            try await change()
            #expect(try await store.controlRevision() == before + 1)
        }
        #expect(try await store.control().revision == store.controlRevision())
        #expect(try await store.controlLog(after: 2, limit: 3).map(\.sequence) == [3, 4, 5])
    }

    @Test(arguments: Engine.all)
    func `the stop list knows a person by number and a card by chip key`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let number = try Sample.person(1).number
        let other = try Sample.person(2).number
        let chip = Sample.hash()
        #expect(try await !store.isStopped(number: number, chipKeyHash: chip))
        try await store.stop(.number(number), now: Sample.now)
        #expect(try await store.isStopped(number: number, chipKeyHash: Sample.hash()))
        #expect(try await !store.isStopped(number: other, chipKeyHash: chip))
        try await store.stop(.chipKey(hash: chip), now: Sample.now)
        #expect(try await store.isStopped(number: other, chipKeyHash: chip))
        try await store.unstop(.number(number), now: Sample.now)
        try await store.unstop(.chipKey(hash: chip), now: Sample.now)
        #expect(try await !store.isStopped(number: number, chipKeyHash: chip))
        #expect(
            try await store.controlLog(after: 0, limit: 9).map(\.detail) == [
                "number", "chip_key", "number", "chip_key",
            ])
    }

    @Test(arguments: [
        Suspension.device(keyHash: [1]), .model("a"), .model("a/\u{1}"), .patchLevel(13), .terminal("a b"),
        .appRelease(app: "", version: 1), .appRelease(app: "a", version: -1),
    ])
    func `a suspension that its text does not name is refused`(suspension: Suspension) async throws {
        let place = try Place()
        let store = try place.sqlite()
        await #expect(throws: StoreError.invalid()) { try await store.suspend(suspension, now: Sample.now) }
        #expect(try await store.control().suspensions.isEmpty)
    }

    @Test func `a suspension's text reads back, and no other text does`() throws {
        let hash = [UInt8](0..<32)
        for suspension in [
            Suspension.everything, .municipality(Sample.city), .kind(.domestic), .terminal("A-1_b.c"), .channel(.app),
            .channel(.counter), .device(keyHash: hash), .model("見本/Phone/9 Pro"), .patchLevel(202512),
            .appRelease(app: "TEAM.jp.example-app", version: 0), .appRelease(app: "a", version: .max),
            .model("\(String(repeating: "a", count: 64))/\(String(repeating: "b", count: 64))"),
        ] {
            #expect(Suspension(suspension.text) == suspension)
        }
        #expect(Suspension.device(keyHash: hash).text.hasPrefix("device:000102030405060708090a0b"))
        #expect(Suspension.appRelease(app: "jp.example.app", version: 12).text == "app:jp.example.app/12")
        let digits = String(repeating: "0", count: 64)
        for text in [
            "", "everything:", "municipality:990010", "kind:other", "terminal:", "terminal:a b", "terminal", "x:y",
            "channel:", "channel:shop", "device:", "device:\(digits.dropLast())", "device:\(digits)0",
            "device:\(digits.dropLast())A", "device:\(digits.dropLast())g", "model:", "model:a", "model:/a", "model:a/",
            "model:a\n/b", "model:a/b\u{7F}", "model:\(String(repeating: "a", count: 65))/b", "patches:",
            "patches:2025",
            "patches:202500", "patches:202513", "patches:+20251", "patches:20251101", "app:", "app:a", "app:a/",
            "app:/1", "app:a/-1", "app:a/01", "app:a/+1", "app:a/1/2", "app:a b/1", "app:a/99999999999999999999",
            "app:\(String(repeating: "a", count: 201))/1",
        ] {
            #expect(Suspension(text) == nil, "\(text)")
        }
    }
}
