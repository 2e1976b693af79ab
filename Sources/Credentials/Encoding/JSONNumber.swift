/// Numbers of JSON texts, as IEEE 754 doubles (RFC 7493 section 2.2, RFC 8785 section 3.2.2.3).
enum JSONNumber {
    /// The value of a number's text, whose grammar was checked; `nil` if it is out of the range of a double.
    static func value(_ text: ArraySlice<UInt8>) -> Double? {
        // Up to fifteen digits are exact in a double and need no general reading.
        if text.count <= 15, text.allSatisfy({ $0 &- 0x30 < 10 }) {
            return Double(text.reduce(into: 0) { $0 = $0 &* 10 &+ Int($1 &- 0x30) })
        }
        guard let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite else { return nil }
        return value
    }

    /// The text that ECMAScript writes for a number (ECMA-262 Number::toString), which RFC 8785 makes canonical.
    static func canonical(_ value: Double) -> [UInt8] {
        if value == 0 { return [0x30] }
        if value.magnitude < 1e15, let whole = Int(exactly: value) { return Array(String(whole).utf8) }
        // Swift's description has the shortest digits that give the number back, and of these the closest, as
        // ECMAScript; only its layout differs. Take digits and exponent out of it.
        var digits: [UInt8] = []
        var point: Int?
        var exponent = 0
        let description = Array(value.magnitude.description.utf8)
        for (index, byte) in description.enumerated() {
            if byte == UInt8(ascii: ".") {
                point = digits.count
            } else if byte == UInt8(ascii: "e") {
                exponent = Int(String(decoding: description[(index + 1)...], as: UTF8.self)) ?? 0
                break
            } else {
                digits.append(byte)
            }
        }
        // The value is 0.DIGITS × 10^n.
        var n = (point ?? digits.count) + exponent
        let leading = digits.prefix { $0 == 0x30 }.count
        digits.removeFirst(leading)
        n -= leading
        while digits.last == 0x30 { digits.removeLast() }
        let k = digits.count
        let sign: [UInt8] = value < 0 ? [UInt8(ascii: "-")] : []
        let dot = UInt8(ascii: ".")
        func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0x30, count: count) }
        if k <= n, n <= 21 { return sign + digits + zeros(n - k) }
        if 0 < n, n <= 21 { return sign + digits[..<n] + [dot] + digits[n...] }
        if -6 < n, n <= 0 { return sign + [0x30, dot] + zeros(-n) + digits }
        let power = Array("e\(n - 1 < 0 ? "-" : "+")\(abs(n - 1))".utf8)
        return k == 1 ? sign + digits + power : sign + digits[..<1] + [dot] + digits[1...] + power
    }
}
