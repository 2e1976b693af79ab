import Credentials
import Crypto

/// An X.509 certificate as our own authorities for phones write them, split where its issuer signed it and not read further: version 3,
/// ECDSA with SHA-256, a key of P-256 (RFC 5280 section 4.1, RFC 5480).
///
/// OpenSSL reads what governments and makers of phones write; of what we write ourselves there is one form. What holds of it is
/// looked at only once it is known to be an authority's; before that, whose it says it is.
struct SignedCertificate: Sendable {
    /// What the issuer signed.
    private let signed: [UInt8]
    private let signature: P256.Signing.ECDSASignature

    // AlgorithmIdentifier of ecdsa-with-SHA256, without parameters (RFC 5758 section 3.2).
    private static let algorithm: [UInt8] = [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02]
    // SubjectPublicKeyInfo of an uncompressed point of P-256, in front of the point's coordinates.
    private static let keyPrefix: [UInt8] = [
        0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D,
        0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ]

    /// Splits a certificate in DER; `nil` if it has another form, or bytes follow.
    init?(der: [UInt8]) {
        var outer = DER(der)
        guard var parts = outer.enter(0x30), outer.isAtEnd, let signed = parts.whole(0x30),
            parts.content(0x30) == Self.algorithm, let bits = parts.content(0x03), bits.first == 0, parts.isAtEnd,
            let signature = try? P256.Signing.ECDSASignature(derRepresentation: bits.dropFirst())
        else { return nil }
        self.signed = signed
        self.signature = signature
    }

    /// Whether a key made its signature.
    func isSigned(by key: P256.Signing.PublicKey) -> Bool { key.isValidSignature(signature, for: signed) }

    /// The subject's name in DER of any certificate of version 3, whoever signed it and however; `nil` if it cannot be found.
    static func subject(of der: [UInt8]) -> [UInt8]? {
        var outer = DER(der)
        guard var parts = outer.enter(0x30), var fields = parts.enter(0x30), fields.next()?.tag == 0xA0,
            fields.next()?.tag == 0x02, fields.next()?.tag == 0x30, fields.next()?.tag == 0x30,
            fields.next()?.tag == 0x30
        else { return nil }
        return fields.whole(0x30)
    }

    /// Whose it says it is: the issuer's name in DER; `nil` if it cannot be found.
    var issuer: [UInt8]? {
        var outer = DER(signed)
        guard var fields = outer.enter(0x30), fields.next()?.tag == 0xA0, fields.next()?.tag == 0x02,
            fields.next()?.tag == 0x30
        else { return nil }
        return fields.whole(0x30)
    }

    /// What stands in a certificate that was signed.
    struct Content: Sendable {
        /// Seconds since 1970; valid from the first to the last, both included.
        let notBefore: Double
        let notAfter: Double
        let key: P256.Signing.PublicKey
        /// The values of extensions by object identifier, none twice.
        let extensions: [String: (isCritical: Bool, value: [UInt8])]
    }

    /// What stands in it; `nil` if it has another form.
    var content: Content? {
        var outer = DER(signed)
        guard var fields = outer.enter(0x30), outer.isAtEnd,
            // Version 3, a positive serial number of at most 20 bytes, and perhaps the zero in front that makes it one.
            fields.content(0xA0) == [0x02, 0x01, 0x02],
            let serial = fields.content(0x02), (1...21).contains(serial.count), serial[0] & 0x80 == 0,
            fields.content(0x30) == Self.algorithm, fields.whole(0x30) != nil,
            var validity = fields.enter(0x30), let notBefore = validity.time(), let notAfter = validity.time(),
            validity.isAtEnd, fields.whole(0x30) != nil, let info = fields.content(0x30),
            info.starts(with: Self.keyPrefix),
            let key = try? P256.Signing.PublicKey(x963Representation: info.dropFirst(Self.keyPrefix.count)),
            var wrapped = fields.enter(0xA3), fields.isAtEnd, let list = wrapped.enter(0x30), wrapped.isAtEnd,
            let extensions = Self.extensions(list)
        else { return nil }
        return Content(
            notBefore: notBefore, notAfter: notAfter, key: key, extensions: extensions
        )
    }

    private static func extensions(_ list: DER) -> [String: (isCritical: Bool, value: [UInt8])]? {
        var (list, all) = (list, [String: (isCritical: Bool, value: [UInt8])]())
        while !list.isAtEnd {
            guard var one = list.enter(0x30), let identifier = one.content(0x06).flatMap(DER.identifier) else {
                return nil
            }
            // FALSE is the default, and defaults are not written.
            var critical = one
            let isCritical = critical.content(0x01) == [0xFF]
            if isCritical { one = critical }
            guard let value = one.content(0x04), one.isAtEnd,
                all.updateValue((isCritical, value), forKey: identifier) == nil
            else { return nil }
        }
        return all
    }
}

extension SignedCertificate.Content {
    /// Whether its key is no authority's and may make signatures, and nothing critical stands in it but what is judged here and the
    /// names (section 4.2).
    var isForSignatures: Bool {
        let known: Set<String> = ["2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.35", "2.5.29.37"]
        guard extensions.allSatisfy({ !$0.value.isCritical || known.contains($0.key) }) else { return false }
        if let constraints = extensions["2.5.29.19"], constraints.value != [0x30, 0x00] { return false }
        guard let usage = extensions["2.5.29.15"] else { return true }
        var outer = DER(usage.value)
        // A count of unused bits, then the bits: digitalSignature is the first.
        guard let bits = outer.content(0x03), outer.isAtEnd, bits.count >= 2 else { return false }
        return bits[1] & 0x80 != 0
    }
}
