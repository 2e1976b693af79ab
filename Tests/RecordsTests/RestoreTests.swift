import Foundation
import RecordSupport
import Records
import Testing
import Vaccination

/// An older backup of the records is put back: what was revoked, ended or stopped since stays so, by the journal.
@Suite struct RestoreTests {
    private static let code = RevocableCode(
        keyID: [1, 2, 3, 4, 5, 6, 7, 8], hash: [UInt8](repeating: 9, count: 16), expires: Sample.now + 1000)

    /// What a backup takes while nobody writes: everything of the records, and nothing of the journal.
    private func back(_ place: Place) throws {
        try FileManager.default.copyItem(atPath: place.folder + "/data", toPath: place.folder + "/backup")
    }

    private func restore(_ place: Place) throws {
        try FileManager.default.removeItem(atPath: place.folder + "/data")
        try FileManager.default.copyItem(atPath: place.folder + "/backup", toPath: place.folder + "/data")
    }

    /// Does something, and waits for what a store writes a moment later, so that no copy is made meanwhile.
    private func quietly(_ place: Place, _ body: (any RecordStore) async throws -> Void) async throws {
        let store = try place.sqlite()
        try await body(store)
        _ = try await store.heads()
    }

    /// Does something before a backup and something after it, and puts the backup back.
    private func restored(
        _ place: Place, before: (any RecordStore) async throws -> Void = { _ in },
        after: (any RecordStore) async throws -> Void
    ) async throws -> any RecordStore {
        try await quietly(place, before)
        try await place.closed()
        try back(place)
        try await quietly(place, after)
        try await place.closed()
        try restore(place)
        return try place.sqlite()
    }

    private func log(_ store: any RecordStore, _ region: MunicipalityCode? = nil) async throws -> [LogEvent] {
        guard let region else { return try await store.controlLog(after: 0, limit: 999).map(\.event) }
        return try await store.log(in: region, after: 0, limit: 999).map(\.event)
    }

    @Test(arguments: [CertificateState.signed, .printed, .unknown, .intended])
    func `a certificate revoked since the backup is revoked again, and its log says so`(
        state: CertificateState
    ) async throws {
        let place = try Place()
        var id = Sample.id()
        let store = try await restored(place) { store in
            id = try await store.certificate(in: state)
            if state == .signed {
                _ = try await store.recordSigned(
                    id, in: Sample.city, codeHashes: [], revocable: Self.code, now: Sample.now)
            }
        } after: { store in
            let outcome = try await store.revoke(id, in: Sample.city, now: Sample.now)
            #expect(outcome == .changed)
        }
        #expect(try await store.revoked(in: Sample.city) == [id])
        #expect(try await store.certificate(id, in: Sample.city)?.state == (state == .printed ? .printed : .voided))
        let codes = try await store.revokedCodes(in: Sample.city, now: Sample.now)
        #expect(Set(codes) == (state == .signed ? [Self.code] : []))
        let last = try await log(store, Sample.city).last
        #expect(last == (state == .printed ? .revokedByOperator : .voidedByOperator))
        // What the journal did is sound in itself; that a backup was put back still shows.
        let breaks = try await store.verify(.region(Sample.city), pins: [], everything: true).breaks
        #expect(breaks.allSatisfy { $0.kind == .rollback || $0.kind == .chain })
        try await store.noteRestored(
            .region(Sample.city), reason: "a backup", asItIs: false, now: Sample.now)
        #expect(try await store.verify(.region(Sample.city), pins: [], everything: true).breaks.isEmpty)
    }

    @Test func `a certificate that the backup lacks leaves a tombstone that lists name, codes included`() async throws {
        let place = try Place()
        var id = Sample.id()
        let store = try await restored(place) { store in
            _ = try await store.certificate(in: .printed)
        } after: { store in
            id = try await store.signed(try Sample.person(7))
            _ = try await store.recordSigned(
                id, in: Sample.city, codeHashes: [], revocable: Self.code, now: Sample.now)
            _ = try await store.recordOutcome(id, in: Sample.city, printed: false, now: Sample.now)
        }
        #expect(try await store.certificate(id, in: Sample.city) == nil)
        #expect(try await store.revoked(in: Sample.city) == [id])
        #expect(try await store.revokedCodes(in: Sample.city, now: Sample.now) == [Self.code])
        #expect(try await store.revokedCodes(in: Sample.city, now: Self.code.expires + 1) == [])
        #expect(try await log(store, Sample.city).last == .redone)
        // Again and again: nothing is done twice.
        let lines = try await log(store, Sample.city).count
        #expect(try await log(try place.sqlite(), Sample.city).count == lines)
    }

