import Crypto
import Foundation

/// Which lines a segment's file holds: what its first bytes say, and its key depends on.
package struct SegmentHeader: Hashable, Sendable {
    /// The municipality's code, six digits.
    package let region: String
    /// The numbers of the first and the last line.
    package let first, last: Int64
    /// The chain before the first line and up to the last one, 32 bytes each.
    package let before, hash: [UInt8]

    /// A header from its parts.
    package init(region: String, first: Int64, last: Int64, before: [UInt8], hash: [UInt8]) {
        (self.region, self.first, self.last, self.before, self.hash) = (region, first, last, before, hash)
    }

    /// Before the salt: 16 bytes that say what it is, the region, the two numbers, the two chains.
    var bytes: [UInt8] {
        var bytes = Array("akashi/segment/1".utf8)
        bytes += region.utf8.prefix(6)
        bytes.appendInteger(UInt64(bitPattern: first))
        bytes.appendInteger(UInt64(bitPattern: last))
        bytes += before
        bytes += hash
        return bytes
    }

    /// The file's name: so that another life of a region, after a restore, never has the same name for other lines.
    package var name: String {
        let number = String(first)
        let digits = String(repeating: "0", count: max(0, 12 - number.count)) + number
        return "\(digits)-\(last)-"
            + hash.prefix(8).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            + ".segment"
    }
}

