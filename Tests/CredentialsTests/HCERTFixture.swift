import Credentials
import Crypto
import CryptoExtras
import Foundation
import Signing
import SwiftASN1
import Testing
import X509

/// Writes the few kinds of CBOR item that a test needs.
indirect enum Item: Sendable {
    case int(Int), text(String), bytes([UInt8]), array([Item]), map([(Item, Item)]), tag(UInt64, Item), double(Double),
        null
    case raw([UInt8])

    var encoded: [UInt8] {
        var result: [UInt8] = []
        switch self {
        case .int(let value) where value >= 0: CBORWriter.appendHead(0, UInt64(value), to: &result)
        case .int(let value): CBORWriter.appendHead(1, UInt64(-1 - value), to: &result)
        case .text(let text):
            CBORWriter.appendHead(3, UInt64(text.utf8.count), to: &result)
            result += Array(text.utf8)
        case .bytes(let bytes):
            CBORWriter.appendHead(2, UInt64(bytes.count), to: &result)
            result += bytes
        case .array(let items):
            CBORWriter.appendHead(4, UInt64(items.count), to: &result)
            for item in items { result += item.encoded }
        case .map(let members):
            CBORWriter.appendHead(5, UInt64(members.count), to: &result)
            for (key, value) in members { result += key.encoded + value.encoded }
        case .tag(let number, let item):
            CBORWriter.appendHead(6, number, to: &result)
            result += item.encoded
        case .double(let value):
            result = [0xFB] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
        case .null: result = [0xF6]
        case .raw(let bytes): result = bytes
        }
        return result
    }
}

/// A document signer and codes with all that a test changes by one flaw.
struct HCERTFixture {
    /// 2021-12-20T00:00:00Z.
    static let start = 1_639_958_400
    static let later = Date(timeIntervalSince1970: Double(start) + 3600)

    let signer: TestSigner
    let certificate: [UInt8]

    init(
        signer: TestSigner = TestSigner(), usages: [String] = [], from: Int = Self.start - 86_400,
        until: Int = Self.start + 86_400 * 700
    ) throws {
        self.signer = signer
        certificate = try Self.certificate(.init(signer.publicKey), usages, from, until)
    }

    static func certificate(_ key: X509.Certificate.PublicKey, _ usages: [String], _ from: Int, _ until: Int) throws
        -> [UInt8]
    {
        let authority = P256.Signing.PrivateKey()
        var extensions = X509.Certificate.Extensions()
        if !usages.isEmpty {
            let values = try usages.map { ExtendedKeyUsage.Usage(oid: try ASN1ObjectIdentifier(dotRepresentation: $0)) }
            extensions = try X509.Certificate.Extensions { try ExtendedKeyUsage(values) }
        }
        let made = try X509.Certificate(
            version: .v3, serialNumber: .init(), publicKey: key,
            notValidBefore: Date(timeIntervalSince1970: Double(from)),
            notValidAfter: Date(timeIntervalSince1970: Double(until)),
            issuer: try DistinguishedName { CommonName("AKASHI TEST CSCA") },
            subject: try DistinguishedName { CommonName("AKASHI TEST DSC") }, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: extensions, issuerPrivateKey: .init(authority))
        var serializer = SwiftASN1.DER.Serializer()
        try serializer.serialize(made)
        return serializer.serializedBytes
    }

    static func keyID(_ certificate: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: certificate).prefix(8)) }
    var trustFile: TrustFile { TrustFile(path: "dcc/signer.der", bytes: certificate) }

    static func protected(_ keyID: [UInt8], algorithm: Int = -7) -> [UInt8] {
        Item.map([(.int(1), .int(algorithm)), (.int(4), .bytes(keyID))]).encoded
    }

    static let vaccination: Item = .map([
        (.text("tg"), .text("840539006")), (.text("vp"), .text("1119349007")), (.text("mp"), .text("EU/1/20/1528")),
        (.text("ma"), .text("ORG-100030215")), (.text("dn"), .int(2)), (.text("sd"), .int(2)),
        (.text("dt"), .text("2021-07-01")),
        (.text("co"), .text("JP")), (.text("is"), .text("MIHON")),
        (.text("ci"), .text("URN:UVCI:01:JP:0123456789AB#X")),
    ])

    static func certificate(entries: [(String, Item)]) -> Item {
        .map(
            [
                (.text("ver"), .text("1.3.3")),
                (
                    .text("nam"),
                    .map([
                        (.text("fn"), .text("Mihon")), (.text("fnt"), .text("MIHON")), (.text("gn"), .text("Hanako")),
                    ])
                ),
                (.text("dob"), .text("1990-01-01")),
            ] + entries.map { (.text($0.0), $0.1) })
    }

    static func claims(
        issuedAt: Item = .int(start), expires: Item = .int(start + 86_400), certificate: Item? = nil
    ) -> Item {
        let certificate = certificate ?? Self.certificate(entries: [("v", .array([vaccination]))])
        return .map([
            (.int(1), .text("JP")), (.int(4), expires), (.int(6), issuedAt),
            (.int(-260), .map([(.int(1), certificate)])),
        ])
    }

    static func signingInput(_ protected: [UInt8], _ payload: [UInt8]) -> [UInt8] {
        Item.array([.text("Signature1"), .bytes(protected), .bytes([]), .bytes(payload)]).encoded
    }

    /// A code's text from its parts.
    func code(
        claims: Item = Self.claims(), protected: [UInt8]? = nil, unprotected: Item = .map([]), tags: [UInt64] = [18],
        signature: ((TestSigner, [UInt8]) throws -> [UInt8])? = nil
    ) throws -> String {
        let protected = protected ?? Self.protected(Self.keyID(certificate))
        let payload = claims.encoded
        let input = Self.signingInput(protected, payload)
        let bytes = try signature?(signer, input) ?? signer.sign(input)
        var message = Item.array([.bytes(protected), unprotected, .bytes(payload), .bytes(bytes)])
        for tag in tags.reversed() { message = .tag(tag, message) }
        return Self.text(message.encoded)
    }

    static func text(_ message: [UInt8]) -> String {
        "HC1:" + String(decoding: Base45.encoded(Deflate.compress(message, wrapping: .zlib) ?? []), as: UTF8.self)
    }

    func check(_ text: String, at now: Date = Self.later, trust: [TrustFile]? = nil) -> Verdict? {
        Verifier(trust: TrustStore(files: trust ?? [trustFile])).check([text], at: now).first
    }
}