    @Test func `what was put back is told from what only stopped before its commit`() async throws {
        let place = try Place()
        var id = Sample.id()
        _ = try await restored(place) { store in
            id = try await store.certificate(in: .printed)
        } after: { store in
            _ = try await store.revoke(id, in: Sample.city, now: Sample.now)
        }
        // The journal is ahead by this one change, as after a stop between journal and commit.
        let report = try await place.sqlite().verify(.region(Sample.city), pins: [], everything: true)
        #expect(!report.breaks.contains { $0.place.contains("journal") }, "\(report.breaks)")
        #expect(try await place.sqlite().revoked(in: Sample.city) == [id])
    }

    @Test func `a store put back as a whole issues nothing until the restore is logged`() async throws {
        let place = try Place()
        var ids: [CertificateID] = []
        var intent: Intent?
        let store = try await restored(place) { store in
            ids = [try await store.certificate(in: .printed)]
            intent = try Sample.intent(of: try await store.with(try Sample.person(6)))
        } after: { store in
            ids.append(try await store.signed(try Sample.person(5)))
            for id in ids { _ = try await store.revoke(id, in: Sample.city, now: Sample.now) }
        }
        let log = LogName.region(Sample.city)
        // Everything that lies among the records is of one moment, and sound in itself.
        let breaks = try await store.verify(log, pins: [], everything: true).breaks
        #expect(breaks.map(\.kind) == [.rollback] && breaks[0].place.contains("journal"), "\(breaks)")
        let next = try #require(intent)
        await #expect(throws: StoreError.broken()) { try await store.record(next, limit: DailyLimit(9)) }
        try await store.noteRestored(log, reason: "a backup", asItIs: false, now: Sample.now)
        #expect(try await store.record(next, limit: DailyLimit(9)) == .recorded)
        #expect(try await place.sqlite().verify(log, pins: [], everything: true).breaks.isEmpty)
    }

    @Test func `stop list entries and their undoing are made again in their order`() async throws {
        let place = try Place()
        let card: @Sendable (UInt8) -> StopSubject = { .chipKey(hash: [UInt8](repeating: $0, count: 32)) }
        let number = try Sample.value(IndividualNumber("123456789018"))
        let store = try await restored(place) { store in
            try await store.stop(card(1), now: Sample.now)
        } after: { store in
            try await store.unstop(card(1), now: Sample.now)
            try await store.stop(card(2), now: Sample.now)
            try await store.stop(card(3), now: Sample.now)
            try await store.unstop(card(3), now: Sample.now)
            try await store.stop(card(3), now: Sample.now)
        }
        for (hash, isStopped) in [(UInt8(1), false), (2, true), (3, true), (4, false)] {
            let found = try await store.isStopped(number: number, chipKeyHash: [UInt8](repeating: hash, count: 32))
            #expect(found == isStopped, "card \(hash)")
        }
    }

