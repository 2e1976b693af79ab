public import Credentials
public import struct Foundation.Date

/// Turns published forms of trust into files for a trust folder: every entry is checked, and file names come from
/// digests alone.
public struct TrustImporter: Sendable {
    /// What an import is told beside its inputs.
    public struct Options: Sendable {
        /// Whose a key set is: the issuer's address.
        public var issuer: String?
        /// The issuer's name for people.
        public var name: String?
        /// Who signs the list.
        public var publisher: Publisher?
        /// Earlier keys of the same publisher, as whoever pins keys says: what came under them counts as come under this one.
        public var replaced: [Publisher] = []
        /// Whether it goes to the folder's test part.
        public var isTest = false
        /// The time to judge validity by.
        public var now: Date

        /// Options for a time.
        public init(now: Date) { self.now = now }
    }

    /// The maximum length of an input that is looked at: 64 MiB.
    public static let maximumInputBytes = 64 << 20
    /// The maximum of entries of one input.
    public static let maximumEntries = 9_000

    var report = ImportReport()
    let options: Options
    // By path below the folder.
    private(set) var files: [String: [UInt8]] = [:]
    // By path below the folder, in seconds since 1970, where it is not the time of the import.
    private var fetched: [String: Double] = [:]
    let existing: [String: [UInt8]]
    /// When what the folder holds was fetched, in seconds since 1970, by its path.
    let existingTimes: [String: Double]
    /// Authorities that were taken out of the folder before, for the sake of their lists.
    let retired: [Certificate]
    /// The SHA-256 of each input.
    let given: Set<String>
    /// What the publisher's signed manifests say, by the digest of what it is about.
    var listings: [String: Listing] = [:]
    /// The digests of the listed inputs in which a file came, by its path.
    private(set) var brought: [String: Set<String>] = [:]
    /// What is taken out of the folder, and what of its files is written anew without a part that is.
    var removed: Set<String> = []
    var rewritten: [String: [UInt8]] = [:]
    var retiring: [RetiredAuthority] = []
    /// Lists that are done with.
    var outdated: Set<String> = []
    /// Files that manifests list and that are not here, by the manifest's input.
    var absent: [(input: String, path: String)] = []
    /// By whom the folder's files came; `nil` if the note of it cannot be read.
    var bringers: [Bringer]?
    var authorities: [Certificate] = []
    var names: [String: String] = [:]
    /// What a manifest that the publisher signed says of the very bytes of the input that is taken now.
    private(set) var listing: Listing?
    /// The publisher's earlier keys.
    var replaced: Set<String> { Set(options.replaced.compactMap(\.id)) }
    /// Who has to have signed what is taken now: nobody, where no publisher is given or its manifest names the input.
    var publisher: Publisher? { listing == nil ? options.publisher : nil }
    /// Files of lists, by their digests, that need not be here: they were taken, have ended, or a newer one is here.
    var settled: Set<String> = []
    /// Texts of manifests, by their digests, that are older than what is known.
    var replayed: Set<String> = []
    /// What authorities have revoked, by the lists that are here.
    private(set) var revoked = RevokedCertificates(lists: [], authorities: [], now: 0)
    var missing: [HeldList] = []
    var found: [HeldList] = []
    var now: Double { options.now.timeIntervalSince1970 }

    private init(existing: [TrustFile], options: Options, given: Set<String>) {
        (self.options, self.given) = (options, given)
        existingTimes = Dictionary(existing.compactMap { file in file.fetched.map { (file.path, $0) } }) { old, _ in old
        }
        retired = RetiredAuthority.noted(in: existing).compactMap { Certificate(der: $0.der) }
        self.existing = Dictionary(existing.map { ($0.path, $0.bytes) }) { first, _ in first }
        for file in existing
        where file.path.hasPrefix(options.isTest ? "test/vdsnc/" : "vdsnc/") && !file.path.hasSuffix(".json") {
            authorities += (PEM.objects("CERTIFICATE", in: file.bytes) ?? []).compactMap { Certificate(der: $0) }
                .filter(\.canVouch)
        }
    }

    /// Reads inputs of any published form.
    ///
    /// - Parameters:
    ///   - inputs: each input's name, for the report alone, and its content.
    ///   - existing: what the trust folder holds.
    /// - Returns: the files to write, and what was taken and refused.
    public static func run(
        _ inputs: [(name: String, bytes: [UInt8])], existing: [TrustFile] = [], options: Options
    ) -> (files: [TrustFile], report: ImportReport) {
        let (change, report) = change(inputs, existing: existing, options: options)
        return (change.files, report)
    }

