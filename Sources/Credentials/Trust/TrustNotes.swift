/// What stands beside the files of a trust folder: which lists it has held (`imported.json`) and which files its publisher
/// says belong to it (`manifest.json`).
struct TrustNotes {
    /// The lists that must be there.
    private(set) var held: [HeldList] = []
    /// The publisher's manifest, if there is one.
    private(set) var manifest: TrustManifest?
    /// Authorities that are trusted no more, and whose lists still count.
    private(set) var retired: [RetiredAuthority] = []
    /// Notes that cannot be read: nobody knows then which lists are missing.
    private(set) var refused: [TrustRefusal] = []

    init(_ files: [TrustFile], held: [HeldList]) {
        self.held = held
        for file in files {
            switch file.path {
            case TrustManifest.notesName:
                guard let lists = HeldList.noted(file.bytes), let retired = RetiredAuthority.noted(file.bytes) else {
                    refused.append(TrustRefusal(path: file.path, code: "trust.notes_malformed", keyID: nil))
                    continue
                }
                self.held += lists
                self.retired += retired
            case TrustManifest.name:
                guard let manifest = TrustManifest(file.bytes) else {
                    refused.append(TrustRefusal(path: file.path, code: "trust.notes_malformed", keyID: nil))
                    continue
                }
                self.manifest = manifest
                self.held += manifest.lists
            default: continue
            }
        }
        // An older manifest would confirm older lists.
        let oldest = self.held.filter { TrustPath($0.path).isManifest }.map(\.least).max()
        if let oldest, (manifest?.counter ?? -.infinity) < oldest {
            manifest = nil
            refused.append(TrustRefusal(path: TrustManifest.name, code: TrustRefusal.listMissing, keyID: nil))
        }
        self.held.removeAll { TrustPath($0.path).isManifest }
    }

    /// Whether a file is another than its publisher says.
    func isChanged(_ file: TrustFile) -> Bool {
        manifest?.digests[file.path].map { $0 != TrustManifest.digest(file.bytes) } ?? false
    }

    /// Whether a file is the one that its publisher says.
    func isConfirmed(_ path: String) -> Bool { manifest?.digests[path] != nil }
}

/// For which certificates nobody knows what is revoked, and until when.
struct UnknownRevocation: Sendable {
    // Seconds since 1970 before which it is unknown.
    private var all = -Double.infinity
    private var keys: [String: Double] = [:]
    private var countries: [String: Double] = [:]

    var isEmpty: Bool { all == -.infinity && keys.isEmpty && countries.isEmpty }

    /// Notes that a list for a key, a country or (with neither) everything is not there as it should be.
    mutating func note(key: String? = nil, country: String? = nil, until: Double = .infinity) {
        if let key {
            keys[key] = max(until, keys[key] ?? until)
        } else if let country {
            countries[country] = max(until, countries[country] ?? until)
        } else {
            all = max(until, all)
        }
    }

    mutating func note(_ list: HeldList) {
        note(key: list.key, country: list.country, until: list.expires ?? .infinity)
    }

    func covers(key: String?, country: String? = nil, at now: Double) -> Bool {
        now < all || key.flatMap { keys[$0] }.map { now < $0 } ?? false
            || country.flatMap { countries[$0.uppercased()] }.map { now < $0 } ?? false
    }
}
