import Foundation
import RecordSupport
import Records
import Testing
import Vaccination

/// Revocation by identifier.
@Suite struct RevocationTests {
    private static let code = RevocableCode(
        keyID: [1, 2, 3, 4, 5, 6, 7, 8], hash: [UInt8](repeating: 9, count: 16), expires: Sample.now + 1000)

    @Test(
        arguments: Engine.all,
        [
            (CertificateState.intended, StateTransition.changed, CertificateState.voided, LogEvent.voidedByOperator),
            (.signed, .changed, .voided, .voidedByOperator), (.unknown, .changed, .voided, .voidedByOperator),
            (.printed, .changed, .printed, .revokedByOperator), (.voided, .repeated, .voided, .voided),
        ])
    func `whatever was handed out can be revoked once; a printed certificate stays printed`(
        engine: Engine, row: (from: CertificateState, outcome: StateTransition, to: CertificateState, event: LogEvent)
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let id = try await store.certificate(in: row.from)
        #expect(try await store.revoke(id, in: Sample.city, now: Sample.now) == row.outcome)
        #expect(try await store.revoke(id, in: Sample.city, now: Sample.now) == .repeated)
        let entry = try #require(try await store.certificate(id, in: Sample.city))
        #expect(entry.state == row.to)
        #expect(entry.isRevoked == (row.from == .printed))
        #expect(try await store.revoked(in: Sample.city) == [id])
        #expect(try await store.log(in: Sample.city, after: 0, limit: 99).last?.event == row.event)
        #expect(try await store.revoke(Sample.id(), in: Sample.city, now: Sample.now) == .unknownCertificate)
    }

    @Test(arguments: Engine.all)
    func `what revokes a code is kept with its certificate, also for another process`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let id = try await store.certificate(in: .signed)
        for _ in 1...2 {
            _ = try await store.recordSigned(
                id, in: Sample.city, codeHashes: [], revocable: Self.code, now: Sample.now)
        }
        #expect(try await store.revokedCodes(in: Sample.city, now: Sample.now) == [])
        _ = try await store.recordOutcome(id, in: Sample.city, printed: true, now: Sample.now)
        #expect(try await store.revokedCodes(in: Sample.city, now: Sample.now) == [])
        _ = try await engine.open(place).revoke(id, in: Sample.city, now: Sample.now)
        let later = try engine.open(place)
        #expect(try await later.revokedCodes(in: Sample.city, now: Sample.now) == [Self.code])
        #expect(try await later.revokedCodes(in: Sample.city, now: Self.code.expires) == [Self.code])
        #expect(try await later.revokedCodes(in: Sample.city, now: Self.code.expires + 1) == [])
        #expect(try await later.revokedCodes(in: Sample.town, now: Sample.now) == [])
    }

    @Test(arguments: Engine.all)
    func `an aborted certificate's code is revoked with it`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let id = try await store.certificate(in: .signed)
        _ = try await store.recordSigned(
            id, in: Sample.city, codeHashes: [], revocable: Self.code, now: Sample.now)
        _ = try await store.recordOutcome(id, in: Sample.city, printed: false, now: Sample.now)
        #expect(try await store.revokedCodes(in: Sample.city, now: Sample.now) == [Self.code])
    }

    @Test(arguments: Engine.all, [(7, 16), (8, 15)])
    func `a code of other lengths is refused`(engine: Engine, row: (key: Int, hash: Int)) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let id = try await store.certificate(in: .signed)
        let code = RevocableCode(
            keyID: [UInt8](repeating: 1, count: row.key), hash: [UInt8](repeating: 1, count: row.hash),
            expires: Sample.now)
        await #expect(throws: StoreError.invalid()) {
            try await store.recordSigned(
                id, in: Sample.city, codeHashes: [], revocable: code, now: Sample.now)
        }
    }

    @Test(arguments: Engine.all)
    func `what was published stays, its counter grows with every identifier, and ended codes leave`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        func publish(_ identifiers: Set<String>, counter: Int64 = 0, at now: Date = Sample.now) async throws
            -> Publication
        {
            try await store.publish(
                Publication(identifiers: identifiers, codes: [Self.code], counter: counter), now: now)
        }
        #expect(try await publish([]) == Publication(identifiers: [], codes: [Self.code], counter: 0))
        #expect(try await publish(["A", "B"]).counter == 2)
        #expect(try await publish(["A"]) == Publication(identifiers: ["A", "B"], codes: [Self.code], counter: 2))
        // A folder that says more than the records know.
        #expect(try await publish(["C"], counter: 9).counter == 10)
        let later = try engine.open(place)
        let last = try await later.publish(Publication(identifiers: ["D"]), now: Self.code.expires + 1)
        #expect(last == Publication(identifiers: ["A", "B", "C", "D"], counter: 11))
        await #expect(throws: StoreError.invalid()) { try await publish([""]) }
    }
}
