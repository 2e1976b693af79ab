import Credentials
import Foundation

// Batches of revoked EU certificates that need not lie in a trust folder any more: each edition of a publisher's may cut
// them another way, and would leave its files beside those of all earlier ones.
extension TrustImporter {
    /// Takes out batches that have ended, and those that the publisher lists no longer, that nobody else's manifest brought,
    /// and of which the ones that it lists and that are here say all, for as long.
    mutating func takeOutBatches(by manifests: [SignedManifest]) {
        // Each is read for itself: together they may be large.
        let own = existing.filter { isOwnBatch($0.key) && files[$0.key] == nil }
        outdated.formUnion(own.filter { DCCRevocation.Batch($0.value).map { $0.expires <= now } ?? false }.keys)
        guard let publisher = options.publisher?.id, !manifests.isEmpty, let bringers else { return }
        let listed = Set(
            listings.filter { $0.value.folders.contains("dcc/revocation") }.map {
                path("dcc/revocation", Self.listName($0.key))
            })
        let others = Set(bringers.filter { ($0.publisher ?? publisher) != publisher }.map(\.path))
        let unlisted = own.filter {
            !listed.contains($0.key) && !others.contains($0.key) && !outdated.contains($0.key)
        }
        if unlisted.isEmpty { return }
        let here = existing.merging(files) { _, new in new }.filter { listed.contains($0.key) }
        let revocation = DCCRevocation(
            here.map { TrustFile(path: $0.key, bytes: $0.value) }, isTest: options.isTest)
        outdated.formUnion(unlisted.filter { DCCRevocation.Batch($0.value).map(revocation.covers) ?? false }.keys)
    }

    /// Whether a path is that of a batch in the part that the import is for, under a name that an import gave it: what a
    /// hand has put there stays.
    func isOwnBatch(_ path: String) -> Bool {
        let place = TrustPath(path)
        return place.folder == "dcc/revocation" && place.isTest == options.isTest && place.name.hasSuffix(".json")
            && TrustManifest.isDigest(String(place.name.dropLast(5)) + String(repeating: "0", count: 32))
    }
}
