import COpenSSL

/// A country's certificate revocation list (RFC 5280 section 5), once an authority's signature on it was checked.
struct CertificateRevocationList: Sendable {
    /// The serial numbers of revoked certificates, in the form of `Certificate.serial`.
    private let serials: Set<[UInt8]>
    /// When a newer list was promised for, in seconds since 1970.
    let nextUpdate: Double?
    /// When this one was made.
    let thisUpdate: Double

    /// Reads a list that one of these authorities signed; `nil` if it cannot be read or none did.
    ///
    /// - Returns: the list, and the authority that it is about.
    static func read(
        der: [UInt8], authorities: [Certificate]
    ) -> (list: CertificateRevocationList, authority: Certificate)? {
        defer { ERR_clear_error() }
        let parsed = der.withUnsafeBufferPointer { buffer -> OpaquePointer? in
            var at = buffer.baseAddress
            guard let crl = d2i_X509_CRL(nil, &at, buffer.count) else { return nil }
            guard at == buffer.baseAddress.map({ $0 + buffer.count }) else {
                X509_CRL_free(crl)
                return nil
            }
            return crl
        }
        guard let crl = parsed else { return nil }
        defer { X509_CRL_free(crl) }
        let issuer = authorities.first { authority in
            authority.withAuthority { name, key in
                X509_NAME_cmp(X509_CRL_get_issuer(crl), name) == 0 && X509_CRL_verify(crl, key) == 1
            }
        }
        guard let issuer, let made = OpenSSL.seconds(X509_CRL_get0_lastUpdate(crl)), let serials = serials(crl) else {
            return nil
        }
        let next = OpenSSL.seconds(X509_CRL_get0_nextUpdate(crl))
        return (CertificateRevocationList(serials: serials, nextUpdate: next, thisUpdate: made), issuer)
    }

    func revokes(_ certificate: Certificate) -> Bool { serials.contains(certificate.serial) }

    private init(serials: Set<[UInt8]>, nextUpdate: Double?, thisUpdate: Double) {
        self.serials = serials
        self.nextUpdate = nextUpdate
        self.thisUpdate = thisUpdate
    }

    private static func serials(_ crl: OpaquePointer) -> Set<[UInt8]>? {
        var result: Set<[UInt8]> = []
        // The typed stack accessors are macros; the stack beneath them is a function's.
        guard let stack = X509_CRL_get_REVOKED(crl) else { return result }
        for index in 0..<max(0, OPENSSL_sk_num(stack)) {
            guard let entry = OPENSSL_sk_value(stack, index),
                let serial = OpenSSL.integer(X509_REVOKED_get0_serialNumber(OpaquePointer(entry)))
            else { return nil }
            result.insert(serial)
        }
        return result
    }
}

/// When a revocation list was made and until when it counts, read without checking who signed it.
package struct RevocationDates: Sendable {
    /// Seconds since 1970.
    package let made: Double
    package let next: Double?
    /// How many certificates it revokes.
    package let count: Int

    /// Reads a DER list; `nil` if it cannot be read.
    package init?(der: [UInt8]) {
        let dates = der.withUnsafeBufferPointer { buffer -> (Double, Double?, Int)? in
            defer { ERR_clear_error() }
            var at = buffer.baseAddress
            guard let crl = d2i_X509_CRL(nil, &at, buffer.count) else { return nil }
            defer { X509_CRL_free(crl) }
            guard at == buffer.baseAddress.map({ $0 + buffer.count }),
                let made = OpenSSL.seconds(X509_CRL_get0_lastUpdate(crl))
            else { return nil }
            let count = X509_CRL_get_REVOKED(crl).map { Int(max(0, OPENSSL_sk_num($0))) } ?? 0
            return (made, OpenSSL.seconds(X509_CRL_get0_nextUpdate(crl)), count)
        }
        guard let dates else { return nil }
        (made, next, count) = dates
    }

    /// Which of these authorities signed a list; `nil` if none did.
    package static func signer(of der: [UInt8], among authorities: [Certificate]) -> Certificate? {
        CertificateRevocationList.read(der: der, authorities: authorities)?.authority
    }
}
