import COpenSSL
import CredentialIssuing
import Credentials
import Crypto
import Foundation
import Signing
import Testing
import TrustFolder
import TrustImport
import X509

/// 2021-12-20T00:00:00Z, when everything in these tests is valid.
let start = Date(timeIntervalSince1970: 1_639_958_400)
let end = start.addingTimeInterval(700 * 86_400)

/// A key that signs.
struct TestKey: CredentialSigner {
    let key = P256.Signing.PrivateKey()
    var publicKey: P256.Signing.PublicKey { key.publicKey }
    var keyID: String { JWK.thumbprint(of: publicKey) }

    func signature(over message: [UInt8]) async throws -> [UInt8] {
        Array(try key.signature(for: message).rawRepresentation)
    }
    func jwk(_ extra: String = "") -> String {
        let (x, y) = JWK.coordinates(of: publicKey)
        return
            #"{"kty":"EC","crv":"P-256","use":"sig","alg":"ES256","kid":"\#(keyID)","x":"\#(x)","y":"\#(y)"\#(extra)}"#
    }
}

/// A country with a barcode signer and a document signer.
struct TestCountry {
    let authority: DevelopmentCountryAuthority
    let signer = TestKey()
    let vdsncSigner: [UInt8]
    let documentSigner: [UInt8]

    init(_ country: String = "JP") throws {
        authority = try DevelopmentCountryAuthority(
            country: country, now: start.addingTimeInterval(-86_400), mark: "MIHON")
        let from = start.addingTimeInterval(-3600)
        vdsncSigner = try authority.issue(to: signer.publicKey, from: from, until: end)
        documentSigner = try authority.issueDocumentSigner(to: signer.publicKey, from: from, until: end)
    }

    var keyID: [UInt8] { Array(SHA256.hash(data: documentSigner).prefix(8)) }
    var keyIDText: String { Data(keyID).base64EncodedString() }

    func list(kid: String? = nil, type: String = "DSC") -> String {
        #"{"certificates":[{"kid":"\#(kid ?? keyIDText)","country":"JP","certificateType":"\#(type)","rawData":"\#(Data(documentSigner).base64EncodedString())"}]}"#
    }
}

extension TestCountry {
    /// The authority's revocation list with certificates in it, signed with a digest.
    func revocationList(
        from: Date = start, revoking certificates: [[UInt8]], digest: OpaquePointer? = EVP_sha256()
    ) throws -> [UInt8] {
        let der = try authority.revocationList(from: from, until: end)
        let parsed = der.withUnsafeBufferPointer { buffer in
            var at = buffer.baseAddress
            return d2i_X509_CRL(nil, &at, buffer.count)
        }
        guard let list = parsed else { throw Made.Failed() }
        let key = try Made.key(authority.key)
        defer {
            X509_CRL_free(list)
            EVP_PKEY_free(key)
        }
        for certificate in certificates {
            let certificate = try Made.certificate(certificate)
            let entry = X509_REVOKED_new()
            defer { X509_free(certificate) }
            guard X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate)) == 1,
                X509_REVOKED_set_revocationDate(entry, UnsafeMutablePointer(mutating: X509_CRL_get0_lastUpdate(list)))
                    == 1,
                X509_CRL_add0_revoked(list, entry) == 1
            else { throw Made.Failed() }
        }
        guard X509_CRL_sign(list, key, digest) > 0 else { throw Made.Failed() }
        var bytes: UnsafeMutablePointer<UInt8>?
        let count = i2d_X509_CRL(list, &bytes)
        guard count > 0, let bytes else { throw Made.Failed() }
        defer { CRYPTO_free(bytes, nil, 0) }
        return Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
    }
}

/// Imports texts or bytes, at the start unless told otherwise.
func take(
    _ inputs: [[UInt8]], existing: [TrustFile] = [], change: (inout TrustImporter.Options) -> Void = { _ in }
) -> (files: [TrustFile], report: ImportReport) {
    var options = TrustImporter.Options(now: start)
    change(&options)
    return TrustImporter.run(
        inputs.enumerated().map { ("input\($0.offset)", $0.element) }, existing: existing, options: options)
}

func take(
    _ text: String, existing: [TrustFile] = [], change: (inout TrustImporter.Options) -> Void = { _ in }
) -> (files: [TrustFile], report: ImportReport) {
    take([Array(text.utf8)], existing: existing, change: change)
}

extension ImportReport {
    var refusedCodes: [String] { refused.map(\.cause.rawValue) }
    var noteCodes: [String] { notes.map(\.cause.rawValue) }
}

/// Objects of OpenSSL made for tests, each freed by whoever made it.
enum Made {
    struct Failed: Error {}

