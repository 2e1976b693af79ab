import Credentials
import Crypto
import Foundation
import Signing
import TestSupport
import Testing
import TrustFolder
import TrustImport

/// What a publisher's signed manifest announces must be here, and an old one is a replay.
@Suite struct SignedManifestTests {
    private let root: TemporaryFolder
    private var trust: String { root.file("trust") }
    private let country: TestCountry
    private let issuer = TestKey()
    private let publisher = P256.Signing.PrivateKey()
    private static let lists = ["shc/issuer.json", "vdsnc/csca.crl", "dcc/revocation/JP-0.json"]

    init() throws {
        country = try TestCountry()
        root = try TemporaryFolder()
    }

    private func issuerFile(_ lists: String = "") -> [UInt8] {
        Array(#"{"issuer":"https://a.example","jwks":{"keys":[\#(issuer.jwk())]}\#(lists)}"#.utf8)
    }

    private func published() throws -> [TrustFile] {
        let batch =
            #"{"country":"JP","expires":"2022-06-01T00:00:00Z","kid":"\#(country.keyIDText)","hashType":"UCI","entries":[{"hash":"AAAAAAAAAAAAAAAAAAAAAA=="}]}"#
        let list = #","crls":[{"kid":"\#(issuer.keyID)","method":"rid","ctr":4,"rids":["ab"]}]"#
        return [
            TrustFile(path: "vdsnc/csca.cer", bytes: country.authority.certificate),
            TrustFile(path: "dcc/signer.cer", bytes: country.documentSigner),
            TrustFile(path: "shc/issuer.json", bytes: issuerFile(list)),
            TrustFile(path: "vdsnc/csca.crl", bytes: try country.authority.revocationList(from: start, until: end)),
            // As somebody's editor left it: its bytes are what the manifest names.
            TrustFile(path: "dcc/revocation/JP-0.json", bytes: Array((batch + "\n").utf8)),
        ]
    }

    private func signed(_ manifest: [UInt8]) throws -> [UInt8] {
        Array(try publisher.signature(for: manifest).rawRepresentation.base64EncodedString().utf8) + [0x0A] + manifest
    }

    private func signed(_ files: [TrustFile], counter: Int = 1, time: Int? = nil) throws -> [UInt8] {
        try signed(TrustManifest(counter: counter, time: time, files: files, links: [:]).bytes)
    }

    @discardableResult
    private func imported(
        _ inputs: [[UInt8]], isPinned: Bool = true, isTest: Bool = false
    ) throws -> ImportReport {
        var options = TrustImporter.Options(now: start)
        options.isTest = isTest
        if isPinned { options.publisher = Publisher(Array(publisher.publicKey.pemRepresentation.utf8)) }
        return try TrustImporter.taken(inputs, into: trust, options)
    }

    private func refused() throws -> [String] { TrustStore(files: try TrustFolder.read(trust)).refused.map(\.code) }

    @Test(arguments: lists, [true, false])
    func `a list that a signed manifest announces and that is left out is refused and missed, until it comes`(
        path: String, isDescribed: Bool
    ) throws {
        let files = try published()
        var manifest = try signed(files)
        if !isDescribed {
            let names = files.map { #"{"path":"\#($0.path)","sha256":"\#(TrustManifest.digest($0.bytes))"}"# }
            manifest = try signed(
                Array(#"{"trustManifest":1,"counter":1,"files":[\#(names.joined(separator: ","))]}"#.utf8))
            // What a file holds beside keys is not told by its name.
            if path.hasPrefix("shc/") { return }
        }
        // The keys of the cards came some other way.
        try imported([issuerFile()], isPinned: false)
        let cut = try imported([manifest] + files.filter { $0.path != path }.map(\.bytes))
        #expect(cut.refusedCodes == ["import.list_missing"])
        #expect(cut.refused.map(\.about) == [path])
        #expect(cut.failsPublisher)
        #expect(try refused() == ["revocation.missing"])
        // What else is imported does not hide it.
        try imported([country.vdsncSigner], isPinned: false)
        #expect(try refused() == ["revocation.missing"])
        let whole = try imported([manifest] + files.map(\.bytes))
        #expect(whole.refused.isEmpty && !whole.failsPublisher)
        #expect(try refused() == [])
        // It is here now: an import of the manifest alone misses nothing.
        #expect(try imported([manifest]).refused.isEmpty)
    }

    @Test func `a list that lies in the test part alone is missed by an import into the normal one`() throws {
        let files = try published()
        let manifest = try signed(files)
        try imported([manifest] + files.map(\.bytes), isTest: true)
        for path in Self.lists {
            let cut = try imported([manifest] + files.filter { $0.path != path }.map(\.bytes))
            #expect(cut.refusedCodes == ["import.list_missing"] && cut.refused.map(\.about) == [path])
            try FileManager.default.removeItem(atPath: trust + "/dcc")
            for name in ["shc", "vdsnc", "imported.json"]
            where FileManager.default.fileExists(atPath: "\(trust)/\(name)") {
                try FileManager.default.removeItem(atPath: "\(trust)/\(name)")
            }
        }
        // What lies in the normal part counts in both.
        try imported([manifest] + files.map(\.bytes))
        let lists = files.filter { Self.lists.contains($0.path) && !$0.path.hasPrefix("shc/") }
        let test = try TrustFolder.read(trust).filter { $0.path.hasPrefix("test/") && TrustPath($0.path).isList }
        #expect(test.count == lists.count)
        try TrustFolder.forget(trust, Set(test.map(\.path)))
        let report = try imported(
            [manifest] + files.filter { file in !lists.contains { $0.path == file.path } }.map(\.bytes), isTest: true)
        #expect(report.refused.isEmpty)
    }

    @Test func `a manifest alone misses every list, even where nothing is taken`() throws {
        let report = try imported([signed(published())])
        let lists = Array(repeating: "import.list_missing", count: 3)
        #expect(report.taken.isEmpty)
        #expect(report.refusedCodes == lists + ["import.file_missing", "import.file_missing"])
        try imported([country.authority.certificate, issuerFile()], isPinned: false)
        #expect(try refused() == ["revocation.missing", "revocation.missing", "revocation.missing"])
    }

    @Test func `a manifest older than one that was taken is refused as a replay, with all that it names`() throws {
        let now = try published()
        let removed = TrustFile(path: "dcc/old.cer", bytes: try TestCountry("FR").documentSigner)
        let (old, new) = (try signed(now + [removed], counter: 1), try signed(now, counter: 2))
        #expect(try imported([new] + now.map(\.bytes)).refused.isEmpty)
        let before = try TrustFolder.read(trust)
        for inputs in [[old], [old, removed.bytes], [old, new, removed.bytes]] {
            let report = try imported(inputs)
            #expect(report.refusedCodes.first == "import.manifest_older" && report.failsPublisher)
            #expect(!report.taken.contains { $0.kind == .documentSigner })
        }
        #expect(
            try TrustFolder.read(trust).filter { $0.path != "imported.json" }
                == before.filter { $0.path != "imported.json" })
        // The same edition once more, and the next one, are no replays.
        #expect(try imported([new] + now.map(\.bytes)).refused.isEmpty)
        #expect(try imported([signed(now, counter: 3)] + now.map(\.bytes)).refused.isEmpty)
        #expect(try imported([new] + now.map(\.bytes)).refusedCodes.first == "import.manifest_older")
        // Other imports keep the note.
        try imported([country.vdsncSigner], isPinned: false)
        #expect(try imported([new]).refusedCodes == ["import.manifest_older"])
    }

    @Test(arguments: [
        "dcc/csca.cer", "vdsnc/signer.cer", "vdsnc/issuer.json", "dcc/JP-0.json", "shc/JP-0.json",
        "shc/csca.crl", "dcc/revocation/issuer.json",
    ])
    func `a file that a manifest names is taken as what its path says, and as nothing else`(path: String) throws {
        let files = try published().filter { !$0.path.hasSuffix("csca.cer") || path == "dcc/csca.cer" }
        let name = path.split(separator: "/").last.map(String.init)
        let file = try #require(files.first { $0.path.split(separator: "/").last.map(String.init) == name })
        let moved = TrustFile(path: path, bytes: file.bytes)
        let text =
            #"{"trustManifest":1,"counter":1,"files":[{"path":"\#(path)","sha256":"\#(TrustManifest.digest(moved.bytes))"}]}"#
        let report = try imported([signed(Array(text.utf8)), moved.bytes])
        #expect(report.refusedCodes.first == "import.wrong_use" && report.taken.isEmpty)
        // Under both of its paths it is what it looks like.
        let both = try imported([signed([moved, file], counter: 2), moved.bytes])
        #expect(!both.refusedCodes.contains("import.wrong_use"))
    }

    @Test(arguments: ["card/a.cer", "passport/a.cer", "a.cer", "dcc/", "dcc/sub/a.cer", "other/dcc/a.cer"])
    func `a path outside the folders names nothing that may be taken`(path: String) throws {
        let text =
            #"{"trustManifest":1,"counter":1,"files":[{"path":"\#(path)","sha256":"\#(TrustManifest.digest(country.documentSigner))"}]}"#
        let report = try imported([signed(Array(text.utf8)), country.documentSigner])
        #expect(report.refusedCodes == ["import.signature_missing"] && report.taken.isEmpty)
    }

    @Test func `that a manifest's files are to be imported as well is said where one is not given`() throws {
        let files = try published()
        let manifest = try signed(files)
        func isSaid(_ files: [TrustFile]) throws -> Bool {
            try imported([manifest] + files.map(\.bytes)).noteCodes.contains("import.links_only")
        }
        #expect(try !isSaid(files))
        #expect(try isSaid(Array(files.dropFirst())))
        #expect(try isSaid([]))
    }

    @Test func `the counter of one publisher says nothing of another's`() throws {
        let files = try published()
        try imported([signed(files, counter: 9)] + files.map(\.bytes))
        let other = P256.Signing.PrivateKey()
        let manifest = TrustManifest(counter: 1, files: files, links: [:]).bytes
        let text = Array(try other.signature(for: manifest).rawRepresentation.base64EncodedString().utf8) + [0x0A]
        var options = TrustImporter.Options(now: start)
        options.publisher = Publisher(Array(other.publicKey.pemRepresentation.utf8))
        let report = TrustImporter.change(
            [("a", text + manifest)] + files.map { ($0.path, $0.bytes) }, existing: try TrustFolder.read(trust),
            options: options
        ).report
        #expect(report.refused.isEmpty)
    }

    @Test(arguments: [400, 3, -5])
    func `what a manifest covers is as old as the manifest, and not as its import`(days: Int) throws {
        let made = Int(start.timeIntervalSince1970) - days * 86_400
        let files = try published()
        try imported([signed(files, time: made)] + files.map(\.bytes))
        let read = try TrustFolder.read(trust).filter { $0.path.contains("/") }
        #expect(read.count == files.count)
        // One that says a time to come is no newer than now.
        #expect(read.allSatisfy { $0.fetched == min(Double(made), start.timeIntervalSince1970) })
        let old = TrustInventory(files: try TrustFolder.read(trust), now: start).warnings.map(\.cause)
        #expect(old.contains(.trustOld) == (days == 400))
        #expect(old.contains(.revocationOld) == (days == 400))
    }
}
