/// One file of a trust folder, already read.
public struct TrustFile: Hashable, Sendable {
    /// The path below the trust folder with `/` between its parts, such as `shc/issuer.json` or `test/shc/dev.json`.
    public let path: String
    /// The content.
    public let bytes: [UInt8]

    /// When it was fetched, in seconds since 1970, if that is known: what is old is warned of.
    public let fetched: Double?

    /// A file from its path, its content, and when it was fetched in seconds since 1970.
    public init(path: String, bytes: [UInt8], fetched: Double? = nil) {
        self.fetched = fetched
        self.path = path
        self.bytes = bytes
    }
}

/// A file of the trust folder, or a key in it, that is not used, and why.
public struct TrustRefusal: Hashable, Sendable {
    /// The file's path below the trust folder.
    public let path: String
    /// A stable code.
    public let code: String
    /// The code of an issuer's file that names no issuer as it should be.
    package static let issuerMalformed = "trust.issuer_malformed"
    /// The code of a revocation list that cannot be read.
    package static let listMalformed = "revocation.malformed"
    /// The code of a file that is nothing that belongs where it lies.
    package static let unknownFile = "trust.unknown_file"
    /// The code of a folder where only files may lie.
    package static let notAFile = "trust.not_a_file"
    /// The code of a revocation list that was held or announced, and is not here or is an older one.
    package static let listMissing = "revocation.missing"
    /// The code of an issuer's file with a revocation list that cannot be read.
    package static let revocationMalformed = "trust.revocation_malformed"
    /// The key it is about, if it is about one.
    public let keyID: String?

    package init(path: String, code: String, keyID: String?) {
        (self.path, self.code, self.keyID) = (path, code, keyID)
    }
}

/// Whom a verifier trusts: issuers, their keys and their revocation lists, read once and kept ready.
///
/// A file that is not as it should be is left out as a whole, so that nothing is trusted by half; ``refused`` says which
/// and why. Where that is a revocation list, or one that was held or announced is missing or older, what it would have
/// covered is not valid (`revocation.unknown`): nobody knows what is revoked.
public struct TrustStore: Sendable {
    /// What was not used.
    public private(set) var refused: [TrustRefusal] = []
    /// The files outside the test part that hold something with a development mark.
    package private(set) var marked: Set<String> = []
    var smartHealthCards = SmartHealthCardTrust()
    var vdsnc = VDSNCTrust()
    var signers = HCERTTrust()

    /// The maximum of a file that is looked at, in bytes: 16 MiB.
    public static let maximumFileBytes = 16 << 20

    /// The revocation lists in use, for a note of what must be here the next time.
    package private(set) var held: [HeldList] = []

    /// Reads the files of a trust folder. Files of folders that a verifier of certificates does not use (`card/`) and
    /// hidden files are passed over.
    public init(files: [TrustFile]) { self.init(files: files, held: []) }

    /// The same when lists must be here that were held before.
    package init(files: [TrustFile], held: [HeldList]) {
        let notes = TrustNotes(files, held: held)
        refused = notes.refused
        if !notes.refused.isEmpty { noteEverythingUnknown() }
        vdsnc.add(links: notes.manifest?.links ?? [:])
        var changed: Set<String> = []
        // Revocation lists come after the certificates whose signatures they bear.
        var lists: [(file: TrustFile, lists: [[UInt8]])] = []
        for file in files.sorted(by: { $0.path < $1.path }) {
            let place = TrustPath(file.path)
            guard !place.name.hasPrefix(".") else { continue }
            guard file.bytes.count <= Self.maximumFileBytes else {
                refused.append(TrustRefusal(path: file.path, code: "trust.too_large", keyID: nil))
                if place.isList || place.folder == "vdsnc" { noteUnknown(place) }
                continue
            }
            if notes.isChanged(file) {
                refused.append(TrustRefusal(path: file.path, code: "trust.changed", keyID: nil))
                // Whatever it was before is missing now.
                changed.insert(file.path)
                continue
            }
            add(file, place, &lists)
        }
        for authority in notes.retired { vdsnc.add(retired: authority) }
        for (file, all) in lists {
            refused += vdsnc.addLists(all, file, isTest: TrustPath(file.path).isTest)
        }
        signers.sortRevocation()
        marked = smartHealthCards.marked.union(vdsnc.marked).union(signers.marked)
        self.held = smartHealthCards.held + signers.held + vdsnc.held
        if let manifest = notes.manifest {
            self.held.append(HeldList(path: TrustManifest.name, least: manifest.counter))
        }
        demand(notes, in: files, changed: changed)
    }

