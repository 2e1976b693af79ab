import Credentials
import Crypto
import Foundation
import Signing
import TestSupport
import Testing
import TrustFolder
import TrustImport

/// What leaves a trust folder by an import: what its publisher lists no longer, and what its authority has revoked.
@Suite struct TakenOutTests {
    private let root: TemporaryFolder
    private var trust: String { root.file("trust") }
    private let country: TestCountry
    private let other: TestCountry
    private let issuer = TestKey()
    private let secondKey = TestKey()
    private let publisher = P256.Signing.PrivateKey()
    private let stranger = P256.Signing.PrivateKey()

    init() throws {
        country = try TestCountry()
        other = try TestCountry("FR")
        root = try TemporaryFolder()
    }

    private var authority: TrustFile { TrustFile(path: "vdsnc/csca.cer", bytes: country.authority.certificate) }
    private var signer: TrustFile { TrustFile(path: "dcc/signer.cer", bytes: country.documentSigner) }
    private var leaked: TrustFile { TrustFile(path: "dcc/signer-2.cer", bytes: other.documentSigner) }
    private var leakedPath: String { "dcc/\(TrustManifest.digest(other.documentSigner)).cer" }

    private func issuerFile(_ keys: [TestKey], lists: String = "") -> TrustFile {
        let keys = keys.map { $0.jwk() }.joined(separator: ",")
        return TrustFile(
            path: "shc/issuer.json",
            bytes: Array(#"{"issuer":"https://a.example","jwks":{"keys":[\#(keys)]}\#(lists)}"#.utf8))
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
        _ inputs: [[UInt8]], by key: P256.Signing.PrivateKey? = nil, replacing old: P256.Signing.PrivateKey? = nil,
        isTest: Bool = false
    ) throws -> ImportReport {
        func pinned(_ key: P256.Signing.PrivateKey) -> Publisher? {
            Publisher(Array(key.publicKey.pemRepresentation.utf8))
        }
        var options = TrustImporter.Options(now: start)
        options.isTest = isTest
        options.publisher = key.flatMap(pinned)
        options.replaced = [old].compactMap { $0 }.compactMap(pinned)
        return try TrustImporter.taken(inputs, into: trust, options)
    }

    /// Imports an edition with all of its files.
    @discardableResult
    private func edition(
        _ counter: Int, _ files: [TrustFile], by key: P256.Signing.PrivateKey? = nil,
        replacing old: P256.Signing.PrivateKey? = nil, isTest: Bool = false
    ) throws -> ImportReport {
        let key = key ?? publisher
        return try imported(
            [signed(files, counter, by: key)] + files.map(\.bytes), by: key, replacing: old, isTest: isTest)
    }

    private func paths(_ folder: String = "dcc/") throws -> [String] {
        try TrustFolder.read(trust).map(\.path).filter { $0.hasPrefix(folder) }
    }

    private func keys() throws -> Set<String> {
        Set(
            TrustInventory(files: try TrustFolder.read(trust), now: start).entries
                .filter { $0.kind == .smartHealthCardKey }.map(\.id))
    }

    @Test(arguments: [true, false])
    func `a signer that its publisher's newer manifest no longer lists leaves, and is said to`(isWhole: Bool) throws {
        try edition(1, [authority, signer, leaked])
        #expect(try paths().count == 2)
        // The manifest alone says it too, and takes out nothing that it lists.
        let report =
            try isWhole ? edition(2, [authority, signer]) : imported([signed([authority, signer], 2)], by: publisher)
        #expect(try paths() == ["dcc/\(TrustManifest.digest(country.documentSigner)).cer"])
        #expect(try paths("vdsnc/").count == 1)
        #expect(report.removed.map(\.path) == [leakedPath] && report.removed.map(\.kind) == [.documentSigner])
        #expect(report.removed.map(\.cause) == [.withdrawn])
        #expect(report.refused.isEmpty && !report.failsPublisher)
        #expect(report.text.contains("取り除いたもの Taken out: 1\n") && report.text.contains("(import.withdrawn)"))
        #expect(try report.json().contains(#""code":"import.withdrawn""#))
        // It is said once.
        #expect(try edition(3, [authority, signer]).removed.isEmpty)
    }

    @Test func `a key that an issuer's file no longer holds leaves, and so does the issuer that no file is of`() throws
    {
        try edition(1, [issuerFile([issuer, secondKey])])
        #expect(try keys() == [issuer.keyID, secondKey.keyID])
        try edition(2, [issuerFile([issuer])])
        #expect(try keys() == [issuer.keyID])
        let report = try edition(3, [signer])
        #expect(try paths("shc/").isEmpty)
        #expect(report.removed.map(\.id) == [issuer.keyID] && report.removed.map(\.kind) == [.smartHealthCardKey])
    }

    @Test
    func `what a listed file that did not come along may have replaced stays, and the import says that it is missing`()
        throws
    {
        let old = issuerFile([issuer, secondKey])
        try edition(1, [old, signer, leaked])
        let new = issuerFile([issuer])
        for inputs in [[try signed([new, signer], 2)], [try signed([new, signer], 2), old.bytes]] {
            let report = try imported(inputs, by: publisher)
            #expect(report.refused.last?.cause == .fileMissing && report.refused.last?.about == "shc/issuer.json")
            #expect(report.failsPublisher)
            #expect(try keys() == [issuer.keyID, secondKey.keyID])
            // Another folder's files are all here, by an earlier import.
            #expect(try paths() == ["dcc/\(TrustManifest.digest(country.documentSigner)).cer"])
        }
        let report = try edition(2, [new, signer])
        #expect(report.refused.isEmpty && report.removed.isEmpty && !report.failsPublisher)
        #expect(try keys() == [issuer.keyID])
        // A signer that is listed and did not come keeps nobody but those of its folder.
        let third = TrustFile(path: "dcc/signer-3.cer", bytes: try TestCountry("DE").documentSigner)
        try imported([signed([third], 3)], by: publisher)
        #expect(try paths().count == 1 && paths("shc/").isEmpty)
        #expect(try edition(3, [third]).removed.map(\.kind) == [.documentSigner])
    }

    @Test func `an issuer whose listed file is refused leaves, with words of its own and no good end`() throws {
        try edition(1, [issuerFile([issuer])])
        let report = try edition(2, [issuerFile([])])
        #expect(report.refusedCodes == ["import.no_keys"])
        #expect(report.removed.map(\.cause) == [.replacementRefused] && report.failsPublisher)
        #expect(report.text.contains("(import.replacement_refused)"))
        #expect(try keys().isEmpty)
    }

    /// Who else brought a signer, and whether before this publisher.
    enum Else: CaseIterable { case publisher, publisherBefore, hand, handBefore, copied }

    @Test(arguments: Else.allCases)
    func `what somebody else brought too stays`(who: Else) throws {
        switch who {
        case .publisherBefore: try edition(7, [leaked], by: stranger)
        case .handBefore: try imported([leaked.bytes])
        case .copied:
            try FileManager.default.createDirectory(atPath: "\(trust)/dcc", withIntermediateDirectories: true)
            try Data(leaked.bytes).write(to: URL(fileURLWithPath: "\(trust)/\(leakedPath)"))
        default: break
        }
        try edition(1, [signer, leaked])
        if who == .publisher { try edition(7, [leaked], by: stranger) }
        if who == .hand { try imported([leaked.bytes]) }
        let report = try edition(2, [signer])
        #expect(report.removed.isEmpty)
        #expect(try paths().contains(leakedPath))
        // Once the other publisher does not list it either, it leaves.
        if who == .publisher || who == .publisherBefore {
            #expect(try edition(8, [signer], by: stranger).removed.map(\.path) == [leakedPath])
            #expect(try !paths().contains(leakedPath))
        }
    }

    @Test(arguments: [true, false])
    func `what came under a publisher's earlier key leaves under its new one, once an import says that it replaces it`(
        isKnownToBoth: Bool
    ) throws {
        let old = stranger
        // An edition of the old key's that is newer than any of the new one's, as whoever stole it would sign it.
        try edition(9, [signer, leaked, issuerFile([secondKey])], by: old)
        if isKnownToBoth { try edition(1, [signer, leaked, issuerFile([issuer, secondKey])]) }
        try edition(2, [signer, issuerFile([issuer])])
        #expect(try paths().contains(leakedPath))
        let report = try edition(3, [signer, issuerFile([issuer])], replacing: old)
        #expect(report.refused.isEmpty)
        #expect(report.removed.map(\.path) == [leakedPath] && report.removed.map(\.cause) == [.withdrawn])
        #expect(try paths() == ["dcc/\(TrustManifest.digest(country.documentSigner)).cer"])
        // It is remembered: the next one need not say it, and may.
        #expect(try edition(4, [signer]).removed.map(\.kind) == [.smartHealthCardKey])
        #expect(try keys().isEmpty)
        #expect(try edition(5, [leaked], replacing: old).removed.map(\.kind) == [.documentSigner])
        #expect(try edition(6, [signer]).removed.map(\.path) == [leakedPath])
    }

    @Test func `a key that is said to be replaced by another publisher's is that one's alone`() throws {
        let third = P256.Signing.PrivateKey()
        try edition(1, [signer, leaked], by: third)
        try edition(1, [signer, leaked], by: stranger)
        #expect(try edition(1, [signer], replacing: stranger).removed.isEmpty)
        #expect(try edition(2, [signer], by: third).removed.map(\.path) == [leakedPath])
    }

    @Test func `of an issuer that its publisher withdrew the keys stay that somebody else brought`() throws {
        try imported([issuerFile([issuer]).bytes])
        try edition(1, [issuerFile([issuer, secondKey])])
        let report = try edition(2, [signer])
        #expect(report.removed.map(\.id) == [secondKey.keyID])
        #expect(try keys() == [issuer.keyID])
    }

    @Test func `a replayed older manifest takes nothing out`() throws {
        try edition(2, [signer, leaked])
        let before = try TrustFolder.read(trust).filter { $0.path.contains("/") }
        let report = try edition(1, [signer])
        #expect(report.refusedCodes.first == "import.manifest_older" && report.removed.isEmpty)
        #expect(try TrustFolder.read(trust).filter { $0.path.contains("/") } == before)
    }

    @Test func `a manifest that nobody signed, or somebody else, takes nothing out`() throws {
        try edition(1, [signer, leaked])
        #expect(try edition(9, [signer], by: stranger).removed.isEmpty)
        #expect(try imported([TrustManifest(counter: 9, files: [signer], links: [:]).bytes]).removed.isEmpty)
        #expect(try paths().contains(leakedPath))
    }

    @Test func `revocation lists never leave, and what they covered is not valid when it comes again`() throws {
        let batch =
            #"{"country":"JP","expires":"2022-06-01T00:00:00Z","kid":"\#(country.keyIDText)","hashType":"UCI","entries":[{"hash":"AAAAAAAAAAAAAAAAAAAAAA=="}]}"#
        let links =
            #"{"links":[{"signer":"\#(TrustManifest.digest(country.vdsncSigner))","issuer":"https://a.example"}]}"#
        let crls = #","crls":[{"kid":"\#(issuer.keyID)","method":"rid","ctr":4,"rids":["ab"]}]"#
        let files = [
            authority, signer, issuerFile([issuer], lists: crls),
            TrustFile(
                path: "vdsnc/csca.crl",
                bytes: try country.revocationList(revoking: [country.vdsncSigner])),
            TrustFile(path: "vdsnc/links.json", bytes: Array(links.utf8)),
            TrustFile(path: "dcc/revocation/JP-0.json", bytes: Array(batch.utf8)),
        ]
        #expect(try edition(1, files).refused.isEmpty)
        let lists = try TrustFolder.read(trust).map(\.path).filter { TrustPath($0).isList }
        #expect(lists.count == 3)
        let report = try edition(2, [leaked])
        #expect(report.removed.count == 3)
        #expect(
            try TrustFolder.read(trust).map(\.path).filter { $0.contains("/") }.sorted()
                == (lists + [leakedPath]).sorted())
        // A list whose authority is gone is known for what it is, so that a running service takes the folder.
        #expect(TrustStore(files: try TrustFolder.read(trust)).refused.isEmpty)
        // What the authority that is gone revoked does not come back.
        #expect(try imported([country.vdsncSigner]).refusedCodes == ["import.signer_revoked"])
        // The issuer comes back without its list: what it covered is missed.
        try imported([issuerFile([issuer]).bytes])
        #expect(TrustStore(files: try TrustFolder.read(trust)).refused.map(\.code) == ["revocation.missing"])
        // Forgotten, the list says nothing any more, and nobody remembers the authority.
        let list = try #require(lists.first { $0.hasSuffix(".crl") })
        try TrustFolder.forget(trust, [list])
        #expect(try imported([country.vdsncSigner]).refused.isEmpty)
    }

    @Test func `what an import leaves in one part of the folder says nothing of the other`() throws {
        try edition(1, [signer, leaked])
        try edition(1, [signer, leaked], isTest: true)
        try edition(2, [signer])
        #expect(try paths("test/dcc/").count == 2)
        #expect(try !paths().contains(leakedPath))
        #expect(try edition(2, [signer], isTest: true).removed.map(\.path) == ["test/" + leakedPath])
    }

    @Test func `an import that fails takes nothing out, and notes nothing`() throws {
        try edition(1, [signer, leaked])
        // A folder stands where a file is to be written.
        let place = "\(trust)/vdsnc/\(TrustManifest.digest(country.authority.certificate)).cer"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        let before = try TrustFolder.read(trust)
        #expect(throws: TrustFolder.Failure.self) { try edition(2, [signer, authority]) }
        #expect(try TrustFolder.read(trust) == before)
        try FileManager.default.removeItem(atPath: place)
        #expect(try edition(2, [signer, authority]).removed.map(\.path) == [leakedPath])
    }

    @Test(arguments: [#"{"path":"../a.cer"}"#, #"{"path":"vdsnc/a.crl"}"#, #"{"path":"dcc/a.cer","files":[7]}"#, "7"])
    func `a note of who brought what that cannot be read takes nothing out, and is not written over`(
        source: String
    ) throws {
        try edition(1, [signer, leaked])
        let note = Data(#"{"files":{},"lists":[],"publishers":{},"sources":[\#(source)]}"#.utf8)
        try note.write(to: URL(fileURLWithPath: "\(trust)/imported.json"))
        #expect(throws: TrustFolder.Failure.self) { try edition(2, [signer]) }
        #expect(try paths().contains(leakedPath))
        #expect(FileManager.default.contents(atPath: "\(trust)/imported.json") == note)
    }

    @Test func `a signer that lies there leaves when its authority's list that names it comes`() throws {
        try imported([country.authority.certificate, country.documentSigner])
        try edition(1, [leaked])
        let list = try country.revocationList(revoking: [country.documentSigner])
        let report = try imported([list])
        #expect(report.removed.map(\.path) == ["dcc/\(TrustManifest.digest(country.documentSigner)).cer"])
        #expect(report.removed.map(\.cause) == [.revokedSince] && report.refused.isEmpty)
        #expect(report.text.contains("(import.revoked)"))
        #expect(try paths() == [leakedPath])
        #expect(try imported([country.documentSigner]).refusedCodes == ["import.signer_revoked"])
    }

    @Test(arguments: [true, false])
    func `a signer leaves by a list that is taken and by none that is refused, so that it does not come back`(
        isPinned: Bool
    ) throws {
        let list = try country.revocationList(revoking: [country.documentSigner])
        let path = "dcc/\(TrustManifest.digest(country.documentSigner)).cer"
        // The list's authority lies where this import does not look for one, or its key's signature does not cover the list.
        try imported([country.authority.certificate], isTest: !isPinned)
        try edition(1, [signer])
        let refused = try isPinned ? imported([list], by: publisher) : imported([list])
        #expect(refused.refusedCodes == [isPinned ? "import.signature_missing" : "import.revocation_unverified"])
        #expect(refused.removed.isEmpty && refused.taken.isEmpty)
        #expect(try paths() == [path])
        let report = try imported([list], isTest: !isPinned)
        #expect(report.refused.isEmpty && report.removed.map(\.path) == [path])
        #expect(try edition(2, [signer]).refusedCodes == ["import.signer_revoked"])
        #expect(try paths().isEmpty)
    }

    @Test func `of several certificates in one file the revoked one leaves alone, and the file gets no younger`() throws
    {
        try imported([country.authority.certificate])
        let second = try country.authority.issueDocumentSigner(
            to: TestKey().publicKey, from: start.addingTimeInterval(-60), until: end)
        let text = [country.documentSigner, second].map {
            "-----BEGIN CERTIFICATE-----\n\(Made.base64($0))\n-----END CERTIFICATE-----\n"
        }.joined()
        try FileManager.default.createDirectory(atPath: "\(trust)/dcc", withIntermediateDirectories: true)
        let file = "\(trust)/dcc/signers.pem"
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        let time = start.addingTimeInterval(-86_400)
        try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: file)
        try imported([country.revocationList(revoking: [country.documentSigner])])
        let left = TrustInventory(files: try TrustFolder.read(trust), now: start).entries
            .filter { $0.kind == .documentSigner }
        #expect(left.map(\.id) == [String(TrustManifest.digest(second).prefix(16))])
        #expect(left.map(\.fetched) == [time])
    }
}
