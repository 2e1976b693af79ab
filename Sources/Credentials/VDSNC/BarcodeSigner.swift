/// What the certificate of a barcode signer says of its use (ICAO Doc 9303-13, VDS-NC profile).
extension Certificate {
    /// The extended key usage of barcode signers.
    package static let barcodeSignerUsage = "2.23.136.1.1.14.2"
    /// The document type of proofs of vaccination.
    package static let proofOfVaccination = "NV"
    /// The extension that names the document types a signer may sign.
    static let documentTypesExtension = "2.23.136.1.1.6.2"

    /// Whether it is a barcode signer's: its usages say so or, if it names none, it names document types.
    package var isBarcodeSigner: Bool {
        extendedKeyUsage?.contains(Self.barcodeSignerUsage) ?? (documentTypes != nil)
    }

    /// Whether it says where its authority's revocation list is published (RFC 5280 section 4.2.1.13): there is one then.
    package var announcesRevocationList: Bool { extensions["2.5.29.31"] != nil }

    /// Whether its document types hold this one; `nil` if it has no such extension.
    package func allows(documentType type: String) -> Bool? { documentTypes?.contains(type) }

    static func documentTypes(_ value: [UInt8]) -> [String] {
        // SEQUENCE { version INTEGER (0), SET OF PrintableString } (Doc 9303-12 section 7.1.1.6)
        var outer = DER(value)
        guard var sequence = outer.enter(0x30), outer.isAtEnd, sequence.content(0x02) == [0],
            var types = sequence.enter(0x31), sequence.isAtEnd
        else { return [] }
        var result: [String] = []
        while !types.isAtEnd {
            guard let text = types.content(0x13) else { return [] }
            result.append(String(decoding: text, as: UTF8.self))
        }
        return result
    }
}
