import Credentials
import Crypto
import Foundation

// Manifests of published trust folders.
extension TrustImporter {
    /// Marks the inputs whose digest a manifest among them names that the pinned publisher signed. What the publisher calls
    /// a test is marked in an import of tests alone. The text of such a manifest that stands there without its signature
    /// too, as in a published folder, is left out: it is taken once.
    func covered(_ inputs: [(input: Input, bytes: [UInt8])]) -> [Input] {
        guard let publisher = options.publisher else { return inputs.map { $0.input } }
        var (listed, texts): (Set<String>, Set<String>) = ([], [])
        for (input, _) in inputs {
            for case .json(let json, .manifest, let signature?) in input.contents where signature.isValid(by: publisher)
            {
                guard let manifest = TrustManifest(json) else { continue }
                listed.formUnion(manifest.digests.filter { options.isTest || !$0.key.hasPrefix("test/") }.values)
                texts.insert(TrustManifest.digest(signature.message))
            }
        }
        if texts.isEmpty { return inputs.map { $0.input } }
        return inputs.compactMap { input, bytes in
            let digest = TrustManifest.digest(bytes)
            if texts.contains(digest) { return nil }
            var input = input
            input.isListed = listed.contains(digest)
            return input
        }
    }

    /// Takes a manifest's links, for each issuer a file. Links that are there already stay: one more can only revoke more.
    mutating func takeManifest(_ json: JSON, _ input: String) {
        guard let manifest = TrustManifest(json) else { return refuse(.malformed, input) }
        note(.manifestLinks, input)
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
            files[file] = TrustManifest.linksFile(all)
            report.taken.append(
                .init(
                    kind: .links, id: Digest.hex(SHA256.hash(data: Array(issuer.utf8)).prefix(8)), owner: issuer,
                    expires: nil, path: file, count: all.count))
        }
    }
}
