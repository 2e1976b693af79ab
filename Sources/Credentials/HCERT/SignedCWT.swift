/// A COSE_Sign1 message (RFC 9052 section 4.2) out of an HCERT code, whose signature nobody has checked.
package struct SignedCWT {
    /// The protected header as it stands in the message.
    package let protected: [UInt8]
    /// The claims as they stand in the message.
    package let payload: [UInt8]
    /// The signature, not checked.
    package let signature: [UInt8]
    /// The algorithm's identifier; −7 is ES256, −37 PS256.
    let algorithm: Int?
    /// The key's identifier. One in the protected header wins over one outside.
    let keyID: [UInt8]?

    /// The longest COSE message that is looked at. The largest code holds some 2,900 bytes of it.
    static let maximumLength = 64 << 10

    /// Takes a code's text apart, `HC1:` included.
    package init(_ text: [UInt8]) throws(Refusal) {
        let message: CBOR
        let header: CBOR?
        do {
            let compressed = try Base45.decode(text, in: 4..<text.count)
            message = try CBOR(try Deflate.inflate(compressed, limit: Self.maximumLength, wrapping: .zlib))
            guard let parts = Self.parts(message) else { throw Refusal(.coseMalformed) }
            (protected, payload, signature) = (parts.protected, parts.payload, parts.signature)
            header = protected.isEmpty ? nil : try CBOR(protected, depth: 4)
            let outside = parts.unprotected
            algorithm =
                header.flatMap { $0.integer($0.member(1, of: $0.root)) }
                ?? message.integer(message.member(1, of: outside))
            keyID =
                header.flatMap { $0.byteString($0.member(4, of: $0.root)) }
                ?? message.byteString(message.member(4, of: outside))
            // RFC 9052 section 3.1: a critical header that is not understood is an error.
            if let header, header.member(2, of: header.root) != nil { throw Refusal(.headerCritical) }
        } catch let malformed as Malformed {
            throw Refusal(Reason(malformed))
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            throw Refusal(.coseMalformed)
        }
    }

    private static func parts(
        _ message: CBOR
    ) -> (protected: [UInt8], unprotected: CBOR.Place, payload: [UInt8], signature: [UInt8])? {
        // Untagged, 18 (COSE_Sign1), or 61 (CWT) around 18: all are met.
        var place = message.root
        for allowed in [61, 18] as [UInt64] where message.tag(place) == allowed {
            place = CBOR.Place(index: place.index + 1)
        }
        guard message.kind(place) == .array else { return nil }
        let parts = message.children(of: place)
        guard parts.count == 4, let protected = message.byteString(parts[0]), message.kind(parts[1]) == .map,
            let payload = message.byteString(parts[2]), let signature = message.byteString(parts[3])
        else { return nil }
        return (protected, parts[1], payload, signature)
    }

    /// What is signed of it.
    package var signingInput: [UInt8] { COSESign1.signingInput(protected: protected, payload: payload) }
}
