import COpenSSL
package import Crypto
import CryptoExtras
import Vaccination

/// An X.509 certificate (RFC 5280) as far as a verifier of VDS-NC needs it, read with OpenSSL.
///
/// OpenSSL, because government certificates differ from the letter of the standard where nothing rests on it: NULL
/// parameters behind an ECDSA algorithm, explicit curve parameters in a country's own certificate, first versions
/// without extensions. Everything is copied out at once, so that a value holds no C object.
package final class Certificate: Hashable, Sendable {
    /// A public key that can check a VDS-NC; others can only be a CA's, and stay inside OpenSSL.
    enum Key: Sendable {
        case p256(P256.Signing.PublicKey)
        case p384(P384.Signing.PublicKey)
        case p521(P521.Signing.PublicKey)
        case rsa(_RSA.Signing.PublicKey)
        case other
    }

    /// An extension's value and whether it is critical.
    package struct Extension: Hashable, Sendable {
        package let isCritical: Bool
        let value: [UInt8]
    }

    /// The whole certificate.
    package let der: [UInt8]
    /// The serial number's content bytes with its sign in front, for comparing alone.
    let serial: [UInt8]
    /// Short digests of subject and issuer in OpenSSL's canonical form: names that are the same have the same.
    let subjectHash: UInt
    let issuerHash: UInt
    /// The subject's `C`, upper case; empty if there is none.
    package let country: String
    /// The subject's `CN`, or `O` if it has none.
    package let commonName: String?
    /// Whether a name of its subject or of its issuer bears the development mark: what it vouches for is a test
    /// certificate, wherever in a trust folder it lies.
    package let isDevelopment: Bool
    /// Seconds since 1970; valid from the first to the last, both included.
    package let notBefore: Double
    package let notAfter: Double
    /// Extensions by object identifier. A certificate with one twice is not read.
    package let extensions: [String: Extension]
    /// The extended key usages, `nil` if the extension is absent; empty if it is malformed.
    package let extendedKeyUsage: [String]?
    /// The types of EU certificates that its usages name.
    let dccTypes: [String]
    /// The document types that a barcode signer's extension names; `nil` without it, empty if it is malformed.
    let documentTypes: [String]?
    /// The subject's public key.
    let key: Key
    /// The subject's key, if it is of P-256.
    package var p256Key: P256.Signing.PublicKey? { if case .p256(let key) = key { key } else { nil } }

    /// The maximum length of a certificate that is looked at.
    static let maximumLength = 16 << 10

    /// Reads a DER certificate; `nil` if OpenSSL cannot, or bytes follow.
    package convenience init?(der: [UInt8]) {
        guard let x509 = Self.parsed(der) else { return nil }
        defer { X509_free(x509) }
        self.init(x509, der: der)
    }

    /// Copies out of what OpenSSL has read from these bytes.
    fileprivate init?(_ x509: OpaquePointer, der: [UInt8]) {
        guard let serial = OpenSSL.integer(X509_get0_serialNumber(x509)),
            let notBefore = OpenSSL.seconds(X509_get0_notBefore(x509)),
            let notAfter = OpenSSL.seconds(X509_get0_notAfter(x509)),
            let extensions = Self.extensions(x509)
        else { return nil }
        subjectHash = OpenSSL.hash(X509_get_subject_name(x509))
        issuerHash = OpenSSL.hash(X509_get_issuer_name(x509))
        self.der = der
        self.serial = serial
        country = OpenSSL.text(X509_get_subject_name(x509), NID_countryName)?.uppercased() ?? ""
        commonName =
            OpenSSL.text(X509_get_subject_name(x509), NID_commonName)
            ?? OpenSSL.text(X509_get_subject_name(x509), NID_organizationName)
        isDevelopment = [X509_get_subject_name(x509), X509_get_issuer_name(x509)].contains { name in
            [NID_commonName, NID_organizationName].contains { kind in
                OpenSSL.texts(name, kind).contains { DevelopmentMark.isOn(commonName: $0) }
            }
        }
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.extensions = extensions
        extendedKeyUsage = extensions["2.5.29.37"].map { Self.usages($0.value) }
        dccTypes = Self.dccTypes(of: extendedKeyUsage ?? [])
        documentTypes = extensions[Self.documentTypesExtension].map { Self.documentTypes($0.value) }
        key = Self.key(X509_get0_pubkey(x509))
    }

    private static func key(_ key: OpaquePointer?) -> Key {
        guard let (curve, point) = OpenSSL.curvePoint(key) else {
            // swift-crypto refuses RSA keys under 2048 bits.
            return OpenSSL.rsaKey(key).flatMap { try? _RSA.Signing.PublicKey(derRepresentation: $0) }.map(Key.rsa)
                ?? .other
        }
        return switch curve {
        case "prime256v1": (try? P256.Signing.PublicKey(x963Representation: point)).map(Key.p256) ?? .other
        case "secp384r1": (try? P384.Signing.PublicKey(x963Representation: point)).map(Key.p384) ?? .other
        case "secp521r1": (try? P521.Signing.PublicKey(x963Representation: point)).map(Key.p521) ?? .other
        default: .other
        }
    }

    /// Whether its key may sign certificates: basic constraints say CA, and key usage, if there is one, allows it.
    package var isAuthority: Bool { saysAuthority && keyUsage.map { $0 & 0x04 != 0 } ?? true }  // keyCertSign is bit 5

    /// Whether basic constraints say CA, whatever the key may be used for.
    package var saysAuthority: Bool {
        guard let constraints = extensions["2.5.29.19"] else { return false }
        var outer = DER(constraints.value)
        guard var inner = outer.enter(0x30), outer.isAtEnd else { return false }
        return inner.content(0x01) == [0xFF]
    }

    /// Whether its key may make signatures: key usage, if there is one, allows it.
    package var maySign: Bool { keyUsage.map { $0 & 0x80 != 0 } ?? true }

    // The first byte of the key usage bits.
    private var keyUsage: UInt8? {
        guard let usage = extensions["2.5.29.15"] else { return nil }
        var outer = DER(usage.value)
        guard let bits = outer.content(0x03), bits.count >= 2 else { return 0 }
        return bits[1]
    }

    private static func usages(_ value: [UInt8]) -> [String] {
        var outer = DER(value)
        guard var inner = outer.enter(0x30), outer.isAtEnd else { return [] }
        var result: [String] = []
        while !inner.isAtEnd {
            guard let content = inner.content(0x06), let identifier = DER.identifier(content) else { return [] }
            result.append(identifier)
        }
        return result
    }

    /// Whether an authority's key signed this certificate with an algorithm that is still sound (112 bits and more), and
    /// its name is the issuer's.
    package func isIssued(by authority: Certificate) -> Bool {
        guard let child = ParsedCertificate(self), let authority = ParsedCertificate(authority) else { return false }
        return child.isIssued(by: authority)
    }

    /// Hands an authority's name and public key to a check, for as long as the check runs; false if this is no
    /// authority or its key is too weak.
    func withAuthority(_ check: (_ name: OpaquePointer, _ key: OpaquePointer) -> Bool) -> Bool {
        ParsedCertificate(self)?.withAuthority(check) ?? false
    }

    /// Whether this is an authority whose key can vouch for others.
    package var canVouch: Bool { ParsedCertificate(self)?.canVouch ?? false }

    /// Whether its key can check the signature of an HCERT code: P-256, or RSA of 2,048 bits and more.
    package var canSignHCERT: Bool {
        switch key {
        case .p256, .rsa: true
        default: false
        }
    }

    /// Whether its key can check a VDS-NC's signature.
    package var canSignVDSNC: Bool { if case .other = key { false } else { true } }

    /// What OpenSSL holds of a certificate, for the caller to free; `nil` if it is too long, OpenSSL cannot read it, or bytes follow.
    static func parsed(_ der: [UInt8]) -> OpaquePointer? {
        guard der.count <= maximumLength else { return nil }
        defer { ERR_clear_error() }
        return der.withUnsafeBufferPointer { buffer -> OpaquePointer? in
            var at = buffer.baseAddress
            guard let x509 = d2i_X509(nil, &at, buffer.count) else { return nil }
            guard at == buffer.baseAddress.map({ $0 + buffer.count }) else {
                X509_free(x509)
                return nil
            }
            return x509
        }
    }

    private static func extensions(_ x509: OpaquePointer) -> [String: Extension]? {
        var result: [String: Extension] = [:]
        for index in 0..<max(0, X509_get_ext_count(x509)) {
            guard let one = X509_get_ext(x509, index), let name = OpenSSL.identifier(X509_EXTENSION_get_object(one)),
                let value = OpenSSL.bytes(X509_EXTENSION_get_data(one))
            else { return nil }
            let entry = Extension(isCritical: X509_EXTENSION_get_critical(one) == 1, value: value)
            guard result.updateValue(entry, forKey: name) == nil else { return nil }
        }
        return result
    }

    package static func == (a: Certificate, b: Certificate) -> Bool { a.der == b.der }
    package func hash(into hasher: inout Hasher) { hasher.combine(der) }
}

