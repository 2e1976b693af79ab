/// Authorities that are trusted to vouch for signers, and the revocation lists that they signed: what VDS-NC and passports have in
/// common.
package struct AuthorityTrust: Sendable {
    /// An authority with its lists.
    package struct Authority: Sendable {
        /// The authority's certificate.
        package let certificate: Certificate
        /// Whether what it vouches for is for tests.
        package let isTest: Bool
        /// Whether it vouches for nobody any more: its lists alone count.
        let isRetired: Bool
        /// Whole lists that it signed. Which of them counts depends on the time.
        fileprivate(set) var lists: [CertificateRevocationList] = []
        /// When the newest list was made that is not a whole one.
        fileprivate(set) var partial = -Double.infinity
        /// When a list that must be here was made.
        fileprivate(set) var least = -Double.infinity
        /// Whether a list of it is here that cannot be read.
        fileprivate(set) var isUnknown = false

        fileprivate init(certificate: Certificate, isTest: Bool, isRetired: Bool = false) {
            (self.certificate, self.isTest, self.isRetired) = (certificate, isTest, isRetired)
        }

        /// The list that counts at a time in seconds since 1970: the newest whose time has come.
        package func list(at now: Double) -> CertificateRevocationList? {
            lists.filter { $0.thisUpdate <= now }.max { $0.thisUpdate < $1.thisUpdate }
        }

        /// Whether it is not known what it has revoked at a time in seconds since 1970.
        ///
        /// - Parameter isAnnounced: whether there must be a list, as the certificate in question says.
        package func isUnknown(at now: Double, isAnnounced: Bool) -> Bool {
            if isUnknown { return true }
            guard let list = list(at: now) else {
                return isAnnounced || !lists.isEmpty || partial > -.infinity || least > -.infinity
            }
            return [least, partial].contains { $0 <= now && list.thisUpdate < $0 }
        }
    }

    /// The authorities, those that were taken out of the folder among them.
    package private(set) var authorities: [Authority] = []
    /// How old it is.
    package var age = TrustAge()
    /// The lists in use.
    package private(set) var held: [HeldList] = []
    /// Whether nobody knows what is revoked, by whether only test signers are concerned.
    package private(set) var isUnknown: [Bool: Bool] = [:]

    /// None.
    package init() {}

    /// Whether it vouches for nobody.
    package var isEmpty: Bool { authorities.allSatisfy(\.isRetired) }

    /// Adds an authority. One that bears a development mark is one for tests, wherever it lies.
    package mutating func add(_ certificate: Certificate, isTest: Bool) {
        authorities.append(Authority(certificate: certificate, isTest: isTest || certificate.isDevelopment))
    }

    /// Adds an authority that was taken out of the folder: what it issued is not trusted for its sake, and whatever is trusted
    /// by itself is judged by its lists as before. All others must have been added before.
    mutating func add(retired: RetiredAuthority) {
        guard let certificate = Certificate(der: retired.der),
            !authorities.contains(where: { $0.certificate == certificate })
        else { return }
        authorities.append(
            Authority(
                certificate: certificate, isTest: TrustPath(retired.path).isTest || certificate.isDevelopment,
                isRetired: true))
    }

    /// Adds a file's revocation lists; all certificates must have been added before. Returns what was refused.
    package mutating func addLists(_ objects: [[UInt8]], _ file: TrustFile, isTest: Bool) -> [TrustRefusal] {
        objects.compactMap { add($0, file, isTest: isTest) }
            .map { TrustRefusal(path: file.path, code: $0, keyID: nil) }
    }

    private mutating func add(_ der: [UInt8], _ file: TrustFile, isTest: Bool) -> String? {
        do {
            let (list, issuers) = try CertificateRevocationList.read(
                der: der, authorities: authorities.map(\.certificate))
            for index in authorities.indices where issuers.contains(authorities[index].certificate) {
                // How old a list is of whom nobody is trusted by says nothing of what is trusted.
                if !authorities[index].isRetired {
                    age.noteRevocation(file.fetched, isTest: authorities[index].isTest)
                }
                authorities[index].lists.append(list)
            }
            held += issuers.map {
                HeldList(path: file.path, key: TrustManifest.digest($0.der), least: list.thisUpdate)
            }
            return nil
        } catch {
            switch error {
            case .malformed:
                noteUnknown(isTest: isTest)
                return TrustRefusal.listMalformed
            case .strange: return "revocation.unverified"
            case .unsigned(let named):
                for index in authorities.indices where named.contains(authorities[index].certificate) {
                    authorities[index].isUnknown = true
                }
                return "revocation.unverified"
            case .partial(let signers, let made):
                for index in authorities.indices where signers.contains(authorities[index].certificate) {
                    authorities[index].partial = max(made, authorities[index].partial)
                }
                return "revocation.partial"
            }
        }
    }

    /// Notes that a list is missing or broken, and nobody knows whose it is.
    package mutating func noteUnknown(isTest: Bool) { isUnknown[isTest] = true }

    /// Notes that an authority's list, by the SHA-256 of its certificate, must be here since it was held or announced; false if it
    /// is here, and not older.
    package mutating func require(_ least: Double, of key: String) -> Bool {
        var isMissing = false
        for index in authorities.indices where TrustManifest.digest(authorities[index].certificate.der) == key {
            authorities[index].least = max(least, authorities[index].least)
            if (authorities[index].lists.map(\.thisUpdate).max() ?? -.infinity) < least { isMissing = true }
        }
        return isMissing
    }
}

