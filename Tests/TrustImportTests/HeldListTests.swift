import CredentialIssuing
import Credentials
import Crypto
import Foundation
import Signing
import TestSupport
import Testing
import TrustFolder
import TrustImport

/// What an import notes of revocation lists, so that one that is gone later is noticed.
@Suite struct HeldListTests {
    private let root: TemporaryFolder
    private var trust: String { root.file("trust") }
    private let country: TestCountry

    init() throws {
        country = try TestCountry()
        root = try TemporaryFolder()
    }

    private func imported(_ inputs: [[UInt8]]) throws -> ImportReport {
        var report = ImportReport()
        try TrustFolder.update(trust) { existing in
            let files: [TrustFile]
            (files, report) = take(inputs, existing: existing)
            return files
        }
        return report
    }

    private func refused() throws -> [String] { TrustStore(files: try TrustFolder.read(trust)).refused.map(\.code) }

    private func lists() throws -> [[UInt8]] {
        let batch =
            #"{"country":"JP","expires":"2022-06-01T00:00:00Z","kid":"\#(country.keyIDText)","hashType":"UCI","entries":[{"hash":"AAAAAAAAAAAAAAAAAAAAAA=="}]}"#
        let key = TestKey()
        let issuer =
            #"{"issuer":"https://a.example","jwks":{"keys":[\#(key.jwk())]},"crls":[{"kid":"\#(key.keyID)","method":"rid","ctr":4,"rids":["ab"]}]}"#
        let links =
            #"{"trustManifest":1,"counter":1,"files":[],"links":[{"signer":"\#(TrustManifest.digest(country.vdsncSigner))","issuer":"https://a.example"}]}"#
        return [
            country.authority.certificate, try country.authority.revocationList(from: start, until: end),
            Array(batch.utf8), Array(issuer.utf8), Array(links.utf8),
        ]
    }

    @Test func `a list that was imported and is gone, emptied or cut is said to be, until it is forgotten`() throws {
        #expect(try imported(lists()).refused.isEmpty)
        #expect(try refused() == [])
        let paths = try TrustFolder.read(trust).map(\.path).filter {
            $0.hasSuffix(".crl") || $0.hasPrefix("dcc/revocation/") || $0.hasPrefix("vdsnc/") && $0.hasSuffix(".json")
        }
        #expect(paths.count == 3)
        for path in paths {
            let file = URL(fileURLWithPath: "\(trust)/\(path)")
            let whole = try Data(contentsOf: file)
            try FileManager.default.removeItem(at: file)
            #expect(try refused() == ["revocation.missing"])
            for bytes in [Data(), whole.prefix(whole.count / 2)] {
                try bytes.write(to: file)
                #expect(try refused().isEmpty == false)
            }
            try FileManager.default.removeItem(at: file)
            // Another import does not take the note away.
            _ = try imported([country.documentSigner])
            #expect(try refused() == ["revocation.missing"])
            try TrustFolder.forget(trust, [path])
            #expect(try refused() == [])
        }
        // The keys of an issuer with a list that an older copy of its file has not.
        let file = try #require(try TrustFolder.read(trust).first { $0.path.hasPrefix("shc/") })
        let older = String(decoding: file.bytes, as: UTF8.self).replacing(#""ctr":4"#, with: #""ctr":3"#)
        try Data(older.utf8).write(to: URL(fileURLWithPath: "\(trust)/\(file.path)"))
        #expect(try refused() == ["revocation.missing"])
    }

    @Test(arguments: [
        "dcc/revocation", "test/dcc/revocation", "dcc/", "dcc", "dcc//", "dcc/.", "dcc/./revocation", "vdsnc/",
        "vdsnc//a",
        "vdsnc/../dcc", "shc/sub/a.json", "", "/", "imported.json", "test", "test/",
    ])
    func `what is no single file of the folder cannot be forgotten, and takes nothing with it`(path: String) throws {
        _ = try imported(lists())
        let before = try FileManager.default.subpathsOfDirectory(atPath: trust).sorted()
        let failure = #expect(throws: TrustFolder.Failure.self) { try TrustFolder.forget(trust, [path]) }
        #expect(failure == .notAFile(path))
        #expect(try FileManager.default.subpathsOfDirectory(atPath: trust).sorted() == before)
        #expect(!TrustFolder.isFile(path))
    }

    @Test func `a folder under a file's name is not forgotten, and what else is held stays noted`() throws {
        _ = try imported(lists())
        try FileManager.default.createDirectory(atPath: "\(trust)/vdsnc/a.crl", withIntermediateDirectories: false)
        #expect(throws: TrustFolder.Failure.notAFile("vdsnc/a.crl")) { try TrustFolder.forget(trust, ["vdsnc/a.crl"]) }
        try FileManager.default.removeItem(atPath: "\(trust)/vdsnc/a.crl")
        let batches = try TrustFolder.read(trust).map(\.path).filter { $0.hasPrefix("dcc/revocation/") }
        try FileManager.default.removeItem(atPath: "\(trust)/\(try #require(batches.first))")
        try TrustFolder.forget(trust, ["dcc/revocation/other.json"])
        #expect(try refused() == ["revocation.missing"])
    }

    @Test func `notes that cannot be read are not written over`() throws {
        _ = try imported(lists())
        try Data("{".utf8).write(to: URL(fileURLWithPath: "\(trust)/imported.json"))
        #expect(throws: TrustFolder.Failure.self) { try imported([country.documentSigner]) }
        #expect(try refused() == ["trust.notes_malformed"])
    }

    @Test func `a list of changes, or one whose time has not come, is refused and the whole one stays`() throws {
        let whole = try country.authority.revocationList(from: start.addingTimeInterval(-60), until: end)
        _ = try imported([country.authority.certificate, whole])
        let early = try country.authority.revocationList(from: start.addingTimeInterval(60), until: end)
        #expect(try imported([early]).refusedCodes == ["import.revocation_not_yet_valid"])
        #expect(
            try imported([country.authority.revocationList(from: start, until: end, isDelta: true, revoked: [])])
                .refusedCodes == [
                    "import.revocation_partial"
                ])
        #expect(try TrustFolder.read(trust).filter { $0.path.hasSuffix(".crl") }.map(\.bytes) == [whole])
    }

    @Test func `links of a manifest are taken beside those that are there`() throws {
        func manifest(_ signer: String) -> [UInt8] {
            Array(
                #"{"trustManifest":1,"counter":1,"files":[],"links":[{"signer":"\#(signer)","issuer":"https://a.example"}]}"#
                    .utf8)
        }
        let signers = ["ab", "cd"].map { String(repeating: $0, count: 32) }
        for signer in signers { #expect(try imported([manifest(signer)]).noteCodes == []) }
        let links = try #require(try TrustFolder.read(trust).first { $0.path.hasPrefix("vdsnc/") })
        for signer in signers { #expect(String(decoding: links.bytes, as: UTF8.self).contains(signer)) }
        #expect(
            take(#"{"trustManifest":1,"counter":1,"files":[],"links":[{}]}"#).report.refusedCodes == [
                "import.malformed"
            ])
    }
}
