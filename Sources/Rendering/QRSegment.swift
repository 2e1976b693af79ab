/// A run of a QR code's content in one mode (ISO/IEC 18004:2015, 7.4).
///
/// A segment whose characters do not fit its mode is kept as it is and refused by ``QRCode``, so that the error says
/// which of several segments was wrong.
public struct QRSegment: Hashable, Sendable {
    /// The modes this project writes.
    enum Mode: Hashable, Sendable { case bytes, numeric, alphanumeric }

    let mode: Mode
    let content: [UInt8]

    /// Byte mode: eight bits a byte.
    public static func bytes(_ bytes: [UInt8]) -> QRSegment { QRSegment(mode: .bytes, content: bytes) }

    /// Byte mode with the text's UTF-8.
    public static func bytes(_ text: String) -> QRSegment { .bytes(Array(text.utf8)) }

    /// Numeric mode, `0–9` only: ten bits for three digits.
    public static func numeric(_ digits: String) -> QRSegment { QRSegment(mode: .numeric, content: Array(digits.utf8)) }

    /// Alphanumeric mode, `0–9A–Z $%*+-./:` only: eleven bits for two characters.
    public static func alphanumeric(_ text: String) -> QRSegment {
        QRSegment(mode: .alphanumeric, content: Array(text.utf8))
    }

    /// A SMART Health Card's two segments: `shc:/` in byte mode, then the digits in numeric mode
    /// (SMART Health Cards 1.4.0, "Encoding QRs").
    public static func smartHealthCard(digits: String) -> [QRSegment] { [.bytes("shc:/"), .numeric(digits)] }

    /// Whether every character has a place in the mode.
    var isWellFormed: Bool {
        switch mode {
        case .bytes: true
        case .numeric: content.allSatisfy { (0x30...0x39).contains($0) }
        case .alphanumeric:
            content.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || " $%*+-./:".utf8.contains($0)
            }
        }
    }

    /// How many bits the segment takes in a version: mode indicator, count and data (ISO/IEC 18004:2015, tables 2 and 3);
    /// `nil` if the count does not fit its field.
    func bitCount(inVersion version: Int) -> Int? {
        let size = version < 10 ? 0 : version < 27 ? 1 : 2
        let countBits: Int
        let dataBits: Int
        switch mode {
        case .bytes:
            countBits = [8, 16, 16][size]
            dataBits = content.count * 8
        case .numeric:
            countBits = [10, 12, 14][size]
            dataBits = content.count / 3 * 10 + [0, 4, 7][content.count % 3]
        case .alphanumeric:
            countBits = [9, 11, 13][size]
            dataBits = content.count / 2 * 11 + content.count % 2 * 6
        }
        return content.count < 1 << countBits ? 4 + countBits + dataBits : nil
    }
}
