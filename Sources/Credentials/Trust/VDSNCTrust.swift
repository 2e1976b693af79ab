/// The countries' signing authorities (CSCA) and single signers whose VDS-NC are trusted, with the revocation lists.
struct VDSNCTrust: Sendable {
    struct Authority: Sendable {
        let certificate: Certificate
        let isTest: Bool
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
        func list(at now: Double) -> CertificateRevocationList? {
            lists.filter { $0.thisUpdate <= now }.max { $0.thisUpdate < $1.thisUpdate }
        }

        /// Whether it is not known what it has revoked at a time in seconds since 1970.
        ///
        /// - Parameter isAnnounced: whether the certificate in question says that there is a list.
        func isUnknown(at now: Double, isAnnounced: Bool) -> Bool {
            if isUnknown { return true }
            guard let list = list(at: now) else {
                return isAnnounced || !lists.isEmpty || partial > -.infinity || least > -.infinity
            }
            return [least, partial].contains { $0 <= now && list.thisUpdate < $0 }
        }
    }

    private(set) var authorities: [Authority] = []
    /// Signers trusted by themselves, and whether only for tests.
    private(set) var pinned: [Certificate: Bool] = [:]

    private(set) var age = TrustAge()
    /// Files outside the test part with a development mark in them.
    private(set) var marked: Set<String> = []

    var isEmpty: Bool { authorities.allSatisfy(\.isRetired) && pinned.isEmpty }

    /// Adds a file with certificates: authorities, or signers pinned directly. Returns what was refused.
    mutating func add(_ file: TrustFile, _ objects: [[UInt8]], isTest: Bool) -> [TrustRefusal] {
        guard !objects.isEmpty else {
            return [TrustRefusal(path: file.path, code: "certificate.malformed", keyID: nil)]
        }
        var certificates: [Certificate] = []
        for der in objects {
            guard let certificate = Certificate(der: der) else {
                return [TrustRefusal(path: file.path, code: "certificate.malformed", keyID: nil)]
            }
            certificates.append(certificate)
        }
        age.noteTrust(file.fetched, isTest: isTest)
        for certificate in certificates {
            if certificate.isDevelopment, !isTest { marked.insert(file.path) }
            if certificate.isAuthority {
                authorities.append(Authority(certificate: certificate, isTest: isTest || certificate.isDevelopment))
            } else {
                // Pinned in both parts of the folder: a test signer that strayed.
                pinned[certificate] = isTest || certificate.isDevelopment || (pinned[certificate] ?? false)
            }
        }
        return []
    }

    /// Adds an authority that was taken out of the folder: what it issued is not trusted for its sake, and whatever is pinned
    /// is judged by its lists as before. All others must have been added before.
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
    mutating func addLists(_ objects: [[UInt8]], _ file: TrustFile, isTest: Bool) -> [TrustRefusal] {
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

    /// Adds links from signers to their issuers' lists. Returns what was refused.
    mutating func addLinks(_ file: TrustFile, isTest: Bool) -> [TrustRefusal] {
        guard let json = try? JSON(file.bytes), json.kind(json.root) == .object, let links = TrustManifest.links(json)
        else {
            noteUnknown(isTest: isTest)
            return [TrustRefusal(path: file.path, code: "trust.links_malformed", keyID: nil)]
        }
        add(links: links)
        held.append(HeldList(path: file.path, least: Double(links.count)))
        linksRead[file.path] = links.count
        return []
    }

    /// Adds links from signers, by the SHA-256 of their certificates, to the issuers of their certificates' identifiers.
    mutating func add(links: [String: String]) {
        for (signer, issuer) in links { self.links[signer, default: []].insert(issuer) }
    }

    /// The issuers whose lists hold the identifiers of what each signer signed.
    private(set) var links: [String: Set<String>] = [:]
    private var linksRead: [String: Int] = [:]
    /// The lists in use.
    private(set) var held: [HeldList] = []
    /// Whether nobody knows what is revoked, by whether only test signers are concerned.
    private(set) var isUnknown: [Bool: Bool] = [:]

    /// Notes that a list is missing or broken, and nobody knows whose it is.
    mutating func noteUnknown(isTest: Bool) { isUnknown[isTest] = true }

    /// Notes a list that was held or announced; false if it is here, and not older.
    mutating func require(_ list: HeldList, isTest: Bool) -> Bool {
        guard let key = list.key else {
            let isMissing = linksRead[list.path].map { Double($0) < list.least } ?? true
            if isMissing { noteUnknown(isTest: isTest) }
            return isMissing
        }
        var isMissing = false
        for index in authorities.indices where TrustManifest.digest(authorities[index].certificate.der) == key {
            authorities[index].least = max(list.least, authorities[index].least)
            if (authorities[index].lists.map(\.thisUpdate).max() ?? -.infinity) < list.least { isMissing = true }
        }
        return isMissing
    }
}
