import CredentialIssuing
import Credentials
import Crypto
import Foundation
import TestSupport
import Testing
import TrustFolder
import TrustImport
import Vaccination

/// EU certificates whose revocation was published in batches, and what an import changes for a certificate.
@Suite struct RevocationBatchTests {
    private let country: TestCountry
    private let code: String
    private let identifier: String
    private let signature: [UInt8]
    private var signer: TrustFile { TrustFile(path: "dcc/signer.cer", bytes: country.documentSigner) }

    init() async throws {
        country = try TestCountry()
        identifier = try #require(UVCI.make(country: "JP", identifier: "0123456789AB"))
        let date = try #require(CalendarDate(iso: "2021-06-01"))
        let product = try #require(Product.all.first)
        let dose = try #require(Dose(number: 2, date: date, product: product, lot: "FA1234"))
        let subject = DCCSubject(
            family: "見本", given: "花子", latinFamily: "MIHON", latinGiven: "HANAKO",
            birthDate: try #require(BirthDate(iso: "1990-01-01")), dose: dose, seriesDoses: 2, issuer: "MIHON-SHI",
            certificateID: "0123456789AB")
        let issuer = try DCCIssuer(country: "JP", signer: country.signer, certificate: country.documentSigner)
        code = try await issuer.prepare(subject, at: start, expires: end).issue().text
        let bytes = Array(code.utf8)
        let message = try Deflate.inflate(
            try Base45.decode(bytes, in: 4..<bytes.count), limit: 1 << 16, wrapping: .zlib)
        signature = Array(message.suffix(64))
    }

    private func hash(_ bytes: some Sequence<UInt8>) -> String {
        Data(SHA256.hash(data: Array(bytes)).prefix(16)).base64EncodedString()
    }

    private func batch(
        _ type: String, _ hashes: [String], kid: String? = nil, expires: String = "2022-06-01T00:00:00Z"
    ) -> String {
        let entries = hashes.map { #"{"hash":"\#($0)"}"# }.joined(separator: ",")
        return
            #"{"country":"JP","expires":"\#(expires)","kid":"\#(kid ?? country.keyIDText)","hashType":"\#(type)","entries":[\#(entries)]}"#
    }

    private func verdict(_ batch: String?, path: String = "dcc/revocation/a.json") throws -> Verdict {
        let files = [signer] + (batch.map { [TrustFile(path: path, bytes: Array($0.utf8))] } ?? [])
        let now = start.addingTimeInterval(3600)
        return try #require(Verifier(trust: TrustStore(files: files)).check([code], at: now).first)
    }

    private var uci: String { hash(identifier.utf8) }

    @Test func `a certificate that no batch names is valid`() throws {
        #expect(try verdict(nil).isValid)
        #expect(try verdict(batch("UCI", [hash("another".utf8)])).isValid)
    }

    @Test(arguments: ["SIGNATURE", "UCI", "COUNTRYCODEUCI"])
    func `a certificate is revoked by each type of hash, and by its own type only`(type: String) throws {
        let hashes = [
            "SIGNATURE": hash(signature.prefix(32)), "UCI": uci, "COUNTRYCODEUCI": hash("JP\(identifier)".utf8),
        ]
        let own = try #require(hashes[type])
        #expect(try verdict(batch(type, [own])).reasons.map(\.code) == ["revocation.revoked"])
        #expect(try verdict(batch(type, hashes.values.filter { $0 != own })).isValid)
    }

    @Test func `a whole signature's hash is not an ECDSA signature's`() throws {
        #expect(try verdict(batch("SIGNATURE", [hash(signature)])).isValid)
    }

    @Test func `a batch of another key revokes nothing here, one of an unknown key does`() throws {
        #expect(try verdict(batch("UCI", [uci], kid: "AAAAAAAAAAA=")).isValid)
        #expect(try verdict(batch("UCI", [uci], kid: "UNKNOWN_KID")).reasons.map(\.code) == ["revocation.revoked"])
    }

    @Test func `an expired batch is not used, but warned of`() throws {
        let verdict = try verdict(batch("UCI", [uci], expires: "2021-12-20T00:30:00Z"))
        #expect(verdict.isValid)
        #expect(verdict.warnings.map(\.code) == ["revocation.batch_expired"])
    }

    @Test func `a test batch does not revoke what a real signer signed`() throws {
        #expect(try verdict(batch("UCI", [uci]), path: "test/dcc/revocation/a.json").isValid)
    }

    @Test func `one of a thousand is found, wherever it stands`() throws {
        for place in [0, 1, 499, 998, 999] {
            var hashes = (0..<1000).map { hash("\($0)".utf8) }
            hashes[place] = uci
            #expect(try !verdict(batch("UCI", hashes)).isValid)
        }
    }

    @Test(arguments: ["short", "hash", "kid", "type", "expires", "many"])
    func `a malformed batch is refused as a whole, and said to be`(flaw: String) throws {
        let text =
            switch flaw {
            case "short": batch("UCI", [uci, "AAAA"])
            case "hash": batch("UCI", [uci]).replacing("hash\":", with: "hush\":")
            case "kid": batch("UCI", [uci], kid: "AAAA")
            case "type": batch("OTHER", [uci])
            case "expires": batch("UCI", [uci], expires: "tomorrow")
            default: batch("UCI", Array(repeating: uci, count: 1001))
            }
        let store = TrustStore(files: [TrustFile(path: "dcc/revocation/a.json", bytes: Array(text.utf8))])
        #expect(store.refused.map(\.code) == ["revocation.malformed"])
    }

    @Test func `bad batches never trap`() async {
        await BadInput.run("revocation batches", samples: [Array(batch("UCI", [uci, uci]).utf8)]) { bytes in
            _ = TrustStore(files: [TrustFile(path: "dcc/revocation/a.json", bytes: bytes)])
        }
    }

    @Test func `a certificate is not valid before its signer is imported, and is afterwards`() throws {
        let root = try TemporaryFolder()
        let folder = root.file("trust")
        let now = start.addingTimeInterval(3600)
        func check() throws -> Verdict? {
            let files = FileManager.default.fileExists(atPath: folder) ? try TrustFolder.read(folder) : []
            return Verifier(trust: TrustStore(files: files)).check([code], at: now).first
        }
        #expect(try check()?.reasons.map(\.code) == ["signer.untrusted"])
        try TrustFolder.update(folder, adding: take(country.list()).files)
        #expect(try check()?.isValid == true)
        let batch = take(batch("UCI", [uci]), existing: try TrustFolder.read(folder)).files
        try TrustFolder.update(folder, adding: batch)
        #expect(try check()?.reasons.map(\.code) == ["revocation.revoked"])
    }

    @Test func `old trust is warned of, and changes no verdict`() throws {
        func codes(_ days: Double) throws -> [String] {
            let time = start.timeIntervalSince1970 - days * 86_400
            let files = [
                TrustFile(path: "dcc/signer.cer", bytes: country.documentSigner, fetched: time),
                TrustFile(
                    path: "dcc/revocation/a.json", bytes: Array(batch("UCI", [hash("another".utf8)]).utf8),
                    fetched: time),
            ]
            let verdict = Verifier(trust: TrustStore(files: files)).check([code], at: start).first
            #expect(verdict?.isValid == true)
            return try #require(verdict).warnings.map(\.code)
        }
        #expect(try codes(6) == [])
        #expect(try codes(8) == ["revocation.data_old"])
        #expect(try codes(31) == ["trust.old", "revocation.data_old"])
    }
}
