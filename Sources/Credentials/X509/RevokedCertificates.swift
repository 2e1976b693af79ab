/// What the newest whole revocation lists of some authorities say of certificates at one time.
package struct RevokedCertificates: Sendable {
    private let newest: [Certificate: CertificateRevocationList]

    /// Reads lists, DER. One that none of the authorities signed as a whole, or whose time has not come, counts for nothing.
    ///
    /// - Parameters:
    ///   - authorities: nobody need trust them: an authority's signature stands under what it issued and under its list.
    ///   - now: in seconds since 1970.
    package init(lists: [[UInt8]], authorities: [Certificate], now: Double) {
        var newest: [Certificate: CertificateRevocationList] = [:]
        for der in lists {
            guard let (list, issuers) = try? CertificateRevocationList.read(der: der, authorities: authorities),
                list.thisUpdate <= now
            else { continue }
            for issuer in issuers where newest[issuer].map({ $0.thisUpdate < list.thisUpdate }) ?? true {
                newest[issuer] = list
            }
        }
        self.newest = newest
    }

    /// Whether an authority that issued a certificate has revoked it.
    package func contains(_ certificate: Certificate) -> Bool {
        newest.contains { issuer, list in
            certificate.issuerHash == issuer.subjectHash && list.revokes(certificate)
                && certificate.isIssued(by: issuer)
        }
    }
}
