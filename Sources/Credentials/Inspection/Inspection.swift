/// A code taken apart for a person to look at, layer by layer, whether valid or not.
///
/// Nothing shown here was checked: it says what a code claims, not what is so. ``Verifier`` says what is so.
public struct Inspection: Sendable {
    /// One layer of a code.
    public struct Layer: Hashable, Sendable {
        /// The layer's name, such as `JWS header`.
        public let name: String
        /// What it holds, as text over several lines; or why it cannot be read.
        public let text: String
        /// Whether the layer could be read.
        public let isReadable: Bool
    }

    /// The layers from the outside in, as far as the code can be read.
    public private(set) var layers: [Layer] = []

    /// Takes a code's text apart: a SMART Health Card's, a VDS-NC's or an HCERT code's.
    public init(_ text: String) {
        let bytes = Verifier.trimmed(text)
        if bytes.count > Verifier.maximumTextBytes {
            add("text", Reason(.sizeExceeded))
        } else if NumericCode.begins(bytes) {
            do {
                smartHealthCard(try NumericCode.decode(bytes, in: NumericCode.prefix.utf8.count..<bytes.count))
            } catch { add("digits", error.reason) }
        } else if bytes.starts(with: "HC1:".utf8) {
            hcert(bytes)
        } else if bytes.first == UInt8(ascii: "{") || bytes.first == UInt8(ascii: "[") {
            document(bytes)
        } else if bytes.contains(UInt8(ascii: ".")) {
            smartHealthCard(bytes)
        } else {
            add("text", Reason(.formatUnknown))
        }
    }

    private mutating func add(_ name: String, _ text: String) {
        layers.append(Layer(name: name, text: text, isReadable: true))
    }

    private mutating func add(_ name: String, _ reason: Reason) {
        let place = reason.offset.map { ", byte \($0)" } ?? ""
        layers.append(Layer(name: name, text: "\(reason.message) (\(reason.code)\(place))", isReadable: false))
    }

    private mutating func smartHealthCard(_ text: [UInt8]) {
        let jws: CompactJWS
        do { jws = try CompactJWS(text) } catch { return add("JWS", error.reason) }
        add("JWS", "\(text.count) characters")
        add("JWS header", jws.header.indented(jws.header.root))
        add("JWS signature", "\(jws.signature.count) bytes\n\(Hex.text(jws.signature))")
        do {
            let compressed = try Base64URL.decode(jws.text, in: jws.payload)
            let payload = try Deflate.inflate(compressed, limit: SmartHealthCardChecker.maximumPayloadBytes)
            add("DEFLATE", "\(compressed.count) bytes, inflated \(payload.count)")
            let json = try JSON(payload)
            add("payload", json.indented(json.root))
        } catch { add("payload", Reason(error)) }
    }

    private mutating func document(_ bytes: [UInt8]) {
        let json: JSON
        do { json = try JSON(bytes) } catch { return add("JSON", Reason(error)) }
        if let cards = json.elements(of: json.member("verifiableCredential", of: json.root)) {
            for card in cards.prefix(Verifier.maximumInFile) { smartHealthCard(Array((json.string(card) ?? "").utf8)) }
            return
        }
        let vdsnc = json.elements(of: json.root).flatMap { Array($0.prefix(1)).first } ?? json.root
        guard let data = json.member("data", of: vdsnc) else { return add("JSON", json.indented(json.root)) }
        add("seal data", json.indented(data))
        add("canonical data (signed)", "\(json.canonical(data).count) bytes")
        let sig = json.member("sig", of: vdsnc)
        add("algorithm", json.string(json.member("alg", of: sig)) ?? "–")
        certificate(json.string(json.member("cer", of: sig)))
        let signature = json.string(json.member("sigvl", of: sig)).flatMap { Self.decoded($0) }
        add("signature", signature.map { "\($0.count) bytes\n\(Hex.text($0))" } ?? "–")
    }

    private static func decoded(_ text: String) -> [UInt8]? {
        try? Base64URL.decode(Array(text.utf8), padding: .tolerated)
    }

    private mutating func certificate(_ text: String?) {
        guard let der = text.flatMap({ Self.decoded($0) }), let certificate = Certificate(der: der) else {
            return add("signer's certificate", Reason(.signerMalformed))
        }
        let extensions = certificate.extensions.sorted { $0.key < $1.key }.map { name, value in
            "  \(name)\(value.isCritical ? " critical" : ""): \(Hex.text(value.value))"
        }
        add(
            "signer's certificate",
            """
            \(der.count) bytes, \(certificate.commonName ?? "–"), \(certificate.country)
            valid from \(Int(certificate.notBefore)) to \(Int(certificate.notAfter)) (seconds since 1970)
            \(extensions.joined(separator: "\n"))
            """)
    }

    private mutating func hcert(_ text: [UInt8]) {
        let signed: SignedCWT
        do { signed = try SignedCWT(text) } catch { return add("COSE", error.reason) }
        let algorithm = signed.algorithm.map { $0 == -7 ? "ES256" : $0 == -37 ? "PS256" : "\($0)" } ?? "–"
        add("COSE header", "alg \(algorithm)\nkid \(signed.keyID.map(Hex.text) ?? "–")")
        add("COSE signature", "\(signed.signature.count) bytes\n\(Hex.text(signed.signature))")
        do {
            let cbor = try CBOR(signed.payload)
            add("CWT claims", cbor.diagnostic(cbor.root))
        } catch { add("CWT claims", Reason(error)) }
    }
}

/// Bytes as hexadecimal digits.
enum Hex {
    static func text(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] }, as: UTF8.self)
    }
}
