import Crypto
package import Foundation
import Glibc

/// The form of a segment: the blocks of one part that one backup found changed, at most 64 MiB of them.
///
/// ```
/// "AKASHI-SEGMENT1" LF            16 bytes
/// installation                    16
/// name                            16
/// key for the backup key         113: HPKE's encapsulated key (65) and the sealed key (48)
/// blocks               16,400 each: AES-256-GCM under the segment's key, the nonce is the block's place; ciphertext, tag
/// table                     60 + 16n: the blocks' keyed hashes, and SHA-256 of everything before; AES-256-GCM under the host's key
/// n                                4: the number of blocks
/// ```
///
/// The last block of a part is filled with zeros. Nobody but who has the private half of the backup key opens a block, the host
/// that wrote it included; the table lets the host use the blocks of a backup that was broken off.
enum BackupSegmentForm {
    static let magic = Data("AKASHI-SEGMENT1\n".utf8)
    static let maximumBlocks = 4096
    static let headBytes = 16 + 16 + 16 + BackupSealing.encapsulatedBytes + BackupSealing.sealedBytes
    static let sealedBytes = BackupIndex.blockBytes + 16

    /// Bytes of a segment of so many blocks.
    static func size(_ blocks: Int) -> Int { headBytes + blocks * sealedBytes + tableBytes(blocks) + 4 }

    /// Bytes of the sealed table of so many blocks.
    static func tableBytes(_ blocks: Int) -> Int { 28 + 16 * blocks + 32 }

    static func info(_ installation: Data, _ part: BackupPart, _ name: String) -> Data {
        Data("akashi/backup/segment/v1/".utf8) + installation + Data("\(part)/\(name)".utf8)
    }

    static func nonce(_ place: Int) throws -> AES.GCM.Nonce {
        var bytes = Data(count: 4)
        withUnsafeBytes(of: UInt64(place).bigEndian) { bytes += $0 }
        return try AES.GCM.Nonce(data: bytes)
    }

    /// How many blocks a segment holds, by its length and last bytes.
    /// - Throws: ``BackupError`` where the two do not fit, as of a file that was cut.
    static func blocks(size: Int, tail: Data, at path: String) throws(BackupError) -> Int {
        let count = tail.suffix(4).reduce(0) { $0 << 8 | Int($1) }
        guard tail.count >= 4, (1...maximumBlocks).contains(count), size == self.size(count) else {
            throw .damaged("\(path) is cut, or no segment")
        }
        return count
    }

    /// What stands at a segment's beginning, for another version's to be told from damage.
    static func check(head: Data, at path: String) throws(BackupError) {
        guard head.count >= headBytes else { throw .damaged("\(path) is cut") }
        guard head.starts(with: magic) else {
            throw head.starts(with: magic.prefix(14)) ? .newer(path) : .damaged("\(path) is no segment")
        }
    }
}

/// Writes one segment, which has its name once it is whole.
final class BackupSegmentWriter {
    private let path: String
    private let name: String
    private let descriptor: Int32
    private let key = SymmetricKey(size: .bits256)
    private let info: Data
    private let host: BackupHost
    private var buffer = Data(capacity: 2 << 20)
    private var digest = SHA256()
    private var table = Data()
    private var isNamed = false

    init(
        in folder: String, of part: BackupPart, host: BackupHost, to recipient: P256.KeyAgreement.PublicKey
    ) throws {
        name = BackupHex.text((0..<16).map { _ in UInt8.random(in: 0...255) })
        path = "\(folder)/\(name)"
        info = BackupSegmentForm.info(host.installation, part, name)
        self.host = host
        descriptor = try BackupFile.open(path + ".part", O_WRONLY | O_CREAT | O_EXCL)
        buffer += BackupSegmentForm.magic + host.installation + (BackupHex.bytes(name) ?? Data())
        buffer += try BackupSealing.seal(key, to: recipient, info: info)
    }

    deinit {
        close(descriptor)
        if !isNamed { unlink(path + ".part") }
    }

    var count: Int { table.count / 16 }

    /// Seals a block of 16 KiB, and gives its place.
    func append(_ block: Data, _ hash: Data) throws -> Int {
        let place = count
        let box = try AES.GCM.seal(
            block, using: key, nonce: try BackupSegmentForm.nonce(place), authenticating: info)
        buffer += box.ciphertext
        buffer += box.tag
        table += hash
        if buffer.count >= 1 << 20 { try flush() }
        return place
    }

    private func flush() throws(BackupError) {
        digest.update(data: buffer)
        try BackupFile.write(buffer, to: descriptor, path)
        buffer.removeAll(keepingCapacity: true)
    }

    /// Brings it onto the disk, and gives it its name.
    func finish() throws -> BackupIndex.Segment {
        try flush()
        let before = Data(digest.finalize())
        buffer += try AES.GCM.seal(table + before, using: host.key, authenticating: info).combined ?? Data()
        withUnsafeBytes(of: UInt32(count).bigEndian) { buffer += $0 }
        try flush()
        try BackupFile.sync(descriptor, path)
        try BackupFile.rename(path + ".part", to: path)
        isNamed = true
        return BackupIndex.Segment(name: name, digest: Data(digest.finalize()), blocks: count)
    }
}

