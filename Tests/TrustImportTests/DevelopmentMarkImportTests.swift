import CredentialIssuing
import Credentials
import Crypto
import Foundation
import IssuerSupport
import Testing
import TrustImport
import Vaccination

/// What bears a development mark keeps it through an import into the normal part of the folder.
@Suite struct DevelopmentMarkImportTests {
    /// What is published, and what marks it.
    enum Form: String, CaseIterable, CustomTestStringConvertible {
        case authority, authorityText, barcodeSigner, documentSigner, signerList, didDocument
        case keySet, snapshot, issuerFile, namedKeySet, namedSnapshot

        var testDescription: String { rawValue }
    }

    /// An input of a form; with another name or without the member in its keys where it is not to be marked.
    private func input(_ form: Form, _ issuers: Issuers, isMarked: Bool) throws -> [UInt8] {
        func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
        let signer = try #require(issuers.trustFiles.first { $0.path.hasPrefix("dcc/") }).bytes
        let file = try #require(try JSONSerialization.jsonObject(with: issuers.issuerFile) as? [String: Any])
        let set = try #require(file["jwks"] as? [String: Any])
        var keys = try #require(set["keys"] as? [[String: Any]])
        let isNamed = form == .namedKeySet || form == .namedSnapshot
        if isMarked, !isNamed { for index in keys.indices { keys[index][DevelopmentMark.keySetMember] = true } }
        let name = isMarked && isNamed ? "\(DevelopmentMark.name) ISSUER" : "見本県"
        let url = try #require(file["issuer"] as? String)
        func text(_ object: [String: Any]) throws -> [UInt8] {
            Array(try JSONSerialization.data(withJSONObject: object))
        }
        let kid = base64(Array(SHA256.hash(data: signer).prefix(8)))
        let listed = ["kid": kid, "country": "JP", "certificateType": "DSC", "rawData": base64(signer)]
        let chained: [String: Any] = ["kid": kid, "x5c": [base64(signer)]]
        let published: [String: Any] = ["issuer": ["iss": url, "name": name], "keys": keys]
        return switch form {
        case .authority: issuers.authorityCertificate
        case .authorityText:
            Array(
                "-----BEGIN CERTIFICATE-----\n\(base64(issuers.authorityCertificate))\n-----END CERTIFICATE-----\n".utf8
            )
        case .barcodeSigner: issuers.signerCertificate
        case .documentSigner: signer
        case .signerList: try text(["certificates": [listed]])
        case .didDocument: try text(["verificationMethod": [["publicKeyJwk": chained]]])
        case .keySet, .namedKeySet: try text(["keys": keys])
        case .issuerFile: try text(["issuer": url, "name": name, "jwks": ["keys": keys]])
        case .snapshot, .namedSnapshot:
            try text(["issuerInfo": [published]])
        }
    }

    private func code(_ form: Form, _ issuers: Issuers) async throws -> String {
        switch form {
        case .authority, .authorityText, .barcodeSigner: try await issuers.vdsnc(Person()).text
        case .documentSigner, .signerList, .didDocument: try await issuers.dcc(Person()).text
        default: try await issuers.card(Person()).qrText
        }
    }

    @Test(arguments: Form.allCases, [true, false])
    func `what is marked is a test one after an import that does not say so, and the import says that`(
        form: Form, isMarked: Bool
    ) async throws {
        let issuers = try Issuers(mark: isMarked ? DevelopmentMark.name : "MIHON")
        let (files, report) = take([try input(form, issuers, isMarked: isMarked)]) {
            $0.now = Issuers.now
            $0.issuer = "https://sample.invalid/issuer"
            if form == .namedKeySet { $0.name = isMarked ? "\(DevelopmentMark.name) ISSUER" : "見本県" }
        }
        #expect(report.refused.isEmpty && report.taken.count == 1)
        #expect(report.noteCodes.contains("import.development") == isMarked)
        #expect(files.allSatisfy { !$0.path.hasPrefix("test/") })
        let verdict = try #require(
            Verifier(trust: TrustStore(files: files)).check([try await code(form, issuers)], at: Issuers.now).first)
        #expect(verdict.isValid && verdict.isTest == isMarked)
        #expect(verdict.warnings.map(\.code).contains("test.certificate") == isMarked)
    }
}