/// Authorities by their names' digests, as OpenSSL holds them: a stranger's certificate is compared with those of its issuer's
/// name alone, and none of them is read anew for it.
package struct AuthorityIndex: Sendable {
    private let authorities: [UInt: [(authority: AuthorityTrust.Authority, parsed: ParsedCertificate)]]

    /// An index of all authorities, those that were taken out of the folder among them.
    package init(_ trust: AuthorityTrust) {
        authorities = Dictionary(
            grouping: trust.authorities.compactMap { authority in
                ParsedCertificate(authority.certificate).map { (authority, $0) }
            }, by: \.0.certificate.subjectHash)
    }

    /// The authorities that a certificate is compared with: those of its issuer's name.
    func candidates(
        for certificate: Certificate
    ) -> [(authority: AuthorityTrust.Authority, parsed: ParsedCertificate)] {
        authorities[certificate.issuerHash] ?? []
    }

    /// The authorities that issued a certificate, with a key and an algorithm that are sound. There are several where an
    /// authority has renewed its own certificate under the same key.
    package func issuers(of certificate: Certificate) -> [AuthorityTrust.Authority] {
        let named = candidates(for: certificate)
        guard !named.isEmpty, let child = ParsedCertificate(certificate) else { return [] }
        return named.filter { child.isIssued(by: $0.parsed) }.map(\.authority)
    }
}

extension [AuthorityTrust.Authority] {
    /// The authority's certificate by which what it issued is judged at a time in seconds since 1970: one that is valid then, if
    /// there is any (one path that holds is enough, RFC 5280 section 6.1).
    package func first(at now: Double) -> AuthorityTrust.Authority? {
        first { $0.certificate.notBefore <= now && now <= $0.certificate.notAfter } ?? first
    }
    /// The list that counts at a time in seconds since 1970 where each of them speaks for all, as a country's authorities for passports
    /// do: the newest of theirs whose time has come.
    package func list(at now: Double) -> CertificateRevocationList? {
        compactMap { $0.list(at: now) }.max { $0.thisUpdate < $1.thisUpdate }
    }

    /// Whether a list leaves open what they have revoked at a time in seconds since 1970: there is none, one of theirs cannot be read, or
    /// one that is not whole, or that must be here, is newer.
    package func isUnknown(at now: Double, by list: CertificateRevocationList?) -> Bool {
        guard let list, !contains(where: { $0.isUnknown }) else { return true }
        return contains { authority in
            [authority.least, authority.partial].contains { $0 <= now && list.thisUpdate < $0 }
        }
    }
}
