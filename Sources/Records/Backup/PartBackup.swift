import Crypto
import Foundation
import GRDB
import Glibc

/// The backup of one part: what is there already is named, what has changed is written.
struct PartBackup {
    let run: BackupRun
    let part: BackupPart
    let host: BackupHost
    let reader: BackupReader
    /// Its newest state in an earlier set.
    let base: BackupSet.Part?
    /// Whether segments that no set names may lie there, from a run that was broken off.
    let isResumed: Bool
    let now: Date

    private var place: BackupPlace { run.place }
    private var path: String { run.path(of: part) }
    private var name: String { part.log.map { $0 == .control ? "control" : "region \($0)" } ?? "\(part)" }

    /// Where a block lies already.
    private struct Spot {
        let segment: Int
        let place: Int
    }

    /// Backs the part up.
    @available(*, noasync)
    func back() throws -> (part: BackupSet.Part, written: Int64) {
        for _ in 1...3 {
            do { return try once() } catch is OtherKeys {} catch is BackupArchive.Changed {}
        }
        throw StoreError.wrongKey("\(name): its keys change, or are not those of its database")
    }

    /// A rotation went on between the look at the keys and the look at the database.
    private struct OtherKeys: Error {}

    private func once() throws -> (part: BackupSet.Part, written: Int64) {
        let isBegun = DatabaseFile.size(path) != 0
        var archive: BackupArchive?
        if case .files = part { archive = try BackupArchive(path, now: now) }
        if !isBegun, part.log == .control || DatabaseLock.wasMade(path) {
            throw StoreError.corrupt("\(name): \(path) was there before and is missing or empty")
        }
        let files = archive?.marks ?? marks()
        let keyFile = try run.keys.bytes(of: part)
        let keyName = try run.keys.backupName(of: part, to: BackupSealing.name(run.recipient))
        if part.keyName != nil, keyFile == nil { throw StoreError.keyMissing("no file of keys for \(name)") }
        let baseIndex = base.flatMap { base in (try? place.index(of: base, reader)).map { (base, $0) } }
        let isWhole = baseIndex?.1.segments.allSatisfy { place.isThere($0, of: part) } ?? false
        let index: String
        let digest: Data
        var (bytes, written): (Int64, Int64) = (0, 0)
        if let (base, _) = baseIndex, isWhole, !files.isEmpty, base.files == files, base.keys == keyName {
            (index, digest, bytes) = (base.index, base.digest, base.bytes)
        } else {
            // Of a region that nobody was written to there is nothing yet but its keys.
            let made =
                isBegun ? try collect(baseIndex?.1, archive) : (BackupIndex(bytes: 0, segments: [], blocks: []), 0)
            (bytes, written) = (made.0.bytes, made.1)
            if let (base, old) = baseIndex, isWhole, old == made.0 {
                (index, digest) = (base.index, base.digest)
            } else {
                (index, digest) = try publish(made.0)
            }
        }
        // What was compared with the database, named and is about to be kept has to be one state of that file.
        guard try run.keys.bytes(of: part) == keyFile else { throw OtherKeys() }
        var mark: Data?
        if let keyFile, let keyName {
            mark = host.mark(keyFile)
            try publish(keyFile, as: keyName, isKnown: base?.keys == keyName && base?.keyMark == mark)
        }
        return (
            BackupSet.Part(
                part: part, bytes: bytes, index: index, digest: digest, keys: keyName, keyMark: mark, files: files),
            written
        )
    }

    // MARK: What is there

    /// What the file system says of the files; nothing if a change right now might not show.
    private func marks() -> [Int64] {
        var marks: [Int64] = []
        for path in part.log == nil ? [path] : [path, path + "-wal"] {
            var status = stat()
            guard stat(path, &status) == 0 else {
                marks.append(-1)
                continue
            }
            // The system's clock moves in steps.
            guard now.timeIntervalSince1970 - Double(status.st_mtim.tv_sec) > 3 else { return [] }
            marks += [
                Int64(bitPattern: UInt64(status.st_dev)), Int64(bitPattern: UInt64(status.st_ino)),
                Int64(status.st_size), Int64(status.st_mtim.tv_sec), Int64(status.st_mtim.tv_nsec),
                Int64(status.st_ctim.tv_sec), Int64(status.st_ctim.tv_nsec),
            ]
        }
        return marks
    }

    /// Reads the part once, and writes the blocks that are nowhere yet.
    private func collect(_ base: BackupIndex?, _ archive: BackupArchive?) throws -> (index: BackupIndex, written: Int64)
    {
        try BackupFile.makeFolder(place.folder(.segments, part))
        let (there, known) = try spots(base)
        var segments = there
        if let archive { return try write(archive.bytes, &segments, known, archive.blocks) }
        if part.log == nil {
            let descriptor = try BackupFile.open(path, O_RDONLY)
            defer { close(descriptor) }
            let size = try length(of: descriptor)
            return try write(Int64(size), &segments, known) { take in
                for start in stride(from: 0, to: size, by: BackupIndex.blockBytes) {
                    var block = Data(count: min(BackupIndex.blockBytes, size - start))
                    guard try BackupFile.read(descriptor, at: start, into: &block, path) == block.count else {
                        throw StoreError.busy("\(path) became shorter while it was read")
                    }
                    try take(block)
                }
            }
        }
        return try DatabaseImage.read(path, name: name, look: look) { image, _ in
            try write(image.bytes, &segments, known, image.blocks)
        }
    }

    /// Compares the keys that the rows are under with those of the file.
    private func look(_ db: Database) throws {
        guard case .region(let code) = part else { return }
        guard try run.keys.generations(for: code).those(of: try Region.keyCheck(db)) != nil else { throw OtherKeys() }
    }

