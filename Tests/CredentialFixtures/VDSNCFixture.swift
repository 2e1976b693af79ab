import COpenSSL
package import Credentials
package import Crypto
package import Foundation
package import Signing

/// A country's authority, a signer under it, and VDS-NC with all that a test changes by one flaw.
package struct VDSNCFixture {
    /// 2021-12-20T00:00:00Z.
    package static let start = Date(timeIntervalSince1970: 1_639_958_400)
    /// An hour later.
    package static let later = start.addingTimeInterval(3600)
    /// When the signer's certificate ends.
    package static let end = start.addingTimeInterval(10 * 365 * 86_400)

    /// The country's authority.
    package let authority: DevelopmentCountryAuthority
    /// The signer's key.
    package let signer = TestSigner()
    /// The signer's certificate, DER.
    package let certificate: [UInt8]

    /// An authority and a signer under it.
    package init(
        country: String = "JP", usage: String? = "2.23.136.1.1.14.2", documentType: String? = "NV",
        from: Date = Self.start,
        until: Date = Self.end, mark: String = "MIHON", announcesList: Bool = false
    ) throws {
        authority = try DevelopmentCountryAuthority(country: country, now: Self.start, mark: mark)
        certificate = try authority.issue(
            to: signer.publicKey, from: from, until: until, usage: usage, documentType: documentType,
            announcesList: announcesList)
    }

    /// The authority as a trust folder has it.
    package var authorityFile: TrustFile { TrustFile(path: "vdsnc/csca.der", bytes: authority.certificate) }
    /// The signer as a trust folder that pins it has it.
    package var pinnedFile: TrustFile { TrustFile(path: "vdsnc/signer.der", bytes: certificate) }

    /// Data in canonical form that is right but for what a test replaces in it.
    package static let data =
        #"{"hdr":{"is":"JPN","t":"icao.vacc","v":1},"msg":{"pid":{"dob":"1990-01-01","i":"TR1234567","n":"MIHON  HANAKO","#
        + #""sex":"F"},"uvci":"0123456789AB","ve":[{"des":"XM68M6","nam":"COMIRNATY","vd":[{"adm":"MHLW_Gov_of_JAPAN","#
        + #""ctr":"JPN","dvc":"2021-06-01","lot":"FA1234","seq":1}]}]}}"#

    /// A VDS-NC whose data is written as given, and signed in canonical form.
    package func vdsnc(
        data: String = Self.data, algorithm: String = "ES256", certificate: [UInt8]? = nil,
        signature: ((TestSigner, [UInt8]) throws -> [UInt8])? = nil
    ) throws -> String {
        let json = try JSON(Array(data.utf8))
        let canonical = json.canonical(json.root)
        let bytes = try signature?(signer, canonical) ?? signer.sign(canonical)
        let cer = Base64URL.encode(certificate ?? self.certificate)
        return #"{"data":\#(data),"sig":{"alg":"\#(algorithm)","cer":"\#(cer)","sigvl":"\#(Base64URL.encode(bytes))"}}"#
    }

    /// The verdict on a VDS-NC.
    package func check(_ vdsnc: String, at now: Date = Self.later, trust: [TrustFile]? = nil) -> Verdict? {
        Verifier(trust: TrustStore(files: trust ?? [authorityFile])).check([vdsnc], at: now).first
    }

    /// An extension of a revocation list or of an entry in one.
    package struct ListExtension: Sendable {
        /// Its object identifier.
        package let identifier: String
        /// Whether it is critical.
        package let isCritical: Bool
        /// Its value, DER.
        package let value: [UInt8]

        /// An extension from its parts.
        package init(_ identifier: String, isCritical: Bool = true, value: [UInt8]) {
            (self.identifier, self.isCritical, self.value) = (identifier, isCritical, value)
        }

        fileprivate var made: OpaquePointer? {
            let object = OBJ_txt2obj(identifier, 1)
            let data = ASN1_OCTET_STRING_new()
            defer {
                ASN1_OBJECT_free(object)
                ASN1_OCTET_STRING_free(data)
            }
            ASN1_OCTET_STRING_set(data, value, Int32(value.count))
            return X509_EXTENSION_create_by_OBJ(nil, object, isCritical ? 1 : 0, data)
        }
    }

    /// A revocation list of the authority, DER.
    package func revocationList(
        revoking certificates: [[UInt8]], made: Date = VDSNCFixture.start, nextUpdate: Date = VDSNCFixture.end,
        key: P256.Signing.PrivateKey? = nil, listExtension: ListExtension? = nil, entryExtension: ListExtension? = nil
    ) throws -> [UInt8] {
        struct Failed: Error {}
        guard let list = X509_CRL_new() else { throw Failed() }
        defer { X509_CRL_free(list) }
        func parsed(_ der: [UInt8]) -> OpaquePointer? {
            der.withUnsafeBufferPointer { buffer in
                var at = buffer.baseAddress
                return d2i_X509(nil, &at, buffer.count)
            }
        }
        let name = parsed(authority.certificate)
        guard let name else { throw Failed() }
        defer { X509_free(name) }
        X509_CRL_set_version(list, 1)
        X509_CRL_set_issuer_name(list, X509_get_subject_name(name))
        let from = ASN1_TIME_set(nil, Int(made.timeIntervalSince1970))
        let until = ASN1_TIME_set(nil, Int(nextUpdate.timeIntervalSince1970))
        defer {
            ASN1_STRING_free(from)
            ASN1_STRING_free(until)
        }
        X509_CRL_set1_lastUpdate(list, from)
        X509_CRL_set1_nextUpdate(list, until)
        for certificate in certificates {
            let revoked = parsed(certificate)
            defer { X509_free(revoked) }
            let entry = X509_REVOKED_new()
            X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked))
            X509_REVOKED_set_revocationDate(entry, from)
            if let entryExtension {
                let made = entryExtension.made
                X509_REVOKED_add_ext(entry, made, -1)
                X509_EXTENSION_free(made)
            }
            X509_CRL_add0_revoked(list, entry)
        }
        if let listExtension {
            let made = listExtension.made
            X509_CRL_add_ext(list, made, -1)
            X509_EXTENSION_free(made)
        }
        X509_CRL_sort(list)
        let pem = (key ?? authority.key).pemRepresentation
        let memory = BIO_new_mem_buf(pem, Int32(pem.utf8.count))
        defer { BIO_free(memory) }
        guard let signingKey = PEM_read_bio_PrivateKey(memory, nil, nil, nil) else { throw Failed() }
        defer { EVP_PKEY_free(signingKey) }
        guard X509_CRL_sign(list, signingKey, EVP_sha256()) > 0 else { throw Failed() }
        var start: UnsafeMutablePointer<UInt8>?
        let count = i2d_X509_CRL(list, &start)
        guard count > 0, let start else { throw Failed() }
        defer { CRYPTO_free(start, nil, 0) }
        return Array(UnsafeBufferPointer(start: start, count: Int(count)))
    }
}
