import Credentials
import Foundation
import Glibc
import Signing
import Testing
import TestSupport
import TrustFolder
import TrustImport
import Waiting

/// Writing and showing a trust folder, and its age.
@Suite struct FolderTests {
    private let root: TemporaryFolder
    private var trust: String { root.file("trust") }
    private let country: TestCountry

    init() throws {
        country = try TestCountry()
        root = try TemporaryFolder()
    }

    private func file(_ path: String, _ bytes: [UInt8], at time: Date = start) -> TrustFile {
        TrustFile(path: path, bytes: bytes, fetched: time.timeIntervalSince1970)
    }

    /// The files of a folder without the notes beside them.
    private func read(_ folder: String) throws -> [TrustFile] {
        try TrustFolder.read(folder).filter { $0.path.contains("/") }
    }

    private func names() throws -> [String] { try FileManager.default.subpathsOfDirectory(atPath: root.path).sorted() }

    @Test func `files are added, and others' files stay`() throws {
        try TrustFolder.update(trust, adding: [file("dcc/a.cer", country.documentSigner)])
        try Data("x".utf8).write(to: URL(fileURLWithPath: "\(trust)/other.txt"))
        try TrustFolder.update(trust, adding: [file("vdsnc/b.cer", country.authority.certificate)])
        let names = [
            "trust", "trust/dcc", "trust/dcc/a.cer", "trust/imported.json", "trust/other.txt", "trust/vdsnc",
            "trust/vdsnc/b.cer",
        ]
        #expect(try self.names() == names)
        #expect(try read(trust).map(\.fetched) == [start, start].map(\.timeIntervalSince1970))
    }

