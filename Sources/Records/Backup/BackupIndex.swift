package import Foundation

/// What tells one block from another: the first half of a keyed hash.
struct BlockHash: Hashable {
    let first: UInt64
    let second: UInt64

    init(_ bytes: some Sequence<UInt8>) {
        var halves: (UInt64, UInt64) = (0, 0)
        for (index, byte) in bytes.prefix(16).enumerated() {
            if index < 8 { halves.0 = halves.0 << 8 | UInt64(byte) } else { halves.1 = halves.1 << 8 | UInt64(byte) }
        }
        (first, second) = halves
    }
}

/// Where each block of one part lies. A block is 16 KiB, four pages of SQLite: small enough that a day's changes, which fall
/// all over a database, are a small share of it, and large enough that its entry here is a six-hundredth of it.
///
/// ```
/// 1                                     the format
/// length of the part                  8
/// number of segments                  4
///   for each: name 16, SHA-256 of its file 32, number of blocks 4
/// number of blocks                    4
///   for each: keyed hash 16, which segment 4, which block of it 4
/// ```
///
/// Numbers have the most significant byte first.
package struct BackupIndex: Equatable, Sendable {
    /// Bytes of a block.
    package static let blockBytes = 16_384
    /// The most blocks of a part: an index is at most 256 MiB.
    static let maximumBlocks = 10_000_000

    struct Segment: Hashable {
        /// 32 hexadecimal digits.
        let name: String
        /// SHA-256 of its file.
        let digest: Data
        /// How many blocks are in it.
        let blocks: Int
    }

    struct Block: Hashable {
        let hash: BlockHash
        let segment: Int
        let place: Int
    }

    /// The part's length in bytes.
    package let bytes: Int64
    var segments: [Segment]
    var blocks: [Block]

    init(bytes: Int64, segments: [Segment], blocks: [Block]) {
        (self.bytes, self.segments, self.blocks) = (bytes, segments, blocks)
    }

    static func count(_ bytes: Int64) -> Int { Int((bytes + Int64(blockBytes) - 1) / Int64(blockBytes)) }

    /// An index from its bytes.
    package init(parsing bytes: Data) throws(BackupError) {
        let damaged = BackupError.damaged("an index that cannot be read")
        let raw = Array(bytes)
        var at = 0
        func number(_ count: Int) throws(BackupError) -> UInt64 {
            guard raw.count - at >= count else { throw damaged }
            defer { at += count }
            return raw[at..<at + count].reduce(0) { $0 << 8 | UInt64($1) }
        }
        let format = try number(1)
        guard format == 1 else { throw format > 1 ? .newer("an index of format \(format)") : damaged }
        let length = try number(8)
        guard length <= UInt64(BackupSet.maximumBytes) else { throw damaged }
        self.bytes = Int64(length)
        let segmentCount = Int(try number(4))
        guard segmentCount <= (raw.count - at) / 52 else { throw damaged }
        segments = []
        segments.reserveCapacity(segmentCount)
        for _ in 0..<segmentCount {
            let (name, digest) = (BackupHex.text(raw[at..<at + 16]), Data(raw[at + 16..<at + 48]))
            at += 48
            let blocks = Int(try number(4))
            guard (1...BackupSegmentForm.maximumBlocks).contains(blocks) else { throw damaged }
            segments.append(Segment(name: name, digest: digest, blocks: blocks))
        }
        let blockCount = Int(try number(4))
        guard blockCount == Self.count(self.bytes), blockCount <= Self.maximumBlocks,
            blockCount * 24 == raw.count - at
        else { throw damaged }
        blocks = []
        blocks.reserveCapacity(blockCount)
        for _ in 0..<blockCount {
            let hash = BlockHash(raw[at..<at + 16])
            at += 16
            let (segment, place) = (Int(try number(4)), Int(try number(4)))
            guard segment < segments.count, place < segments[segment].blocks else { throw damaged }
            blocks.append(Block(hash: hash, segment: segment, place: place))
        }
    }

    /// Its bytes.
    package var encoded: Data {
        var raw: [UInt8] = [1]
        raw.reserveCapacity(17 + segments.count * 52 + blocks.count * 24)
        func put(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value.bigEndian) { raw += $0 } }
        put(UInt64(bytes))
        put(UInt32(segments.count))
        for segment in segments {
            raw += BackupHex.bytes(segment.name) ?? Data()
            raw += segment.digest
            put(UInt32(segment.blocks))
        }
        put(UInt32(blocks.count))
        for block in blocks {
            put(block.hash.first)
            put(block.hash.second)
            put(UInt32(block.segment))
            put(UInt32(block.place))
        }
        return Data(raw)
    }
}
