public import Foundation
import GRDB

// Phones: the control file. What each does is said at DeviceStore and AttemptStore.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SQLiteRecordStore {
    public func enrol(
        _ device: EnrolledDevice, token hash: [UInt8], expires: Date, now: Date
    ) async throws -> DeviceEnrolmentOutcome {
        guard hash.count == 32 else { throw Self.hashOutOfBounds }
        return try await control.write { ledger in
            try DeviceTable.enrol(device, token: Data(hash), expires: expires, now: now, in: ledger)
        }
    }

    public func device(enrolledBy hash: [UInt8], now: Date) async throws -> EnrolledDevice? {
        try await control.read { [keys = control.keys] db in
            try DeviceTable.device(token: Data(hash), now: now, keys, in: db)
        }
    }

    public func device(keyHash: [UInt8]) async throws -> EnrolledDevice? {
        try await control.lookUp { [keys = control.keys] db in
            try DeviceTable.device(keyHash: Data(keyHash), keys, in: db)
        }
    }

    public func revokeDevice(codeHash: [UInt8], now: Date) async throws -> [UInt8]? {
        guard codeHash.count == 32 else { throw Self.hashOutOfBounds }
        return try await control.write { ledger in
            try DeviceTable.revoke(codeHash: Data(codeHash), now: now, in: ledger).map { Array($0) }
        }
    }

    public func revokeDevice(keyHash: [UInt8], now: Date) async throws {
        guard keyHash.count == 32 else { throw Self.hashOutOfBounds }
        try await control.write { ledger in try DeviceTable.revoke(keyHash: Data(keyHash), now: now, in: ledger) }
    }

    public func countAttempts(
        _ subjects: [AttemptSubject: Int], of kind: AttemptKind, until: Date, noting counter: DeviceCounter?, now: Date
    ) async throws -> AttemptOutcome {
        guard (1...AttemptTable.maximumSubjects).contains(subjects.count),
            subjects.keys.allSatisfy({ $0.hash.count == 32 }), counter.map({ $0.keyHash.count == 32 }) ?? true
        else { throw StoreError.invalid("one to eight hashes of 32 bytes") }
        // Before the turn of writing comes: others wait for that.
        let limits = Dictionary(subjects.map { ($0.hash(kind, controlKey), $1) }) { min($0, $1) }
        let noted = counter.map { (hash: $0.hash(controlKey), value: $0.value) }
        return try await control.write { ledger in
            guard try AttemptTable.count(limits, until: until, now: now, in: ledger.db) else { return .limitReached }
            return .counted(try noted.flatMap { try AttemptTable.note($0.value, of: $0.hash, now: now, in: ledger.db) })
        }
    }

    private static let hashOutOfBounds = StoreError.invalid("hashes have 32 bytes")
}