    @Test func `a terminal that ended since stays ended, with its certificate, also one that the backup lacks`()
        async throws
    {
        let place = try Place()
        let (old, new, later) = (try terminal(1, 1), try terminal(1, 2), try terminal(2, 3))
        let third = try terminal(3, 4)
        let store = try await restored(place) { store in
            try await store.enrol(old, now: Sample.now)
            try await store.enrol(third, now: Sample.now)
        } after: { store in
            try await store.renew(
                terminal: old.id, certificateHash: new.certificateHash, certificateDER: new.certificateDER,
                notAfter: new.notAfter, now: Sample.now)
            try await store.enrol(later, now: Sample.now)
            try await store.revoke(terminal: later.id, now: Sample.now)
            try await store.revoke(terminal: third.id, now: Sample.now)
        }
        #expect(try await store.terminal(certificateHash: old.certificateHash) == nil)
        #expect(try await store.terminal(certificateHash: new.certificateHash)?.status == .active)
        #expect(try await store.terminal(certificateHash: third.certificateHash)?.status == .revoked)
        // The names are free, the certificates are not.
        await #expect(throws: StoreError.conflict()) { try await store.enrol(later, now: Sample.now) }
        let other = try #require(
            EnrolledTerminal(
                id: "T0009", shop: "見本店", certificateHash: old.certificateHash, certificateDER: [1],
                notAfter: Sample.now, enrolledAt: Sample.now))
        await #expect(throws: StoreError.conflict()) { try await store.enrol(other, now: Sample.now) }
    }

    @Test func `a device that was revoked since stays revoked, also one that the backup lacks, and others enrol again`()
        async throws
    {
        let place = try Place()
        func device(_ key: UInt8) throws -> EnrolledDevice {
            try #require(
                EnrolledDevice(
                    keyHash: [UInt8](repeating: key, count: 32), kind: "ios", level: "secure-enclave",
                    notAfter: Sample.now + 1000, certificateDER: [key], codeHash: [UInt8](repeating: key, count: 32)))
        }
        func enrol(_ device: EnrolledDevice, in store: any RecordStore) async throws {
            let outcome = try await store.enrol(
                device, token: Sample.hash(), expires: Sample.now + 60, now: Sample.now)
            #expect(outcome == .fresh)
        }
        let (known, later, kept) = (try device(1), try device(2), try device(3))
        let store = try await restored(place) { store in
            try await enrol(known, in: store)
        } after: { store in
            for device in [later, kept] { try await enrol(device, in: store) }
            _ = try await store.revokeDevice(codeHash: known.codeHash, now: Sample.now)
            try await store.revokeDevice(keyHash: later.keyHash, now: Sample.now)
        }
        #expect(try await store.control().revokedDevices == [known.keyHash, later.keyHash])
        #expect(try await store.device(keyHash: known.keyHash)?.isRevoked == true)
        #expect(try await store.device(keyHash: later.keyHash) == nil)
        #expect(try await log(store).suffix(2) == [.deviceRevoked, .redone])
        await #expect(throws: StoreError.conflict()) { try await enrol(later, in: store) }
        try await enrol(kept, in: store)
        // It is revoked already, though nobody knows the device.
        try await store.revokeDevice(keyHash: later.keyHash, now: Sample.now)
        #expect(try await log(store).last == .redone)
    }

    @Test(arguments: [false, true])
    func `a certificate on a phone that was revoked since counts no more as issued`(isDelivered: Bool) async throws {
        let place = try Place()
        let person = try Sample.person(passport: "XX0000001")
        var id = Sample.id()
        let store = try await restored(place) { store in
            id = try await store.signed(person, kind: .overseas, channel: .app)
            if isDelivered {
                _ = try await store.recordOutcome(id, in: Sample.city, printed: true, now: Sample.now)
            }
        } after: { store in
            _ = try await store.revoke(id, in: Sample.city, now: Sample.now)
        }
        try await store.noteRestored(.region(Sample.city), reason: "a backup", asItIs: false, now: Sample.now)
        #expect(try await store.person(person.number, in: Sample.city)?.printedOverseasPassports == [])
        #expect(try await store.verify(.region(Sample.city), pins: [], everything: true).breaks.isEmpty)
    }

    @Test func `a journal that was begun anew knows of revoked devices`() async throws {
        let place = try Place()
        let key = Sample.hash()
        let device = try #require(
            EnrolledDevice(
                keyHash: key, kind: "android", level: "tee", notAfter: Sample.now + 1000, certificateDER: [1],
                codeHash: Sample.hash()))
        let store = try await restored(place) { store in
            _ = try await store.enrol(device, token: Sample.hash(), expires: Sample.now, now: Sample.now)
        } after: { store in
            try await store.revokeDevice(keyHash: key, now: Sample.now)
            try FileManager.default.removeItem(atPath: place.journal.folder + "/vrs.journal")
            try await store.noteRestored(.control, reason: "the journal was lost", asItIs: false, now: Sample.now)
        }
        #expect(try await store.control().revokedDevices == [key])
    }

    private func terminal(_ number: Int, _ certificate: UInt8) throws -> EnrolledTerminal {
        try #require(
            EnrolledTerminal(
                id: "T000\(number)", shop: "見本店", certificateHash: [UInt8](repeating: certificate, count: 32),
                certificateDER: [certificate], notAfter: Sample.now + 1000, enrolledAt: Sample.now))
    }

    @Test func `counters of lists and the incarnation do not go back`() async throws {
        let place = try Place()
        var published = Publication()
        let store = try await restored(place) { store in
            published = try await store.publish(
                Publication(identifiers: ["a"]), now: Sample.now)
        } after: { store in
            for identifier in ["b", "c", "d"] {
                published = try await store.publish(Publication(identifiers: [identifier]), now: Sample.now)
            }
            try await store.noteRestored(.control, reason: "a drill", asItIs: false, now: Sample.now)
        }
        #expect(try await store.heads().incarnation == 2)
        let next = try await store.publish(Publication(identifiers: ["e"]), now: Sample.now)
        #expect(next.counter == published.counter + 1)
        try await store.noteRestored(.control, reason: "a backup", asItIs: false, now: Sample.now)
        #expect(try await store.heads().incarnation == 3)
    }

    @Test func `roots are numbered, also where no line is written in between`() async throws {
        let place = try Place()
        let store = try await restored(place) { store in
            let heads = try await store.beginRoot()
            #expect(heads.root == 1)
        } after: { store in
            for number in Int64(2)...3 {
                let heads = try await store.beginRoot()
                #expect(heads.root == number)
            }
        }
        #expect(try await store.heads().root == 1)
    }

    @Test func `a journal that lacks something stops exports until it is begun anew with all that is known`()
        async throws
    {
        let place = try Place()
        let id = try await place.sqlite().certificate(in: .voided)
        try FileManager.default.removeItem(atPath: place.journal.folder)
        let store = try place.sqlite()
        await #expect(throws: StoreError.journalShort()) { try await store.revoked(in: Sample.city) }
        await #expect(throws: StoreError.journalShort()) {
            try await store.publish(Publication(), now: Sample.now)
        }
        // Revoking goes on meanwhile.
        let second = try await store.certificate(in: .voided)
        try await store.noteRestored(.control, reason: "the journal's disk was lost", asItIs: false, now: Sample.now)
        #expect(try await Set(store.revoked(in: Sample.city)) == [id, second])
        _ = try await store.publish(Publication(), now: Sample.now)
        // And the new one is as good as the first.
        try FileManager.default.removeItem(atPath: place.folder + "/data")
        #expect(try await Set(place.sqlite().revoked(in: Sample.city)) == [id, second])
    }

    @Test func `a revocation whose journal cannot be written is not acknowledged, and not done`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        let id = try await store.certificate(in: .printed)
        let file = place.journal.folder + "/vrs.journal"
        let whole = try Data(contentsOf: URL(fileURLWithPath: file))
        try Data(whole.reversed()).write(to: URL(fileURLWithPath: file))
        try (Data(repeating: 0x41, count: 100) + [0x0A] + whole).write(to: URL(fileURLWithPath: file))
        await #expect(throws: StoreError.journalDamaged()) {
            try await store.revoke(id, in: Sample.city, now: Sample.now)
        }
        #expect(try await store.certificate(id, in: Sample.city)?.isRevoked == false)
        // A region that is opened meanwhile goes on, and nobody calls it broken.
        _ = try await store.with(try Sample.person(1), in: Sample.town)
        try whole.write(to: URL(fileURLWithPath: file))
        #expect(try await store.revoke(id, in: Sample.city, now: Sample.now) == .changed)
    }

    @Test func `what stands in the journal and was not committed comes before what is asked for next`() async throws {
        let place = try Place()
        let card = StopSubject.chipKey(hash: [UInt8](repeating: 1, count: 32))
        let number = try Sample.value(IndividualNumber("123456789018"))
        let terminal = try terminal(1, 1)
        try await quietly(place) { store in
            try await store.stop(card, now: Sample.now)
            try await store.enrol(terminal, now: Sample.now)
        }
        let copy = place.folder + "/copy"
        try FileManager.default.copyItem(atPath: place.folder + "/data", toPath: copy)
        let store = try place.sqlite()
        // Another machine's commits that never reached this database: as if each had failed behind the journal.
        do {
            let other = try SQLiteRecordStore(
                folder: copy, keys: place.keys, journal: place.journal, regions: Sample.municipalities)
            try await other.unstop(card, now: Sample.now)
            try await other.renew(
                terminal: terminal.id, certificateHash: [UInt8](repeating: 2, count: 32), certificateDER: [2],
                notAfter: Sample.now + 9, now: Sample.now)
        }
        try await store.stop(card, now: Sample.now)
        #expect(try await store.isStopped(number: number, chipKeyHash: [UInt8](repeating: 1, count: 32)))
        try await store.renew(
            terminal: terminal.id, certificateHash: [UInt8](repeating: 3, count: 32), certificateDER: [3],
            notAfter: Sample.now + 9, now: Sample.now)
        #expect(try await store.control().terminals.map(\.certificateDER) == [[3]])
    }

    @Test func `a terminal's certificate that ended stays out also with a journal that was begun anew`() async throws {
        let place = try Place()
        let (old, new) = (try terminal(1, 1), try terminal(1, 2))
        let store = try await restored(place) { store in
            try await store.enrol(old, now: Sample.now)
        } after: { store in
            try await store.renew(
                terminal: old.id, certificateHash: new.certificateHash, certificateDER: new.certificateDER,
                notAfter: new.notAfter, now: Sample.now)
            try FileManager.default.removeItem(atPath: place.journal.folder + "/vrs.journal")
            try await store.noteRestored(.control, reason: "the journal was lost", asItIs: false, now: Sample.now)
        }
        #expect(try await store.control().terminals.isEmpty)
    }
}