    @Test func `a write that fails leaves the folder as it was, and nothing beside it`() throws {
        try TrustFolder.update(trust, adding: [file("vdsnc/b.cer", [1])])
        // A file stands where a folder is wanted.
        try Data("x".utf8).write(to: URL(fileURLWithPath: "\(trust)/dcc"))
        let before = try names()
        #expect(throws: TrustFolder.Failure.self) {
            try TrustFolder.update(trust, adding: [file("vdsnc/b.cer", [2]), file("dcc/a.cer", [3])])
        }
        #expect(try names() == before)
        #expect(try read(trust).map(\.bytes) == [[1]])
    }

    @Test func `an import that finds another one at work gives up, and names the folder and its process`() throws {
        try TrustFolder.update(trust, adding: [file("vdsnc/b.cer", [1])])
        let other = try #require(opendir(root.path))
        defer { closedir(other) }
        try FileLock.take(dirfd(other), of: root.path)
        let failure = #expect(throws: TrustFolder.Failure.self) {
            try FileLock.$limit.withValue(.milliseconds(100)) {
                try TrustFolder.update(trust, adding: [file("vdsnc/b.cer", [2])])
            }
        }
        #expect(failure?.code == "trust.locked")
        let words = failure?.more ?? ""
        #expect(words.contains(root.path) && words.contains("\(ProcessInfo.processInfo.processIdentifier)"))
        #expect(words.contains("is held by") && words.contains("使用中"))
        #expect(try read(trust).map(\.bytes) == [[1]])
    }

    @Test func `what takes no file begins no folder, and leaves none that would lead to it`() throws {
        let place = root.file("a/b/trust")
        try TrustFolder.change(place) { _ in TrustChange(files: []) }
        #expect(try names() == [])
        // What is refused behind the first look leaves nothing either.
        #expect(throws: TrustFolder.Failure.self) {
            try TrustFolder.update(place, adding: [file("dcc/a/b/c.cer", [1]), file("dcc/a", [1])])
        }
        #expect(try names() == [])
        try FileManager.default.createDirectory(at: root.url("a"), withIntermediateDirectories: true)
        try TrustFolder.change(place) { _ in TrustChange(files: []) }
        #expect(try names() == ["a"])
    }

    @Test func `of imports at the same moment each sees what the others wrote, and none is lost`() async throws {
        let (trust, count) = (trust, 24)
        let seen = try await withThrowingTaskGroup(of: Int.self) { group in
            for index in 0..<count {
                group.addTask {
                    var seen = -1
                    try TrustFolder.update(trust) { existing in
                        seen = existing.count
                        return [TrustFile(path: "dcc/\(index).cer", bytes: [UInt8(index)])]
                    }
                    return seen
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(seen.sorted() == Array(0..<count))
        #expect(try Set(read(trust).map(\.bytes)) == Set((0..<count).map { [UInt8($0)] }))
    }

    @Test func `a folder behind a symbolic link is changed where it lies`() throws {
        try TrustFolder.update(root.file("real"), adding: [file("dcc/a.cer", [1])])
        try FileManager.default.createSymbolicLink(atPath: trust, withDestinationPath: root.file("real"))
        try TrustFolder.update(trust, adding: [file("dcc/b.cer", [2])])
        #expect(try read(root.file("real")).map(\.bytes) == [[1], [2]])
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: trust) == root.file("real"))
    }

    @Test func `a file that an import does not know of is as old as its last change`() throws {
        try FileManager.default.createDirectory(atPath: "\(trust)/dcc", withIntermediateDirectories: true)
        let path = "\(trust)/dcc/a.cer"
        try Data(country.documentSigner).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.modificationDate: start], ofItemAtPath: path)
        #expect(try read(trust).map(\.fetched) == [start.timeIntervalSince1970])
    }

    private func codes(_ files: [TrustFile], days: Double) -> [String] {
        TrustInventory(files: files, now: start.addingTimeInterval(days * 86_400)).warnings.map(\.cause.rawValue)
    }

    @Test func `what is old, has expired or soon will is shown`() throws {
        let signer = file("dcc/a.cer", country.documentSigner)
        #expect(codes([signer], days: 29) == [])
        #expect(codes([signer], days: 31) == ["trust.old"])
        #expect(codes([signer], days: 650) == ["trust.expires_soon", "trust.old"])
        #expect(codes([signer], days: 701) == ["trust.expired", "trust.old"])
        #expect(
            codes([signer, file("dcc/b.cer", country.documentSigner)], days: 1)
                == Array(repeating: "trust.key_shared", count: 2))
        let list = try country.authority.revocationList(from: start, until: start.addingTimeInterval(86_400 * 5))
        let vdsnc = [file("vdsnc/a.cer", country.authority.certificate), file("vdsnc/a.crl", list)]
        #expect(codes(vdsnc, days: 4) == [])
        #expect(codes(vdsnc, days: 6) == ["revocation.list_old"])
        #expect(codes(vdsnc, days: 8) == ["revocation.list_old", "revocation.data_old"])
    }

    @Test(arguments: ["dcc/Revocation", "dcc/revocation/2021", "vdsnc/lists", "test/dcc/revocation/2021", "shc/lists"])
    func `a folder where only files may lie is not passed over`(place: String) throws {
        try FileManager.default.createDirectory(atPath: "\(trust)/\(place)", withIntermediateDirectories: true)
        try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(trust)/\(place)/a.json"))
        let refused = TrustStore(files: try TrustFolder.read(trust)).refused
        #expect(refused.map(\.path) == [place + "/"] && refused.map(\.code) == ["trust.not_a_file"])
        // An import leaves it as it is.
        try TrustFolder.update(trust, adding: [file("vdsnc/b.cer", country.authority.certificate)])
        #expect(TrustStore(files: try TrustFolder.read(trust)).refused == refused)
    }

    @Test func `a file in the place of a folder of batches is a batch`() throws {
        try FileManager.default.createDirectory(atPath: "\(trust)/dcc", withIntermediateDirectories: true)
        try Data("half a batch".utf8).write(to: URL(fileURLWithPath: "\(trust)/dcc/revocation"))
        let store = TrustStore(files: try TrustFolder.read(trust))
        #expect(store.refused.map(\.code) == ["revocation.malformed"])
    }

    @Test(arguments: ["jp.CRL", "jp.crl.pem", "list"])
    func `a revocation list is shown as one under any name`(name: String) throws {
        let list = try country.authority.revocationList(from: start, until: end)
        let inventory = TrustInventory(
            files: [file("vdsnc/a.cer", country.authority.certificate), file("vdsnc/\(name)", list)], now: start)
        #expect(inventory.entries.map(\.kind) == [.authority, .authorityRevocation])
    }

    @Test func `what is not used is shown`() {
        let inventory = TrustInventory(files: [file("dcc/a.cer", [1, 2, 3])], now: start)
        #expect(inventory.refused.map(\.code) == ["trust.unknown_file"])
        #expect(inventory.entries.isEmpty)
    }

    @Test(arguments: ["jwks", "snapshot", "list", "did", "batch", "certificate", "crl", "master"])
    func `bad input of every form never traps`(form: String) async throws {
        let key = TestKey()
        let sample: [UInt8] =
            switch form {
            case "jwks": Array(#"{"keys":[\#(key.jwk())]}"#.utf8)
            case "snapshot":
                Array(
                    #"{"issuerInfo":[{"issuer":{"iss":"https://a.example","name":"a"},"keys":[\#(key.jwk())],"crls":[{"kid":"\#(key.keyID)","method":"rid","ctr":1,"rids":["ab"]}]}]}"#
                        .utf8)
            case "list": Array((Made.base64(Array(repeating: 7, count: 64)) + "\n" + country.list()).utf8)
            case "did":
                Array(
                    #"{"verificationMethod":[{"publicKeyJwk":{"kid":"\#(country.keyIDText)","x5c":["\#(Made.base64(country.documentSigner))"]}}]}"#
                        .utf8)
            case "batch":
                Array(
                    #"{"country":"JP","expires":"2022-06-01T00:00:00Z","kid":"\#(country.keyIDText)","hashType":"UCI","entries":[{"hash":"AAAAAAAAAAAAAAAAAAAAAA=="}]}"#
                        .utf8)
            case "certificate": country.authority.certificate
            case "crl": try country.authority.revocationList(from: start, until: end)
            default:
                try Made.signedData(
                    Made.masterList([country.authority.certificate]), type: "2.23.136.1.1.2",
                    signer: country.vdsncSigner, key: country.signer.key)
            }
        let authority = [file("vdsnc/a.cer", country.authority.certificate)]
        // The forms share a part of the cases of a long run: each import reads back a whole folder, three milliseconds.
        await BadInput.run("import of \(form)", samples: [sample], cases: max(10_000, BadInput.cases / 40)) { bytes in
            let (files, report) = take([bytes], existing: authority) { $0.issuer = "https://a.example" }
            // Whatever is written is something that was taken, and readable.
            #expect(files.isEmpty == report.taken.isEmpty)
            #expect(TrustStore(files: authority + files).refused.isEmpty)
        }
    }
}
