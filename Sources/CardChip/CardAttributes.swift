package import Crypto
import Foundation

/// The four attributes (基本4情報) of EF 0002, read strictly but not verified: only what ``CardChecker`` returns is.
public struct CardAttributes: Hashable, Sendable, Confidential {
    /// The name; its parts are separated by U+3000. Never empty, without control characters.
    public let name: String
    /// The address, without control characters.
    public let address: String
    /// The birth date, eight ASCII digits YYYYMMDD; whether there is such a day is not judged here.
    public let birthDate: String
    /// 1 male, 2 female, 9 not applicable, 0 unknown.
    public let sexDigit: UInt8
    /// SHA-256 of what EF 0003 signs of this file: from the name's tag to the end.
    package let digest: SHA256Digest

    /// Reads EF 0002: FF20 with DF21 to DF25, each once and in order, nothing behind.
    ///
    /// DF21, the table of offsets, must be there with its length, and is otherwise ignored because no signature covers it.
    public init(parsing ef0002: [UInt8]) throws(CardRejection) {
        guard ef0002.count <= CardFiles.maximumAttributesLength else {
            throw .malformed(file: ElementaryFile.attributes, offset: CardFiles.maximumAttributesLength)
        }
        var file = TLVReader(ef0002, file: ElementaryFile.attributes)
        var fields = try file.inside(0xFF20)
        try file.finish()
        _ = try fields.value(0xDF21, length: 8)
        let signedFrom = fields.position
        let name = try fields.value(0xDF22)
        let address = try fields.value(0xDF23)
        let birth = try fields.value(0xDF24, length: 8)
        let sex = try fields.value(0xDF25, length: 1)
        try fields.finish()

        guard !name.isEmpty, let nameText = Self.text(ef0002[name]) else { throw fields.rejection(at: name.lowerBound) }
        guard let addressText = Self.text(ef0002[address]) else { throw fields.rejection(at: address.lowerBound) }
        guard ef0002[birth].allSatisfy({ (0x30...0x39).contains($0) }), let birthText = Self.text(ef0002[birth]) else {
            throw fields.rejection(at: birth.lowerBound)
        }
        let sexByte = ef0002[sex.lowerBound]
        guard [0x30, 0x31, 0x32, 0x39].contains(sexByte) else { throw fields.rejection(at: sex.lowerBound) }

        (self.name, self.address, birthDate, sexDigit) = (nameText, addressText, birthText, sexByte - 0x30)
        digest = SHA256.hash(data: ef0002[signedFrom...])
    }

    /// The text of valid UTF-8 without control characters, which could steer a screen or a printer.
    private static func text(_ bytes: ArraySlice<UInt8>) -> String? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        return text.unicodeScalars.contains { $0.properties.generalCategory == .control } ? nil : text
    }
}
