public import Credentials
import Crypto
public import Foundation

/// What a trust folder holds, for a person who looks after it.
public struct TrustInventory: Sendable {
    /// A key, certificate or list.
    public struct Entry: Hashable, Sendable {
        /// What it is.
        public let kind: ImportReport.Taken.Kind
        /// The file below the folder.
        public let path: String
        /// The key's identifier: a thumbprint, or hexadecimal digits.
        public let id: String
        /// Whose it is. Outside text.
        public let owner: String
        /// Whether it lies in the test part, or in a file with a development mark.
        public let isTest: Bool
        /// When it ends, or when a newer list was promised for.
        public let expires: Date?
        /// When its file was fetched, if that is known.
        public let fetched: Date?
        /// When a list was made, if it says so.
        public let made: Date?
        /// How many entries a list has.
        public let count: Int?
    }

    /// Something to look after.
    public struct Warning: Hashable, Sendable {
        /// Why.
        public let cause: TrustWarning
        /// The file below the folder, or a format's part of it.
        public let path: String
        /// Which of the file's entries. Outside text.
        public let about: String
    }

    /// How long before its end something is warned of: 90 days, in seconds.
    public static let notice: Double = 90 * 86_400

    /// What the folder holds and is used.
    public private(set) var entries: [Entry] = []
    /// What to look after.
    public private(set) var warnings: [Warning] = []
    /// What of the folder is not used, and why.
    public let refused: [TrustRefusal]

    /// The inventory of a folder's files at a time.
    public init(files: [TrustFile], now: Date) {
        let store = TrustStore(files: files)
        refused = store.refused
        let unused = Set(refused.filter { $0.keyID == nil }.map(\.path))
        let authorities =
            files.filter { TrustPath($0.path).folder == "vdsnc" }
            .flatMap { AuthorityFile($0.bytes).certificates.compactMap { Certificate(der: $0) } }
            + RetiredAuthority.noted(in: files).compactMap { Certificate(der: $0.der) }
        for file in files where !unused.contains(file.path) { add(file, authorities, store.marked) }
        warn(now)
        warnOfKeys()
    }

    private mutating func add(_ file: TrustFile, _ authorities: [Certificate], _ marked: Set<String>) {
        let isInTestPart = file.path.hasPrefix("test/")
        let isTest = isInTestPart || marked.contains(file.path)
        let place = isInTestPart ? String(file.path.dropFirst(5)) : file.path
        func entry(
            _ kind: ImportReport.Taken.Kind, _ id: String, _ owner: String, expires: Double? = nil,
            made: Double? = nil, count: Int? = nil
        ) {
            func date(_ seconds: Double?) -> Date? { seconds.map { Date(timeIntervalSince1970: $0) } }
            entries.append(
                Entry(
                    kind: kind, path: file.path, id: id, owner: owner, isTest: isTest, expires: date(expires),
                    fetched: date(file.fetched), made: date(made), count: count))
        }
        if place.hasPrefix("shc/") {
            guard let json = try? JSON(file.bytes) else { return }
            let owner = [
                json.string(json.member("name", of: json.root)), json.string(json.member("issuer", of: json.root)),
            ]
            .compactMap { $0 }.joined(separator: " ")
            for key in json.children(of: json.member("keys", of: json.member("jwks", of: json.root))) {
                if let key = try? JWK.read(key, in: json) { entry(.smartHealthCardKey, key.kid, owner) }
            }
            for list in json.children(of: json.member("crls", of: json.root)) {
                let count = Array(json.children(of: json.member("rids", of: list))).count
                entry(.smartHealthCardRevocation, json.string(json.member("kid", of: list)) ?? "", owner, count: count)
            }
        } else if TrustPath(file.path).isBatch || place.hasPrefix("dcc/") && DCCRevocation.Batch(file.bytes) != nil {
            guard let batch = DCCRevocation.Batch(file.bytes) else { return }
            entry(
                .documentRevocation, batch.keyID.isEmpty ? batch.country : Digest.hex(batch.keyID),
                "\(batch.country) \(batch.hashType.rawValue)", expires: batch.expires, count: batch.count)
        } else if place.hasPrefix("vdsnc/"), AuthorityFile(file.bytes).isLinks {
            guard let json = try? JSON(file.bytes), let links = TrustManifest.links(json) else { return }
            for (issuer, signers) in Dictionary(grouping: links, by: \.value).sorted(by: { $0.key < $1.key }) {
                entry(
                    .links, Digest.hex(SHA256.hash(data: Array(issuer.utf8)).prefix(8)), issuer, count: signers.count)
            }
        } else if place.contains("/") {
            let contents = AuthorityFile(file.bytes)
            for der in contents.lists {
                guard let dates = RevocationDates(der: der),
                    let signer = RevocationDates.signer(of: der, among: authorities)
                else { continue }
                entry(
                    .authorityRevocation, TrustImporter.id(signer), TrustImporter.owner(signer), expires: dates.next,
                    made: dates.made, count: dates.count)
            }
            for der in contents.certificates {
                guard let certificate = Certificate(der: der) else { continue }
                let kind: ImportReport.Taken.Kind =
                    place.hasPrefix("dcc/") ? .documentSigner : certificate.isAuthority ? .authority : .vdsncSigner
                entry(
                    kind, TrustImporter.id(certificate), TrustImporter.owner(certificate), expires: certificate.notAfter
                )
            }
        }
    }

    private mutating func warn(_ now: Date) {
        var ages: [String: (age: TrustAge, isTest: Bool)] = [:]
        for entry in entries {
            let isList = [.documentRevocation, .authorityRevocation, .smartHealthCardRevocation].contains(entry.kind)
            if let expires = entry.expires {
                if now > expires {
                    let cause: TrustWarning =
                        isList ? (entry.kind == .authorityRevocation ? .listOld : .batchExpired) : .expired
                    warnings.append(Warning(cause: cause, path: entry.path, about: entry.id))
                } else if !isList, now.addingTimeInterval(Self.notice) > expires {
                    warnings.append(Warning(cause: .expiresSoon, path: entry.path, about: entry.id))
                }
            }
            let part = entry.isTest ? "test/" : ""
            let format = part + String(entry.kind.rawValue.prefix { $0 != "." })
            var age = ages[format]?.age ?? TrustAge()
            let fetched = entry.fetched?.timeIntervalSince1970
            if isList {
                age.noteRevocation(fetched, isTest: entry.isTest)
                if entry.kind == .smartHealthCardRevocation { age.noteTrust(fetched, isTest: entry.isTest) }
            } else {
                age.noteTrust(fetched, isTest: entry.isTest)
            }
            ages[format] = (age, entry.isTest)
        }
        for (format, value) in ages.sorted(by: { $0.key < $1.key }) {
            warnings += value.age.causes(isTest: value.isTest, at: now.timeIntervalSince1970).map {
                Warning(cause: $0 == .trustOld ? .trustOld : .revocationOld, path: format, about: "")
            }
        }
    }

    // One key identifier is eight bytes of a digest: two certificates with one are met, and each is tried.
    private mutating func warnOfKeys() {
        for (_, same) in Dictionary(grouping: entries.filter { $0.kind == .documentSigner }, by: \.id)
            .sorted(by: { $0.key < $1.key }) where same.count > 1
        {
            for entry in same {
                warnings.append(Warning(cause: .keyShared, path: entry.path, about: entry.id))
            }
        }
    }
}