    /// How much of a file there is: of a journal, which only grows, up to its last whole line.
    private func length(of descriptor: Int32) throws(BackupError) -> Int {
        let size = BackupFile.size(of: descriptor) ?? 0
        guard case .journal = part else { return size }
        // No line is longer than that.
        var end = Data(count: min(size, 1 << 20))
        _ = try BackupFile.read(descriptor, at: size - end.count, into: &end, path)
        return end.lastIndex(of: UInt8(ascii: "\n")).map { size - end.count + $0 + 1 } ?? 0
    }

    /// Which blocks lie there already.
    private func spots(_ base: BackupIndex?) throws -> ([BackupIndex.Segment], [BlockHash: Spot]) {
        var segments = base?.segments ?? []
        var known: [BlockHash: Spot] = [:]
        let whole = segments.map { place.isThere($0, of: part) }
        for block in base?.blocks ?? [] where whole[block.segment] {
            known[block.hash] = Spot(segment: block.segment, place: block.place)
        }
        guard isResumed else { return (segments, known) }
        let named = Set(segments.map(\.name))
        for name in try place.names(.segments, part, bytes: 16) where !named.contains(name) {
            // One that was not written to its end, or is damaged, is none.
            guard
                let segment = try? BackupSegmentReader(
                    in: place.folder(.segments, part), name, of: part, installation: host.installation),
                let table = try? segment.table(host), let digest = try? segment.digest()
            else { continue }
            segments.append(BackupIndex.Segment(name: name, digest: digest, blocks: segment.blocks))
            for place in 0..<segment.blocks {
                let hash = BlockHash(table.dropFirst(16 * place))
                if known[hash] == nil { known[hash] = Spot(segment: segments.count - 1, place: place) }
            }
        }
        return (segments, known)
    }

    // MARK: What is written

    private func write(
        _ bytes: Int64, _ segments: inout [BackupIndex.Segment], _ spots: [BlockHash: Spot],
        _ blocks: (_ take: (Data) throws -> Void) throws -> Void
    ) throws -> (index: BackupIndex, written: Int64) {
        guard BackupIndex.count(bytes) <= BackupIndex.maximumBlocks else {
            throw StoreError.invalid("\(name): \(bytes) bytes are more than a backup takes")
        }
        let comparison = host.comparison(part)
        var (known, index): ([BlockHash: Spot], [BackupIndex.Block]) = (spots, [])
        var writer: BackupSegmentWriter?
        var written: Int64 = 0
        index.reserveCapacity(BackupIndex.count(bytes))
        func finish() throws {
            guard let whole = writer else { return }
            writer = nil
            segments.append(try whole.finish())
        }
        try blocks { block in
            var code = comparison
            var block = block
            // The last one is filled up, so that all have one length.
            if block.count < BackupIndex.blockBytes {
                block.append(Data(count: BackupIndex.blockBytes - block.count))
            }
            code.update(data: block)
            let mark = Data(code.finalize().prefix(16))
            let hash = BlockHash(mark)
            var spot = known[hash]
            if spot == nil {
                let segment =
                    try writer
                    ?? BackupSegmentWriter(in: place.folder(.segments, part), of: part, host: host, to: run.recipient)
                writer = segment
                spot = Spot(segment: segments.count, place: try segment.append(block, mark))
                written += Int64(BackupIndex.blockBytes)
                known[hash] = spot
            }
            if let spot { index.append(BackupIndex.Block(hash: hash, segment: spot.segment, place: spot.place)) }
            if writer?.count == BackupSegmentForm.maximumBlocks { try finish() }
        }
        try finish()
        return (Self.compact(bytes, segments, index), written)
    }

    /// An index that names only the segments it needs.
    private static func compact(
        _ bytes: Int64, _ segments: [BackupIndex.Segment], _ blocks: [BackupIndex.Block]
    ) -> BackupIndex {
        var (numbers, kept): ([Int: Int], [BackupIndex.Segment]) = ([:], [])
        let blocks = blocks.map { block in
            let number = numbers[block.segment] ?? kept.count
            if number == kept.count {
                numbers[block.segment] = number
                kept.append(segments[block.segment])
            }
            return BackupIndex.Block(hash: block.hash, segment: number, place: block.place)
        }
        return BackupIndex(bytes: bytes, segments: kept, blocks: blocks)
    }

    private func publish(_ index: BackupIndex) throws -> (name: String, digest: Data) {
        let name = BackupHex.text((0..<16).map { _ in UInt8.random(in: 0...255) })
        let envelope = try BackupEnvelope.seal(
            index.encoded, as: .index, named: "\(part)/\(name)", host: host, to: run.recipient, by: run.signer)
        let folder = place.folder(.indexes, part)
        try BackupFile.makeFolder(folder)
        try BackupFile.publish(envelope, at: "\(folder)/\(name)")
        return (name, BackupPlace.digest(envelope))
    }

    /// Keys lie apart from the sets: of each file only its last state is kept, so that no old set holds what was destroyed.
    private func publish(_ keyFile: Data, as name: String, isKnown: Bool) throws {
        let folder = place.folder(.keys, part)
        let path = "\(folder)/\(name)"
        if isKnown, BackupFile.size(path) != nil { return }
        let envelope = try BackupEnvelope.seal(
            keyFile, as: .keys, named: "\(part)/\(name)", host: host, isForHost: false, to: run.recipient,
            by: run.signer)
        try BackupFile.makeFolder(folder)
        try BackupFile.publish(envelope, at: path)
    }
}
