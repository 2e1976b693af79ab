import Credentials
import Crypto
import Foundation
import Signing
import Testing
import TrustImport

/// Signers of EU and WHO certificates.
@Suite struct DocumentSignerImportTests {
    private let country: TestCountry
    private let publisher = P256.Signing.PrivateKey()

    init() throws { country = try TestCountry() }

    private func signed(_ text: String, by key: P256.Signing.PrivateKey? = nil) throws -> String {
        let signature = try (key ?? publisher).signature(for: Array(text.utf8)).rawRepresentation
        return signature.base64EncodedString() + "\n" + text
    }

    private func key(_ options: inout TrustImporter.Options) {
        options.publisher = Publisher(Array(publisher.publicKey.pemRepresentation.utf8))
    }

    @Test func `a list signed by its publisher is taken without a note`() throws {
        let (files, report) = take(try signed(country.list())) { key(&$0) }
        #expect(report.taken.map(\.kind) == [.documentSigner])
        #expect(report.notes.isEmpty)
        #expect(files.map(\.bytes) == [country.documentSigner])
    }

    @Test func `a list signed by somebody else is refused as a whole`() throws {
        let (files, report) = take(try signed(country.list(), by: P256.Signing.PrivateKey())) { key(&$0) }
        #expect(files.isEmpty)
        #expect(report.refusedCodes == ["import.signature_invalid"])
    }

    @Test func `a list changed after signing is refused as a whole`() throws {
        let text = try signed(country.list()).replacing(#""country":"JP""#, with: #""country":"DE""#)
        #expect(take(text) { key(&$0) }.report.refusedCodes == ["import.signature_invalid"])
    }

    @Test func `a list without a signature is refused where a key is given`() {
        #expect(take(country.list()) { key(&$0) }.report.refusedCodes == ["import.signature_missing"])
    }

    @Test func `a signature that nobody checked is said`() throws {
        #expect(take(try signed(country.list())).report.noteCodes == ["import.unsigned"])
        #expect(take(country.list()).report.noteCodes == ["import.unsigned"])
    }

    @Test func `an array of certificates is a list`() {
        let text = #"["\#(Made.base64(country.documentSigner))"]"#
        #expect(take(text).report.taken.map(\.kind) == [.documentSigner])
    }

    @Test func `an entry under another's key identifier is refused`() {
        #expect(take(country.list(kid: "AAAAAAAAAAA=")).report.refusedCodes == ["import.wrong_key_id"])
    }

    @Test(arguments: ["CSCA", "UPLOAD", "AUTHENTICATION"])
    func `entries that are no signers are refused`(type: String) {
        #expect(take(country.list(type: type)).report.refusedCodes == ["import.not_a_signer"])
    }

    @Test func `an authority in a list of signers is not trusted`() throws {
        let text = #"[{"rawData":"\#(Made.base64(country.authority.certificate))"}]"#
        let (files, report) = take(text)
        #expect(files.isEmpty)
        #expect(report.refusedCodes == ["import.not_a_signer"])
    }

    @Test func `a signer that has expired is refused`() {
        let report = take(country.list()) { $0.now = end.addingTimeInterval(1) }.report
        #expect(report.refusedCodes == ["import.certificate_expired"])
    }

    @Test func `a signer twice is taken once`() {
        let entry = #"{"rawData":"\#(Made.base64(country.documentSigner))"}"#
        let report = take("[\(entry),\(entry)]").report
        #expect(report.taken.count == 1)
        #expect(report.refusedCodes == ["import.duplicate"])
    }

    private func document(_ key: String) -> String {
        #"{"@context":[],"id":"did:web:example","verificationMethod":[{"id":"did:web:example#a","type":"JsonWebKey2020","publicKeyJwk":\#(key)}]}"#
    }

    @Test func `a DID document's key is its certificate's, whatever stands beside it`() {
        let key =
            #"{"kty":"EC","kid":"\#(country.keyIDText)","x":"AAAA=","y":"AAAAAAA","x5c":["\#(Made.base64(country.documentSigner))"]}"#
        let (files, report) = take(document(key))
        #expect(files.map(\.bytes) == [country.documentSigner])
        #expect(report.refused.isEmpty)
        #expect(report.noteCodes == ["import.unsigned"])
    }

    @Test func `a DID document's entry without a certificate is refused`() {
        let report = take(document(country.signer.jwk())).report
        #expect(report.refusedCodes == ["import.x5c_missing"])
    }

    @Test func `a batch of revoked certificates is taken until it expires`() {
        let text =
            #"{"country":"JP","expires":"2022-06-01T00:00:00Z","kid":"\#(country.keyIDText)","hashType":"UCI","entries":[{"hash":"AAAAAAAAAAAAAAAAAAAAAA=="}]}"#
        let (files, report) = take(text)
        #expect(report.taken.map(\.count) == [1])
        #expect(files.first?.path.hasPrefix("dcc/revocation/") == true)
        #expect(take(text) { $0.isTest = true }.files.first?.path.hasPrefix("test/dcc/revocation/") == true)
        #expect(
            take(text) { $0.now = start.addingTimeInterval(400 * 86_400) }.report.refusedCodes
                == ["import.revocation_expired"])
        #expect(
            take(text.replacing("AAA==", with: "==")).report.refusedCodes == ["import.revocation_malformed"])
    }

    @Test(arguments: [(9_000, "import.certificate_malformed", 9_000), (9_001, "import.too_many", 1)])
    func `a list with more entries than any may is refused before any of it is taken`(
        count: Int, code: String, refusals: Int
    ) {
        let entries = Array(repeating: #""AAAA""#, count: count).joined(separator: ",")
        let report = take(#"{"certificates":[\#(entries)]}"#).report
        #expect(report.taken.isEmpty && report.refused.count == refusals)
        #expect(Set(report.refusedCodes) == [code])
    }
}
