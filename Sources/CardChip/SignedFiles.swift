package import Crypto

/// EF 0001: FF10, twelve digits, and the two filler bytes that the digest also covers.
package struct NumberFile {
    package let digits: String
    /// What EF 0003 signs of this file: SHA-256 of all its bytes.
    package let digest: SHA256Digest

    package init(parsing bytes: [UInt8]) throws(CardRejection) {
        var file = TLVReader(bytes, file: ElementaryFile.number)
        let digits = try file.value(0xFF10, length: 12)
        let start = digits.lowerBound
        guard bytes[digits].allSatisfy({ (0x30...0x39).contains($0) }),
            let text = String(validating: bytes[digits], as: UTF8.self)
        else { throw file.rejection(at: start) }
        try file.expect(0xFF)
        try file.expect(0xFF)
        try file.finish()
        self.digits = text
        digest = SHA256.hash(data: bytes)
    }
}

/// EF 0003: the digests of number and attributes, signed with the key of EF 0004.
package struct SignatureRecord {
    package let numberDigest: ArraySlice<UInt8>
    package let attributesDigest: ArraySlice<UInt8>
    /// Both digests with their headers.
    let signed: ArraySlice<UInt8>
    /// The signature over ``signed``, 256 bytes.
    package let signature: ArraySlice<UInt8>

    package init(parsing bytes: [UInt8]) throws(CardRejection) {
        var file = TLVReader(bytes, file: ElementaryFile.record)
        var fields = try file.inside(0xFF30, length: 0x14B)
        try file.finish()
        let signedFrom = fields.position
        numberDigest = bytes[try fields.value(0xDF31, length: 32)]
        attributesDigest = bytes[try fields.value(0xDF32, length: 32)]
        signed = bytes[signedFrom..<fields.position]
        signature = bytes[try fields.value(0xDF33, length: 256)]
        try fields.finish()
    }
}

/// EF 0004: the card-verifiable certificate of the key that signed EF 0003 and EF 0007.
package struct CardCertificate {
    let issuerKeyID: [UInt8]
    let subjectKeyID: [UInt8]
    let key: RSAPublicKey
    let signed: ArraySlice<UInt8>
    let signature: ArraySlice<UInt8>

    package init(parsing bytes: [UInt8]) throws(CardRejection) {
        var file = TLVReader(bytes, file: ElementaryFile.certificate)
        var fields = try file.inside(0x7F21, length: 0x233)
        try file.finish()
        var body = try fields.inside(0x5F4E, length: 297)
        let signedFrom = body.position
        issuerKeyID = Array(bytes[try body.plain(16)])
        subjectKeyID = Array(bytes[try body.plain(16)])
        key = try RSAPublicKey(reading: &body, of: bytes)
        signed = bytes[signedFrom..<body.position]
        signature = bytes[try fields.value(0x5F37, length: 256)]
        try fields.finish()
    }
}

/// EF 0007: the chip's own public key, signed with the key of EF 0004.
package struct ChipKeyFile {
    let key: RSAPublicKey
    /// The key's object with its header.
    let signed: ArraySlice<UInt8>
    let signature: ArraySlice<UInt8>

    package init(parsing bytes: [UInt8]) throws(CardRejection) {
        var file = TLVReader(bytes, file: ElementaryFile.chipKey)
        var fields = try file.inside(0xFF50, length: 0x213)
        try file.finish()
        let signedFrom = fields.position
        var body = try fields.inside(0xDF51, length: 0x109)
        key = try RSAPublicKey(reading: &body, of: bytes)
        signed = bytes[signedFrom..<fields.position]
        signature = bytes[try fields.value(0xDF52, length: 256)]
        try fields.finish()
    }
}

/// EF 0005: what the application says of itself. No signature covers it and no decision rests on it.
public struct ApplicationInformation: Hashable, Sendable {
    /// The version, four bytes.
    public let version: [UInt8]
    /// A key id, 16 bytes.
    public let keyID: [UInt8]

    /// Reads EF 0005: FF40 with DF41, DF42 and DF43, each once and in order, nothing behind.
    public init(parsing bytes: [UInt8]) throws(CardRejection) {
        var file = TLVReader(bytes, file: ElementaryFile.application)
        var fields = try file.inside(0xFF40, length: 0x9E)
        try file.finish()
        version = Array(bytes[try fields.value(0xDF41, length: 4)])
        keyID = Array(bytes[try fields.value(0xDF42, length: 16)])
        _ = try fields.value(0xDF43, length: 128)
        try fields.finish()
    }
}
