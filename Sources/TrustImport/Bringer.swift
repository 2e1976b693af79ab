import Credentials
import Foundation
import TrustFolder

/// Who brought a file of a trust folder, as `imported.json` notes it: what a publisher no longer lists leaves the folder,
/// unless somebody else brought it too. A file of which nothing is noted came without a publisher's manifest.
package struct Bringer: Hashable, Sendable, Encodable {
    /// The file below the trust folder.
    let path: String
    /// The publisher's key by its SHA-256; `nil` for whoever brought it without a signed manifest.
    let publisher: String?
    /// The SHA-256 of each published file in which it came.
    var files: [String] = []
    /// The identifiers of the keys that came, of an issuer's file.
    var keys: [String] = []

    /// Whether a file is one that may leave: it vouches, and holds no list but beside the keys that the list is for, or it is
    /// a batch, of which others may say all one day.
    static func isNoted(_ path: String) -> Bool {
        let place = TrustPath(path)
        return TrustFolder.isFile(path)
            && (place.folder == "dcc/revocation"
                || ["shc", "dcc", "vdsnc"].contains(place.folder) && !place.isList)
    }

    /// Those that the text of a note names; `nil` if it cannot be read.
    static func noted(_ bytes: [UInt8]) -> [Bringer]? {
        guard let json = try? JSON(bytes), json.kind(json.root) == .object else { return nil }
        guard let place = json.member("sources", of: json.root) else { return [] }
        guard let members = json.elements(of: place) else { return nil }
        func texts(_ place: JSON.Place?) -> [String]? {
            guard let all = json.elements(of: place).map({ $0.map { json.string($0) } }) else { return nil }
            let texts = all.compactMap { $0 }
            return texts.count == all.count ? texts : nil
        }
        var result: [Bringer] = []
        for member in members {
            let publisher = json.member("publisher", of: member)
            guard let path = json.string(json.member("path", of: member)), isNoted(path),
                publisher == nil || json.string(publisher) != nil,
                let files = texts(json.member("files", of: member)), let keys = texts(json.member("keys", of: member))
            else { return nil }
            result.append(Bringer(path: path, publisher: json.string(publisher), files: files, keys: keys))
        }
        return result
    }

    /// The identifiers of the keys in an issuer's file; none in others.
    static func keys(_ bytes: [UInt8]) -> [String] {
        guard AuthorityFile(bytes).isLinks, let json = try? JSON(bytes) else { return [] }
        return json.children(of: json.member("keys", of: json.member("jwks", of: json.root))).compactMap {
            try? JWK.read($0, in: json).kid
        }
    }
}

extension [Bringer] {
    /// The same when keys of a publisher are replaced by another one: what came under them came under that.
    func moved(from keys: Set<String>, to publisher: String?) -> [Bringer] {
        guard let publisher, !keys.isEmpty else { return self }
        let moved = filter { $0.publisher.map { keys.contains($0) || $0 == publisher } ?? false }
        let own = Dictionary(grouping: moved, by: \.path).map { path, all in
            Bringer(
                path: path, publisher: publisher, files: Set(all.flatMap(\.files)).sorted(),
                keys: Set(all.flatMap(\.keys)).sorted())
        }
        let gone = Set(moved)
        return filter { !gone.contains($0) } + own
    }

    /// The same when files came without a publisher's manifest. One that only they brought needs no note.
    func adding(_ files: [TrustFile]) -> [Bringer] {
        let noted = Set(map(\.path))
        let new = files.filter { noted.contains($0.path) }
        let paths = Set(new.map(\.path))
        return filter { $0.publisher != nil || !paths.contains($0.path) }
            + new.map { Bringer(path: $0.path, publisher: nil, keys: Bringer.keys($0.bytes)) }
    }
}
