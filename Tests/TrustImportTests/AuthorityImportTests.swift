import COpenSSL
import Credentials
import Crypto
import Foundation
import Signing
import Testing
import TrustFolder
import TrustImport

/// Countries' authorities: master lists, certificates, revocation lists.
@Suite struct AuthorityImportTests {
    private let country: TestCountry
    private let listSigner = TestKey()
    private static let type = "2.23.136.1.1.2"

    init() throws { country = try TestCountry() }

    private func masterList(
        _ certificates: [[UInt8]], type: String = Self.type, usage: String = "2.23.136.1.1.3"
    ) throws -> [UInt8] {
        let signer = try country.authority.issue(
            to: listSigner.publicKey, from: start.addingTimeInterval(-60), until: end, usage: usage, documentType: nil)
        return try Made.signedData(Made.masterList(certificates), type: type, signer: signer, key: listSigner.key)
    }

    @Test func `a master list that its publisher's authority vouches for is taken without a note`() throws {
        let other = try TestCountry("FR")
        let (files, report) = take([try masterList([country.authority.certificate, other.authority.certificate])]) {
            $0.publisher = Publisher(country.authority.certificate)
        }
        #expect(report.taken.map(\.kind) == [.authority, .authority])
        #expect(report.notes.isEmpty)
        #expect(Set(files.map(\.bytes)) == [country.authority.certificate, other.authority.certificate])
    }

    @Test func `a master list that vouches for itself is said to`() throws {
        let report = take([try masterList([country.authority.certificate])]).report
        #expect(report.taken.count == 1)
        #expect(report.noteCodes == ["import.self_vouched"])
    }

    @Test func `a master list whose signer nobody in it issued is refused`() throws {
        let report = take([try masterList([try TestCountry("FR").authority.certificate])]).report
        #expect(report.refusedCodes == ["import.signer_untrusted"])
        #expect(report.taken.isEmpty)
    }

    @Test func `a master list of another publisher than the one given is refused`() throws {
        let other = try TestCountry("FR").authority.certificate
        let report = take([try masterList([country.authority.certificate])]) { $0.publisher = Publisher(other) }.report
        #expect(report.refusedCodes == ["import.signer_untrusted"])
    }

    @Test(arguments: [true, false])
    func `a master list whose signer its authority has revoked is refused`(isPinned: Bool) throws {
        let list = try masterList([country.authority.certificate])
        let signer = try country.authority.issue(
            to: listSigner.publicKey, from: start.addingTimeInterval(-60), until: end, usage: "2.23.136.1.1.3",
            documentType: nil)
        let signed = try Made.signedData(
            Made.masterList([country.authority.certificate]), type: Self.type, signer: signer, key: listSigner.key)
        let revocation = try country.revocationList(revoking: [signer])
        let known = [
            TrustFile(path: "vdsnc/a.cer", bytes: country.authority.certificate),
            TrustFile(path: "vdsnc/a.crl", bytes: revocation),
        ]
        func taken(_ inputs: [[UInt8]], _ existing: [TrustFile] = []) -> (codes: [String], taken: Int) {
            let report = take(inputs, existing: existing) {
                if isPinned { $0.publisher = Publisher(country.authority.certificate) }
            }.report
            #expect(report.failsPublisher == report.refusedCodes.contains("import.signer_revoked"))
            return (report.refusedCodes, report.taken.count)
        }
        #expect(taken([signed], known) == (["import.signer_revoked"], 0))
        #expect(taken([signed, revocation], [known[0]]) == (["import.signer_revoked"], 1))
        // Another one's signer, and before the list's time, are not concerned.
        #expect(taken([list], known).codes == [])
        let early = try country.revocationList(from: start.addingTimeInterval(60), revoking: [signer])
        #expect(taken([signed], [known[0], TrustFile(path: "vdsnc/a.crl", bytes: early)]).codes == [])
    }

