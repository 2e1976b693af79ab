import Credentials
import Crypto
import Foundation

// Manifests of published trust folders.
extension TrustImporter {
    /// The manifests among the inputs that the pinned publisher signed, of its newest edition. One that is older than
    /// another here, or than one that was taken before, is refused: whoever carries it hides what came later.
    mutating func signedManifests(_ inputs: [(input: Input, bytes: [UInt8])]) -> [SignedManifest] {
        guard let publisher = options.publisher, let id = publisher.id else { return [] }
        var manifests: [SignedManifest] = []
        for (input, _) in inputs {
            for case .json(let json, .manifest, let signature?) in input.contents where signature.isValid(by: publisher)
            {
                guard let manifest = TrustManifest(json) else { continue }
                manifests.append(
                    SignedManifest(
                        input: input.name, manifest: manifest, text: TrustManifest.digest(signature.message)))
            }
        }
        let noted = existing[TrustManifest.notesName].flatMap(PublisherCounters.noted)?[id]
        guard let newest = (manifests.map(\.manifest.counter) + [noted].compactMap { $0 }).max() else { return [] }
        for old in manifests where old.manifest.counter < newest {
            refuse(.manifestOlder, old.input)
            replayed.insert(old.text)
        }
        return manifests.filter { $0.manifest.counter == newest }
    }

    /// Where a manifest may put files.
    private static let folders: Set<String> = ["shc", "dcc", "dcc/revocation", "vdsnc"]

    /// Whether a path that a manifest names is that of a file which this import may take.
    func isListed(_ path: String) -> Bool {
        let place = TrustPath(path)
        return isMeant(path) && Self.folders.contains(place.folder) && !place.name.isEmpty
    }

    /// Marks the inputs whose digest one of these manifests names. Their texts that stand there without a signature too, as
    /// in a published folder, are left out, since they are taken once; and so are replayed manifests, which were refused.
    mutating func covered(_ inputs: [(input: Input, bytes: [UInt8])], by manifests: [SignedManifest]) -> [Input] {
        listings = [:]
        for manifest in manifests.map(\.manifest) {
            for (path, digest) in manifest.digests where isListed(path) {
                listings[digest] = Listing(
                    folders: (listings[digest]?.folders ?? []).union([TrustPath(path).folder]), digest: digest,
                    time: manifest.time)
            }
        }
        let texts = replayed.union(manifests.map(\.text))
        if texts.isEmpty { return inputs.map { $0.input } }
        return inputs.compactMap { input, bytes in
            let digest = TrustManifest.digest(bytes)
            if texts.contains(digest) { return nil }
            for case .json(_, .manifest, let signature?) in input.contents
            where replayed.contains(TrustManifest.digest(signature.message)) { return nil }
            var input = input
            input.listing = listings[digest]
            return input
        }
    }

    /// Takes a manifest's links, for each issuer a file. Links that are there already stay: one more can only revoke more.
    mutating func takeManifest(_ json: JSON, _ input: String) {
        guard json.member("trustManifest", of: json.root) != nil else { return takeLinks(json, input) }
        guard let manifest = TrustManifest(json) else { return refuse(.malformed, input) }
        // A file with the same bytes is among the inputs, or the manifest says more than was given.
        if manifest.digests.contains(where: { isMeant($0.key) && !given.contains($0.value) }) {
            note(.manifestLinks, input)
        }
        for (issuer, links) in Dictionary(grouping: manifest.links, by: \.value).sorted(by: { $0.key < $1.key }) {
            let file = path("vdsnc", "\(Digest.hex(SHA256.hash(data: Array(issuer.utf8)).prefix(16))).json")
            guard files[file] == nil else {
                refuse(.duplicate, input, about: issuer)
                continue
            }
            var all = Dictionary(links.map { ($0.key, $0.value) }) { first, _ in first }
            if let known = existing[file].flatMap({ try? JSON($0) }).flatMap(TrustManifest.links) {
                all.merge(known) { new, _ in new }
            }
            put(TrustManifest.linksFile(all), file, time: options.publisher == nil ? nil : manifest.time)
            report.taken.append(
                .init(
                    kind: .links, id: Digest.hex(SHA256.hash(data: Array(issuer.utf8)).prefix(8)), owner: issuer,
                    expires: nil, path: file, count: all.count))
        }
    }

    /// Takes a file of a trust folder that holds links alone.
    private mutating func takeLinks(_ json: JSON, _ input: String) {
        guard mayGo("vdsnc") else { return refuse(.wrongUse, input) }
        guard let links = TrustManifest.links(json) else { return refuse(.malformed, input) }
        let digest = listing?.digest ?? TrustManifest.digest(Array(json.source(json.root)))
        let file = path("vdsnc", Self.listName(digest))
        guard files[file] == nil else { return refuse(.duplicate, input) }
        put(TrustManifest.linksFile(links), file)
        settled.insert(digest)
        report.taken.append(
            .init(
                kind: .links, id: String(digest.prefix(16)), owner: Set(links.values).sorted().joined(separator: " "),
                expires: nil, path: file, count: links.count))
    }
}
