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
    /// The code of an issuer's file with a revocation list that cannot be read.
    package static let revocationMalformed = "trust.revocation_malformed"
    /// The key it is about, if it is about one.
    public let keyID: String?
}

/// Whom a verifier trusts: issuers, their keys and their revocation lists, read once and kept ready.
///
/// A file that is not as it should be is left out as a whole, so that nothing is trusted by half (a revocation list that
/// cannot be read must not turn into "nothing is revoked"); ``refused`` says which and why.
public struct TrustStore: Sendable {
    /// What was not used.
    public private(set) var refused: [TrustRefusal] = []
    var smartHealthCards = SmartHealthCardTrust()
    var vdsnc = VDSNCTrust()
    var signers = HCERTTrust()

    /// The maximum of a file that is looked at, in bytes: 16 MiB.
    public static let maximumFileBytes = 16 << 20

    /// Reads the files of a trust folder. Files of folders that a verifier of certificates does not use (`card/`) and
    /// hidden files are passed over.
    public init(files: [TrustFile]) {
        // Revocation lists after the certificates whose signatures they bear.
        func isList(_ file: TrustFile) -> Bool { file.path.hasSuffix(".crl") }
        for file in files.sorted(by: { (isList($0) ? 1 : 0, $0.path) < (isList($1) ? 1 : 0, $1.path) }) {
            var parts = file.path.split(separator: "/", omittingEmptySubsequences: false)
            let isTest = parts.first == "test"
            if isTest { parts.removeFirst() }
            guard let name = parts.popLast(), !name.hasPrefix(".") else { continue }
            guard file.bytes.count <= Self.maximumFileBytes else {
                refused.append(TrustRefusal(path: file.path, code: "trust.too_large", keyID: nil))
                continue
            }
            switch parts.joined(separator: "/") {
            case "shc" where name.hasSuffix(".json"): refused += smartHealthCards.add(file, isTest: isTest)
            case "dcc": refused += signers.add(file, isTest: isTest)
            case "dcc/revocation" where name.hasSuffix(".json"): refused += signers.addBatch(file, isTest: isTest)
            case "vdsnc": refused += isList(file) ? vdsnc.addList(file) : vdsnc.add(file, isTest: isTest)
            default: continue
            }
        }
        signers.sortRevocation()
    }

    /// Whether it vouches for nothing at all.
    public var isEmpty: Bool { smartHealthCards.isEmpty && vdsnc.isEmpty && signers.isEmpty }
}
