package import Credentials
import Crypto
package import Foundation
import SwiftASN1
package import X509

/// A document signer and codes with all that a test changes by one flaw.
package struct HCERTFixture {
    /// 2021-12-20T00:00:00Z.
    package static let start = 1_639_958_400
    /// An hour later.
    package static let later = Date(timeIntervalSince1970: Double(start) + 3600)

    /// The document signer's key.
    package let signer: TestSigner
    /// Its certificate, DER.
    package let certificate: [UInt8]

    /// A signer whose certificate has these key usages and counts between these times.
    package init(
        signer: TestSigner = TestSigner(), usages: [String] = [], from: Int = Self.start - 86_400,
        until: Int = Self.start + 86_400 * 700
    ) throws {
        self.signer = signer
        certificate = try Self.certificate(.init(signer.publicKey), usages, from: from, until: until)
    }

    /// A signer with a certificate from elsewhere.
    package init(signer: TestSigner, certificate: [UInt8]) { (self.signer, self.certificate) = (signer, certificate) }

    /// A document signer's certificate, DER; with a critical extension if one is named.
    package static func certificate(
        _ key: X509.Certificate.PublicKey, _ usages: [String], from: Int, until: Int, demanding extension: String? = nil
    ) throws -> [UInt8] {
        let authority = P256.Signing.PrivateKey()
        var extensions = X509.Certificate.Extensions()
        if !usages.isEmpty {
            let values = try usages.map { ExtendedKeyUsage.Usage(oid: try ASN1ObjectIdentifier(dotRepresentation: $0)) }
            extensions = try X509.Certificate.Extensions { try ExtendedKeyUsage(values) }
        }
        if let name = `extension` {
            try extensions.append(
                .init(oid: ASN1ObjectIdentifier(dotRepresentation: name), critical: true, value: [0x05, 0x00]))
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

    /// The key identifier that goes with a certificate.
    package static func keyID(_ certificate: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: certificate).prefix(8)) }
    /// The certificate as a trust folder has it.
    package var trustFile: TrustFile { TrustFile(path: "dcc/signer.der", bytes: certificate) }

    /// A protected header.
    package static func protected(_ keyID: [UInt8], algorithm: Int = -7) -> [UInt8] {
        CBORItem.map([(.int(1), .int(algorithm)), (.int(4), .bytes(keyID))]).encoded
    }

    /// The entry of one dose.
    package static let vaccination: CBORItem = .map([
        (.text("tg"), .text("840539006")), (.text("vp"), .text("1119349007")), (.text("mp"), .text("EU/1/20/1528")),
        (.text("ma"), .text("ORG-100030215")), (.text("dn"), .int(2)), (.text("sd"), .int(2)),
        (.text("dt"), .text("2021-07-01")),
        (.text("co"), .text("JP")), (.text("is"), .text("MIHON")),
        (.text("ci"), .text("URN:UVCI:01:JP:0123456789AB#X")),
    ])

    /// A certificate with these entries.
    package static func certificate(entries: [(String, CBORItem)]) -> CBORItem {
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

    /// The claims around a certificate.
    package static func claims(
        issuedAt: CBORItem = .int(start), expires: CBORItem = .int(start + 86_400), certificate: CBORItem? = nil
    ) -> CBORItem {
        let certificate = certificate ?? Self.certificate(entries: [("v", .array([vaccination]))])
        return .map([
            (.int(1), .text("JP")), (.int(4), expires), (.int(6), issuedAt),
            (.int(-260), .map([(.int(1), certificate)])),
        ])
    }

    /// What is signed.
    package static func signingInput(protected: [UInt8], payload: [UInt8]) -> [UInt8] {
        CBORItem.array([.text("Signature1"), .bytes(protected), .bytes([]), .bytes(payload)]).encoded
    }

    /// A code's text from its parts.
    package func code(
        claims: CBORItem = Self.claims(), protected: [UInt8]? = nil, unprotected: CBORItem = .map([]),
        tags: [UInt64] = [18],
        signature: ((TestSigner, [UInt8]) throws -> [UInt8])? = nil
    ) throws -> String {
        let protected = protected ?? Self.protected(Self.keyID(certificate))
        let payload = claims.encoded
        let input = Self.signingInput(protected: protected, payload: payload)
        let bytes = try signature?(signer, input) ?? signer.sign(input)
        var message = CBORItem.array([.bytes(protected), unprotected, .bytes(payload), .bytes(bytes)])
        for tag in tags.reversed() { message = .tag(tag, message) }
        return Self.text(message.encoded)
    }

    /// The text of a COSE message.
    package static func text(_ message: [UInt8]) -> String {
        "HC1:" + String(decoding: Base45.encoded(Deflate.compress(message, wrapping: .zlib) ?? []), as: UTF8.self)
    }

    /// The verdict on a code.
    package func check(_ text: String, at now: Date = Self.later, trust: [TrustFile]? = nil) -> Verdict? {
        Verifier(trust: TrustStore(files: trust ?? [trustFile])).check([text], at: now).first
    }
}
