import Credentials
import Crypto
import Foundation
import TestSupport
import Testing
import TrustFolder
import TrustImport

/// Which batches of revoked EU certificates leave a trust folder: it must not grow with each edition of a publisher's.
@Suite struct TakenOutBatchTests {
    private let root: TemporaryFolder
    private var trust: String { root.file("trust") }
    private let publisher = P256.Signing.PrivateKey()
    private let stranger = P256.Signing.PrivateKey()

    init() throws { root = try TemporaryFolder() }

    private func batch(
        _ name: String, _ hashes: some Sequence<Int>, expires: String = "2022-06-01T00:00:00Z",
        key: String = "AAAAAAAAAAA="
    ) -> TrustFile {
        let entries = hashes.map { number in
            let hash = Data((0..<16).map { UInt8(truncatingIfNeeded: number >> ($0 * 8 % 32)) }).base64EncodedString()
            return #"{"hash":"\#(hash)"}"#
        }.joined(separator: ",")
        return TrustFile(
            path: "dcc/revocation/\(name).json",
            bytes: Array(
                #"{"country":"JP","expires":"\#(expires)","kid":"\#(key)","hashType":"UCI","entries":[\#(entries)]}"#
                    .utf8))
    }

    private func signed(
        _ files: [TrustFile], _ counter: Int, by key: P256.Signing.PrivateKey? = nil
    ) throws -> [UInt8] {
        let text = TrustManifest(counter: counter, files: files, links: [:]).bytes
        let signature = try (key ?? publisher).signature(for: text).rawRepresentation.base64EncodedString()
        return Array(signature.utf8) + [0x0A] + text
    }

    @discardableResult
    private func imported(
        _ inputs: [[UInt8]], by key: P256.Signing.PrivateKey? = nil, isTest: Bool = false, at now: Date = start
    ) throws -> ImportReport {
        var options = TrustImporter.Options(now: now)
        options.isTest = isTest
        if let key { options.publisher = Publisher(Array(key.publicKey.pemRepresentation.utf8)) }
        return try TrustImporter.taken(inputs, into: trust, options)
    }

    /// Imports an edition, with all of its files or with some.
    @discardableResult
    private func edition(
        _ counter: Int, _ files: [TrustFile], given: [TrustFile]? = nil, by key: P256.Signing.PrivateKey? = nil,
        isTest: Bool = false, at now: Date = start
    ) throws -> ImportReport {
        let key = key ?? publisher
        return try imported(
            [signed(files, counter, by: key)] + (given ?? files).map(\.bytes), by: key, isTest: isTest, at: now)
    }

    /// The numbers of entries of the batches that lie there.
    private func counts() throws -> [Int] {
        try TrustFolder.read(trust).filter { TrustPath($0.path).isBatch }
            .compactMap { DCCRevocation.Batch($0.bytes)?.count }.sorted()
    }