    static func certificate(_ der: [UInt8]) throws -> OpaquePointer {
        let parsed = der.withUnsafeBufferPointer { buffer in
            var at = buffer.baseAddress
            return d2i_X509(nil, &at, buffer.count)
        }
        guard let parsed else { throw Failed() }
        return parsed
    }

    /// A self-signed authority of a country for signers, with a key of whatever kind.
    static func authority(_ key: OpaquePointer, country: String) throws -> [UInt8] {
        guard let certificate = X509_new() else { throw Failed() }
        defer { X509_free(certificate) }
        X509_set_version(certificate, 2)
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), 7)
        let subject = X509_get_subject_name(certificate)
        // MBSTRING_ASC, a combination of other macros.
        X509_NAME_add_entry_by_txt(subject, "C", 0x1001, country, -1, -1, 0)
        X509_NAME_add_entry_by_txt(subject, "CN", 0x1001, "AKASHI TEST CSCA", -1, -1, 0)
        X509_set_issuer_name(certificate, subject)
        ASN1_TIME_set(X509_getm_notBefore(certificate), Int(start.timeIntervalSince1970) - 60)
        ASN1_TIME_set(X509_getm_notAfter(certificate), Int(end.timeIntervalSince1970))
        X509_set_pubkey(certificate, key)
        for (nid, value) in [
            (NID_basic_constraints, "critical,CA:TRUE"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
        ] {
            let one = X509V3_EXT_conf_nid(nil, nil, nid, value)
            X509_add_ext(certificate, one, -1)
            X509_EXTENSION_free(one)
        }
        guard X509_sign(certificate, key, EVP_sha256()) > 0 else { throw Failed() }
        var bytes: UnsafeMutablePointer<UInt8>?
        let count = i2d_X509(certificate, &bytes)
        guard count > 0, let bytes else { throw Failed() }
        defer { CRYPTO_free(bytes, nil, 0) }
        return Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
    }

    static func key(_ key: P256.Signing.PrivateKey) throws -> OpaquePointer {
        let pem = key.pemRepresentation
        let memory = BIO_new_mem_buf(pem, Int32(pem.utf8.count))
        defer { BIO_free(memory) }
        guard let key = PEM_read_bio_PrivateKey(memory, nil, nil, nil) else { throw Failed() }
        return key
    }

    /// A CMS SignedData with content of a type.
    static func signedData(
        _ content: [UInt8], type: String, signer: [UInt8], key: P256.Signing.PrivateKey,
        digest: OpaquePointer? = EVP_sha256()
    ) throws -> [UInt8] {
        let certificate = try certificate(signer)
        let key = try Self.key(key)
        let input = BIO_new(BIO_s_mem())
        defer {
            X509_free(certificate)
            EVP_PKEY_free(key)
            BIO_free(input)
        }
        _ = content.withUnsafeBytes { BIO_write(input, $0.baseAddress, Int32($0.count)) }
        let flags = UInt32(CMS_BINARY | CMS_PARTIAL)
        guard let cms = CMS_sign(nil, nil, nil, nil, flags) else { throw Failed() }
        defer { CMS_ContentInfo_free(cms) }
        let object = OBJ_txt2obj(type, 1)
        defer { ASN1_OBJECT_free(object) }
        guard CMS_set1_eContentType(cms, object) == 1,
            CMS_add1_signer(cms, certificate, key, digest, flags) != nil,
            CMS_final(cms, input, nil, UInt32(CMS_BINARY)) == 1
        else { throw Failed() }
        var start: UnsafeMutablePointer<UInt8>?
        let count = i2d_CMS_ContentInfo(cms, &start)
        guard count > 0, let start else { throw Failed() }
        defer { CRYPTO_free(start, nil, 0) }
        return Array(UnsafeBufferPointer(start: start, count: Int(count)))
    }

    static func tagged(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        let count = content.count
        let length: [UInt8] =
            count < 0x80
            ? [UInt8(count)] : count < 0x100 ? [0x81, UInt8(count)] : [0x82, UInt8(count >> 8), UInt8(count & 0xFF)]
        return [tag] + length + content
    }

    /// The content of a master list.
    static func masterList(_ certificates: [[UInt8]]) -> [UInt8] {
        tagged(0x30, [0x02, 0x01, 0x00] + tagged(0x31, certificates.flatMap { $0 }))
    }

    static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
}

extension TrustImporter {
    /// Imports inputs into a folder, as the command does, and gives what it reports.
    static func taken(_ inputs: [[UInt8]], into folder: String, _ options: Options) throws -> ImportReport {
        var report = ImportReport()
        try TrustFolder.change(folder) { existing in
            let change: TrustChange
            (change, report) = TrustImporter.change(
                inputs.enumerated().map { ("input\($0.offset)", $0.element) }, existing: existing, options: options)
            return change
        }
        return report
    }
}
