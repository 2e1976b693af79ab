/// The countries' signing authorities (CSCA) and single signers whose VDS-NC are trusted, with the revocation lists.
struct VDSNCTrust: Sendable {
    typealias Authority = AuthorityTrust.Authority

    /// The authorities, and their lists.
    private(set) var trusted = AuthorityTrust()
    /// Signers trusted by themselves, and whether only for tests.
    private(set) var pinned: [Certificate: Bool] = [:]
    /// Files outside the test part with a development mark in them.
    private(set) var marked: Set<String> = []

    /// How old it is.
    var age: TrustAge { trusted.age }
    /// Whether nobody knows what is revoked, by whether only test signers are concerned.
    var isUnknown: [Bool: Bool] { trusted.isUnknown }
    /// The lists in use.
    var held: [HeldList] { trusted.held + heldLinks }

    var isEmpty: Bool { trusted.isEmpty && pinned.isEmpty }

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
        trusted.age.noteTrust(file.fetched, isTest: isTest)
        for certificate in certificates {
            if certificate.isDevelopment, !isTest { marked.insert(file.path) }
            if certificate.isAuthority {
                trusted.add(certificate, isTest: isTest)
            } else {
                // Pinned in both parts of the folder: a test signer that strayed.
                pinned[certificate] = isTest || certificate.isDevelopment || (pinned[certificate] ?? false)
            }
        }
        return []
    }

    /// Adds an authority that was taken out of the folder; see ``AuthorityTrust/add(retired:)``.
    mutating func add(retired: RetiredAuthority) { trusted.add(retired: retired) }

    /// Adds a file's revocation lists; all certificates must have been added before. Returns what was refused.
    mutating func addLists(_ objects: [[UInt8]], _ file: TrustFile, isTest: Bool) -> [TrustRefusal] {
        trusted.addLists(objects, file, isTest: isTest)
    }

    /// Adds links from signers to their issuers' lists. Returns what was refused.
    mutating func addLinks(_ file: TrustFile, isTest: Bool) -> [TrustRefusal] {
        guard let json = try? JSON(file.bytes), json.kind(json.root) == .object, let links = TrustManifest.links(json)
        else {
            noteUnknown(isTest: isTest)
            return [TrustRefusal(path: file.path, code: "trust.links_malformed", keyID: nil)]
        }
        add(links: links)
        heldLinks.append(HeldList(path: file.path, least: Double(links.count)))
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
    private var heldLinks: [HeldList] = []

    /// Notes that a list is missing or broken, and nobody knows whose it is.
    mutating func noteUnknown(isTest: Bool) { trusted.noteUnknown(isTest: isTest) }

    /// Notes a list that was held or announced; false if it is here, and not older.
    mutating func require(_ list: HeldList, isTest: Bool) -> Bool {
        guard let key = list.key else {
            let isMissing = linksRead[list.path].map { Double($0) < list.least } ?? true
            if isMissing { noteUnknown(isTest: isTest) }
            return isMissing
        }
        return trusted.require(list.least, of: key)
    }
}
