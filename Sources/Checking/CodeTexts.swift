import Foundation

/// The codes' texts that a text file or a request's text holds.
package enum CodeTexts {
    /// Why a text gives none.
    package enum Failure: Error, Hashable, Sendable {
        /// There is nothing but blank lines.
        case empty
        /// A zero byte, or bytes that are not UTF-8, at this offset.
        case notText(offset: Int)
    }

    /// One text a line; blank lines are passed over. One JSON document over several lines is one text.
    package static func lines(_ bytes: some Collection<UInt8>) throws(Failure) -> [String] {
        var content = Array(bytes)[...]
        // Some editors put a byte order mark before UTF-8.
        if content.starts(with: [0xEF, 0xBB, 0xBF]) { content = content.dropFirst(3) }
        if let zero = content.firstIndex(of: 0) { throw .notText(offset: zero) }
        guard let text = String(validating: content, as: UTF8.self) else {
            throw .notText(offset: invalidOffset(content))
        }
        let lines = text.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }.map(String.init)
        guard let first = lines.first else { throw .empty }
        guard lines.count > 1, first.hasPrefix("{") || first.hasPrefix("["), !isWhole(first),
            !lines.dropFirst().contains(where: { line in starts.contains { line.hasPrefix($0) } })
        else { return lines }
        return [text]
    }

    /// How codes begin.
    private static let starts = ["{\"data\"", "shc:/", "SHC:/", "HC1:"]

    private static func isWhole(_ line: String) -> Bool {
        (try? JSONSerialization.jsonObject(with: Data(line.utf8))) != nil
    }

    // The length of the longest beginning that is valid, found by halving.
    private static func invalidOffset(_ bytes: ArraySlice<UInt8>) -> Int {
        var low = 0
        var high = bytes.count
        while low < high {
            let middle = (low + high + 1) / 2
            let prefix = String(decoding: bytes.prefix(middle), as: UTF8.self)
            if prefix.unicodeScalars.dropLast().contains("\u{FFFD}") { high = middle - 1 } else { low = middle }
        }
        return low
    }
}
