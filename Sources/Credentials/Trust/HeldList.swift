import Foundation

/// A revocation list that a trust folder was told of, or has held: that it is missing, older or cut is noticed by this.
///
/// Written beside the files of a trust folder, by an import (`imported.json`) and by a publisher (`manifest.json`).
package struct HeldList: Hashable, Sendable, Encodable {
    /// The file below the trust folder.
    package let path: String
    /// Whose list it is: the `kid` of a SMART Health Card key, the key identifier of a signer of EU certificates in
    /// hexadecimal digits, or the SHA-256 of an authority's certificate in the same. `nil` if it is for a country, or for
    /// all.
    package let key: String?
    /// The country of EU certificates for all of whose keys it is.
    package let country: String?
    /// What it must at least be: the counter of a SMART Health Card list, the entries of a batch, when an authority's list
    /// was made in seconds since 1970.
    package let least: Double
    /// From when it may be missing, in seconds since 1970: the end of a batch.
    package let expires: Double?
    /// Of one that was announced and never came, who announced it: a publisher's key by its SHA-256.
    package var publisher: String?

    package init(
        path: String, key: String? = nil, country: String? = nil, least: Double, expires: Double? = nil,
        publisher: String? = nil
    ) {
        self.path = path
        self.key = key
        self.country = country
        self.least = least
        self.expires = expires
        self.publisher = publisher
    }

    /// Reads one; `nil` if anything in it is not as it should be.
    init?(_ place: JSON.Place, in json: JSON) {
        guard let path = json.string(json.member("path", of: place)),
            TrustPath(path).canBeHeld,
            let least = json.number(json.member("least", of: place))
        else { return nil }
        let members = [json.member("key", of: place), json.member("country", of: place)]
        guard members.allSatisfy({ $0 == nil || json.string($0) != nil }) else { return nil }
        let end = json.member("expires", of: place)
        guard end == nil || json.number(end) != nil else { return nil }
        self.init(
            path: path, key: json.string(members[0]), country: json.string(members[1]), least: least,
            expires: json.number(end), publisher: json.string(json.member("publisher", of: place)))
    }

    /// The lists that the text of a note names; `nil` if it cannot be read.
    package static func noted(_ bytes: [UInt8]) -> [HeldList]? {
        guard let json = try? JSON(bytes), json.kind(json.root) == .object else { return nil }
        return TrustManifest.lists(json)
    }

    /// Whether this is the list of another note, and as much of it as that asks for.
    package func isAtLeast(_ other: HeldList) -> Bool {
        path == other.path && key == other.key && country == other.country && least >= other.least
    }

    /// The lists of two notes together: of one list that both name, the one that asks for more; what not both say of who
    /// announced it, nobody says.
    package static func merged(_ first: [HeldList], _ second: [HeldList]) -> [HeldList] {
        var result: [[String?]: HeldList] = [:]
        for list in first + second {
            let place = [list.path, list.key, list.country]
            var list = list
            if let known = result[place] {
                let publisher = known.publisher == list.publisher ? list.publisher : nil
                if known.least > list.least { list = known }
                list.publisher = publisher
            }
            result[place] = list
        }
        return result.values.sorted { ($0.path, $0.key ?? "") < ($1.path, $1.key ?? "") }
    }
}

/// What a file's path below a trust folder says of it.
package struct TrustPath {
    /// Whether it lies in the test part.
    package let isTest: Bool
    /// The folder, without the test part's.
    package let folder: String
    package let name: String

    package init(_ path: String) {
        var parts = path.split(separator: "/", omittingEmptySubsequences: false)
        isTest = parts.first == "test"
        if isTest { parts.removeFirst() }
        name = parts.popLast().map(String.init) ?? ""
        folder = parts.joined(separator: "/")
    }

    package var isIssuer: Bool { folder == "shc" && name.hasSuffix(".json") }
    /// Every file of that folder is one, whatever its name; and so is what lies there as a file itself.
    package var isBatch: Bool { folder == "dcc/revocation" || folder == "dcc" && name == "revocation" }
    /// By its name, which a list need not have.
    package var isAuthorityList: Bool { folder == "vdsnc" && name.lowercased().contains(".crl") }
    package var isLinks: Bool { folder == "vdsnc" && name.lowercased().hasSuffix(".json") }
    /// Whether it holds revocation lists, or says what belongs together: something that is missed once it was there.
    var canBeHeld: Bool { isList || isIssuer || isManifest || folder == "vdsnc" }
    /// Whether it is a folder where only files may lie.
    var isFolder: Bool { name.isEmpty && ["dcc", "shc", "vdsnc"].contains(part) }
    /// The format whose part of the folder it lies in.
    var part: Substring { (folder.isEmpty ? name[...] : folder[...]).prefix { $0 != "/" } }
    package var isManifest: Bool { folder.isEmpty && !isTest && name == TrustManifest.name }
    /// Whether it revokes, or says where what revokes is, and vouches for nothing.
    package var isList: Bool { isBatch || isAuthorityList || isLinks }
}
