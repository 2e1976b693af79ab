import Credentials
import Crypto
import Foundation
import Signing
import TestSupport
import Testing
import TrustImport

/// What of an import under a publisher's key makes it end with status 1.
@Suite struct ImportStatusTests {
    @Test func `the codes with which an import under a publisher's key fails are those that the article names`() throws
    {
        let text = try String(
            contentsOfFile: Programs.root + "/Sources/Credentials/Credentials.docc/ReasonCodes.md", encoding: .utf8)
        let start = try #require(text.range(of: "With `--key` an import ends with status 1"))
        let paragraph = text[start.lowerBound...].prefix { $0 != "|" }
        let named = paragraph.matches(of: /`(import\.[a-z_]+)`/).map { String($0.1) }
        #expect(Set(named) == Set(ImportReport.failures.map(\.rawValue)) && named.count == Set(named).count)
    }

    @Test func `a listed signer that has expired is said and is no failure, and one that nobody signed is`() throws {
        let publisher = P256.Signing.PrivateKey()
        let (country, other) = (try TestCountry(), try TestCountry("FR"))
        let later = end.addingTimeInterval(86_400)
        let young = try country.authority.issueDocumentSigner(
            to: TestKey().publicKey, from: start, until: end.addingTimeInterval(30 * 86_400))
        let files = [
            TrustFile(path: "dcc/signer.cer", bytes: young),
            TrustFile(path: "dcc/signer-2.cer", bytes: country.documentSigner),
        ]
        let manifest = TrustManifest(counter: 1, files: files, links: [:]).bytes
        let signature = try publisher.signature(for: manifest).rawRepresentation.base64EncodedString()
        func report(_ more: [[UInt8]]) -> ImportReport {
            take([Array("\(signature)\n".utf8) + manifest] + files.map(\.bytes) + more) {
                $0.now = later
                $0.publisher = Publisher(Array(publisher.publicKey.pemRepresentation.utf8))
            }.report
        }
        let expired = report([])
        #expect(expired.refusedCodes == ["import.certificate_expired"] && expired.taken.count == 1)
        #expect(!expired.failsPublisher)
        #expect(report([other.documentSigner]).failsPublisher)
    }
}
