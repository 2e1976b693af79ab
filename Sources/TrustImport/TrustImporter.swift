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
        /// Whether it goes to the folder's test part.
        public var isTest = false
        /// The time to judge validity by.
        public var now: Date

        /// Options for a time.
        public init(now: Date) { self.now = now }
    }

    /// The longest input that is looked at: 64 MiB.
    public static let maximumInputBytes = 64 << 20
    /// The most entries of one input.
    public static let maximumEntries = 9_000

    var report = ImportReport()
    let options: Options
    // By path below the folder.
    var files: [String: [UInt8]] = [:]
    let existing: [String: [UInt8]]
    var authorities: [Certificate] = []
    var names: [String: String] = [:]
    var now: Double { options.now.timeIntervalSince1970 }

    private init(existing: [TrustFile], options: Options) {
        self.options = options
        self.existing = Dictionary(existing.map { ($0.path, $0.bytes) }) { first, _ in first }
        for file in existing where file.path.hasPrefix(options.isTest ? "test/vdsnc/" : "vdsnc/") {
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
        var importer = TrustImporter(existing: existing, options: options)
        let read = inputs.map { importer.recognise($0.name, $0.bytes) }
        // Names before keys, authorities before the lists that they signed.
        for pass in Input.Pass.allCases {
            for input in read.compactMap({ $0 }) where input.pass == pass { importer.take(input) }
        }
        let files = importer.files.sorted { $0.key < $1.key }.map {
            TrustFile(path: $0.key, bytes: $0.value, fetched: options.now.timeIntervalSince1970)
        }
        return (files, importer.report)
    }

    /// A recognised input.
    struct Input {
        enum Content {
            case json(JSON, PublishedForm)
            case signedList(signature: [UInt8], message: [UInt8], JSON)
            case certificates([[UInt8]])
            case lists([[UInt8]])
            case master([UInt8])
        }

        /// In which order inputs are taken.
        enum Pass: CaseIterable { case names, keys, lists }

        let name: String
        let contents: [Content]

        var pass: Pass {
            switch contents.first {
            case .json(_, .issuerDirectory): .names
            case .lists: .lists
            default: .keys
            }
        }
    }

    private mutating func take(_ input: Input) {
        for content in input.contents {
            switch content {
            case .json(let json, let form): take(json, form, input.name)
            case .signedList(let signature, let message, let json):
                takeSigned(json, signature: signature, message: message, input.name)
            case .certificates(let all): takeCertificates(all, input.name)
            case .lists(let all): for der in all { takeList(der, input.name) }
            case .master(let der): takeMasterList(der, input.name)
            }
        }
    }

    private mutating func take(_ json: JSON, _ form: PublishedForm, _ name: String) {
        switch form {
        case .keySet: takeKeySet(json, name)
        case .issuerDirectory: takeNames(json, name)
        case .issuerSnapshot: takeSnapshot(json, name)
        case .issuerFile: takeIssuerFile(json, name)
        case .signerList: takeUnsigned(json, name)
        case .didDocument: takeDocument(json, name)
        case .revocationBatch: takeBatch(json, name)
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