    /// The same with what is to be noted beside the files: lists that a publisher's signed manifest announces and that are
    /// not here, and which edition of it was taken.
    ///
    /// - Parameters:
    ///   - inputs: each input's name, for the report alone, and its content.
    ///   - existing: what the trust folder holds, with its notes.
    public static func change(
        _ inputs: [(name: String, bytes: [UInt8])], existing: [TrustFile] = [], options: Options
    ) -> (change: TrustChange, report: ImportReport) {
        var importer = TrustImporter(
            existing: existing, options: options, given: Set(inputs.map { TrustManifest.digest($0.bytes) }))
        let recognised = inputs.compactMap { input in
            importer.recognise(input.name, input.bytes).map { (input: $0, bytes: input.bytes) }
        }
        let manifests = importer.signedManifests(recognised)
        let read = importer.covered(recognised, by: manifests)
        importer.revoked = importer.revoked(read)
        // Names before keys, authorities before the lists that they signed.
        for pass in Input.Pass.allCases {
            for input in read where input.pass == pass { importer.take(input) }
        }
        importer.takeOutWithdrawn(by: manifests)
        importer.takeOutRevoked()
        importer.takeOutBatches(by: manifests)
        importer.demandAnnounced(manifests)
        var change = TrustChange(
            files: importer.files.sorted { $0.key < $1.key }.map {
                TrustFile(path: $0.key, bytes: $0.value, fetched: importer.fetched[$0.key] ?? importer.now)
            })
        change.files += importer.rewritten.sorted { $0.key < $1.key }.map {
            TrustFile(path: $0.key, bytes: $0.value, fetched: importer.existingTimes[$0.key] ?? importer.now)
        }
        (change.removed, change.retired, change.bringers) = (importer.removed, importer.retiring, importer.bringers)
        (change.missing, change.found, change.outdated) = (importer.missing, importer.found, importer.outdated)
        if let publisher = options.publisher?.id, let counter = manifests.first?.manifest.counter {
            change.counters[publisher] = counter
        }
        return (change, importer.report)
    }

    /// Notes that what a manifest lists holds a file of the folder.
    mutating func bring(_ path: String) {
        if let listing { brought[path, default: []].insert(listing.digest) }
    }

    /// Keeps a file to write. What a manifest covers is as old as the manifest, whenever it is taken.
    mutating func put(_ bytes: [UInt8], _ path: String, time: Double? = nil) {
        files[path] = bytes
        fetched[path] = (time ?? listing?.time).map { min($0, now) }
    }

    /// A recognised input.
    struct Input {
        enum Content {
            case json(JSON, PublishedForm, DetachedSignature?)
            case certificates([[UInt8]])
            case lists([[UInt8]])
            case master([UInt8])
        }

        /// A signature over a text, in front of it; nobody has checked it.
        struct DetachedSignature {
            let bytes: [UInt8]
            let message: [UInt8]

            /// Whether it is a publisher's. A line's end behind the text is the file's, not the publisher's.
            func isValid(by publisher: Publisher) -> Bool {
                let end = message.lastIndex { !($0 == 0x0A || $0 == 0x0D) }.map { $0 + 1 } ?? 0
                return publisher.signed(message, bytes) || publisher.signed(Array(message.prefix(end)), bytes)
            }
        }

        /// In which order inputs are taken.
        enum Pass: CaseIterable { case names, keys, lists }

        let name: String
        let contents: [Content]
        /// What a manifest that the publisher signed says of its very bytes, if it names them.
        var listing: Listing?

        var pass: Pass {
            switch contents.first {
            case .json(_, .issuerDirectory, _): .names
            case .lists: .lists
            default: .keys
            }
        }
    }

    private mutating func take(_ input: Input) {
        listing = input.listing
        defer { listing = nil }
        for content in input.contents {
            switch content {
            case .json(let json, let form, let signature):
                if isCovered(signature, form, input.name) { take(json, form, input.name) }
            case .certificates(let all): takeCertificates(all, input.name)
            case .lists(let all): for der in all { takeList(der, input.name) }
            case .master(let der): takeMasterList(der, input.name)
            }
        }
    }

    /// Whether a text may be taken: with a publisher given, only if the publisher signed it, or names it in a manifest that
    /// it signed. This stands before the forms, so that none can be taken unsigned, not even one that is added later.
    private mutating func isCovered(
        _ signature: Input.DetachedSignature?, _ form: PublishedForm, _ input: String
    ) -> Bool {
        if listing != nil { return true }
        guard let publisher else {
            if signature != nil || form == .signerList || form == .didDocument { note(.unsigned, input) }
            return true
        }
        guard let signature else {
            refuse(.signatureMissing, input)
            return false
        }
        guard signature.isValid(by: publisher) else {
            refuse(.signatureInvalid, input)
            return false
        }
        return true
    }

    private mutating func take(_ json: JSON, _ form: PublishedForm, _ name: String) {
        switch form {
        case .keySet: takeKeySet(json, name)
        case .issuerDirectory: takeNames(json, name)
        case .issuerSnapshot: takeSnapshot(json, name)
        case .issuerFile: takeIssuerFile(json, name)
        case .signerList: takeList(json, name)
        case .didDocument: takeDocument(json, name)
        case .revocationBatch: takeBatch(json, name)
        case .manifest: takeManifest(json, name)
        case .masterList, .certificates: break
        }
    }

    mutating func refuse(_ cause: ImportCause, _ input: String, detail: String? = nil, about: String? = nil) {
        report.refused.append(.init(input: input, cause: cause, detail: detail, about: about))
    }

    mutating func note(_ cause: ImportCause, _ input: String, about: String? = nil) {
        report.notes.append(.init(input: input, cause: cause, about: about))
    }

    /// The members of an input's list; if it is none, or has too many, the input is refused.
    mutating func entries(_ list: JSON.Place?, _ json: JSON, _ input: String) -> [JSON.Place]? {
        guard let members = json.elements(of: list) else {
            refuse(.malformed, input)
            return nil
        }
        let entries = Array(members.prefix(Self.maximumEntries + 1))
        guard entries.count <= Self.maximumEntries else {
            refuse(.tooMany, input)
            return nil
        }
        return entries
    }

    /// A path in the part of the folder that the import is for.
    func path(_ folder: String, _ name: String) -> String { "\(options.isTest ? "test/" : "")\(folder)/\(name)" }
}