    @Test(arguments: [true, false])
    func `a signer that its authority has revoked is refused, whether its list was held or comes with it`(isHeld: Bool)
        throws
    {
        let revoked = [country.vdsncSigner, country.documentSigner]
        let older = try country.authority.revocationList(from: start.addingTimeInterval(-60), until: end)
        let list = try country.revocationList(revoking: revoked)
        let authority = TrustFile(path: "vdsnc/a.cer", bytes: country.authority.certificate)
        let lists = [older, list].enumerated().map { TrustFile(path: "vdsnc/\($0.offset).crl", bytes: $0.element) }
        for signer in revoked {
            let report =
                isHeld
                ? take([signer], existing: [authority] + lists).report
                : take([signer, list, country.authority.certificate]).report
            #expect(report.refusedCodes == ["import.signer_revoked"])
            #expect(!report.taken.contains { $0.kind == .vdsncSigner || $0.kind == .documentSigner })
            #expect(take([signer], existing: [authority, lists[0]]).report.refused.isEmpty)
        }
        let inList = take([Array(country.list().utf8)], existing: [authority] + lists).report
        #expect(inList.refusedCodes == ["import.signer_revoked"])
        // A list that somebody else signed revokes nothing.
        let other = try TestCountry().revocationList(revoking: revoked)
        #expect(take([country.documentSigner, other], existing: [authority]).report.taken.count == 1)
    }

    @Test(arguments: [-1, 800])
    func `with a publisher's key a list's signer outside its time is not trusted`(days: Double) throws {
        let list = try masterList([country.authority.certificate])
        func report(isPinned: Bool) -> ImportReport {
            take([list]) {
                $0.now = start.addingTimeInterval(days * 86_400)
                if isPinned { $0.publisher = Publisher(country.authority.certificate) }
            }.report
        }
        #expect(report(isPinned: true).refusedCodes == ["import.signer_untrusted"])
        #expect(report(isPinned: false).refusedCodes.allSatisfy { $0 != "import.signer_untrusted" })
    }

    @Test func `a master list signed over a digest that is not sound any more is refused`() throws {
        let signer = try country.authority.issue(
            to: listSigner.publicKey, from: start.addingTimeInterval(-60), until: end, usage: "2.23.136.1.1.3",
            documentType: nil)
        for (digest, codes) in [
            (EVP_sha1(), ["import.signature_invalid"]), (EVP_sha256(), []), (EVP_sha384(), []), (EVP_sha512(), []),
        ] {
            let list = try Made.signedData(
                Made.masterList([country.authority.certificate]), type: Self.type, signer: signer, key: listSigner.key,
                digest: digest)
            #expect(take([list]).report.refusedCodes == codes)
        }
    }

    @Test
    func `a revocation list signed over a digest that is not sound any more is refused, and is unknown where it lies`()
        throws
    {
        let authority = TrustFile(path: "vdsnc/a.cer", bytes: country.authority.certificate)
        for (digest, isTaken) in [(EVP_sha1(), false), (EVP_sha256(), true), (EVP_sha384(), true)] {
            let list = try country.revocationList(revoking: [country.vdsncSigner], digest: digest)
            let report = take([list], existing: [authority]).report
            #expect(report.refusedCodes == (isTaken ? [] : ["import.revocation_unverified"]))
            let store = TrustStore(files: [authority, TrustFile(path: "vdsnc/a.crl", bytes: list)])
            #expect(store.refused.map(\.code) == (isTaken ? [] : ["revocation.unverified"]))
        }
    }

    @Test func `a master list changed after signing is refused`() throws {
        var list = try masterList([country.authority.certificate])
        let name = Array("MIHON".utf8)
        let place = try #require(list.indices.first { list[$0...].starts(with: name) })
        list[place] ^= 0x01
        let report = take([list]).report
        #expect(report.taken.isEmpty)
        #expect(report.refusedCodes == ["import.signature_invalid"])
    }

    @Test func `a signed message of another type is no master list`() throws {
        let report = take([try masterList([country.authority.certificate], type: "2.23.136.1.1.1")]).report
        #expect(report.refusedCodes == ["import.malformed"])
    }

    @Test func `a master list signed by a signer of other things is refused`() throws {
        let report = take([try masterList([country.authority.certificate], usage: "2.23.136.1.1.14.2")]).report
        #expect(report.refusedCodes == ["import.wrong_use"])
    }

    @Test func `certificates are told apart by what they are`() {
        let pem = [country.authority.certificate, country.vdsncSigner, country.documentSigner].map {
            "-----BEGIN CERTIFICATE-----\n\(Made.base64($0))\n-----END CERTIFICATE-----\n"
        }
        let report = take(pem.joined()).report
        #expect(report.taken.map(\.kind) == [.authority, .vdsncSigner, .documentSigner])
        #expect(report.taken.map { $0.path.prefix { $0 != "/" } } == ["vdsnc", "vdsnc", "dcc"])
    }

