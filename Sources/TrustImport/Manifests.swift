import Credentials
import Crypto
import Foundation

// Manifests of published trust folders.
extension TrustImporter {
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
