package import Foundation
package import Records
import Synchronization
package import Vaccination

/// A store that fails on purpose: before a call did anything, or after it did everything ("an error was returned, yet
/// the data persisted"), which a caller cannot tell apart.
package final class FaultyStore: RecordStore {
    /// The calls that can be made to fail by themselves.
    package enum Point: Hashable, Sendable {
        case claim, keepRefusal, record, recordSigned, person, control, recordOutcome, probe
    }
    /// When: nothing was done, or everything was and only the answer is lost.
    package enum Moment: Hashable, Sendable, CaseIterable { case before, after }

    private struct Faults {
        var points: [Point: (moment: Moment, error: StoreError)] = [:]
        var nextWrites: [Moment] = []
    }

    private let store: any RecordStore
    private let faults = Mutex(Faults())

    /// A store that does what another one does, until it is told to fail.
    package init(_ store: any RecordStore) { self.store = store }

    package func close() async { await store.close() }

    /// Fails at a point until ``heal()``.
    package func fail(at point: Point, _ moment: Moment = .before, _ error: StoreError = .unavailable("injected")) {
        faults.withLock { $0.points[point] = (moment, error) }
    }

    /// The next writes fail in these ways, in this order, whatever they are; later ones succeed.
    package func failNextWrites(_ moments: [Moment]) { faults.withLock { $0.nextWrites = moments } }

    /// Fails no more.
    package func heal() { faults.withLock { $0 = Faults() } }

    private func reading<Value>(_ point: Point, _ body: (any RecordStore) async throws -> Value) async throws -> Value {
        try await run(faults.withLock { $0.points[point] }, body)
    }

    private func writing<Value>(
        _ point: Point? = nil, _ body: (any RecordStore) async throws -> Value
    ) async throws -> Value {
        let fault: (moment: Moment, error: StoreError)? = faults.withLock { faults in
            if let point, let fault = faults.points[point] { return fault }
            guard !faults.nextWrites.isEmpty else { return nil }
            return (faults.nextWrites.removeFirst(), StoreError.unavailable("injected"))
        }
        return try await run(fault, body)
    }

    private func run<Value>(
        _ fault: (moment: Moment, error: StoreError)?, _ body: (any RecordStore) async throws -> Value
    ) async throws -> Value {
        if let fault, fault.moment == .before { throw fault.error }
        let value = try await body(store)
        if let fault { throw fault.error }
        return value
    }

    package func noteRefusal(
        _ code: String, of kind: CertificateKind, for number: IndividualNumber, terminal: String, inquiry: String,
        in region: MunicipalityCode, now: Date
    ) async throws {
        try await writing {
            try await $0.noteRefusal(
                code, of: kind, for: number, terminal: terminal, inquiry: inquiry, in: region, now: now)
        }
    }

    package func municipalities() async throws -> [Municipality] { try await store.municipalities() }

    package func person(_ number: IndividualNumber, in region: MunicipalityCode) async throws -> PersonRecord? {
        try await reading(.person) { try await $0.person(number, in: region) }
    }

    package func find(
        _ search: PersonSearch, for purpose: String, in region: MunicipalityCode, now: Date
    ) async throws -> PeopleFound {
        try await writing { try await $0.find(search, for: purpose, in: region, now: now) }
    }

    package func write(
        _ people: [NewPerson], as change: RecordChange, in region: MunicipalityCode, now: Date
    ) async throws -> PeopleWritten {
        try await writing { try await $0.write(people, as: change, in: region, now: now) }
    }

    package func people(
        in region: MunicipalityCode, after id: Int64, limit: Int
    ) async throws -> (people: [PersonRecord], last: Int64?) {
        try await reading(.person) { try await $0.people(in: region, after: id, limit: limit) }
    }

    package func noteExport(
        people: Int, doses: Int, for purpose: String, in region: MunicipalityCode, now: Date
    ) async throws {
        try await writing { try await $0.noteExport(people: people, doses: doses, for: purpose, in: region, now: now) }
    }

    package func unclear(
        in region: MunicipalityCode, after id: Int64, limit: Int
    ) async throws -> (people: [PersonRecord], last: Int64?) {
        try await reading(.person) { try await $0.unclear(in: region, after: id, limit: limit) }
    }

    package func vouchers(ofPerson person: Int64, in region: MunicipalityCode) async throws -> [VoucherStanding] {
        try await reading(.person) { try await $0.vouchers(ofPerson: person, in: region) }
    }

    package func vouchers(
        of person: PersonSearch, for purpose: String, in region: MunicipalityCode, now: Date
    ) async throws -> [VoucherStanding] {
        try await writing { try await $0.vouchers(of: person, for: purpose, in: region, now: now) }
    }

    package func issue(
        _ line: VoucherLine, on day: CalendarDate, to person: PersonSearch, in region: MunicipalityCode, now: Date
    ) async throws -> VoucherStanding {
        try await writing { try await $0.issue(line, on: day, to: person, in: region, now: now) }
    }

    package func reissue(
        _ line: VoucherLine, on day: CalendarDate, to person: PersonSearch, for reason: VoucherReason,
        in region: MunicipalityCode, now: Date
    ) async throws -> VoucherStanding {
        try await writing { try await $0.reissue(line, on: day, to: person, for: reason, in: region, now: now) }
    }

    package func void(
        _ line: VoucherLine, for reason: VoucherReason, in region: MunicipalityCode, now: Date
    ) async throws -> VoucherStanding {
        try await writing { try await $0.void(line, for: reason, in: region, now: now) }
    }

    package func amend(
        passport: Passport?, of person: PersonSearch, for reason: PassportReason, in region: MunicipalityCode,
        now: Date
    ) async throws -> [CertificateID] {
        try await writing {
            try await $0.amend(passport: passport, of: person, for: reason, in: region, now: now)
        }
    }

    package func claim(
        challengeHash: [UInt8], transcriptHash: [UInt8], certificateID: CertificateID, issuedOn: CalendarDate,
        expires: Date, now: Date
    ) async throws -> ClaimOutcome {
        try await writing(.claim) {
            try await $0.claim(
                challengeHash: challengeHash, transcriptHash: transcriptHash, certificateID: certificateID,
                issuedOn: issuedOn, expires: expires, now: now)
        }
    }

    package func findClaim(transcriptHash: [UInt8], now: Date) async throws -> EarlierClaim? {
        try await store.findClaim(transcriptHash: transcriptHash, now: now)
    }

    package func countRepetition(transcriptHash: [UInt8], limit: Int) async throws -> Bool {
        try await writing { try await $0.countRepetition(transcriptHash: transcriptHash, limit: limit) }
    }

    package func keepRefusal(_ code: String, transcriptHash: [UInt8]) async throws {
        try await writing(.keepRefusal) { try await $0.keepRefusal(code, transcriptHash: transcriptHash) }
    }

    package func record(_ intent: Intent, limit: DailyLimit, of version: Int64?) async throws -> IntentOutcome {
        try await writing(.record) { try await $0.record(intent, limit: limit, of: version) }
    }

    package func recordSigned(
        _ id: CertificateID, in region: MunicipalityCode, codeHashes: [[UInt8]], revocable: RevocableCode?, now: Date
    ) async throws -> StateTransition {
        try await writing(.recordSigned) {
            try await $0.recordSigned(id, in: region, codeHashes: codeHashes, revocable: revocable, now: now)
        }
    }

    package func certificate(_ id: CertificateID, in region: MunicipalityCode) async throws -> CertificateEntry? {
        try await store.certificate(id, in: region)
    }

    package func certificate(transcriptHash: [UInt8], in region: MunicipalityCode) async throws -> CertificateEntry? {
        try await store.certificate(transcriptHash: transcriptHash, in: region)
    }

    package func standing(of id: CertificateID, in region: MunicipalityCode) async throws -> CertificateStanding? {
        try await store.standing(of: id, in: region)
    }

    package func recordOutcome(
        _ id: CertificateID, in region: MunicipalityCode, printed: Bool, now: Date
    ) async throws -> StateTransition {
        try await writing(.recordOutcome) { try await $0.recordOutcome(id, in: region, printed: printed, now: now) }
    }

    package func markUnreported(olderThan: Date, now: Date) async throws -> Int {
        try await writing { try await $0.markUnreported(olderThan: olderThan, now: now) }
    }

    package func certificates(
        in region: MunicipalityCode, state: CertificateState, after last: CertificateID?, limit: Int
    ) async throws -> [CertificateEntry] {
        try await store.certificates(in: region, state: state, after: last, limit: limit)
    }

    package func void(_ id: CertificateID, in region: MunicipalityCode, now: Date) async throws -> StateTransition {
        try await writing { try await $0.void(id, in: region, now: now) }
    }

    package func revoke(_ id: CertificateID, in region: MunicipalityCode, now: Date) async throws -> StateTransition {
        try await writing { try await $0.revoke(id, in: region, now: now) }
    }

    package func revokedCodes(in region: MunicipalityCode, now: Date) async throws -> [RevocableCode] {
        try await store.revokedCodes(in: region, now: now)
    }

    package func revoked(in region: MunicipalityCode) async throws -> [CertificateID] {
        try await store.revoked(in: region)
    }

    package func verify(_ log: LogName, pins: [LogHead], everything: Bool) async throws -> EvidenceReport {
        try await store.verify(log, pins: pins, everything: everything)
    }

    package func heads() async throws -> LogHeads { try await store.heads() }
    package func probeRoom() async throws { try await store.probeRoom() }
    package func probe(_ region: MunicipalityCode) async throws {
        try await reading(.probe) { try await $0.probe(region) }
    }
    package func beginRoot() async throws -> LogHeads { try await writing { try await $0.beginRoot() } }

    package func noteBreak(_ found: EvidenceBreak, in region: MunicipalityCode, now: Date) async throws {
        try await writing(.control) { try await $0.noteBreak(found, in: region, now: now) }
    }

    package func noteRestored(_ log: LogName, reason: String, asItIs: Bool, now: Date) async throws {
        try await writing { try await $0.noteRestored(log, reason: reason, asItIs: asItIs, now: now) }
    }

    package func noteSigningKeys(_ keys: Set<SigningKeyUse>, now: Date) async throws {
        try await writing { try await $0.noteSigningKeys(keys, now: now) }
    }

    package func signingKeys() async throws -> Set<SigningKeyUse> { try await store.signingKeys() }

    package func publish(_ found: Publication, now: Date) async throws -> Publication {
        try await writing { try await $0.publish(found, now: now) }
    }

    package func log(in region: MunicipalityCode, after sequence: Int64, limit: Int) async throws -> [LogEntry] {
        try await store.log(in: region, after: sequence, limit: limit)
    }

    package func closeLog(
        of region: MunicipalityCode, keeping: LogKeeping, now: Date
    ) async throws -> LogClosing {
        try await writing { try await $0.closeLog(of: region, keeping: keeping, now: now) }
    }

    package func segments(of region: MunicipalityCode) async throws -> [LogSegment] {
        try await store.segments(of: region)
    }

    package func verifySegments(of region: MunicipalityCode, pins: [LogHead]) async throws -> EvidenceReport {
        try await store.verifySegments(of: region, pins: pins)
    }

    package func searchLog(
        _ query: LogQuery, in log: LogName, for purpose: String, after sequence: Int64, limit: Int, now: Date
    ) async throws -> LogPage {
        try await writing {
            try await $0.searchLog(query, in: log, for: purpose, after: sequence, limit: limit, now: now)
        }
    }

    package func foldLog<Value: Sendable>(
        _ log: LogName, from: Date, to: Date, into value: Value,
        _ body: @escaping @Sendable (inout Value, LogEntry) -> Void
    ) async throws -> Value {
        try await store.foldLog(log, from: from, to: to, into: value, body)
    }

    package func noteListed(_ what: LogListing, count: Int, in region: MunicipalityCode, now: Date) async throws {
        try await writing { try await $0.noteListed(what, count: count, in: region, now: now) }
    }

    package func noteLogReport(regions: Int, from: Date, to: Date, now: Date) async throws {
        try await writing { try await $0.noteLogReport(regions: regions, from: from, to: to, now: now) }
    }

    package func control() async throws -> ControlState {
        try await reading(.control) { try await $0.control() }
    }

    package func controlRevision() async throws -> Int64 {
        try await reading(.control) { try await $0.controlRevision() }
    }

    package func terminal(certificateHash: [UInt8]) async throws -> EnrolledTerminal? {
        try await store.terminal(certificateHash: certificateHash)
    }

    package func enrol(_ terminal: EnrolledTerminal, now: Date) async throws {
        try await writing { try await $0.enrol(terminal, now: now) }
    }

    package func renew(
        terminal id: String, certificateHash: [UInt8], certificateDER: [UInt8], notAfter: Date, now: Date
    ) async throws {
        try await writing {
            try await $0.renew(
                terminal: id, certificateHash: certificateHash, certificateDER: certificateDER, notAfter: notAfter,
                now: now)
        }
    }

    package func revoke(terminal id: String, now: Date) async throws {
        try await writing { try await $0.revoke(terminal: id, now: now) }
    }

    package func suspend(_ suspension: Suspension, now: Date) async throws {
        try await writing { try await $0.suspend(suspension, now: now) }
    }

    package func resume(_ suspension: Suspension, now: Date) async throws {
        try await writing { try await $0.resume(suspension, now: now) }
    }

    package func haltIssuing(_ reason: String, now: Date) async throws {
        try await writing(.control) { try await $0.haltIssuing(reason, now: now) }
    }

    package func clearHalt(_ reason: String, now: Date) async throws -> Bool {
        try await writing(.control) { try await $0.clearHalt(reason, now: now) }
    }

    package func stop(_ subject: StopSubject, now: Date) async throws {
        try await writing { try await $0.stop(subject, now: now) }
    }

    package func unstop(_ subject: StopSubject, now: Date) async throws {
        try await writing { try await $0.unstop(subject, now: now) }
    }

    package func isStopped(number: IndividualNumber, chipKeyHash: [UInt8]) async throws -> Bool {
        try await store.isStopped(number: number, chipKeyHash: chipKeyHash)
    }

    package func controlLog(after sequence: Int64, limit: Int) async throws -> [LogEntry] {
        try await store.controlLog(after: sequence, limit: limit)
    }

    package func rotateKeys(
        of region: MunicipalityCode, now: Date, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> KeyRotationReport {
        try await writing { try await $0.rotateKeys(of: region, now: now, progress: progress) }
    }

    // MARK: Imports

    package func stage(
        _ origin: ImportOrigin, as change: RecordChange, in region: MunicipalityCode, maximumRefused: Int, now: Date,
        next: () throws -> [ImportRow]?
    ) async throws -> RecordImport {
        try await writing {
            try await $0.stage(
                origin, as: change, in: region, maximumRefused: maximumRefused, now: now, next: next)
        }
    }

    package func approve(
        _ number: Int64, by name: String, in region: MunicipalityCode, now: Date
    ) async throws -> RecordImport {
        try await writing { try await $0.approve(number, by: name, in: region, now: now) }
    }

    package func apply(
        _ number: Int64, in region: MunicipalityCode, limit: Int, now: Date
    ) async throws -> RecordImport {
        try await writing { try await $0.apply(number, in: region, limit: limit, now: now) }
    }

    package func discard(_ number: Int64, in region: MunicipalityCode, now: Date) async throws -> RecordImport {
        try await writing { try await $0.discard(number, in: region, now: now) }
    }

    package func confirmErasure(
        of number: Int64, by name: String, in region: MunicipalityCode, now: Date
    ) async throws -> RecordImport {
        try await writing { try await $0.confirmErasure(of: number, by: name, in: region, now: now) }
    }

    package func report(ofImport number: Int64, in region: MunicipalityCode) async throws -> RecordImport {
        try await store.report(ofImport: number, in: region)
    }

    package func imports(in region: MunicipalityCode) async throws -> [RecordImport] {
        try await store.imports(in: region)
    }

    package func refusedRows(
        of number: Int64, in region: MunicipalityCode, _ body: (RefusedRow) throws -> Void
    ) async throws {
        try await store.refusedRows(of: number, in: region, body)
    }

    package func tidyImports(in region: MunicipalityCode) async throws { try await store.tidyImports(in: region) }

    package func regionsWithImports() async throws -> [MunicipalityCode] { try await store.regionsWithImports() }

    // MARK: Decisions

    package func propose(
        _ subject: DecisionSubject, for region: MunicipalityCode, by name: String, reason: String,
        insteadOf present: RegionSettings?, now: Date
    ) async throws -> RegionDecision {
        try await writing {
            try await $0.propose(subject, for: region, by: name, reason: reason, insteadOf: present, now: now)
        }
    }

    package func approve(
        decision number: Int64, of region: MunicipalityCode, by name: String, now: Date
    ) async throws -> RegionDecision {
        try await writing { try await $0.approve(decision: number, of: region, by: name, now: now) }
    }

    package func withdraw(
        decision number: Int64, of region: MunicipalityCode, now: Date
    ) async throws -> RegionDecision {
        try await writing { try await $0.withdraw(decision: number, of: region, now: now) }
    }

    package func decisions(of region: MunicipalityCode) async throws -> [RegionDecision] {
        try await store.decisions(of: region)
    }

    package func carryOutErasures(now: Date) async throws {
        try await writing { try await $0.carryOutErasures(now: now) }
    }
}

extension FaultyStore {
    package func proposeRetention(
        for region: MunicipalityCode, by name: String, reason: String, now: Date
    ) async throws -> RegionDecision {
        try await writing { try await $0.proposeRetention(for: region, by: name, reason: reason, now: now) }
    }

    package func dueRecords(
        in region: MunicipalityCode, now: Date, _ body: ([RetentionListed]) async throws -> Void
    ) async throws -> RetentionRun {
        try await reading(.person) { try await $0.dueRecords(in: region, now: now, body) }
    }

    package func regionsWithRetention() async throws -> [MunicipalityCode] {
        try await reading(.control) { try await $0.regionsWithRetention() }
    }

    package func eraseDue(in region: MunicipalityCode, limit: Int, now: Date) async throws -> RetentionStep {
        try await writing { try await $0.eraseDue(in: region, limit: limit, now: now) }
    }

    package func progress(ofRetention number: Int64, in region: MunicipalityCode) async throws -> RetentionProgress {
        try await reading(.control) { try await $0.progress(ofRetention: number, in: region) }
    }
}

// What is kept of phones.
extension FaultyStore {
    package func enrol(
        _ device: EnrolledDevice, token hash: [UInt8], expires: Date, now: Date
    ) async throws -> DeviceEnrolmentOutcome {
        try await writing { try await $0.enrol(device, token: hash, expires: expires, now: now) }
    }

    package func device(keyHash: [UInt8]) async throws -> EnrolledDevice? {
        try await reading(.control) { try await $0.device(keyHash: keyHash) }
    }

    package func revokeDevice(codeHash: [UInt8], now: Date) async throws -> [UInt8]? {
        try await writing { try await $0.revokeDevice(codeHash: codeHash, now: now) }
    }

    package func revokeDevice(keyHash: [UInt8], now: Date) async throws {
        try await writing { try await $0.revokeDevice(keyHash: keyHash, now: now) }
    }

    package func device(enrolledBy hash: [UInt8], now: Date) async throws -> EnrolledDevice? {
        try await reading(.control) { try await $0.device(enrolledBy: hash, now: now) }
    }

    package func countAttempts(
        _ subjects: [AttemptSubject: Int], of kind: AttemptKind, until: Date, noting counter: DeviceCounter?, now: Date
    ) async throws -> AttemptOutcome {
        try await writing(.claim) {
            try await $0.countAttempts(subjects, of: kind, until: until, noting: counter, now: now)
        }
    }

    package func notePassport(
        _ passport: Passport, source: PassportSource, of version: Int64, person: Int64, in region: MunicipalityCode,
        now: Date
    ) async throws -> PassportNoting {
        try await writing {
            try await $0.notePassport(
                passport, source: source, of: version, person: person, in: region, now: now)
        }
    }
}