/// Reads one segment.
final class BackupSegmentReader {
    private let path: String
    private let descriptor: Int32
    private let size: Int
    private let info: Data
    let blocks: Int
    private let head: Data
    private var key: SymmetricKey?

    /// Opens a segment whose length and beginning are right.
    init(in folder: String, _ name: String, of part: BackupPart, installation: Data) throws(BackupError) {
        path = "\(folder)/\(name)"
        descriptor = try BackupFile.open(path, O_RDONLY)
        do throws(BackupError) {
            size = BackupFile.size(of: descriptor) ?? 0
            var (head, tail) = (Data(count: BackupSegmentForm.headBytes), Data(count: 4))
            guard size > BackupSegmentForm.headBytes + 4,
                try BackupFile.read(descriptor, at: 0, into: &head, path) == head.count,
                try BackupFile.read(descriptor, at: size - 4, into: &tail, path) == 4
            else { throw .damaged("\(path) is cut, or no segment") }
            try BackupSegmentForm.check(head: head, at: path)
            blocks = try BackupSegmentForm.blocks(size: size, tail: tail, at: path)
            guard head[16..<32] == installation else { throw .otherInstallation(path) }
            guard BackupHex.text(head[32..<48]) == name else { throw .damaged("\(path) is another segment") }
            self.head = head
            info = BackupSegmentForm.info(installation, part, name)
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    /// SHA-256 of the whole file, or of its beginning.
    func digest(of first: Int? = nil) throws(BackupError) -> Data {
        let end = first ?? size
        var (digest, place) = (SHA256(), 0)
        while place < end {
            var buffer = Data(count: min(1 << 20, end - place))
            let count = try BackupFile.read(descriptor, at: place, into: &buffer, path)
            guard count > 0 else { throw .damaged("\(path) was cut") }
            digest.update(data: buffer.prefix(count))
            place += count
        }
        return Data(digest.finalize())
    }

    /// Throws unless the segment is the one that was written.
    func check(_ known: BackupIndex.Segment) throws(BackupError) {
        guard blocks == known.blocks, try digest() == known.digest else {
            throw .damaged("\(path) is not as it was written")
        }
    }

    /// The blocks' keyed hashes, for the host that wrote them: of a segment whose blocks are as they were written.
    func table(_ host: BackupHost) throws(BackupError) -> Data {
        var bytes = Data(count: BackupSegmentForm.tableBytes(blocks))
        guard try BackupFile.read(descriptor, at: size - 4 - bytes.count, into: &bytes, path) == bytes.count,
            let box = try? AES.GCM.SealedBox(combined: bytes),
            let table = try? AES.GCM.open(box, using: host.key, authenticating: info),
            table.suffix(32) == (try digest(of: size - 4 - bytes.count))
        else { throw .damaged("\(path): its table does not open, or is of other blocks") }
        return Data(table.dropLast(32))
    }

    /// One block's 16 KiB.
    func block(_ place: Int, by privateKey: P256.KeyAgreement.PrivateKey) throws(BackupError) -> Data {
        if key == nil { key = BackupSealing.open(Data(head.dropFirst(48)), by: privateKey, info: info) }
        guard let key else { throw .wrongKey(path) }
        var bytes = Data(count: BackupSegmentForm.sealedBytes)
        guard place < blocks,
            try BackupFile.read(
                descriptor, at: BackupSegmentForm.headBytes + place * BackupSegmentForm.sealedBytes, into: &bytes, path)
                == bytes.count,
            let nonce = try? BackupSegmentForm.nonce(place),
            let box = try? AES.GCM.SealedBox(
                nonce: nonce, ciphertext: bytes.prefix(BackupIndex.blockBytes), tag: bytes.suffix(16)),
            let block = try? AES.GCM.open(box, using: key, authenticating: info)
        else { throw .damaged("\(path): block \(place) does not open") }
        return block
    }
}

/// The readers of bytes that lie with the backups, for whoever tries them with others' bytes.
package enum BackupForms {
    /// Takes an envelope of each kind apart, as far as that goes without a key.
    package static func envelope(_ bytes: Data) throws(BackupError) {
        var last: BackupError?
        for kind in BackupEnvelope.Kind.allCases {
            do throws(BackupError) { _ = try BackupEnvelope(bytes, as: kind, at: "memory") } catch { last = error }
        }
        if let last { throw last }
    }

    /// Finds out how many blocks a segment has.
    package static func segment(_ bytes: Data) throws(BackupError) -> Int {
        try BackupSegmentForm.check(head: bytes.prefix(BackupSegmentForm.headBytes), at: "memory")
        return try BackupSegmentForm.blocks(size: bytes.count, tail: bytes.suffix(4), at: "memory")
    }

    /// Reads the frames of a database's log.
    package static func log(_ bytes: Data, pageBytes: Int) -> WALFrames {
        WALFrames(pageBytes: pageBytes) { place, count in
            place < bytes.count ? Data(bytes.dropFirst(place).prefix(count)) : Data()
        }
    }
}
