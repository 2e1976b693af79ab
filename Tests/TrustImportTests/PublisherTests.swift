import Credentials
import Crypto
import Foundation
import Signing
import Testing
import TrustImport

/// With a publisher's key given, only what its signature covers is taken, whatever the form.
@Suite struct PublisherTests {
    private let country: TestCountry
    private let issuer = TestKey()
    private let publisher = P256.Signing.PrivateKey()

    init() throws { country = try TestCountry() }

    private static let forms = [
        "shc.jwks", "shc.directory", "shc.snapshot", "shc.issuer", "dcc.list", "dcc.revocation", "dcc.did", "links",
        "icao.master_list", "x509 authority", "x509 barcode signer", "x509 document signer", "x509 PEM", "x509 list",
    ]

    /// An input of each form, unsigned or signed by somebody else, that is taken if no publisher is given.
    private func input(_ form: String) throws -> [UInt8] {
        let crl = #"{"kid":"\#(issuer.keyID)","method":"rid","ctr":1,"rids":["ab"]}"#
        let text =
            switch form {
            case "shc.jwks": #"{"issuer":"https://a.example","keys":[\#(issuer.jwk())]}"#
            case "shc.directory": #"{"participating_issuers":[{"iss":"https://a.example","name":"a"}]}"#
            case "shc.snapshot":
                #"{"issuerInfo":[{"issuer":{"iss":"https://a.example","name":"a"},"keys":[\#(issuer.jwk())],"crls":[\#(crl)]}]}"#
            case "shc.issuer": #"{"issuer":"https://a.example","jwks":{"keys":[\#(issuer.jwk())]},"crls":[\#(crl)]}"#
            case "dcc.list": country.list()
            case "dcc.revocation":
                #"{"country":"JP","expires":"2022-06-01T00:00:00Z","kid":"\#(country.keyIDText)","hashType":"UCI","entries":[{"hash":"AAAAAAAAAAAAAAAAAAAAAA=="}]}"#
            case "dcc.did":
                #"{"verificationMethod":[{"publicKeyJwk":{"kid":"\#(country.keyIDText)","x5c":["\#(Made.base64(country.documentSigner))"]}}]}"#
            case "links":
                #"{"trustManifest":1,"counter":1,"files":[],"links":[{"signer":"\#(String(repeating: "ab", count: 32))","issuer":"https://a.example"}]}"#
            case "x509 PEM":
                "-----BEGIN CERTIFICATE-----\n\(Made.base64(country.documentSigner))\n-----END CERTIFICATE-----\n"
            default: ""
            }
        return switch form {
        case "icao.master_list":
            try Made.signedData(
                Made.masterList([country.authority.certificate]), type: "2.23.136.1.1.2",
                signer: try country.authority.issue(
                    to: issuer.publicKey, from: start.addingTimeInterval(-60), until: end, usage: "2.23.136.1.1.3",
                    documentType: nil), key: issuer.key)
        case "x509 authority": country.authority.certificate
        case "x509 barcode signer": country.vdsncSigner
        case "x509 document signer": country.documentSigner
        case "x509 list": try country.authority.revocationList(from: start.addingTimeInterval(-60), until: end)
        default: Array(text.utf8)
        }
    }

    private var known: [TrustFile] { [TrustFile(path: "vdsnc/a.cer", bytes: country.authority.certificate)] }

    private func signed(_ bytes: [UInt8]) throws -> [UInt8] {
        Array(try publisher.signature(for: bytes).rawRepresentation.base64EncodedString().utf8) + [0x0A] + bytes
    }

    @Test(arguments: forms)
    func `what a pinned publisher did not sign is not taken`(form: String) throws {
        let input = try input(form)
        for key in [Array(publisher.publicKey.pemRepresentation.utf8), try TestCountry("FR").authority.certificate] {
            let pinned = try #require(Publisher(key))
            let (files, report) = take([input], existing: known) {
                ($0.issuer, $0.publisher) = ("https://a.example", pinned)
            }
            #expect(files.isEmpty && report.taken.isEmpty)
            #expect(!report.refused.isEmpty && report.notes.isEmpty)
        }
        // The flaw is the missing signature alone.
        let (files, report) = take([input], existing: known) { $0.issuer = "https://a.example" }
        #expect(!files.isEmpty || form == "shc.directory")
        #expect(report.refused.isEmpty)
    }

    @Test(arguments: ["shc.jwks", "shc.snapshot", "shc.issuer", "dcc.list", "dcc.revocation", "dcc.did", "links"])
    func `a text of any form with its publisher's signature before it is taken, and not after a change`(
        form: String
    ) throws {
        let input = try input(form)
        func take(_ bytes: [UInt8]) -> (files: [TrustFile], report: ImportReport) {
            TrustImportTests.take([bytes], existing: known) {
                $0.issuer = "https://a.example"
                $0.publisher = Publisher(Array(publisher.publicKey.pemRepresentation.utf8))
            }
        }
        #expect(take(try signed(input)).files.isEmpty == false)
        #expect(take(try signed(input)).report.noteCodes == [])
        var other = try signed(input)
        other.append(UInt8(ascii: " "))
        #expect(take(other).files.isEmpty)
        #expect(take(other).report.refusedCodes == ["import.signature_invalid"])
    }

    @Test func `names that a pinned publisher did not sign do not reach keys that it did`() throws {
        let (_, report) = take([try input("shc.directory"), try signed(try input("shc.jwks"))]) {
            $0.issuer = "https://a.example"
            $0.publisher = Publisher(Array(publisher.publicKey.pemRepresentation.utf8))
        }
        #expect(report.refusedCodes == ["import.signature_missing"])
        #expect(report.taken.map(\.owner) == ["https://a.example"])
    }

    @Test func `a bare key set under a publisher's signature has no issuer that anybody signed`() throws {
        let bare = Array(#"{"keys":[\#(issuer.jwk())]}"#.utf8)
        let manifest = TrustManifest(
            counter: 1, files: [TrustFile(path: "shc/a.json", bytes: bare)], links: [:]
        ).bytes
        for inputs in [[try signed(bare)], [try signed(manifest), bare]] {
            let (files, report) = take(inputs) {
                $0.issuer = "https://a.example"
                $0.publisher = Publisher(Array(publisher.publicKey.pemRepresentation.utf8))
            }
            #expect(files.isEmpty && report.taken.isEmpty && report.failsPublisher)
            #expect(report.refusedCodes == ["import.issuer_unsigned"])
        }
        // And the signed text's own is not turned into another's.
        let (files, report) = take([try signed(try input("shc.jwks"))]) {
            $0.issuer = "https://b.example"
            $0.publisher = Publisher(Array(publisher.publicKey.pemRepresentation.utf8))
        }
        #expect(files.isEmpty && report.refusedCodes == ["import.issuer_malformed"])
        #expect(take([bare]) { $0.issuer = "https://a.example" }.report.taken.map(\.owner) == ["https://a.example"])
    }

    @Test func `a certificate or list that the pinned authority itself signed is taken`() throws {
        let pinned = Publisher(country.authority.certificate)
        for form in ["x509 barcode signer", "x509 document signer", "x509 PEM", "x509 list"] {
            let (files, _) = take([try input(form)], existing: known) { $0.publisher = pinned }
            #expect(files.count == 1, "\(form)")
        }
    }
}
