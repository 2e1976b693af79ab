/// What a file of a trust folder's `vdsnc` holds, told by its content: under whatever name a revocation list lies there, it
/// must not be passed over.
package struct AuthorityFile {
    /// Certificates, DER.
    package private(set) var certificates: [[UInt8]] = []
    /// Revocation lists, DER.
    package private(set) var lists: [[UInt8]] = []
    /// Whether it is a JSON text: links from signers to issuers' lists.
    package private(set) var isLinks = false
    /// Whether it is a certificate as far as can be told, though one that cannot be read: it vouches for nobody, and
    /// hides no list.
    private(set) var isBrokenCertificate = false

    /// Whether a list stands in it that cannot be read.
    package private(set) var hasBrokenList = false

    /// Whether it is nothing that is known: it may have been a list.
    package var isUnknown: Bool { certificates.isEmpty && lists.isEmpty && !isLinks && !isBrokenCertificate }

    /// Looks at a file's bytes.
    package init(_ bytes: [UInt8]) {
        if Self.isJSON(bytes) {
            isLinks = true
        } else if bytes.first == 0x30 {
            if Certificate(der: bytes) != nil {
                certificates = [bytes]
            } else if RevocationDates(der: bytes) != nil {
                lists = [bytes]
            } else {
                isBrokenCertificate = Self.beginsAsCertificate(bytes)
            }
        } else if let text = String(validating: bytes, as: UTF8.self), text.contains("-----BEGIN ") {
            lists = PEM.objects("X509 CRL", in: bytes) ?? []
            certificates = PEM.objects("CERTIFICATE", in: bytes) ?? []
            hasBrokenList = lists.isEmpty && text.contains("CRL-----")
            isBrokenCertificate =
                certificates.isEmpty && !hasBrokenList && text.contains("-----BEGIN CERTIFICATE-----")
        }
    }

    /// Whether a text begins as a JSON object or list does.
    static func isJSON(_ bytes: [UInt8]) -> Bool {
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        let first = text.first { !($0 == 0x20 || (0x09...0x0D).contains($0)) }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    }

    /// Whether DER begins as a certificate of version 2 or 3 does, and no revocation list: with a version under a tag.
    private static func beginsAsCertificate(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        for _ in 0..<2 {
            guard rest.popFirst() == 0x30, let length = rest.popFirst() else { return false }
            rest = rest.dropFirst(length < 0x80 ? 0 : Int(length & 0x7F))
        }
        return rest.first == 0xA0
    }
}
