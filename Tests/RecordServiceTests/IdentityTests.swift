import Credentials
import Crypto
import Foundation
import RecordService
import Records
import TestSupport
import Testing

/// Parse, encode, compare: what is written is read as it was.
@Suite struct IdentityTests {
    private static let hash = String(repeating: "0a", count: 32)

    private static var messages: [(type: any Codable.Type, text: String)] {
        [
            (
                EnrolmentRequest.self,
                #"{"csr":"-----BEGIN CERTIFICATE REQUEST-----\nAA==","id":"T0001","shop":"見本店 \"1\""}"#
            ),
            (EnrolmentRequest.self, #"{"certificate":"-----BEGIN CERTIFICATE-----/\n"}"#),
            (
                TerminalReport.self,
                #"{"certificateHash":"\#(hash)","id":"T0001","isSuspended":true,"notAfter":"2027-01-01T00:00:00Z","#
                    + #""shop":"見本店","status":"revoked"}"#
            ),
            (
                SuspensionReport.self,
                #"{"broken":["990019: row: person 1"],"issuingHalted":"the code","suspensions":["everything","kind:overseas"]}"#
            ),
            (SuspensionReport.self, #"{"broken":[],"suspensions":[]}"#),
            (
                SuspensionReport.self,
                #"{"broken":[],"degraded":["reload.failed"],"missing":["store.unwritable"],"suspensions":[]}"#
            ),
            (SuspensionRequest.self, #"{"scope":"terminal:T0001"}"#),
            (RestoreRequest.self, #"{"asItIs":true,"reason":"no backup"}"#), (RootReport.self, #"{"root":"a.b.c"}"#),
            (StopRequest.self, #"{"number":"537686677188"}"#), (StopRequest.self, #"{"chipKeyHash":"\#(hash)"}"#),
            (
                LogReport.self,
                #"{"at":"2026-01-05T00:00:00Z","detail":"T0001","event":"voided_by_operator","inquiry":"ABCDE-01234","#
                    + #""sequence":9007199254740993,"terminal":"\#(hash)"}"#
            ),
        ]
    }

    private func again<T: Codable>(_ type: T.Type, _ text: String) throws -> String {
        String(decoding: try OperatorJSON.encode(OperatorJSON.decode(type, from: Array(text.utf8))), as: UTF8.self)
    }

    @Test func `messages of operators are written as they were read`() throws {
        for (type, text) in Self.messages { #expect(try again(type, text) == text) }
    }

    @Test func `a challenge holds its time to the millisecond`() throws {
        var random = Seeded("challenges")
        let maker = ChallengeMaker(current: SymmetricKey(size: .bits256))
        for _ in 0..<200 {
            let milliseconds = Int64.random(in: 0...4_102_444_800_000, using: &random)
            let madeAt = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
            let read = try maker.open(maker.make(now: madeAt, incarnation: 1), incarnation: 1).madeAt
            #expect(abs(read.timeIntervalSince(madeAt)) < 0.001_001)
        }
    }

    @Test func `revocation batches are read by verifiers as they were written`() throws {
        var random = Seeded("revocation batches")
        let keys = [random.bytes(8), random.bytes(8)]
        let codes = (0..<2_500).map { index in
            RevocableCode(
                keyID: keys[index % 5 == 0 ? 1 : 0], hash: random.bytes(16),
                expires: Date(
                    timeIntervalSince1970: Double(Int.random(in: 1_700_000_000...1_900_000_000, using: &random)))
            )
        }
        let batches = try RevocationBatches.files(codes, country: "JP").map {
            try #require(DCCRevocation.Batch($0.bytes), "\($0.name)")
        }
        #expect(batches.map(\.count).sorted() == [500, 1000, 1000])
        for key in keys {
            let (written, read) = (codes.filter { $0.keyID == key }, batches.filter { $0.keyID == key })
            #expect(read.allSatisfy { $0.country == "JP" && $0.hashType == .identifier })
            let hashes = written.map { $0.hash.reduce(UInt128(0)) { $0 << 8 | UInt128($1) } }
            #expect(read.flatMap(\.hashes).sorted() == hashes.sorted())
            #expect(read.map(\.expires).max() == written.map(\.expires.timeIntervalSince1970).max())
        }
    }
}
