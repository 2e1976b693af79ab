public import Crypto
import Foundation

/// Why bytes are no short APDU, or why a command cannot be built.
public enum APDUError: Error, Hashable, Sendable {
    /// Shorter than a header (or, of an answer, than a status word).
    case truncated
    /// Longer than a short APDU can be, or in extended-length form.
    case tooLong
    /// Lc does not agree with the bytes that follow.
    case wrongLength
    /// A value outside what the command can say.
    case outOfRange
}

/// An application of the My Number card, by its AID (ISO/IEC 7816-5).
public struct CardApplication: Hashable, Sendable {
    /// The application identifier, 5 to 16 bytes.
    public let identifier: [UInt8]

    /// The input-support application (券面事項入力補助AP).
    public static let inputSupport = CardApplication(suffix: 0x08)
    /// The card-face check application (券面事項確認AP).
    public static let cardFaceCheck = CardApplication(suffix: 0x02)

    private init(suffix: UInt8) { identifier = [0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, suffix] }
}

/// A command to a card: a short APDU (ISO/IEC 7816-4, 5.1). It may hold a PIN, so it prints only its instruction.
public struct CommandAPDU: Hashable, Sendable, Confidential {
    /// The maximum length of a short command: header, Lc, 255 bytes and Le.
    public static let maximumLength = 261

    /// The class byte.
    public let cla: UInt8
    /// The instruction byte.
    public let ins: UInt8
    /// The first parameter.
    public let p1: UInt8
    /// The second parameter.
    public let p2: UInt8
    /// The command's data, at most 255 bytes.
    public private(set) var data: [UInt8]
    /// How many bytes the answer may have at most (Ne), 1 to 256; `nil` if none are expected.
    public let expectedLength: Int?

    /// A command from its parts.
    ///
    /// - Throws: ``APDUError/outOfRange`` if the data are longer than 255 bytes or Ne is not 1 to 256.
    public init(
        cla: UInt8, ins: UInt8, p1: UInt8, p2: UInt8, data: [UInt8] = [], expectedLength: Int? = nil
    ) throws(APDUError) {
        guard data.count <= 255, (1...256).contains(expectedLength ?? 1) else { throw .outOfRange }
        self.init(cla, ins, p1, p2, data, expectedLength)
    }

    private init(
        _ cla: UInt8, _ ins: UInt8, _ p1: UInt8, _ p2: UInt8, _ data: [UInt8] = [], _ expectedLength: Int? = nil
    ) {
        (self.cla, self.ins, self.p1, self.p2) = (cla, ins, p1, p2)
        (self.data, self.expectedLength) = (data, expectedLength)
    }

    /// A command from what came over the wire.
    ///
    /// - Throws: an ``APDUError`` unless the bytes are exactly one short APDU of case 1 to 4.
    public init(parsing bytes: [UInt8]) throws(APDUError) {
        guard bytes.count <= Self.maximumLength else { throw .tooLong }
        guard bytes.count >= 4 else { throw .truncated }
        let body = Array(bytes[4...])
        var data: [UInt8] = []
        var le: UInt8?
        if body.count == 1 {
            le = body[0]
        } else if let lc = body.first {
            // A zero here starts an extended length, which these cards do not know.
            guard lc != 0 else { throw .tooLong }
            switch body.count - 1 - Int(lc) {
            case 0: break
            case 1: le = body[body.count - 1]
            default: throw .wrongLength
            }
            data = Array(body[1...Int(lc)])
        }
        self.init(bytes[0], bytes[1], bytes[2], bytes[3], data, le.map { $0 == 0 ? 256 : Int($0) })
    }

    /// What goes over the wire.
    public var bytes: [UInt8] {
        var bytes = [cla, ins, p1, p2]
        bytes.reserveCapacity(6 + data.count)
        if !data.isEmpty { bytes.append(UInt8(truncatingIfNeeded: data.count)) }
        bytes += data
        // 256 is written as zero.
        if let expectedLength { bytes.append(UInt8(truncatingIfNeeded: expectedLength)) }
        return bytes
    }

    /// Overwrites the data, as far as this copy of the command holds the only one.
    package mutating func wipe() { data.wipe() }

    /// The instruction, and nothing of the data.
    public var description: String { "CommandAPDU(instruction \(ins), …)" }
}

extension CommandAPDU {
    /// SELECT by application identifier, no answer data (`00 A4 04 0C`).
    public static func selectApplication(_ application: CardApplication) -> CommandAPDU {
        CommandAPDU(0x00, 0xA4, 0x04, 0x0C, application.identifier)
    }

    /// SELECT of an elementary file under the current application, no answer data (`00 A4 02 0C`).
    public static func selectFile(_ file: UInt16) -> CommandAPDU {
        CommandAPDU(0x00, 0xA4, 0x02, 0x0C, [UInt8(file >> 8), UInt8(file & 0xFF)])
    }

    /// VERIFY of the selected PIN (`00 20 00 80 04`).
    public static func verifyPIN(_ pin: PIN) -> CommandAPDU { CommandAPDU(0x00, 0x20, 0x00, 0x80, pin.bytes) }

    /// VERIFY without data: asks how many tries the selected PIN has left (`00 20 00 80`).
    public static let pinTries = CommandAPDU(0x00, 0x20, 0x00, 0x80)

    /// READ BINARY of the selected file (`00 B0`).
    ///
    /// - Parameters:
    ///   - offset: 0 to 32,767: fifteen bits, because the sixteenth means a short file identifier.
    ///   - length: 1 to 256.
    public static func readBinary(offset: Int, length: Int) throws(APDUError) -> CommandAPDU {
        guard (0...0x7FFF).contains(offset), (1...256).contains(length) else { throw .outOfRange }
        return CommandAPDU(0x00, 0xB0, UInt8(offset >> 8), UInt8(offset & 0xFF), [], length)
    }

    /// INTERNAL AUTHENTICATE (`80 2A 00 00 33`): the chip signs the DigestInfo of this digest.
    public static func internalAuthenticate(digest: SHA256Digest) -> CommandAPDU {
        CommandAPDU(0x80, 0x2A, 0x00, 0x00, DigestInfo.sha256(digest), 256)
    }
}

/// What a PKCS#1 v1.5 signature pads and signs (RFC 8017, 9.2).
package enum DigestInfo {
    /// The DER before the 32 bytes of a SHA-256 digest.
    package static let prefix: [UInt8] = [
        0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
        0x20,
    ]
    /// Bytes of a SHA-256 DigestInfo.
    package static let length = 51

    /// The 51 bytes for a digest.
    package static func sha256(_ digest: SHA256Digest) -> [UInt8] { prefix + Array(digest) }
}
