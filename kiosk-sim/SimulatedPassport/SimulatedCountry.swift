public import Crypto
import Vaccination

/// A country that issues simulated passports: a signing authority (CSCA) of its own, document signers under it, and its revocation
/// list (ICAO Doc 9303-12 section 7).
///
/// **It is a simulation**: its names begin with the development mark, so that whoever trusts it takes its passports for made-up
/// ones, wherever its certificate lies.
public struct SimulatedCountry: Sendable {
    /// Two letters, such as `JP`.
    public let country: String
    /// The authority's certificate, DER.
    public let certificate: [UInt8]
    /// The authority's key.
    public let key: P256.Signing.PrivateKey
    private let name: [UInt8]
    private let mark: String

    /// A country with a new authority, valid for 15 years from a day before `now` (seconds since 1970).
    public init(country: String, now: Double) {
        self.init(country: country, now: now, mark: DevelopmentMark.name)
    }

    /// The same with another name than the development mark, or another time, for tests.
    package init(
        country: String, now: Double, mark: String, key: P256.Signing.PrivateKey = P256.Signing.PrivateKey(),
        until: Double? = nil
    ) {
        (self.country, self.mark, self.key) = (country, mark, key)
        name = Self.name(country, mark + " CSCA")
        certificate = CertificateForm(
            serial: Self.serial(), subject: name, notBefore: now - 86_400,
            notAfter: until ?? now + 15 * 365.25 * 86_400,
            extensions: [
                .init("2.5.29.19", isCritical: true, Written.sequence([0x01, 0x01, 0xFF], Written.integer(0))),
                .init("2.5.29.15", isCritical: true, Written.bits([0x06], unused: 1)),
            ]
        ).signed(key.publicKey, issuer: name, by: key)
    }

    /// A country whose authority was made before.
    init(country: String, certificate: [UInt8], key: P256.Signing.PrivateKey) {
        (self.country, self.certificate, self.key) = (country, certificate, key)
        mark = DevelopmentMark.name
        name = Self.name(country, mark + " CSCA")
    }

    /// A document signer with a new key.
    ///
    /// - Parameters:
    ///   - now: its key signs from a day before, for three months; its certificate lasts ten years longer.
    ///   - change: what is different about its certificate, for tests.
    public func documentSigner(now: Double) -> SimulatedDocumentSigner { documentSigner(now: now) { _ in } }

    package func documentSigner(now: Double, _ change: (inout CertificateForm) -> Void) -> SimulatedDocumentSigner {
        let (from, until) = (now - 86_400, now + 90 * 86_400)
        let period = Written.sequence(
            Written.object(0x80, Written.timeText(from)), Written.object(0x81, Written.timeText(until)))
        var form = CertificateForm(
            serial: Self.serial(), subject: Self.name(country, mark + " DOCUMENT SIGNER"), notBefore: from,
            notAfter: until + 10 * 366 * 86_400,
            extensions: [
                .init("2.5.29.15", isCritical: true, Written.bits([0x80], unused: 7)),
                .init("2.5.29.16", isCritical: false, period),
                .init(
                    "2.23.136.1.1.6.2", isCritical: false,
                    Written.sequence(Written.integer(0), Written.set([Written.object(0x13, Array("P".utf8))]))),
            ])
        change(&form)
        let key = P256.Signing.PrivateKey()
        return SimulatedDocumentSigner(
            certificate: form.signed(key.publicKey, issuer: name, by: self.key), serial: form.serial, issuer: name,
            key: key)
    }

    /// The authority's revocation list, DER, with the serial numbers of what it revokes (RFC 5280 section 5).
    ///
    /// - Parameters:
    ///   - from: when it was made, in seconds since 1970.
    ///   - until: when the next one is promised for.
    public func revocationList(from: Double, until: Double, revoking serials: [[UInt8]] = []) -> [UInt8] {
        revocationList(from: from, until: until, revoking: serials, isDelta: false)
    }

    /// The same, or a list of changes alone (section 5.2.4), for tests of who reads it.
    package func revocationList(
        from: Double, until: Double, revoking serials: [[UInt8]] = [], isDelta: Bool
    ) -> [UInt8] {
        let entries = serials.flatMap { Written.sequence(Written.integer($0), Written.time(from)) }
        var extensions = CertificateForm.Extension("2.5.29.20", isCritical: false, Written.integer(Int(from))).written
        if isDelta {
            extensions += CertificateForm.Extension("2.5.29.27", isCritical: true, Written.integer(1)).written
        }
        let body = Written.sequence(
            Written.integer(1), CertificateForm.algorithm, name, Written.time(from), Written.time(until),
            serials.isEmpty ? [] : Written.object(0x30, entries), Written.object(0xA0, Written.object(0x30, extensions))
        )
        return CertificateForm.signed(body, by: key)
    }

    package static func name(_ country: String, _ common: String) -> [UInt8] {
        func part(_ type: String, _ tag: UInt16, _ text: String) -> [UInt8] {
            Written.set([Written.sequence(Written.identifier(type), Written.object(tag, Array(text.utf8)))])
        }
        return Written.sequence(part("2.5.4.6", 0x13, country), part("2.5.4.3", 0x0C, common))
    }

    /// Sixteen random bytes, the first of them neither zero nor negative.
    private static func serial() -> [UInt8] {
        [UInt8.random(in: 1...0x7F)] + (0..<15).map { _ in UInt8.random(in: 0...255) }
    }
}

/// Who signs simulated passports.
public struct SimulatedDocumentSigner: Sendable {
    /// Its certificate, DER.
    public let certificate: [UInt8]
    /// The certificate's serial number, as a revocation list names it.
    public let serial: [UInt8]
    let issuer: [UInt8]
    let key: P256.Signing.PrivateKey
}

/// What a certificate says (RFC 5280 section 4.1), by ECDSA on P-256 with SHA-256.
package struct CertificateForm {
    /// An extension.
    package struct Extension {
        /// Its identifier.
        package let type: String
        let isCritical: Bool
        let value: [UInt8]

        /// An extension with the value in DER.
        package init(_ type: String, isCritical: Bool, _ value: [UInt8]) {
            (self.type, self.isCritical, self.value) = (type, isCritical, value)
        }

        var written: [UInt8] {
            Written.sequence(Written.identifier(type), isCritical ? [0x01, 0x01, 0xFF] : [], Written.octets(value))
        }
    }

    package var serial: [UInt8]
    /// The subject, as ``SimulatedCountry/name(_:_:)`` writes it.
    package var subject: [UInt8]
    /// Seconds since 1970.
    package var notBefore: Double
    /// Seconds since 1970.
    package var notAfter: Double
    package var extensions: [Extension]

    static let algorithm = Written.sequence(Written.identifier("1.2.840.10045.4.3.2"))

    func signed(_ subjectKey: P256.Signing.PublicKey, issuer: [UInt8], by key: P256.Signing.PrivateKey) -> [UInt8] {
        let all = extensions.flatMap(\.written)
        let body = Written.sequence(
            Written.object(0xA0, Written.integer(2)), Written.integer(serial), Self.algorithm, issuer,
            Written.sequence(Written.time(notBefore), Written.time(notAfter)), subject,
            Array(subjectKey.derRepresentation), Written.object(0xA3, Written.object(0x30, all)))
        return Self.signed(body, by: key)
    }

    static func signed(_ body: [UInt8], by key: P256.Signing.PrivateKey) -> [UInt8] {
        Written.sequence(body, algorithm, Written.bits(SecurityObjectForm.signature(of: body, by: key)))
    }
}
