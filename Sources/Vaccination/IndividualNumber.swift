/// The individual number (個人番号, "My Number"): eleven digits and a check digit.
///
/// The law limits who may hold it, so the value has no description: printing, interpolating or dumping one shows only
/// `IndividualNumber(…)`, and it is not `Codable`. ``digits`` is the one way to its text.
public struct IndividualNumber: Hashable, Sendable {
    /// The twelve ASCII digits. Never write these to a log, an error, a file name or a metric.
    public let digits: String

    /// A number from its twelve ASCII digits; `nil` if the form or the check digit is wrong.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 12, bytes.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        guard Self.checkDigit(of: bytes.prefix(11).map { Int($0 - 0x30) }) == Int(bytes[11] - 0x30) else { return nil }
        digits = String(text)
    }

    /// The check digit of eleven digits: 11 − (Σ Pn·Qn mod 11), and 0 if that remainder is 0 or 1, with P1 the
    /// rightmost digit, Qn = n + 1 for n ≤ 6 and n − 5 from 7 on (行政手続における特定の個人を識別するための番号の利用等に
    /// 関する法律の規定による通知カード及び個人番号カード並びに情報提供ネットワークシステムによる特定個人情報の提供等に関する省令 第5条).
    public static func checkDigit(of eleven: [Int]) -> Int {
        var sum = 0
        for (index, digit) in eleven.reversed().enumerated() {
            let n = index + 1
            sum += digit * (n <= 6 ? n + 1 : n - 5)
        }
        let remainder = sum % 11
        return remainder <= 1 ? 0 : 11 - remainder
    }
}

extension IndividualNumber: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Says nothing of the person, wherever it ends up.
    public var description: String { "IndividualNumber(…)" }
    /// Says nothing of the person, wherever it ends up.
    public var debugDescription: String { description }
    /// Shows no parts, to dumps and debuggers either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
