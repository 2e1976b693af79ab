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
        let header: CBOR
        do {
            let compressed = try Base45.decode(text, in: 4..<text.count)
            message = try CBOR(try Deflate.inflate(compressed, limit: Self.maximumLength, wrapping: .zlib))
            guard let parts = Self.parts(message) else { throw Refusal(.coseMalformed) }
            (protected, payload, signature) = (parts.protected, parts.payload, parts.signature)
            header = try CBOR(protected, depth: 4)
            let (inside, outside) = (try Self.header(header, header.root), try Self.header(message, parts.unprotected))
            // RFC 9052 section 3.1: the algorithm is protected; one outside says nothing.
            algorithm = try inside.algorithm()
            let keyIDs = (inside: try inside.keyID(), outside: try outside.keyID())
            keyID = keyIDs.inside ?? keyIDs.outside
            _ = try outside.algorithm()
            // A critical header that is not understood is an error; here none is.
            guard !inside.has(2), !outside.has(2) else { throw Refusal(.headerCritical) }
        } catch let malformed as Malformed {
            throw Refusal(Reason(malformed))
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            throw Refusal(.coseMalformed)
        }
    }

    private static func header(_ cbor: CBOR, _ place: CBOR.Place) throws(Refusal) -> Header {
        guard cbor.kind(place) == .map, cbor.hasLabels(place) else { throw Refusal(.coseMalformed) }
        let header = Header(cbor: cbor, place: place)
        try header.check()
        return header
    }

    /// A header's map; what it holds under a label that is known must be of that label's kind (RFC 9052 section 3.1).
    private struct Header {
        let cbor: CBOR
        let place: CBOR.Place

        func has(_ label: Int) -> Bool { cbor.member(label, of: place) != nil }

        /// The algorithm. One may have a name as well; those allowed here are numbers.
        func algorithm() throws(Refusal) -> Int? {
            guard let member = try member(1, { $0 == .unsigned || $0 == .negative || $0 == .text }) else { return nil }
            return cbor.integer(member)
        }

        func keyID() throws(Refusal) -> [UInt8]? { cbor.byteString(try member(4, { $0 == .bytes })) }

        // Content type, IV and Partial IV are of no use here, but have their kinds, and the last two exclude each other.
        func check() throws(Refusal) {
            _ = try member(3, { $0 == .text || $0 == .unsigned })
            let (vector, partial) = (try member(5, { $0 == .bytes }), try member(6, { $0 == .bytes }))
            guard vector == nil || partial == nil else { throw Refusal(.coseMalformed) }
        }

        private func member(_ label: Int, _ isRight: (CBOR.Kind) -> Bool) throws(Refusal) -> CBOR.Place? {
            guard let member = cbor.member(label, of: place) else { return nil }
            guard isRight(cbor.kind(member)) else { throw Refusal(.coseMalformed) }
            return member
        }
    }

    private static func parts(
        _ message: CBOR
    ) -> (protected: [UInt8], unprotected: CBOR.Place, payload: [UInt8], signature: [UInt8])? {
        // Untagged, 18 (COSE_Sign1), or 61 (CWT) around 18 (RFC 8392 section 6): all are met.
        var place = message.root
        if message.tag(place) == 61 {
            place = message.untagged(place, 61)
            guard message.tag(place) == 18 else { return nil }
        }
        place = message.untagged(place, 18)
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
