import Foundation
import Records
import Synchronization
import Vaccination

/// A store that fails on purpose: before a write happens, or after it happened ("an error was returned, yet the data
/// persisted"), which a caller cannot tell apart.
final class FaultyStore: RecordStore {
    enum Fault: CaseIterable {
        case before, after
    }

    private let store: any RecordStore
    private let faults: Mutex<[Fault]>

    init(_ store: any RecordStore, failing faults: [Fault] = []) {
        self.store = store
        self.faults = Mutex(faults)
    }

    /// The next writes fail in these ways, in this order; later ones succeed.
    func fail(_ next: [Fault]) { faults.withLock { $0 = next } }

    private func writing<Value>(_ body: (any RecordStore) async throws -> Value) async throws -> Value {
        let fault = faults.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        if fault == .before { throw StoreError.unavailable("injected") }
        let value = try await body(store)
        if fault == .after { throw StoreError.unavailable("injected") }
        return value
    }

    func municipalities() async throws -> [Municipality] { try await store.municipalities() }
    func person(_ number: IndividualNumber, in region: MunicipalityCode) async throws -> PersonRecord? {
        try await store.person(number, in: region)
    }
    func write(_ people: [NewPerson], in region: MunicipalityCode, now: Date) async throws -> Int {
        try await writing { try await $0.write(people, in: region, now: now) }
    }
    func claim(
        challengeHash: [UInt8], applicationHash: [UInt8], certificateID: CertificateID, issuedOn: CalendarDate,
        expires: Date, now: Date
    ) async throws -> ClaimOutcome {
        try await writing {
            try await $0.claim(
                challengeHash: challengeHash, applicationHash: applicationHash, certificateID: certificateID,
                issuedOn: issuedOn, expires: expires, now: now)
        }
    }
    func findClaim(applicationHash: [UInt8], now: Date) async throws -> EarlierClaim? {
        try await store.findClaim(applicationHash: applicationHash, now: now)
    }
    func record(_ intent: Intent, dailyLimit: Int) async throws -> IntentOutcome {
        try await writing { try await $0.record(intent, dailyLimit: dailyLimit) }
    }
    func recordSigned(
        _ id: CertificateID, in region: MunicipalityCode, codeHashes: [[UInt8]], revocable: RevocableCode?,
        redelivery: Bool, now: Date
    ) async throws -> OutcomeRecorded {
        try await writing {
            try await $0.recordSigned(
                id, in: region, codeHashes: codeHashes, revocable: revocable, redelivery: redelivery, now: now)
        }
    }
    func certificate(_ id: CertificateID, in region: MunicipalityCode) async throws -> CertificateEntry? {
        try await store.certificate(id, in: region)
    }
    func certificate(transcriptHash: [UInt8], in region: MunicipalityCode) async throws -> CertificateEntry? {
        try await store.certificate(transcriptHash: transcriptHash, in: region)
    }
    func recordOutcome(
        _ id: CertificateID, in region: MunicipalityCode, printed: Bool, now: Date
    ) async throws -> OutcomeRecorded {
        try await writing { try await $0.recordOutcome(id, in: region, printed: printed, now: now) }
    }
    func markUnreported(olderThan: Date, now: Date) async throws -> Int {
        try await writing { try await $0.markUnreported(olderThan: olderThan, now: now) }
    }
    func certificates(
        in region: MunicipalityCode, state: CertificateState, limit: Int
    ) async throws -> [CertificateEntry] {
        try await store.certificates(in: region, state: state, limit: limit)
    }
    func void(_ id: CertificateID, in region: MunicipalityCode, now: Date) async throws -> OutcomeRecorded {
        try await writing { try await $0.void(id, in: region, now: now) }
    }
    func revoke(_ id: CertificateID, in region: MunicipalityCode, now: Date) async throws -> OutcomeRecorded {
        try await writing { try await $0.revoke(id, in: region, now: now) }
    }
    func revokedCodes(in region: MunicipalityCode, now: Date) async throws -> [RevocableCode] {
        try await store.revokedCodes(in: region, now: now)
    }
    func revoked(in region: MunicipalityCode) async throws -> [CertificateID] { try await store.revoked(in: region) }
    func log(in region: MunicipalityCode, after sequence: Int64, limit: Int) async throws -> [LogEntry] {
        try await store.log(in: region, after: sequence, limit: limit)
    }
    func control() async throws -> ControlState { try await store.control() }
    func controlRevision() async throws -> Int64 { try await store.controlRevision() }
    func terminal(certificateHash: [UInt8]) async throws -> EnrolledTerminal? {
        try await store.terminal(certificateHash: certificateHash)
    }
    func enrol(_ terminal: EnrolledTerminal, now: Date) async throws {
        try await writing { try await $0.enrol(terminal, now: now) }
    }
    func renew(
        terminal id: String, certificateHash: [UInt8], certificateDER: [UInt8], notAfter: Date, now: Date
    ) async throws {
        try await writing {
            try await $0.renew(
                terminal: id, certificateHash: certificateHash, certificateDER: certificateDER, notAfter: notAfter,
                now: now)
        }
    }
    func revoke(terminal id: String, now: Date) async throws {
        try await writing { try await $0.revoke(terminal: id, now: now) }
    }
    func suspend(_ suspension: Suspension, now: Date) async throws {
        try await writing { try await $0.suspend(suspension, now: now) }
    }
    func resume(_ suspension: Suspension, now: Date) async throws {
        try await writing { try await $0.resume(suspension, now: now) }
    }
    func setIssuingHalted(_ reason: String?, now: Date) async throws {
        try await writing { try await $0.setIssuingHalted(reason, now: now) }
    }
    func stop(number: IndividualNumber, now: Date) async throws {
        try await writing { try await $0.stop(number: number, now: now) }
    }
    func stop(chipKeyHash: [UInt8], now: Date) async throws {
        try await writing { try await $0.stop(chipKeyHash: chipKeyHash, now: now) }
    }
    func unstop(number: IndividualNumber, now: Date) async throws {
        try await writing { try await $0.unstop(number: number, now: now) }
    }
    func unstop(chipKeyHash: [UInt8], now: Date) async throws {
        try await writing { try await $0.unstop(chipKeyHash: chipKeyHash, now: now) }
    }
    func isStopped(number: IndividualNumber, chipKeyHash: [UInt8]) async throws -> Bool {
        try await store.isStopped(number: number, chipKeyHash: chipKeyHash)
    }
    func controlLog(after sequence: Int64, limit: Int) async throws -> [LogEntry] {
        try await store.controlLog(after: sequence, limit: limit)
    }
}
