/// What a person presses.
package enum Key: Hashable, Sendable {
    case up, down, left, right, home, end, pageUp, pageDown
    case enter, escape, backspace, tab
    /// Control-C.
    case interrupt
    /// Control-L: draw all of it again.
    case redraw
    /// A character; full-width digits and Latin letters come as their ordinary ones.
    case character(Character)

    /// The digit, if it is one.
    package var digit: Int? {
        guard case .character(let character) = self, character.isASCII else { return nil }
        return character.wholeNumberValue
    }
}

/// Turns the bytes of a terminal in raw mode into keys (ECMA-48 control sequences, UTF-8). It never holds more than a
/// few bytes, and drops what it does not know.
package struct KeyParser {
    private var pending: [UInt8] = []
    /// The maximum length of a sequence that is looked at.
    private static let maximumLength = 32

    /// A parser without anything before it.
    package init() {}

    /// Whether an unfinished sequence waits: after a short silence, call ``flush()``.
    package var isWaiting: Bool { !pending.isEmpty }

    /// The keys that these bytes complete.
    package mutating func take(_ bytes: some Sequence<UInt8>) -> [Key] {
        var keys: [Key] = []
        for byte in bytes {
            pending.append(byte)
            drain(into: &keys, isComplete: false)
        }
        return keys
    }

    /// Ends an unfinished sequence: an escape that nothing follows is the key itself.
    package mutating func flush() -> [Key] {
        var keys: [Key] = []
        drain(into: &keys, isComplete: true)
        pending = []
        return keys
    }

    private mutating func drain(into keys: inout [Key], isComplete: Bool) {
        while let first = pending.first {
            guard let (length, key) = first == 0x1B ? sequence(isComplete) : plain(first) else {
                if pending.count > Self.maximumLength { pending = [] }
                return
            }
            pending.removeFirst(min(length, pending.count))
            if let key { keys.append(key) }
        }
    }

    /// How many bytes a key takes, and which it is; `nil` if more must come.
    private func plain(_ first: UInt8) -> (Int, Key?)? {
        switch first {
        case 0x0D, 0x0A: return (1, .enter)
        case 0x08, 0x7F: return (1, .backspace)
        case 0x09: return (1, .tab)
        case 0x03: return (1, .interrupt)
        case 0x0C: return (1, .redraw)
        case 0x20...0x7E: return (1, .character(Character(Unicode.Scalar(first))))
        case 0xC2...0xF4:
            let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
            guard pending.count >= length else {
                // A wrong continuation shows already before the end.
                let isBroken = pending.dropFirst().contains { $0 & 0xC0 != 0x80 }
                return isBroken ? (1, nil) : nil
            }
            guard let text = String(validating: pending[..<length], as: UTF8.self),
                let scalar = text.unicodeScalars.first
            else { return (1, nil) }
            return (length, .character(Self.ordinary(scalar)))
        default: return (1, nil)
        }
    }

    private func sequence(_ isComplete: Bool) -> (Int, Key?)? {
        guard pending.count > 1 else { return isComplete ? (1, .escape) : nil }
        switch pending[1] {
        case UInt8(ascii: "["):
            guard let final = pending.dropFirst(2).firstIndex(where: { (0x40...0x7E).contains($0) }) else {
                // Parameters and intermediates are 20 to 3F; anything else ends the sequence as broken.
                let isBroken = pending.dropFirst(2).contains { !(0x20...0x3F).contains($0) }
                return isBroken || isComplete ? (isBroken ? 2 : pending.count, nil) : nil
            }
            guard pending[2..<final].allSatisfy({ (0x20...0x3F).contains($0) }) else { return (2, nil) }
            return (final + 1, Self.control(pending[2..<final], pending[final]))
        case UInt8(ascii: "O"):
            guard pending.count > 2 else { return isComplete ? (2, nil) : nil }
            return (3, Self.control([], pending[2]))
        default:
            // An escape before another key: two keys.
            return (1, .escape)
        }
    }

    private static func control(_ parameters: ArraySlice<UInt8>, _ final: UInt8) -> Key? {
        switch (final, parameters.first) {
        case (UInt8(ascii: "A"), _): .up
        case (UInt8(ascii: "B"), _): .down
        case (UInt8(ascii: "C"), _): .right
        case (UInt8(ascii: "D"), _): .left
        case (UInt8(ascii: "H"), _): .home
        case (UInt8(ascii: "F"), _): .end
        case (UInt8(ascii: "M"), nil): .enter
        case (UInt8(ascii: "~"), UInt8(ascii: "1")?), (UInt8(ascii: "~"), UInt8(ascii: "7")?): .home
        case (UInt8(ascii: "~"), UInt8(ascii: "4")?), (UInt8(ascii: "~"), UInt8(ascii: "8")?): .end
        case (UInt8(ascii: "~"), UInt8(ascii: "3")?): .backspace
        case (UInt8(ascii: "~"), UInt8(ascii: "5")?): .pageUp
        case (UInt8(ascii: "~"), UInt8(ascii: "6")?): .pageDown
        default: nil
        }
    }

    private static func ordinary(_ scalar: Unicode.Scalar) -> Character {
        // FF01 to FF5E are the full-width forms of 21 to 7E, 3000 is the full-width space.
        if (0xFF01...0xFF5E).contains(scalar.value), let ascii = Unicode.Scalar(scalar.value - 0xFEE0) {
            return Character(ascii)
        }
        return scalar.value == 0x3000 ? " " : Character(scalar)
    }
}
