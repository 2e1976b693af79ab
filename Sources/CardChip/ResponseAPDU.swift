/// A card's answer to a command: up to 256 bytes and a status word (ISO/IEC 7816-4, 5.1). It may hold personal data,
/// so it prints only its status.
public struct ResponseAPDU: Hashable, Sendable, Confidential {
    /// The maximum length of the answer to a short command.
    public static let maximumLength = 258

    /// The answer's data, at most 256 bytes.
    public let data: [UInt8]
    /// The status word.
    public let status: StatusWord

    /// An answer from what came over the wire: 2 to 258 bytes, of which the last two are the status word.
    public init(parsing bytes: [UInt8]) throws(APDUError) {
        guard bytes.count <= Self.maximumLength else { throw .tooLong }
        guard bytes.count >= 2 else { throw .truncated }
        let (sw1, sw2) = (bytes[bytes.count - 2], bytes[bytes.count - 1])
        data = Array(bytes.dropLast(2))
        status = StatusWord(rawValue: UInt16(sw1) << 8 | UInt16(sw2))
    }

    /// The status, and nothing of the data.
    public var description: String { "ResponseAPDU(status \(status.rawValue), …)" }
}
