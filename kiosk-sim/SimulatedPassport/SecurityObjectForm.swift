import Crypto

/// What an EF.SOD says (ICAO Doc 9303-10 section 4.6.2), as a simulated country writes it; tests change what is wrong in it.
package struct SecurityObjectForm {
    /// The version of the LDS security object, 0 or 1.
    package var version = 0
    /// The identifier of the hash's algorithm.
    package var algorithm = "2.16.840.1.101.3.4.2.1"
    /// The hashes with the numbers of the data groups.
    package var hashes: [(number: Int, hash: [UInt8])]
    /// What follows the hashes.
    package var more: [UInt8] = []
    /// The type of the content.
    package var contentType = "2.23.136.1.1.1"
    /// The type that the signed attributes name; `nil` for none.
    package var namedType: String? = "2.23.136.1.1.1"
    /// When it was signed, in seconds since 1970; `nil` for no attribute.
    package var signedAt: Double?
    /// Whether there are signed attributes.
    package var hasAttributes = true
    /// Whether the signer's certificate is inside.
    package var hasCertificate = true
    /// How often it is signed.
    package var signers = 1
    /// What the signed attributes give as the content's digest, if not that.
    package var digest: [UInt8]?

    /// The hash of a DG1, and a made-up one of DG2.
    package init(dataGroup1: [UInt8]) {
        hashes = [(1, Array(SHA256.hash(data: dataGroup1))), (2, [UInt8](repeating: 2, count: 32))]
    }

    /// The LDS security object.
    package var content: [UInt8] {
        let groups = hashes.flatMap { Written.sequence(Written.integer($0.number), Written.octets($0.hash)) }
        return Written.sequence(
            Written.integer(version), Written.sequence(Written.identifier(algorithm), [0x05, 0x00]),
            Written.object(0x30, groups), more)
    }

    /// EF.SOD.
    package func signed(by signer: SimulatedDocumentSigner) -> [UInt8] {
        Written.object(0x77, message(content, by: signer))
    }

    /// The signed message (CMS SignedData, RFC 5652) over any content.
    package func message(_ content: [UInt8], by signer: SimulatedDocumentSigner) -> [UInt8] {
        let sha256 = Written.sequence(Written.identifier("2.16.840.1.101.3.4.2.1"))
        func attribute(_ type: String, _ value: [UInt8]) -> [UInt8] {
            Written.sequence(Written.identifier(type), Written.set([value]))
        }
        var attributes = [
            attribute("1.2.840.113549.1.9.4", Written.octets(digest ?? Array(SHA256.hash(data: content))))
        ]
        if let namedType { attributes.append(attribute("1.2.840.113549.1.9.3", Written.identifier(namedType))) }
        if let signedAt { attributes.append(attribute("1.2.840.113549.1.9.5", Written.time(signedAt))) }
        let set = Written.set(attributes)
        let signature = Self.signature(of: hasAttributes ? set : content, by: signer.key)
        let one = Written.sequence(
            Written.integer(1), Written.sequence(signer.issuer, Written.integer(signer.serial)), sha256,
            // Signed as a SET, written under a tag of its own (RFC 5652 section 5.4).
            hasAttributes ? [0xA0] + set.dropFirst() : [],
            Written.sequence(Written.identifier("1.2.840.10045.4.3.2")), Written.octets(signature))
        let message = Written.sequence(
            Written.integer(3), Written.set([sha256]),
            Written.sequence(Written.identifier(contentType), Written.object(0xA0, Written.octets(content))),
            hasCertificate ? Written.object(0xA0, signer.certificate) : [],
            Written.set([[UInt8]](repeating: one, count: signers)))
        return Written.sequence(Written.identifier("1.2.840.113549.1.7.2"), Written.object(0xA0, message))
    }

    static func signature(of message: [UInt8], by key: P256.Signing.PrivateKey) -> [UInt8] {
        // Signing with a key in memory fails for want of memory alone.
        (try? key.signature(for: message)).map { Array($0.derRepresentation) } ?? []
    }
}
