import COpenSSL

/// A country's certificate revocation list (RFC 5280 section 5), once an authority's signature on it was checked.
package struct CertificateRevocationList: Sendable {
    /// The serial numbers of revoked certificates, in the form of `Certificate.serial`.
    private let serials: Set<[UInt8]>
    /// When a newer list was promised for, in seconds since 1970.
    package let nextUpdate: Double?
    /// When this one was made.
    package let thisUpdate: Double

    /// Why a list is not used.
    enum Refusal: Error {
        /// It cannot be read.
        case malformed
        /// No authority known here is named as its issuer.
        case strange
        /// It names an authority that is known here, whose signature on it is not right, or of less than 112 bits.
        case unsigned([Certificate])
        /// It is not the whole list (RFC 5280 section 5.2): it or an entry has a critical extension that is not known
        /// here, or it is one of changes or for some certificates alone. Made when, in seconds since 1970.
        case partial([Certificate], made: Double)
    }

    /// Reads a list that some of these authorities signed. Several have one name and key when a certificate was renewed.
    ///
    /// - Returns: the list, and the authorities that it is about.
    static func read(
        der: [UInt8], authorities: [Certificate]
    ) throws(Refusal) -> (list: CertificateRevocationList, authorities: [Certificate]) {
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
        guard let crl = parsed else { throw .malformed }
        defer { X509_CRL_free(crl) }
        // As for certificates: a digest that can be made to collide lets somebody else's list bear this signature.
        var algorithm: UnsafePointer<X509_ALGOR>?
        X509_CRL_get0_signature(crl, nil, &algorithm)
        let isSound = akashi_signature_bits(algorithm) >= 112
        var named: [Certificate] = []
        let issuers = authorities.filter { authority in
            authority.withAuthority { name, key in
                guard X509_NAME_cmp(X509_CRL_get_issuer(crl), name) == 0 else { return false }
                named.append(authority)
                return isSound && X509_CRL_verify(crl, key) == 1
            }
        }
        if issuers.isEmpty { throw named.isEmpty ? .strange : .unsigned(named) }
        guard let made = OpenSSL.seconds(X509_CRL_get0_lastUpdate(crl)) else { throw .malformed }
        guard isWhole(crl) else { throw .partial(issuers, made: made) }
        guard let serials = serials(crl) else { throw .malformed }
        let next = OpenSSL.seconds(X509_CRL_get0_nextUpdate(crl))
        return (CertificateRevocationList(serials: serials, nextUpdate: next, thisUpdate: made), issuers)
    }

    /// Whether a list speaks of all certificates of its authority: it has no critical extension but those that change
    /// nothing about that, and none that makes it a list of changes (RFC 5280 section 5.2.4) or of some certificates
    /// alone (section 5.2.5), whatever it says of their being critical.
    private static func isWhole(_ crl: OpaquePointer) -> Bool {
        for index in 0..<max(0, X509_CRL_get_ext_count(crl)) {
            guard let one = X509_CRL_get_ext(crl, index), let name = OpenSSL.identifier(X509_EXTENSION_get_object(one))
            else { return false }
            switch name {
            // Which key signed, and the list's number: a list says nothing else by them.
            case "2.5.29.35", "2.5.29.20": continue
            case "2.5.29.27", "2.5.29.28": return false
            default: if X509_EXTENSION_get_critical(one) != 0 { return false }
            }
        }
        guard let stack = X509_CRL_get_REVOKED(crl) else { return true }
        for index in 0..<max(0, OPENSSL_sk_num(stack)) {
            guard let entry = OPENSSL_sk_value(stack, index) else { return false }
            for place in 0..<max(0, X509_REVOKED_get_ext_count(OpaquePointer(entry))) {
                guard let one = X509_REVOKED_get_ext(OpaquePointer(entry), place),
                    let name = OpenSSL.identifier(X509_EXTENSION_get_object(one))
                else { return false }
                // The reason (section 5.3.1) may be critical by mistake: whichever it is, the certificate is revoked.
                if X509_EXTENSION_get_critical(one) != 0, name != "2.5.29.21" { return false }
            }
        }
        return true
    }

    /// Whether it names a certificate, which its authority must have issued.
    package func revokes(_ certificate: Certificate) -> Bool { serials.contains(certificate.serial) }

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

    /// What a list is worth if these authorities are known.
    package enum Standing: Sendable {
        /// A whole list, and the first of these authorities that signed it.
        case whole(Certificate)
        /// Signed by this one, but not the whole list (RFC 5280 section 5.2).
        case partial(Certificate)
        /// Nobody known here signed it, or it cannot be read.
        case none
    }

    /// What a list is worth if these authorities are known.
    package static func standing(of der: [UInt8], among authorities: [Certificate]) -> Standing {
        do {
            return try CertificateRevocationList.read(der: der, authorities: authorities).authorities.first
                .map(Standing.whole) ?? .none
        } catch {
            if case .partial(let signers, _) = error, let first = signers.first { return .partial(first) }
            return .none
        }
    }

    /// Whether a whole list that one of these authorities signed names a certificate.
    package static func list(_ der: [UInt8], of authorities: [Certificate], names certificate: Certificate) -> Bool {
        guard let list = try? CertificateRevocationList.read(der: der, authorities: authorities).list else {
            return false
        }
        return list.revokes(certificate)
    }

    /// Which of these authorities signed a whole list; `nil` if none did.
    package static func signer(of der: [UInt8], among authorities: [Certificate]) -> Certificate? {
        if case .whole(let signer) = standing(of: der, among: authorities) { signer } else { nil }
    }
}
