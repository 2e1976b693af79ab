import CredentialIssuing
import Credentials
import Foundation
import Testing
import TrustImport

/// Issuers of SMART Health Cards: key sets and the VCI directory.
@Suite struct SmartHealthCardImportTests {
    private let signer = TestKey()
    private static let issuer = "https://issuer.example/shc"

    private func set(_ keys: [String]) -> String { #"{"keys":[\#(keys.joined(separator: ","))]}"# }

    @Test func `a key set needs its issuer's name`() {
        let (files, report) = take(set([signer.jwk()]))
        #expect(files.isEmpty)
        #expect(report.refusedCodes == ["import.issuer_missing"])
    }

    @Test func `an imported key set makes its issuer's keys known, under a name made of a digest`() {
        let (files, report) = take(set([signer.jwk()])) {
            $0.issuer = Self.issuer
            $0.name = "../../見本"
        }
        #expect(report.taken.map(\.id) == [signer.keyID])
        #expect(report.refused.isEmpty)
        #expect(files.count == 1)
        #expect(files.allSatisfy { $0.path.wholeMatch(of: /shc\/[0-9a-f]{32}\.json/) != nil })
        #expect(TrustStore(files: files).refused.isEmpty)
        #expect(!TrustStore(files: files).isEmpty)
    }

    @Test(arguments: [
        (#","d":"AAAA""#, "key.private"), (#","alg2":"x""#, nil),
    ])
    func `a key with its private part is refused`(extra: String, detail: String?) {
        let report = take(set([signer.jwk(extra)])) { $0.issuer = Self.issuer }.report
        #expect(report.refused.first?.detail == detail)
    }

    @Test func `a key under another's identifier is refused, and the rest of the set taken`() {
        let wrong = TestKey().jwk().replacing(/"kid":"[^"]*"/, with: #""kid":"\#(signer.keyID)""#)
        let report = take(set([wrong, signer.jwk()])) { $0.issuer = Self.issuer }.report
        #expect(report.refused.map(\.detail) == ["key.wrong_id"])
        #expect(report.taken.map(\.id) == [signer.keyID])
    }

    @Test func `an issuer that is no address is refused`() {
        let report = take(set([signer.jwk()])) { $0.issuer = "http://issuer.example/" }.report
        #expect(report.refusedCodes == ["import.issuer_malformed"])
    }

    private func snapshot(_ entries: [String]) -> String {
        #"{"directory":"vci","time":"2021-12-20","issuerInfo":[\#(entries.joined(separator: ","))]}"#
    }

    private func entry(_ issuer: String, _ keys: [String], crls: String? = nil) -> String {
        let lists = crls.map { #","crls":\#($0)"# } ?? ""
        return #"{"issuer":{"iss":"\#(issuer)","name":"見本"},"keys":[\#(keys.joined(separator: ","))]\#(lists)}"#
    }

    @Test func `one bad issuer of a snapshot does not spoil the good ones`() {
        let other = TestKey()
        let (files, report) = take(
            snapshot([
                entry(Self.issuer, [signer.jwk()]), entry("https://bad.example", [TestKey().jwk(#","d":"AA""#)]),
                entry("https://other.example", [other.jwk()]),
            ]))
        #expect(files.count == 2)
        #expect(Set(report.taken.map(\.id)) == [signer.keyID, other.keyID])
        #expect(report.refusedCodes == ["import.key_refused", "import.no_keys"])
    }

    @Test func `an issuer whose revocation list is malformed is refused as a whole`() {
        let report = take(
            snapshot([
                entry(
                    Self.issuer, [signer.jwk()],
                    crls: #"[{"kid":"\#(signer.keyID)","method":"rid","ctr":1,"rids":["not a rid"]}]"#)
            ])
        ).report
        #expect(report.taken.isEmpty)
        #expect(report.refusedCodes == ["import.revocation_malformed"])
    }

    @Test func `a later import without a revocation list, or with an older one, keeps the newer list`() throws {
        func list(_ counter: Int) -> String {
            #"[{"kid":"\#(signer.keyID)","method":"rid","ctr":\#(counter),"rids":["abc\#(counter)"]}]"#
        }
        let first = take(snapshot([entry(Self.issuer, [signer.jwk()], crls: list(5))])).files
        let bare = take(snapshot([entry(Self.issuer, [signer.jwk()])]), existing: first)
        #expect(bare.files.map(\.bytes) == first.map(\.bytes))
        let older = take(snapshot([entry(Self.issuer, [signer.jwk()], crls: list(4))]), existing: first)
        #expect(older.files.map(\.bytes) == first.map(\.bytes))
        #expect(older.report.noteCodes == ["import.revocation_older"])
        let newer = take(snapshot([entry(Self.issuer, [signer.jwk()], crls: list(6))]), existing: first)
        let text = String(decoding: try #require(newer.files.first).bytes, as: UTF8.self)
        #expect(text.contains("abc6"))
        #expect(!text.contains("abc5"))
    }

    @Test func `the directory's names are used for key sets imported with it`() {
        let directory = #"{"participating_issuers":[{"iss":"\#(Self.issuer)","name":"見本の発行者"}]}"#
        let (files, report) = take([Array(set([signer.jwk()]).utf8), Array(directory.utf8)]) { $0.issuer = Self.issuer }
        #expect(report.noteCodes == ["import.names_only"])
        let text = String(decoding: files.first?.bytes ?? [], as: UTF8.self)
        #expect(text.contains("見本の発行者"))
    }
}
