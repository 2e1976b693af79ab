import Credentials
import Crypto
import Foundation
import Records
import Synchronization
import Vaccination

/// A signer that gives a wrong signature once it is told to.
final class FaultySigner: CredentialSigner {
    private let real: any CredentialSigner
    private let isBroken = Mutex(false)

    init(_ real: any CredentialSigner) { self.real = real }

    var publicKey: P256.Signing.PublicKey { real.publicKey }
    func breakDown(_ broken: Bool = true) { isBroken.withLock { $0 = broken } }

    func signature(over message: [UInt8]) async throws -> [UInt8] {
        try await real.signature(over: isBroken.withLock { $0 } ? message + [0] : message)
    }
}

/// A store that fails where it is told to, before or after the real store has done what was asked.
final class FaultyStore: RecordStore {
    /// Where it can fail.
    enum Point: Hashable { case claim, record, recordSigned, person, control, recordOutcome }
    /// When: nothing was done, or everything was and only the answer is lost.
    enum Moment { case before, after }

    private let real: any RecordStore
    private let faults = Mutex<[Point: (moment: Moment, error: StoreError)]>([:])

    init(_ real: any RecordStore) { self.real = real }

    /// Fails at a point until told otherwise.
    func fail(at point: Point, _ moment: Moment = .before, _ error: StoreError = .unavailable("test")) {
        faults.withLock { $0[point] = (moment, error) }
    }

    func heal() { faults.withLock { $0 = [:] } }

    private func at<T>(_ point: Point, _ body: () async throws -> T) async throws -> T {
        let fault = faults.withLock { $0[point] }
        if let fault, fault.moment == .before { throw fault.error }
        let result = try await body()
        if let fault { throw fault.error }
        return result
    }

    func municipalities() async throws -> [Municipality] { try await real.municipalities() }

    func person(_ number: IndividualNumber, in region: MunicipalityCode) async throws -> PersonRecord? {
        try await at(.person) { try await real.person(number, in: region) }
    }

    func write(_ people: [NewPerson], in region: MunicipalityCode, now: Date) async throws -> Int {
        try await real.write(people, in: region, now: now)
    }

    func claim(
        challengeHash: [UInt8], applicationHash: [UInt8], certificateID: CertificateID, issuedOn: CalendarDate,
        expires: Date, now: Date
    ) async throws -> ClaimOutcome {
        try await at(.claim) {
            try await real.claim(
                challengeHash: challengeHash, applicationHash: applicationHash, certificateID: certificateID,
                issuedOn: issuedOn, expires: expires, now: now)
        }
    }

    func findClaim(applicationHash: [UInt8], now: Date) async throws -> EarlierClaim? {
        try await real.findClaim(applicationHash: applicationHash, now: now)
    }

    func record(_ intent: Intent, dailyLimit: Int) async throws -> IntentOutcome {
        try await at(.record) { try await real.record(intent, dailyLimit: dailyLimit) }
    }

    func recordSigned(
        _ id: CertificateID, in region: MunicipalityCode, codeHashes: [[UInt8]], revocable: RevocableCode?,
        redelivery: Bool, now: Date
    ) async throws -> OutcomeRecorded {
        try await at(.recordSigned) {
            try await real.recordSigned(
                id, in: region, codeHashes: codeHashes, revocable: revocable, redelivery: redelivery, now: now)
        }
    }

    func certificate(_ id: CertificateID, in region: MunicipalityCode) async throws -> CertificateEntry? {
        try await real.certificate(id, in: region)
    }

    func certificate(transcriptHash: [UInt8], in region: MunicipalityCode) async throws -> CertificateEntry? {
        try await real.certificate(transcriptHash: transcriptHash, in: region)
    }

    func recordOutcome(
        _ id: CertificateID, in region: MunicipalityCode, printed: Bool, now: Date
    ) async throws -> OutcomeRecorded {
        try await at(.recordOutcome) { try await real.recordOutcome(id, in: region, printed: printed, now: now) }
    }

    func markUnreported(olderThan: Date, now: Date) async throws -> Int {
        try await real.markUnreported(olderThan: olderThan, now: now)
    }

    func certificates(
        in region: MunicipalityCode, state: CertificateState, limit: Int
    ) async throws -> [CertificateEntry] {
        try await real.certificates(in: region, state: state, limit: limit)
    }

    func void(_ id: CertificateID, in region: MunicipalityCode, now: Date) async throws -> OutcomeRecorded {
        try await real.void(id, in: region, now: now)
    }

    func revoke(_ id: CertificateID, in region: MunicipalityCode, now: Date) async throws -> OutcomeRecorded {
        try await real.revoke(id, in: region, now: now)
    }

    func revokedCodes(in region: MunicipalityCode, now: Date) async throws -> [RevocableCode] {
        try await real.revokedCodes(in: region, now: now)
    }

    func revoked(in region: MunicipalityCode) async throws -> [CertificateID] { try await real.revoked(in: region) }

    func log(in region: MunicipalityCode, after sequence: Int64, limit: Int) async throws -> [LogEntry] {
        try await real.log(in: region, after: sequence, limit: limit)
    }

    func control() async throws -> ControlState { try await at(.control) { try await real.control() } }
    func controlRevision() async throws -> Int64 { try await at(.control) { try await real.controlRevision() } }
    func terminal(certificateHash: [UInt8]) async throws -> EnrolledTerminal? {
        try await real.terminal(certificateHash: certificateHash)
    }
    func enrol(_ terminal: EnrolledTerminal, now: Date) async throws { try await real.enrol(terminal, now: now) }
    func renew(
        terminal id: String, certificateHash: [UInt8], certificateDER: [UInt8], notAfter: Date, now: Date
    ) async throws {
        try await real.renew(
            terminal: id, certificateHash: certificateHash, certificateDER: certificateDER, notAfter: notAfter, now: now
        )
    }
    func revoke(terminal id: String, now: Date) async throws { try await real.revoke(terminal: id, now: now) }
    func suspend(_ suspension: Suspension, now: Date) async throws { try await real.suspend(suspension, now: now) }
    func resume(_ suspension: Suspension, now: Date) async throws { try await real.resume(suspension, now: now) }
    func setIssuingHalted(_ reason: String?, now: Date) async throws {
        try await at(.control) { try await real.setIssuingHalted(reason, now: now) }
    }
    func stop(number: IndividualNumber, now: Date) async throws { try await real.stop(number: number, now: now) }
    func stop(chipKeyHash: [UInt8], now: Date) async throws { try await real.stop(chipKeyHash: chipKeyHash, now: now) }
    func unstop(number: IndividualNumber, now: Date) async throws { try await real.unstop(number: number, now: now) }
    func unstop(chipKeyHash: [UInt8], now: Date) async throws {
        try await real.unstop(chipKeyHash: chipKeyHash, now: now)
    }
    func isStopped(number: IndividualNumber, chipKeyHash: [UInt8]) async throws -> Bool {
        try await real.isStopped(number: number, chipKeyHash: chipKeyHash)
    }
    func controlLog(after sequence: Int64, limit: Int) async throws -> [LogEntry] {
        try await real.controlLog(after: sequence, limit: limit)
    }
}