/// A closed segment's file: the header and a salt of 32 bytes, then the lines' CSV (``SegmentLines``) in parts of 64 KiB, each
/// sealed with AES-256-GCM, the last one, which is shorter or as long, marked as such (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár,
/// 2015, as age has it). The key is derived by HKDF (RFC 5869) from the region's key for segments, the salt, and the header;
/// so each file has one of its own, and a nonce is the part's number.
package enum SegmentFile {
    static let part = 1 << 16
    private static let tag = 16
    private static let salt = 32
    private static let header = 102

    static func key(_ segments: SymmetricKey, _ header: SegmentHeader, salt: [UInt8]) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: segments, salt: salt, info: Array("akashi/log-segment/v1".utf8) + header.bytes,
            outputByteCount: 32)
    }

    /// Eleven bytes with the part's number, and whether it is the last.
    private static func nonce(_ number: UInt64, isLast: Bool) throws -> AES.GCM.Nonce {
        var bytes: [UInt8] = [0, 0, 0]
        bytes.appendInteger(number)
        bytes.append(isLast ? 1 : 0)
        return try AES.GCM.Nonce(data: bytes)
    }

    // MARK: Writing

    /// Seals CSV as it comes.
    struct Sealer {
        private let key: SymmetricKey
        private var waiting: [UInt8] = []
        private var number: UInt64 = 0

        init(
            _ header: SegmentHeader, _ segments: SymmetricKey, salt: [UInt8]? = nil,
            to output: (UnsafeRawBufferPointer) throws -> Void
        )
            throws
        {
            let salt = salt ?? SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
            key = SegmentFile.key(segments, header, salt: salt)
            try (header.bytes + salt).withUnsafeBytes(output)
        }

        /// Takes bytes, and gives those that fill a part.
        mutating func add(_ bytes: [UInt8], to output: (UnsafeRawBufferPointer) throws -> Void) throws {
            waiting += bytes
            // The last part is never empty, unless it is the only one.
            while waiting.count > SegmentFile.part {
                try seal(Array(waiting.prefix(SegmentFile.part)), isLast: false, to: output)
                waiting.removeFirst(SegmentFile.part)
            }
        }

        mutating func finish(to output: (UnsafeRawBufferPointer) throws -> Void) throws {
            try seal(waiting, isLast: true, to: output)
        }

        private mutating func seal(
            _ bytes: [UInt8], isLast: Bool, to output: (UnsafeRawBufferPointer) throws -> Void
        ) throws {
            let box = try AES.GCM.seal(bytes, using: key, nonce: try SegmentFile.nonce(number, isLast: isLast))
            number += 1
            try (Array(box.ciphertext) + Array(box.tag)).withUnsafeBytes(output)
        }
    }

    // MARK: Reading

    /// Reads a file's lines, and compares them with the header that they should have; no more than a part and a record are held.
    /// - Parameters:
    ///   - read: gives up to so many bytes, and fewer only at the file's end.
    ///   - visit: given each line's number, the line, and the chain up to it; ends the reading with `false`, whatever follows.
    /// - Throws: ``SegmentFault``, and what `visit` throws.
    static func lines(
        of header: SegmentHeader, under segments: SymmetricKey, read: (Int) throws(SegmentFault) -> [UInt8],
        visit: (Int64, LogTable.Line, Data) throws -> Bool
    ) throws {
        let opening = try read(Self.header + salt)
        guard opening.count == Self.header + salt else { throw SegmentFault.cut }
        guard Array(opening.prefix(Self.header)) == header.bytes else { throw SegmentFault.foreign }
        let key = key(segments, header, salt: Array(opening.suffix(salt)))
        var chain = Data(header.before)
        var (expected, number): (Int64, UInt64) = (header.first, 0)
        var buffer: [UInt8] = []
        var hasBegun = false
        var sealed = try read(part + tag)
        while true {
            let next = sealed.count == part + tag ? try read(part + tag) : []
            buffer += try open(sealed, number, isLast: next.isEmpty, key)
            number += 1
            var place = 0
            if !hasBegun, buffer.count >= SegmentLines.header.count {
                guard buffer.starts(with: SegmentLines.header) else { throw SegmentFault.changed }
                place = SegmentLines.header.count
                hasBegun = true
            }
            var goesOn = true
            try buffer.withUnsafeBytes { bytes in
                while goesOn, hasBegun, let (sequence, line) = try SegmentLines.next(in: bytes, from: &place) {
                    guard sequence == expected, sequence <= header.last else { throw SegmentFault.changed }
                    chain = line.chain(after: chain, sequence: sequence)
                    expected += 1
                    goesOn = try visit(sequence, line, chain)
                }
            }
            guard goesOn else { return }
            buffer.removeFirst(place)
            guard buffer.count <= SegmentLines.maximumRecord else { throw SegmentFault.changed }
            if next.isEmpty { break }
            sealed = next
        }
        guard buffer.isEmpty, hasBegun, expected == header.last &+ 1, Array(chain) == header.hash else {
            throw SegmentFault.changed
        }
    }

    private static func open(
        _ sealed: [UInt8], _ number: UInt64, isLast: Bool, _ key: SymmetricKey
    ) throws(SegmentFault) -> Data {
        guard sealed.count >= tag else { throw .cut }
        func opened(_ isLast: Bool) -> Data? {
            guard
                let box = try? AES.GCM.SealedBox(
                    nonce: try nonce(number, isLast: isLast), ciphertext: sealed.dropLast(tag), tag: sealed.suffix(tag))
            else { return nil }
            return try? AES.GCM.open(box, using: key)
        }
        if let plain = opened(isLast) { return plain }
        // A part that was written in the midst of the file and stands at its end.
        throw isLast && opened(false) != nil ? .cut : .changed
    }

    /// Reads whatever bytes as a file: what a fuzzer and the tests of bad input ask.
    /// - Returns: how many lines it has.
    package static func count(_ bytes: [UInt8], _ header: SegmentHeader, key: [UInt8]) throws -> Int {
        var (place, count) = (0, 0)
        try lines(
            of: header, under: SymmetricKey(data: key),
            read: { length throws(SegmentFault) in
                let piece = Array(bytes[place..<min(bytes.count, place + length)])
                place += piece.count
                return piece
            },
            visit: { _, _, _ in
                count += 1
                return true
            })
        return count
    }

    /// A file of made-up lines, always the same: what the tests of bad input and a fuzzer begin with.
    package static func sample(lines: Int, detail: String, key: [UInt8]) throws -> (
        bytes: [UInt8], header: SegmentHeader
    ) {
        let before = Data(repeating: 7, count: 32)
        var (chain, csv) = (before, SegmentLines.header)
        for sequence in 1...Int64(lines) {
            let line = LogTable.Line(at: 1_700_000_000_000 + sequence, event: "refused", detail: detail)
            chain = line.chain(after: chain, sequence: sequence)
            SegmentLines.append(line, sequence, to: &csv)
        }
        let header = SegmentHeader(
            region: "990019", first: 1, last: Int64(lines), before: Array(before), hash: Array(chain))
        var bytes: [UInt8] = []
        let output: (UnsafeRawBufferPointer) throws -> Void = { bytes += $0 }
        var sealer = try Sealer(header, SymmetricKey(data: key), salt: [UInt8](repeating: 0, count: salt), to: output)
        try sealer.add(csv, to: output)
        try sealer.finish(to: output)
        return (bytes, header)
    }
}