    /// What is refused of the folder, and how many lists are noted.
    private func state() throws -> (refused: [String], noted: Int) {
        let files = try TrustFolder.read(trust)
        let notes = try #require(files.first { $0.path == "imported.json" })
        return (TrustStore(files: files).refused.map(\.code), try #require(HeldList.noted(notes.bytes)).count)
    }

    @Test func `a folder does not grow with the editions of a publisher whose batches change each time`() throws {
        for counter in 1...40 {
            // One that only grows, and two into which it was cut for a while.
            let whole = 0..<(20 + counter)
            let files =
                counter % 10 < 3
                ? [batch("a", whole.filter { $0 % 2 == 0 }), batch("b", whole.filter { $0 % 2 == 1 })]
                : [batch("a", whole)]
            #expect(try edition(counter, files).refused.isEmpty)
            #expect(try counts().reduce(0, +) == whole.count)
        }
        let state = try state()
        #expect(state.refused.isEmpty && state.noted == 2)
    }

    @Test func `a batch stays while one of its entries stands in no batch that is listed and here`() throws {
        let first = batch("a", 0..<10)
        try edition(1, [first])
        // An entry fewer, another key's, an earlier end: each says less.
        for (counter, other) in [
            batch("a", 1..<20), batch("a", 0..<20, key: "AAAAAAAAAAE="),
            batch("a", 0..<20, expires: "2022-05-31T23:59:59Z"),
        ].enumerated() {
            try edition(2 + counter, [other])
            #expect(try counts().contains(10))
        }
        // One that is listed and not here says nothing.
        let whole = batch("a", 0..<30)
        #expect(try edition(5, [whole], given: []).refusedCodes == ["import.list_missing"])
        #expect(try counts().contains(10))
        try edition(6, [whole])
        #expect(try !counts().contains(10) && counts().contains(30))
        #expect(try state().refused.isEmpty)
    }

    @Test
    func
        `a batch that another publisher's manifest brought, or lies in the other part or under a name of its own, stays`()
        throws
    {
        let (old, new) = (batch("a", 0..<10), batch("a", 0..<20))
        try edition(1, [old])
        try edition(1, [old], isTest: true)
        try edition(1, [old], by: stranger)
        try FileManager.default.createDirectory(atPath: "\(trust)/dcc/revocation", withIntermediateDirectories: true)
        try Data(old.bytes).write(to: URL(fileURLWithPath: "\(trust)/dcc/revocation/own.json"))
        try edition(2, [new])
        #expect(try counts() == [10, 10, 10, 20])
        try edition(2, [new], by: stranger)
        #expect(try counts() == [10, 10, 20])
        try edition(2, [new], isTest: true)
        #expect(try counts() == [10, 20, 20])
        // Nobody but a publisher's manifest says that one is done with.
        try imported([batch("a", 0..<40).bytes])
        #expect(try counts() == [10, 20, 20, 40])
    }

    @Test func `a batch that has ended leaves with its note`() throws {
        try edition(1, [batch("a", 0..<10), batch("b", 100..<103, expires: "2022-01-01T00:00:00Z")])
        try edition(2, [batch("a", 0..<10)], at: start.addingTimeInterval(86_400))
        #expect(try counts() == [3, 10])
        try edition(3, [batch("a", 0..<10)], at: start.addingTimeInterval(30 * 86_400))
        #expect(try counts() == [10])
        #expect(try state().noted == 1)
    }

    @Test
    func `a batch that never came is not missed once its publisher announces others in its place and they are here`()
        throws
    {
        let (a, b) = (batch("a", 0..<10), batch("b", 10..<20))
        #expect(try edition(1, [a, b], given: [b]).refusedCodes == ["import.list_missing"])
        // Another publisher's word is not this one's.
        try edition(9, [batch("a", 0..<9)], by: stranger)
        #expect(try state().refused == ["revocation.missing"])
        let new = batch("a", 0..<11)
        #expect(try edition(2, [new, b], given: []).refusedCodes == ["import.list_missing"])
        #expect(try state().refused == ["revocation.missing", "revocation.missing"])
        // An edition that announces nothing for that key replaces nothing.
        try edition(3, [batch("c", 0..<3, key: "AAAAAAAAAAE=")])
        #expect(try state().refused == ["revocation.missing", "revocation.missing"])
        #expect(try edition(4, [new, b]).refused.isEmpty)
        #expect(try state().refused == [])
    }

    @Test func `more lists than a note may hold are not written, and the folder stays as it was`() throws {
        try edition(1, [batch("a", 0..<10)])
        let before = try TrustFolder.read(trust)
        let failure = #expect(throws: TrustFolder.Failure.self) {
            try TrustFolder.change(trust) { _ in
                var change = TrustChange(files: [])
                change.missing = (0..<TrustManifest.maximumEntries).map {
                    HeldList(path: "dcc/revocation/\($0).json", least: 1)
                }
                return change
            }
        }
        #expect(failure == .tooManyLists && failure?.code == "trust.too_many_lists")
        #expect(try TrustFolder.read(trust) == before)
        #expect(try edition(2, [batch("a", 0..<11)]).refused.isEmpty)
    }
}