    private mutating func add(
        _ file: TrustFile, _ place: TrustPath, _ lists: inout [(file: TrustFile, lists: [[UInt8]])]
    ) {
        let isTest = place.isTest
        if place.isFolder {
            refuse(file, TrustRefusal.notAFile)
        } else if place.isIssuer {
            refused += smartHealthCards.add(file, isTest: isTest)
        } else if place.isBatch {
            refused += signers.addBatch(file, isTest: isTest)
        } else if place.folder == "dcc" {
            if AuthorityFile.isJSON(file.bytes) {
                // A batch that strayed.
                refused += signers.addBatch(file, isTest: isTest)
            } else if file.bytes.first == 0x30 || PEM.isOne(file.bytes) {
                refused += signers.add(file, isTest: isTest)
            } else {
                refuse(file, TrustRefusal.unknownFile)
            }
        } else if place.folder == "vdsnc" {
            addAuthorityFile(file, place, &lists)
        } else if place.folder == "shc" {
            refuse(file, TrustRefusal.unknownFile)
        }
    }

    private mutating func addAuthorityFile(
        _ file: TrustFile, _ place: TrustPath, _ lists: inout [(file: TrustFile, lists: [[UInt8]])]
    ) {
        let contents = AuthorityFile(file.bytes)
        if contents.isLinks || contents.isUnknown && place.isLinks {
            refused += vdsnc.addLinks(file, isTest: place.isTest)
        } else if contents.isUnknown || place.isAuthorityList && contents.lists.isEmpty {
            refuse(file, place.isAuthorityList ? TrustRefusal.listMalformed : TrustRefusal.unknownFile)
        } else {
            if contents.hasBrokenList { refuse(file, TrustRefusal.listMalformed) }
            if contents.lists.isEmpty || !contents.certificates.isEmpty {
                refused += vdsnc.add(file, contents.certificates, isTest: place.isTest)
            }
            if !contents.lists.isEmpty { lists.append((file, contents.lists)) }
        }
    }

    /// Refuses what is not as it should be, and may have been a revocation list.
    private mutating func refuse(_ file: TrustFile, _ code: String) {
        refused.append(TrustRefusal(path: file.path, code: code, keyID: nil))
        noteUnknown(TrustPath(file.path))
    }

    /// Asks for every list that was held or announced, and for every file that the publisher names.
    private mutating func demand(_ notes: TrustNotes, in files: [TrustFile], changed: Set<String>) {
        var missing: Set<String> = []
        for list in notes.held where require(list, isConfirmed: notes.isConfirmed(list.path)) {
            missing.insert(list.path)
        }
        let there = Set(files.map(\.path))
        let described = Set(notes.held.map(\.path))
        for path in (notes.manifest.map { Array($0.digests.keys) } ?? []).sorted() where !there.contains(path) {
            missing.insert(path)
            // A list of which nothing else is known may be for anybody.
            if TrustPath(path).isList, !described.contains(path) { noteUnknown(TrustPath(path)) }
        }
        // A changed one was refused already; what it was before may have been for anybody as well.
        for path in changed.sorted() where TrustPath(path).isList && !described.contains(path) {
            noteUnknown(TrustPath(path))
        }
        for path in missing.sorted() where !refused.contains(where: { $0.path == path && $0.keyID == nil }) {
            let code = described.contains(path) || TrustPath(path).isList ? TrustRefusal.listMissing : "trust.missing"
            refused.append(TrustRefusal(path: path, code: code, keyID: nil))
        }
    }

    /// Whether a list that was held or announced is missing or older; if so, what it covered is unknown from now on.
    private mutating func require(_ list: HeldList, isConfirmed: Bool) -> Bool {
        let place = TrustPath(list.path)
        if place.isIssuer { return smartHealthCards.require(list, isTest: place.isTest) }
        if place.folder == "vdsnc" { return vdsnc.require(list, isTest: place.isTest) }
        let known = signers.held.first { $0.path == list.path }
        // Fewer entries under the same name are half a batch, unless the publisher says that this is the whole.
        if let known, isConfirmed || known.least >= list.least { return false }
        signers.noteUnknown(isTest: place.isTest) { $0.note(list) }
        return true
    }

    private mutating func noteUnknown(_ place: TrustPath) {
        switch place.part {
        case "dcc": signers.noteUnknown(isTest: place.isTest) { $0.note() }
        case "shc": smartHealthCards.noteUnknown(isTest: place.isTest)
        default: vdsnc.noteUnknown(isTest: place.isTest)
        }
    }

    private mutating func noteEverythingUnknown() {
        smartHealthCards.noteUnknown(isTest: false)
        vdsnc.noteUnknown(isTest: false)
        signers.noteUnknown(isTest: false) { $0.note() }
    }

    /// Whether it vouches for nothing at all.
    public var isEmpty: Bool { smartHealthCards.isEmpty && vdsnc.isEmpty && signers.isEmpty }
}
