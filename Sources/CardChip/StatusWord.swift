/// The two bytes that end every answer of a card (ISO/IEC 7816-4, 5.6).
public struct StatusWord: RawRepresentable, Hashable, Sendable {
    /// SW1 and SW2, SW1 in the higher byte.
    public let rawValue: UInt16

    /// A status word from its two bytes; every value is one, known or not.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// 9000: done.
    public static let success = StatusWord(rawValue: 0x9000)
    /// 6581: the card could not write its memory.
    public static let memoryFailure = StatusWord(rawValue: 0x6581)
    /// 6700: wrong length.
    public static let wrongLength = StatusWord(rawValue: 0x6700)
    /// 6881: this logical channel is not supported.
    public static let channelNotSupported = StatusWord(rawValue: 0x6881)
    /// 6982: the PIN that this needs was not presented.
    public static let securityNotSatisfied = StatusWord(rawValue: 0x6982)
    /// 6983: the PIN is blocked; some cards say this when others say ``referenceBlocked``.
    public static let authenticationBlocked = StatusWord(rawValue: 0x6983)
    /// 6984: the PIN is blocked, and the card says no more than that it cannot be used.
    public static let referenceBlocked = StatusWord(rawValue: 0x6984)
    /// 6985: the conditions of use are not satisfied.
    public static let conditionsNotSatisfied = StatusWord(rawValue: 0x6985)
    /// 6986: no file is selected.
    public static let noCurrentFile = StatusWord(rawValue: 0x6986)
    /// 6A80: the data of the command are wrong.
    public static let wrongData = StatusWord(rawValue: 0x6A80)
    /// 6A82: no such file or application.
    public static let fileNotFound = StatusWord(rawValue: 0x6A82)
    /// 6A86: wrong P1 or P2.
    public static let wrongParameters = StatusWord(rawValue: 0x6A86)
    /// 6B00: the offset lies past the end of the file.
    public static let offsetPastEnd = StatusWord(rawValue: 0x6B00)
    /// 6D00: the instruction is not supported.
    public static let instructionNotSupported = StatusWord(rawValue: 0x6D00)
    /// 6E00: the class is not supported.
    public static let classNotSupported = StatusWord(rawValue: 0x6E00)

    /// 63Cx: the PIN was wrong, or not given, and x tries are left.
    ///
    /// - Parameter triesLeft: 0 to 15; what is more counts as 15.
    public static func wrongPIN(triesLeft: UInt8) -> StatusWord {
        StatusWord(rawValue: 0x63C0 | UInt16(min(triesLeft, 15)))
    }

    /// The tries left that a 63Cx tells; `nil` for every other status.
    public var triesLeft: Int? { rawValue & 0xFFF0 == 0x63C0 ? Int(rawValue & 0x000F) : nil }

    /// Whether the PIN can no longer be tried (6983 or 6984).
    public var isPINBlocked: Bool { self == .authenticationBlocked || self == .referenceBlocked }

    /// SW1 and SW2.
    package var bytes: [UInt8] { [UInt8(rawValue >> 8), UInt8(rawValue & 0xFF)] }
}
