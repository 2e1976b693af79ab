public import CardChip
import Crypto
import Foundation

/// What a simulated card holds: its files, its keys, its PIN and how often that can still be tried.
///
/// It is kept in a JSON file of its own, which says first and loudly that it is a simulation.
public struct SimulatedCardFile: Sendable, Confidential {
    /// How often a wrong PIN can be given before it locks.
    public static let maximumTries = 3

    /// The elementary files by their identifiers.
    package private(set) var files: [UInt16: [UInt8]]
    /// The four ASCII digits.
    let pin: [UInt8]
    /// How often the PIN can still be tried, 0 to 3.
    public internal(set) var triesLeft: Int
    /// The chip's key, which INTERNAL AUTHENTICATE uses and EF 0007 names.
    let chipKey: RSAKey
    /// The card's key that EF 0004 certifies. A real card does not hold it; tests sign other files with it.
    package let certificateKey: RSAKey

    /// A new card for a holder, with a key of its own in EF 0004.
    ///
    /// - Parameters:
    ///   - holder: whose card it is.
    ///   - pin: four digits.
    ///   - authority: who signs EF 0004.
    ///   - keys: where the card's two keys come from; without it they are generated, which takes about 0.2 s.
    public static func make(
        holder: CardHolder, pin: String, authority: SimulatedAuthority, keys: RSAKeyPool? = nil
    ) throws -> SimulatedCardFile {
        let pair = try keys?.take(2) ?? [RSAKey.generate(), RSAKey.generate()]
        guard pair.count == 2 else { throw SimulatedCardError.openSSL("RSAKeyPool.take") }
        return try make(holder: holder, pin: pin, authority: authority, certificateKey: pair[0], chipKey: pair[1])
    }

    /// A new card for a holder with given keys.
    public static func make(
        holder: CardHolder, pin: String, authority: SimulatedAuthority, certificateKey: RSAKey, chipKey: RSAKey
    ) throws -> SimulatedCardFile {
        let pin = Array(pin.utf8)
        guard PIN(digits: pin) != nil else { throw SimulatedCardError.holder("pin") }
        let number = TLV.object(0xFF10, Array(holder.individualNumber.utf8)) + [0xFF, 0xFF]
        let (attributes, signedFrom) = attributesFile(holder)
        let digests =
            TLV.object(0xDF31, Array(SHA256.hash(data: number)))
            + TLV.object(0xDF32, Array(SHA256.hash(data: attributes[signedFrom...])))
        let chipObject = TLV.object(0xDF51, try chipKey.publicObjects())
        let subjectKeyID = Array(SHA256.hash(data: try certificateKey.modulus()).prefix(16))
        return SimulatedCardFile(
            files: [
                ElementaryFile.number: number,
                ElementaryFile.attributes: attributes,
                ElementaryFile.record: TLV.object(
                    0xFF30, digests + TLV.object(0xDF33, try certificateKey.signature(of: digests))),
                ElementaryFile.certificate: try authority.certificate(for: certificateKey, subjectKeyID: subjectKeyID),
                ElementaryFile.application: TLV.object(
                    0xFF40,
                    TLV.object(0xDF41, [0x01, 0x03, 0x0E, 0x01]) + TLV.object(0xDF42, authority.keyID)
                        + TLV.object(0xDF43, [UInt8](repeating: 0, count: 128))),
                ElementaryFile.chipKey: TLV.object(
                    0xFF50, chipObject + TLV.object(0xDF52, try certificateKey.signature(of: chipObject))),
            ],
            pin: pin, triesLeft: maximumTries, chipKey: chipKey, certificateKey: certificateKey)
    }

    /// EF 0002, and from where on its digest counts.
    private static func attributesFile(_ holder: CardHolder) -> (file: [UInt8], signedFrom: Int) {
        let objects = [
            TLV.object(0xDF22, Array(holder.name.utf8)), TLV.object(0xDF23, Array(holder.address.utf8)),
            TLV.object(0xDF24, Array(holder.birthDate.utf8)), TLV.object(0xDF25, [0x30 + holder.sexDigit]),
        ]
        let signed = Array(objects.joined())
        let table = 11
        let file = TLV.object(0xFF20, TLV.object(0xDF21, [UInt8](repeating: 0, count: 8)) + signed)
        let signedFrom = file.count - signed.count
        var offsets: [UInt8] = []
        var offset = signedFrom
        for object in objects {
            offsets += [UInt8(offset >> 8 & 0xFF), UInt8(offset & 0xFF)]
            offset += object.count
        }
        let header = file.prefix(signedFrom - table)
        return (header + TLV.object(0xDF21, offsets) + signed, signedFrom)
    }

    /// The same card with other bytes in one elementary file, for tests of what must be refused.
    package func replacing(_ file: UInt16, with bytes: [UInt8]?) -> SimulatedCardFile {
        var copy = self
        copy.files[file] = bytes
        return copy
    }

    /// Whether these are the card's digits, in a time that does not depend on them.
    func isPIN(_ digits: [UInt8]) -> Bool {
        digits.count == pin.count && zip(digits, pin).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

// MARK: On disk

extension SimulatedCardFile {
    /// Reads what ``save(_:)`` wrote.
    public static func load(_ path: String) throws -> SimulatedCardFile {
        let data = try PrivateFile.read(path)
        guard let document = try? JSONDecoder().decode(Document.self, from: data), document.version == 1 else {
            throw SimulatedCardError.unreadable(path: path, field: nil)
        }
        func wrong(_ field: String) -> SimulatedCardError { .unreadable(path: path, field: field) }
        guard document.simulation == Simulation.notice else { throw wrong("SIMULATION") }
        var files: [UInt16: [UInt8]] = [:]
        for (name, text) in document.files {
            guard let identifier = Hexadecimal.bytes(name), identifier.count == 2, let bytes = Hexadecimal.bytes(text),
                bytes.count <= 0x7FFF
            else { throw wrong("files") }
            files[UInt16(identifier[0]) << 8 | UInt16(identifier[1])] = bytes
        }
        let pin = Array(document.pin.utf8)
        guard PIN(digits: pin) != nil else { throw wrong("pin") }
        guard (0...maximumTries).contains(document.triesLeft) else { throw wrong("triesLeft") }
        guard let chipKey = try? RSAKey(pem: document.chipKey) else { throw wrong("chipKey") }
        guard let certificateKey = try? RSAKey(pem: document.certificateKey) else { throw wrong("certificateKey") }
        return SimulatedCardFile(
            files: files, pin: pin, triesLeft: document.triesLeft, chipKey: chipKey, certificateKey: certificateKey)
    }

    /// Writes the card to its file (mode 0600), whole or not at all.
    public func save(_ path: String) throws {
        let document = Document(
            files: Dictionary(
                uniqueKeysWithValues: files.map {
                    (Hexadecimal.text([UInt8($0 >> 8), UInt8($0 & 0xFF)]), Hexadecimal.text($1))
                }),
            pin: String(decoding: pin, as: UTF8.self), triesLeft: triesLeft, chipKey: try chipKey.pem(),
            certificateKey: try certificateKey.pem())
        try PrivateFile.write(try PrivateFile.json(document, for: path), to: path)
    }

    private struct Document: Codable {
        var simulation = Simulation.notice
        var version = 1
        var files: [String: String]
        var pin: String
        var triesLeft: Int
        var chipKey: String
        var certificateKey: String

        enum CodingKeys: String, CodingKey {
            case simulation = "SIMULATION"
            case version, files, pin, triesLeft, chipKey, certificateKey
        }
    }
}
