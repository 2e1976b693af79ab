import CardChip
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
        #expect(batches.allSatisfy { (1...1000).contains($0.count) })
        for key in keys {
            let (written, read) = (codes.filter { $0.keyID == key }, batches.filter { $0.keyID == key })
            #expect(read.allSatisfy { $0.country == "JP" && $0.hashType == .identifier })
            let hashes = written.map { $0.hash.reduce(UInt128(0)) { $0 << 8 | UInt128($1) } }
            #expect(read.flatMap(\.hashes).sorted() == hashes.sorted())
            #expect(read.map(\.expires).max() == written.map(\.expires.timeIntervalSince1970).max())
        }
    }

    @Test func `one more revoked code changes one batch or cuts it in two, and the others stay as they are`() throws {
        var random = Seeded("more revocation batches")
        let (keyID, expires) = (random.bytes(8), Date(timeIntervalSince1970: 1_800_000_000))
        func files(_ codes: [RevocableCode]) throws -> [String: [UInt8]] {
            Dictionary(
                uniqueKeysWithValues: try RevocationBatches.files(codes, country: "JP").map { ($0.name, $0.bytes) })
        }
        var codes: [RevocableCode] = []
        var before: [String: [UInt8]] = [:]
        for count in [990, 1990, 3990, 5000] {
            codes += (codes.count..<count).map { _ in
                RevocableCode(keyID: keyID, hash: random.bytes(16), expires: expires)
            }
            before = try files(codes)
            for _ in 0..<20 {
                codes.append(RevocableCode(keyID: keyID, hash: random.bytes(16), expires: expires))
                let after = try files(codes)
                // None goes: whoever holds a copy of the folder would miss it.
                #expect(before.keys.allSatisfy { after[$0] != nil })
                #expect(after.count { before[$0.key] != $0.value } <= 2)
                before = after
            }
        }
        #expect(before.count >= 6 && before.count <= 10)
        #expect(before.keys.contains("\(Hexadecimal.text(keyID))-1.json"))
        // The same hashes in whatever order, and one that stands there twice, make the same files.
        #expect(try files(codes.reversed() + codes.prefix(3)) == before)
        // What no bit tells apart is still written.
        let same = (0..<1200).map {
            RevocableCode(
                keyID: keyID, hash: Array(repeating: 0xFF, count: 14) + [UInt8($0 >> 8), UInt8($0 & 0xFF)],
                expires: expires)
        }
        #expect(
            try RevocationBatches.files(same, country: "JP").compactMap { DCCRevocation.Batch($0.bytes)?.count }.reduce(
                0, +) == 1200)
    }
}
