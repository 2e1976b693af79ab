import Foundation
import Glibc

/// Which sets stay.
package struct BackupRetention: Hashable, Sendable {
    /// So many of the newest.
    package let newest: Int
    /// And the newest one of each of so many months.
    package let months: Int

    /// `nil` unless something stays.
    package init?(newest: Int, months: Int) {
        guard (1...10_000).contains(newest), (0...1200).contains(months) else { return nil }
        (self.newest, self.months) = (newest, months)
    }

    /// The names of sets that stay, of all of them with the oldest first.
    package func kept(of names: [String]) -> Set<String> {
        var kept = Set(names.suffix(newest))
        var seen: Set<Substring> = []
        for name in names.reversed() {
            // NUMBER-YYYYMMDD…
            guard let day = name.split(separator: "-").dropFirst().first, day.count >= 8 else { continue }
            let month = day.prefix(6)
            if seen.insert(month).inserted, seen.count <= months { kept.insert(name) }
        }
        return kept
    }
}

/// Takes away sets, and whatever no set needs any more.
package struct BackupPruning {
    /// What was taken away.
    package struct Report: Sendable {
        /// Sets.
        package let sets: [String]
        /// Files of segments, indexes and keys.
        package let files: Int
        /// Their bytes.
        package let bytes: Int64
        /// Sets that stay beyond what was asked, since the newest state of a region is in them.
        package let stillNeeded: [String]
    }

    private let place: BackupPlace
    private let reader: BackupReader

    /// - Parameter reader: the host, or who has the backup key.
    package init(_ place: BackupPlace, _ reader: BackupReader) { (self.place, self.reader) = (place, reader) }

    /// Keeps what is to be kept, and of each region whose keys are kept the newest set that has it.
    /// - Throws: ``BackupError`` before anything is removed where a set that stays cannot be read, since what it needs is not
    ///   known, or one that would go while a region is in no later one that stays: it may have its last state.
    package func prune(_ retention: BackupRetention) throws(BackupError) -> Report {
        guard try place.isThere(for: reader.host) else { throw .notFound("\(place.path) is no folder of backups") }
        let turn = try BackupTurn(place)
        defer { withExtendedLifetime(turn) {} }
        let names = try place.sets()
        var kept = retention.kept(of: names)
        var (held, stillNeeded): (Set<BackupPart>, [String]) = ([], [])
        let withKeys = Set(try place.parts(.keys))
        var needed: Set<String> = []
        for name in names.reversed() {
            let set: BackupSet
            do throws(BackupError) { set = try place.set(name, reader) } catch {
                // It may have the last state of what no later one that stays has.
                let hasAll = withKeys.allSatisfy { !$0.isRegion || held.contains($0) }
                guard !kept.contains(name), hasAll else { throw error }
                continue
            }
            // The last one that has a region is what brings it back.
            let isLast = set.parts.contains { part in
                part.part.isRegion && withKeys.contains(part.part) && !held.contains(part.part)
            }
            if isLast, kept.insert(name).inserted { stillNeeded.append(name) }
            guard kept.contains(name) else { continue }
            held.formUnion(set.parts.map(\.part))
            for part in set.parts {
                needed.insert("\(place.folder(.indexes, part.part))/\(part.index)")
                if let keys = part.keys { needed.insert("\(place.folder(.keys, part.part))/\(keys)") }
                let index = try place.index(of: part, reader)
                let folder = place.folder(.segments, part.part)
                for segment in index.segments { needed.insert("\(folder)/\(segment.name)") }
            }
        }
        // Sets go first: none of them is there without what it needs.
        let gone = names.filter { !kept.contains($0) }
        for name in gone { _ = try place.remove("\(name).set", from: .sets, nil) }
        if !gone.isEmpty { try BackupFile.syncFolder(place.folder(.sets)) }
        var (files, bytes) = (0, Int64(0))
        for folder in [BackupPlace.Folder.indexes, .segments, .keys] {
            for part in try place.parts(folder) {
                let path = place.folder(folder, part)
                for name in try BackupFile.names(in: path) where !needed.contains("\(path)/\(name)") {
                    bytes += try place.remove(name, from: folder, part)
                    files += 1
                }
                rmdir(path)
            }
        }
        unlink(place.unfinished)
        return Report(sets: gone, files: files, bytes: bytes, stillNeeded: stillNeeded)
    }
}
