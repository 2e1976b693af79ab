import Foundation

/// Blocks of whole lines from a file or pipe, of bounded size.
struct LineReader {
    private let descriptor: Int32
    private let maximum: Int
    private var buffer: [UInt8] = []
    private var ended = false
    // Inside the rest of a line that was too long.
    private var skipping = false

    /// About how many bytes a block has.
    private static let share = 64 << 10

    /// A reader of an open file.
    ///
    /// - Parameters:
    ///   - descriptor: the file, which stays open.
    ///   - maximum: how many bytes a line may have.
    init(descriptor: Int32, maximum: Int) {
        self.descriptor = descriptor
        self.maximum = maximum
    }

    /// Whether input is there, so that the next block need not be waited for.
    var isReady: Bool {
        if ended || Self.lineFeed(in: buffer, from: 0) != nil { return true }
        var input = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&input, 1, 0) > 0
    }

    /// Further lines, each but perhaps the last with its line feed; `nil` at the end. A line that is too long comes cut,
    /// one byte longer than allowed, so that it is refused as too long.
    mutating func next() -> [UInt8]? {
        while true {
            if skipping {
                let end = Self.lineFeed(in: buffer, from: 0)
                buffer.removeFirst(end.map { $0 + 1 } ?? buffer.count)
                skipping = end == nil
            }
            if !skipping {
                // The last line feed within the share, or else the first behind it.
                let end =
                    buffer.prefix(Self.share).lastIndex(of: 0x0A) ?? Self.lineFeed(in: buffer, from: Self.share)
                if let end, end < Self.share || end <= maximum { return take(end + 1) }
                if buffer.count > maximum {
                    skipping = true
                    return take(maximum + 1)
                }
            }
            if ended { return buffer.isEmpty ? nil : take(buffer.count) }
            read()
        }
    }

    /// How many lines a block holds; one without a line feed at its end is one too.
    static func lines(in block: [UInt8]) -> Int {
        var (count, start) = (0, 0)
        while start < block.count {
            count += 1
            start = (lineFeed(in: block, from: start) ?? block.count) + 1
        }
        return count
    }

    /// The place of the next line feed.
    static func lineFeed(in bytes: [UInt8], from start: Int) -> Int? {
        bytes.withUnsafeBytes { buffer in
            guard start < buffer.count, let base = buffer.baseAddress,
                let found = memchr(base + start, 0x0A, buffer.count - start)
            else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }

    private mutating func take(_ count: Int) -> [UInt8] {
        let block = Array(buffer.prefix(count))
        buffer.removeFirst(count)
        return block
    }

    private mutating func read() {
        let descriptor = descriptor
        let block = [UInt8](unsafeUninitializedCapacity: 4 * Self.share) { space, filled in
            var count: Int
            repeat {
                count = Foundation.read(descriptor, space.baseAddress, space.count)
            } while count < 0
                && errno == EINTR
            filled = max(0, count)
        }
        if block.isEmpty { ended = true } else { buffer += block }
    }
}
