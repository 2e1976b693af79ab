import Foundation
import Glibc
import TestSupport

/// What lies in a process's memory now.
package struct ProcessMemory: Sendable {
    /// How many bytes were read.
    package private(set) var bytes = 0
    /// For each text, whether it was found.
    package private(set) var found: [Bool]

    /// Looks for texts of 1 to 256 bytes in everything that a process has written and not given back: each mapping that it may
    /// write to, its heap and stacks among them.
    package init(of pid: Int32, lookingFor needles: [[UInt8]]) throws {
        found = needles.map { _ in false }
        let memory = open("/proc/\(pid)/mem", O_RDONLY)
        guard memory >= 0 else { throw TestFailure("the memory of \(pid) cannot be read: \(errno)") }
        defer { close(memory) }
        for line in try String(contentsOfFile: "/proc/\(pid)/maps", encoding: .utf8).split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 2)
            guard words.count == 3, words[1].hasPrefix("rw") else { continue }
            let ends = words[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
            guard ends.count == 2 else { continue }
            read(memory, from: ends[0], to: ends[1], needles)
        }
    }

    private static let chunk: UInt64 = 4 << 20
    private static let overlap: UInt64 = 256

    private mutating func read(_ memory: Int32, from start: UInt64, to end: UInt64, _ needles: [[UInt8]]) {
        var position = start
        var buffer = [UInt8](repeating: 0, count: Int(Self.chunk + Self.overlap))
        while position < end {
            let wanted = Int(min(end - position, Self.chunk + Self.overlap))
            // A mapping may be gone, and pages that were never touched cannot be read.
            let count = pread(memory, &buffer, wanted, off_t(position))
            if count > 0 {
                bytes += min(count, Int(Self.chunk))
                for (index, needle) in needles.enumerated() where !found[index] {
                    found[index] = Self.contains(buffer, count, needle)
                }
            }
            position += Self.chunk
        }
    }

    private static func contains(_ buffer: [UInt8], _ count: Int, _ needle: [UInt8]) -> Bool {
        // Zeros are what most of a memory is.
        guard let anchor = needle.firstIndex(where: { $0 != 0 }) else { return false }
        return buffer.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress else { return false }
            var offset = anchor
            while offset < count, let hit = memchr(start + offset, Int32(needle[anchor]), count - offset) {
                let begin = start.distance(to: UnsafeRawPointer(hit)) - anchor
                if begin + needle.count <= count, memcmp(start + begin, needle, needle.count) == 0 { return true }
                offset = begin + anchor + 1
            }
            return false
        }
    }
}
