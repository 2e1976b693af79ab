import Credentials
import Crypto
import Foundation

// Which lists a publisher's signed manifest announces, and whether they are here.
extension TrustImporter {
    /// A manifest that the pinned publisher signed.
    struct SignedManifest {
        let input: String
        let manifest: TrustManifest
        /// The text without its signature, by its digest.
        let text: String
    }

    /// What a signed manifest says of an input whose digest it names.
    struct Listing {
        /// The folders that the manifest puts these bytes into, without the test part's.
        let folders: Set<String>
        /// The digest of the input's bytes.
        let digest: String
        /// When the manifest was made, in seconds since 1970, if it says so.
        let time: Double?
    }

    /// A list that a manifest announces.
    private struct Announcement {
        /// As it is noted here: under the path that an import gives it.
        let list: HeldList
        /// The path that its publisher gives it.
        let published: String
        /// The digest of its file, if the manifest names it.
        let digest: String?
        /// Whether nothing is known of it but its file.
        var isBare = false
    }

    /// Whether a path that a manifest names is meant for this import: what the publisher calls a test is so in an import of
    /// tests alone.
    func isMeant(_ path: String) -> Bool { options.isTest || !path.hasPrefix("test/") }

    /// Whether what is taken now may go into a folder: what a manifest names goes where the manifest says, whatever else it
    /// looks like.
    func mayGo(_ folder: String) -> Bool { listing.map { $0.folders.contains(folder) } ?? true }

    /// Notes which announced lists are here and which are not; each that is not is refused, and so is each listed file.
    mutating func demandAnnounced(_ manifests: [SignedManifest]) {
        guard !manifests.isEmpty else { return }
        // What a list in the test part says counts for nobody in the normal one; the other way round it does.
        var whole = existing.filter { $0.key.contains("/") && (options.isTest || !TrustPath($0.key).isTest) }
        whole.merge(files) { _, new in new }
        whole.merge(rewritten) { _, new in new }
        for path in removed.union(outdated) { whole[path] = nil }
        let held = TrustStore(files: whole.map { TrustFile(path: $0.key, bytes: $0.value) }).held
        // A name made of a digest stands for the bytes that were published, whatever space around them went.
        let names = Set(held.map { TrustPath($0.path).name })
        var announced: [HeldList] = []
        var lacking: Set<String> = []
        let digests = Set(whole.filter { TrustPath($0.key).isList }.map { TrustManifest.digest($0.value) }).union(
            settled)
        for signed in manifests {
            for one in self.announced(by: signed.manifest) {
                announced.append(one.list)
                if let end = one.list.expires, end <= now { continue }
                if names.contains(TrustPath(one.list.path).name) && one.isBare || isHere(one, held, digests) {
                    found.append(one.list)
                } else {
                    missing.append(one.list)
                    refuse(.listMissing, signed.input, about: one.published)
                    lacking.insert(one.published)
                }
            }
        }
        // What was refused for its list is not refused twice.
        for (input, path) in absent where !lacking.contains(path) { refuse(.fileMissing, input, about: path) }
        dropReplaced(announced)
    }

    /// Drops the notes of batches that this publisher announced before, that never came, and that it has replaced: it
    /// announces others for the same key, and all of them are here.
    private mutating func dropReplaced(_ announced: [HeldList]) {
        func place(_ list: HeldList) -> [String?] { [list.key, list.country] }
        let batches = announced.filter { TrustPath($0.path).isBatch }
        let replaced = Set(batches.map(place)).subtracting(missing.filter { TrustPath($0.path).isBatch }.map(place))
        let paths = Set(batches.map(\.path))
        for note in existing[TrustManifest.notesName].flatMap({ HeldList.noted($0) }) ?? []
        where note.publisher.map({ $0 == options.publisher?.id || self.replaced.contains($0) }) ?? false
            && isOwnBatch(note.path)
            && existing[note.path] == nil && !paths.contains(note.path) && replaced.contains(place(note))
        {
            outdated.insert(note.path)
        }
    }

    private func isHere(_ one: Announcement, _ held: [HeldList], _ digests: Set<String>) -> Bool {
        if one.isBare { return one.digest.map(digests.contains) ?? false }
        let place = TrustPath(one.list.path)
        if place.isBatch || place.isLinks, let digest = one.digest, digests.contains(digest) { return true }
        return held.contains { list in
            guard list.key == one.list.key, list.country == one.list.country, list.least >= one.list.least else {
                return false
            }
            let other = TrustPath(list.path)
            // A key's list is known by the key, and others by their file.
            return place.folder == other.folder
                && (place.isIssuer || place.isAuthorityList || place.name == other.name)
        }
    }

    private func announced(by manifest: TrustManifest) -> [Announcement] {
        var result: [Announcement] = []
        for list in manifest.lists where isMeant(list.path) && !TrustPath(list.path).isManifest {
            let place = TrustPath(list.path)
            let digest = manifest.digests[list.path]
            var name = digest.map { Self.listName($0) } ?? place.name
            var key = list.key
            if place.isIssuer { name = place.name }
            if place.folder == "vdsnc" && !(place.isLinks && key == nil) {
                if key.map(TrustManifest.isDigest) != true { key = nil }
                name =
                    "\(key ?? digest.map { String($0.prefix(32)) } ?? TrustManifest.digest(Array(list.path.utf8))).crl"
            }
            result.append(
                Announcement(
                    list: HeldList(
                        path: path(place.folder, name), key: key, country: list.country, least: list.least,
                        expires: list.expires, publisher: options.publisher?.id),
                    published: list.path, digest: digest,
                    isBare: place.folder == "vdsnc" && !place.isLinks && key == nil))
        }
        let described = Set(manifest.lists.map(\.path))
        for (path, digest) in manifest.digests.sorted(by: { $0.key < $1.key })
        where isMeant(path) && TrustPath(path).isList && !described.contains(path) {
            let place = TrustPath(path)
            let name = place.isAuthorityList ? "\(digest.prefix(32)).crl" : Self.listName(digest)
            result.append(
                Announcement(
                    list: HeldList(path: self.path(place.folder, name), least: 0, publisher: options.publisher?.id),
                    published: path, digest: digest, isBare: true))
        }
        return result
    }

    /// Under which name a list that a manifest names is kept.
    static func listName(_ digest: String) -> String { "\(digest.prefix(32)).json" }
}
