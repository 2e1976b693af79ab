public import Credentials
import Foundation

/// What an import changes in a trust folder: files, and what is noted beside them.
public struct TrustChange: Sendable {
    /// The files to write.
    public var files: [TrustFile]
    /// Lists that a publisher's manifest announces and that are not here: what they cover is unknown from now on.
    package var missing: [HeldList] = []
    /// Lists that a publisher's manifest announces and that are here: what was noted of them as missing is done with.
    package var found: [HeldList] = []
    /// The counter of the newest manifest taken, by its publisher.
    package var counters: [String: Double] = [:]

    /// Paths of files to take out. What was noted of revocation lists in them stays noted.
    package var removed: Set<String> = []
    /// Paths of lists that are done with: they are taken out, if they are there, with what was noted of them.
    package var outdated: Set<String> = []
    /// Authorities that are taken out, for the sake of their lists.
    package var retired: [RetiredAuthority] = []
    /// By whom the folder's files came; `nil` if nobody looked, and the files of this change came without a manifest.
    package var bringers: [Bringer]?

    /// A change of files alone.
    public init(files: [TrustFile]) { self.files = files }

    var isEmpty: Bool {
        files.isEmpty && missing.isEmpty && found.isEmpty && counters.isEmpty && removed.isEmpty && outdated.isEmpty
    }
}

/// The counters of publishers' manifests, as `imported.json` keeps them: an older manifest is a replay.
enum PublisherCounters {
    /// The counters by publisher; `nil` if they cannot be read.
    static func noted(_ bytes: [UInt8]) -> [String: Double]? {
        guard let json = try? JSON(bytes), json.kind(json.root) == .object else { return nil }
        guard let place = json.member("publishers", of: json.root) else { return [:] }
        guard json.kind(place) == .object else { return nil }
        var counters: [String: Double] = [:]
        for (name, value) in json.members(of: place) {
            guard let publisher = json.string(name), let counter = json.number(value) else { return nil }
            counters[publisher] = counter
        }
        return counters
    }
}