    @Test func `a certificate for other uses is refused`() throws {
        let web = try country.authority.issue(
            to: TestKey().publicKey, from: start, until: end, usage: "1.3.6.1.5.5.7.3.1", documentType: nil)
        #expect(take([web]).report.refusedCodes == ["import.wrong_use"])
    }

    @Test func `a revocation list is taken where its authority is known`() throws {
        let list = try country.authority.revocationList(from: start, until: end)
        #expect(take([list]).report.refusedCodes == ["import.revocation_unverified"])
        let both = take([list, country.authority.certificate])
        #expect(both.report.taken.map(\.kind) == [.authority, .authorityRevocation])
        #expect(TrustStore(files: both.files).refused.isEmpty)
        let older = try country.authority.revocationList(from: start.addingTimeInterval(-60), until: end)
        #expect(take([older], existing: both.files).report.refusedCodes == ["import.revocation_older"])
    }

    @Test func `a signer whose certificate has NULL parameters behind its algorithm is taken, and is its authority's`()
        throws
    {
        var outer = DER(country.vdsncSigner)
        guard var inner = outer.enter(0x30), let body = inner.content(0x30) else { throw Made.Failed() }
        // ecdsa-with-SHA256 with no parameters, as RFC 5758 asks for, and with NULL, as Japan's signers write it.
        let name: [UInt8] = [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02]
        let algorithm = Made.tagged(0x30, name + [0x05, 0x00])
        let place = try #require(body.indices.first { body[$0...].starts(with: [0x30, 0x0A] + name) })
        let signed = Made.tagged(0x30, Array(body[..<place] + algorithm + body[(place + 12)...]))
        let signature = Array(try country.authority.key.signature(for: signed).derRepresentation)
        let der = Made.tagged(0x30, signed + algorithm + Made.tagged(0x03, [0x00] + signature))
        #expect(take([der]).report.taken.map(\.kind) == [.vdsncSigner])
        let authority = try #require(Certificate(der: country.authority.certificate))
        let signer = try #require(Certificate(der: der))
        #expect(signer.isIssued(by: authority))
    }

    @Test(arguments: ["P-256", "P-384"])
    func `an authority that writes out the parameters of a good curve is taken`(curve: String) throws {
        let certificate = try ExplicitCurve.certificate(curve, isChanged: false)
        #expect(take([certificate]).report.taken.map(\.kind) == [.authority])
    }

    @Test(arguments: ["P-256", "P-384"])
    func `an authority on a curve of its own making is refused, and vouches for nobody`(curve: String) throws {
        let certificate = try ExplicitCurve.certificate(curve, isChanged: true)
        #expect(take([certificate]).report.taken.isEmpty)
        if let read = Certificate(der: certificate) { #expect(!read.canVouch) }
    }
}

/// Certificates of authorities whose keys write their curve's parameters out.
private enum ExplicitCurve {
    /// A self-signed authority. A changed curve has another generator, with which anybody could sign (CVE-2020-0601).
    static func certificate(_ name: String, isChanged: Bool) throws -> [UInt8] {
        guard let context = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nil) else { throw Made.Failed() }
        defer { EVP_PKEY_CTX_free(context) }
        var made: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_ctrl_str(context, "ec_paramgen_curve", name) == 1,
            EVP_PKEY_CTX_ctrl_str(context, "ec_param_enc", "explicit") == 1, EVP_PKEY_keygen(context, &made) == 1,
            let key = made
        else { throw Made.Failed() }
        defer { EVP_PKEY_free(key) }
        let der = try Made.authority(key, country: "JP")
        return isChanged ? try changed(der, key) : der
    }

    /// The key's own point in the generator's place.
    private static func changed(_ der: [UInt8], _ key: OpaquePointer) throws -> [UInt8] {
        var point = [UInt8](repeating: 0, count: 200)
        var count = 0
        guard EVP_PKEY_get_octet_string_param(key, "pub", &point, point.count, &count) == 1 else { throw Made.Failed() }
        // The points of these curves that the standard names begin so.
        let generator = [[0x04, 0x6B, 0x17, 0xD1, 0xF2], [0x04, 0xAA, 0x87, 0xCA, 0x22]] as [[UInt8]]
        guard let place = der.indices.first(where: { at in generator.contains { der[at...].starts(with: $0) } }) else {
            throw Made.Failed()
        }
        return Array(der[..<place] + point[..<count] + der[(place + count)...])
    }
}
