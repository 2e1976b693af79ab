package import Foundation

/// Which pages of a database stand in its log, as of the last transaction that was committed there: the form of SQLite's
/// write-ahead log (<https://sqlite.org/fileformat2.html#walformat>).
///
/// A frame counts if its salts are those of the log's header, its checksum continues that of the frame before, and a frame
/// behind it ends a transaction.
package struct WALFrames: Equatable, Sendable {
    /// Bytes of the log's header.
    package static let headBytes = 32
    /// Bytes in front of each page.
    package static let frameHeadBytes = 24

    /// The salts of the log, which change when it begins anew.
    let salts: Data
    /// The place of the newest frame of each page, by page number from 1.
    let places: [UInt32: Int]
    /// How many pages the database has after the last commit; `nil` if there is none.
    let pages: Int?

    /// No log at all.
    init() { self.init(Data(), [:], nil) }

    private init(_ salts: Data, _ places: [UInt32: Int], _ pages: Int?) {
        (self.salts, self.places, self.pages) = (salts, places, pages)
    }

    /// Reads a log's frames.
    /// - Parameters:
    ///   - pageBytes: the database's.
    ///   - read: gives as many bytes from a place as the file has, at most so many.
    package init(pageBytes: Int, read: (_ place: Int, _ count: Int) throws -> Data) rethrows {
        let head = try read(0, Self.headBytes)
        guard head.count == Self.headBytes, let magic = Self.number(head, 0), magic & ~1 == 0x377F_0682,
            Self.number(head, 8) == UInt32(pageBytes), pageBytes >= 512
        else {
            self.init()
            return
        }
        let isBig = magic & 1 == 1
        var sum = Self.sum((0, 0), head.prefix(24), isBig)
        guard Self.number(head, 24) == sum.0, Self.number(head, 28) == sum.1 else {
            self.init()
            return
        }
        let salts = Data(head[16..<24])
        var (places, pending): ([UInt32: Int], [UInt32: Int]) = ([:], [:])
        var pages: Int?
        var place = Self.headBytes
        while true {
            let frame = try read(place, Self.frameHeadBytes + pageBytes)
            guard frame.count == Self.frameHeadBytes + pageBytes, frame[8..<16] == salts,
                let page = Self.number(frame, 0), page > 0, let size = Self.number(frame, 4)
            else { break }
            sum = Self.sum(sum, frame.prefix(8), isBig)
            sum = Self.sum(sum, frame.suffix(pageBytes), isBig)
            guard Self.number(frame, 16) == sum.0, Self.number(frame, 20) == sum.1 else { break }
            pending[page] = place
            if size > 0 {
                places.merge(pending) { _, new in new }
                pending = [:]
                pages = Int(size)
            }
            place += frame.count
        }
        self.init(salts, places, pages)
    }

    /// A database's file with the log's newest pages laid over it, both in memory: for comparing with SQLite.
    package func merged(_ file: Data, _ log: Data, pageBytes: Int) -> Data {
        var merged = file
        guard let pages else { return merged }
        merged.append(Data(count: max(0, pages * pageBytes - merged.count)))
        for (page, place) in places {
            let start = (Int(page) - 1) * pageBytes
            guard start < merged.count else { continue }
            merged.replaceSubrange(
                start..<start + pageBytes, with: log.dropFirst(place + Self.frameHeadBytes).prefix(pageBytes))
        }
        return merged.prefix(pages * pageBytes)
    }

    /// Whether a frame that is read later is still the one that was found.
    func isSame(_ frame: Data, page: UInt32) -> Bool {
        frame.count > Self.frameHeadBytes && frame[8..<16] == salts && Self.number(frame, 0) == page
    }

    static func number(_ bytes: Data, _ place: Int) -> UInt32? {
        guard bytes.count >= place + 4 else { return nil }
        return bytes.dropFirst(place).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func sum(_ begun: (UInt32, UInt32), _ bytes: Data, _ isBig: Bool) -> (UInt32, UInt32) {
        var (first, second) = begun
        bytes.withUnsafeBytes { raw in
            for place in stride(from: 0, to: raw.count - 7, by: 8) {
                let a = raw.loadUnaligned(fromByteOffset: place, as: UInt32.self)
                let b = raw.loadUnaligned(fromByteOffset: place + 4, as: UInt32.self)
                first = first &+ (isBig ? UInt32(bigEndian: a) : UInt32(littleEndian: a)) &+ second
                second = second &+ (isBig ? UInt32(bigEndian: b) : UInt32(littleEndian: b)) &+ first
            }
        }
        return (first, second)
    }
}
