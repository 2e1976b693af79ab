import COpenSSL
import Credentials
import Foundation
import Signing
import Testing
import TrustImport

/// Lists of authorities that sign with RSA, by digest and padding.
@Suite struct SoundSignatureTests {
    private let key: OpaquePointer
    private let certificate: [UInt8]

    init() throws {
        guard let context = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, nil) else { throw Made.Failed() }
        defer { EVP_PKEY_CTX_free(context) }
        var made: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_ctrl_str(context, "rsa_keygen_bits", "2048") == 1,
            EVP_PKEY_keygen(context, &made) == 1, let made
        else { throw Made.Failed() }
        key = made
        certificate = try Made.authority(made, country: "DE")
    }

    private func list(_ digest: String, mask: String?) throws -> [UInt8] {
        let authority = try Made.certificate(certificate)
        guard let list = X509_CRL_new(), let context = EVP_MD_CTX_new() else { throw Made.Failed() }
        let (from, until) = (
            ASN1_TIME_set(nil, Int(start.timeIntervalSince1970)), ASN1_TIME_set(nil, Int(end.timeIntervalSince1970))
        )
        defer {
            X509_free(authority)
            X509_CRL_free(list)
            EVP_MD_CTX_free(context)
            ASN1_STRING_free(from)
            ASN1_STRING_free(until)
        }
        X509_CRL_set_version(list, 1)
        X509_CRL_set_issuer_name(list, X509_get_subject_name(authority))
        X509_CRL_set1_lastUpdate(list, from)
        X509_CRL_set1_nextUpdate(list, until)
        var parameters: OpaquePointer?
        guard EVP_DigestSignInit(context, &parameters, EVP_get_digestbyname(digest), nil, key) == 1 else {
            throw Made.Failed()
        }
        if let mask {
            guard EVP_PKEY_CTX_ctrl_str(parameters, "rsa_padding_mode", "pss") == 1,
                EVP_PKEY_CTX_ctrl_str(parameters, "rsa_mgf1_md", mask) == 1
            else { throw Made.Failed() }
        }
        guard X509_CRL_sign_ctx(list, context) > 0 else { throw Made.Failed() }
        var bytes: UnsafeMutablePointer<UInt8>?
        let count = i2d_X509_CRL(list, &bytes)
        guard count > 0, let bytes else { throw Made.Failed() }
        defer { CRYPTO_free(bytes, nil, 0) }
        return Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
    }

    @Test(arguments: [
        ("SHA256", nil, true), ("SHA512", nil, true), ("SHA1", nil, false), ("MD5", nil, false),
        ("SHA256", "SHA256", true), ("SHA512", "SHA512", true), ("SHA1", "SHA1", false), ("SHA256", "SHA1", false),
        ("SHA1", "SHA256", false),
    ])
    func `a list counts only over a digest and a mask of 112 bits and more`(
        _ digest: String, _ mask: String?, _ isSound: Bool
    ) throws {
        defer { EVP_PKEY_free(key) }
        let files = [
            TrustFile(path: "vdsnc/a.cer", bytes: certificate),
            TrustFile(path: "vdsnc/a.crl", bytes: try list(digest, mask: mask)),
        ]
        #expect(TrustStore(files: files).refused.map(\.code) == (isSound ? [] : ["revocation.unverified"]))
    }
}