/// A certificate as OpenSSL holds it, kept so that it need not be read anew for each question.
///
/// Unchecked, since it holds a pointer: OpenSSL counts references and locks what it computes late, and nothing here changes
/// the certificate after it was read.
package final class ParsedCertificate: @unchecked Sendable {
    private let x509: OpaquePointer
    /// What was copied out.
    package let certificate: Certificate
    /// Whether its key is sound, of 112 bits and more.
    let hasSoundKey: Bool
    /// Whether it is an authority with such a key, which can vouch for others.
    package let canVouch: Bool

    /// `nil` if OpenSSL cannot read it.
    package convenience init?(_ certificate: Certificate) {
        guard let x509 = Certificate.parsed(certificate.der) else { return nil }
        self.init(taking: x509, certificate)
    }

    /// A certificate that is read and judged, in one reading, which is most of what either costs; `nil` if OpenSSL cannot read it.
    package convenience init?(der: [UInt8]) {
        guard let x509 = Certificate.parsed(der) else { return nil }
        guard let certificate = Certificate(x509, der: der) else {
            X509_free(x509)
            return nil
        }
        self.init(taking: x509, certificate)
    }

    private init(taking x509: OpaquePointer, _ certificate: Certificate) {
        defer { ERR_clear_error() }
        self.x509 = x509
        self.certificate = certificate
        hasSoundKey = X509_get0_pubkey(x509).map { EVP_PKEY_get_security_bits($0) >= 112 && Self.isSound($0) } ?? false
        canVouch = certificate.isAuthority && hasSoundKey
    }

    deinit { X509_free(x509) }

    /// Hands an authority's name and public key to a check, for as long as the check runs; false if this is no
    /// authority or its key is too weak.
    func withAuthority(_ check: (_ name: OpaquePointer, _ key: OpaquePointer) -> Bool) -> Bool {
        defer { ERR_clear_error() }
        guard canVouch, let name = X509_get_subject_name(x509), let key = X509_get0_pubkey(x509) else {
            return false
        }
        return check(name, key)
    }

    /// The subject's public key as SubjectPublicKeyInfo (RFC 5280 section 4.1), DER, written anew so that the same key has
    /// the same bytes; `nil` if OpenSSL does not know its kind.
    package var publicKeyInfo: [UInt8]? {
        defer { ERR_clear_error() }
        guard let key = X509_get0_pubkey(x509) else { return nil }
        return OpenSSL.publicKeyInfo(key)
    }

    /// Whether an authority's key signed this certificate with an algorithm that is still sound (112 bits and more), and
    /// its name is the issuer's.
    package func isIssued(by authority: ParsedCertificate) -> Bool {
        authority.withAuthority { name, key in
            var bits: Int32 = 0
            return X509_NAME_cmp(X509_get_issuer_name(x509), name) == 0
                && X509_get_signature_info(x509, nil, nil, &bits, nil) == 1 && bits >= 112
                && X509_verify(x509, key) == 1
        }
    }

    /// Whether a key is RSA, or lies on a curve with a name. Countries write out the parameters of good curves, which OpenSSL
    /// recognises; parameters that are no known curve's may be made to forge (CVE-2020-0601).
    private static func isSound(_ key: OpaquePointer) -> Bool {
        OpenSSL.curvePoint(key) != nil || EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA
    }
}
