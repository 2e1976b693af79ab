public import Foundation
import GRDB
public import Vaccination

// What operators set: the control file. What each does is said at ControlStore, TerminalStore and StopListStore.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SQLiteRecordStore {
    public func control() async throws -> ControlState {
        let state = try await control.read { [keys = control.keys] db in try ControlTables.state(db, keys) }
        await noteErased(state.erased)
        return state
    }

    public func controlRevision() async throws -> Int64 {
        try await control.read { db in try ControlTables.revision(db) }
    }

    public func terminal(certificateHash: [UInt8]) async throws -> EnrolledTerminal? {
        try await control.read { db in
            try ControlTables.terminal(certificateHash: Data(certificateHash), in: db)
        }
    }

    public func enrol(_ terminal: EnrolledTerminal, now: Date) async throws {
        try await control.write { ledger in try ControlTables.enrol(terminal, now: now, in: ledger) }
    }

    public func renew(
        terminal id: String, certificateHash: [UInt8], certificateDER: [UInt8], notAfter: Date, now: Date
    ) async throws {
        guard certificateHash.count == 32, (1...8192).contains(certificateDER.count) else {
            throw StoreError.invalid("a terminal's certificate")
        }
        try await control.write { ledger in
            try ControlTables.renew(
                id, certificateHash: Data(certificateHash), certificateDER: Data(certificateDER), notAfter: notAfter,
                now: now, in: ledger)
        }
    }

    public func revoke(terminal id: String, now: Date) async throws {
        try await control.write { ledger in try ControlTables.revoke(id, now: now, in: ledger) }
    }

    public func suspend(_ suspension: Suspension, now: Date) async throws {
        guard Suspension(suspension.text) == suspension else {
            throw StoreError.invalid("what a suspension is about is out of its bounds")
        }
        try await control.write { ledger in try ControlTables.suspend(suspension, now: now, in: ledger) }
    }

    public func resume(_ suspension: Suspension, now: Date) async throws {
        try await control.write { ledger in try ControlTables.resume(suspension, now: now, in: ledger) }
    }

    static let reasonOutOfBounds = StoreError.invalid(
        "a reason has 1 to \(LogEntry.reasonLengths.upperBound) characters")

    public func haltIssuing(_ reason: String, now: Date) async throws {
        guard LogEntry.reasonLengths.contains(reason.count) else { throw Self.reasonOutOfBounds }
        try await control.write { ledger in try ControlTables.halt(reason, now: now, in: ledger) }
    }

    public func clearHalt(_ reason: String, now: Date) async throws -> Bool {
        try await control.write { ledger in try ControlTables.clearHalt(reason, now: now, in: ledger) }
    }

    public func publish(_ found: Publication, now: Date) async throws -> Publication {
        guard found.counter >= 0, found.identifiers.allSatisfy({ (1...64).contains($0.utf8.count) }),
            found.codes.allSatisfy({ $0.keyID.count == 8 && $0.hash.count == 16 })
        else { throw StoreError.invalid("a publication's field is out of its bounds") }
        return try await control.write { [journal] ledger in
            try JournalTable.refuseShort(journal, .control, in: ledger.db)
            return try PublicationTable.publish(found, now: now, in: ledger)
        }
    }

    public func noteSigningKeys(_ keys: Set<SigningKeyUse>, now: Date) async throws {
        guard keys.allSatisfy({ $0.thumbprint.utf8.count == 43 }) else { throw StoreError.invalid("a thumbprint") }
        try await control.write { ledger in
            for key in keys {
                let statement = try ledger.db.cachedStatement(
                    sql: "SELECT 1 FROM signing_key WHERE role = ? AND thumbprint = ?")
                guard try Int.fetchOne(statement, arguments: [key.role.rawValue, key.thumbprint]) == nil else {
                    continue
                }
                let columns: Ledger.Columns = [
                    "role": key.role.rawValue, "thumbprint": key.thumbprint, "at": now.storedMilliseconds,
                ]
                try ledger.insert(columns, into: .signingKey)
            }
        }
    }

    public func signingKeys() async throws -> Set<SigningKeyUse> {
        try await control.read { db in
            Set(
                try StoredRow.fetchAll(db, sql: "SELECT role, thumbprint FROM signing_key").map { row in
                    SigningKeyUse(role: try row.parseCase("role"), thumbprint: try row.parse("thumbprint"))
                })
        }
    }

    public func stop(_ subject: StopSubject, now: Date) async throws {
        if case .chipKey(let hash) = subject, hash.count != 32 { throw StoreError.invalid("hashes have 32 bytes") }
        try await control.write { [controlKey] ledger in
            try ControlTables.stop(subject, key: controlKey, now: now, in: ledger)
        }
    }

    public func unstop(_ subject: StopSubject, now: Date) async throws {
        try await control.write { [controlKey] ledger in
            try ControlTables.unstop(subject, key: controlKey, now: now, in: ledger)
        }
    }

    public func isStopped(number: IndividualNumber, chipKeyHash: [UInt8]) async throws -> Bool {
        try await control.lookUp { [controlKey] db in
            try ControlTables.isStopped([.number(number), .chipKey(hash: chipKeyHash)], key: controlKey, in: db)
        }
    }
}
