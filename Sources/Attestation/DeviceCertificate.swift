import Credentials
package import Crypto
package import Foundation

/// The certificate of an app instance's key: `vrs` gives it for an attestation, and each application carries it.
///
/// An X.509 certificate (RFC 5280) of an authority for phones alone, with a key of P-256. What was attested stands in its only
/// subject alternative name, a URI: `urn:akashi:device:` and then `platform=…;level=…;app=…`, and where they are attested
/// `;version=…;patches=…;model=…`, values percent-encoded (RFC 3986). It names no person, and nothing that identifies a device but the key.
package struct DeviceCertificate: Sendable {
    /// What its holder's key can be revoked by.
    package let facts: DeviceFacts
    /// Where the key lives.
    package let level: KeyLevel
    /// The first and the last instant at which it is valid.
    package let notBefore: Date
    package let notAfter: Date
    /// What checks proofs by its key.
    package let proofKey: DeviceProofKey
    private let issuer: DeviceAuthorities.Identity

    /// The maximum of bytes in DER.
    package static let maximumBytes = 2048
    /// What the URI begins with.
    static let prefix = "urn:akashi:device:"

    /// Reads a certificate; `nil` unless one of the authorities issued it, for a device, and it is valid now.
    package init?(der: [UInt8], issuedBy authorities: DeviceAuthorities, at now: Date) {
        let time = now.timeIntervalSince1970
        guard der.count <= Self.maximumBytes, let certificate = SignedCertificate(der: der),
            let issuer = authorities.issuer(of: certificate, at: time), let (form, content) = Self.read(certificate),
            form.notBefore <= time, time <= form.notAfter
        else { return nil }
        self.issuer = issuer
        facts = DeviceFacts(
            keyHash: DeviceProofKey.hash(of: form.key), app: content.app, appVersion: content.version,
            patchLevel: content.patches, model: content.model)
        level = content.level
        notBefore = Date(timeIntervalSince1970: form.notBefore)
        notAfter = Date(timeIntervalSince1970: form.notAfter)
        proofKey = DeviceProofKey(platform: content.platform, publicKey: form.key, app: content.app)
    }

    /// Whether it counts at another time too: it is valid then, and so is who issued it, which is still one of these.
    package func isValid(at now: Date, issuedBy authorities: DeviceAuthorities) -> Bool {
        (notBefore...notAfter).contains(now) && authorities.contains(issuer, at: now.timeIntervalSince1970)
    }

    /// Whether a certificate is about this key on this platform: what a device looks at that is given one. Whose word it is and when it
    /// counts is not judged; that `vrs` does, each time.
    package static func isAbout(
        _ key: P256.Signing.PublicKey, on platform: AttestationPlatform, der: [UInt8]
    ) -> Bool {
        guard der.count <= maximumBytes, let (form, content) = SignedCertificate(der: der).flatMap(read) else {
            return false
        }
        return form.key.x963Representation == key.x963Representation && content.platform == platform
    }

    /// What a certificate of a device's form says, without asking who issued it.
    private static func read(_ certificate: SignedCertificate) -> (SignedCertificate.Content, Content)? {
        guard let form = certificate.content, form.isForSignatures, let text = uri(form), let content = Content(text)
        else {
            return nil
        }
        return (form, content)
    }

    /// The URI of an attested key.
    package static func uri(of key: AttestedDeviceKey) -> String {
        Content(
            platform: key.platform, level: key.level, app: key.facts.app, version: key.facts.appVersion,
            patches: key.facts.patchLevel, model: key.facts.model
        ).text
    }

    // The one name in the extension, which has to be a URI.
    private static func uri(_ form: SignedCertificate.Content) -> String? {
        guard let value = form.extensions["2.5.29.17"]?.value else { return nil }
        var outer = DER(value)
        guard var inner = outer.enter(0x30), outer.isAtEnd, let content = inner.content(0x86), inner.isAtEnd else {
            return nil
        }
        return String(validating: content, as: UTF8.self)
    }
}

extension DeviceCertificate {
    /// What the URI says.
    struct Content: Hashable, Sendable {
        let platform: AttestationPlatform
        let level: KeyLevel
        let app: String
        let version: Int?
        let patches: Int?
        let model: DeviceModel?

        /// The maximum of bytes of a text.
        static let maximumText = 1024

        /// The URI.
        var text: String {
            var parts = [("platform", platform.rawValue), ("level", level.rawValue), ("app", app)]
            if let version { parts.append(("version", "\(version)")) }
            if let patches { parts.append(("patches", "\(patches)")) }
            if let model { parts.append(("model", model.description)) }
            return prefix + parts.map { "\($0)=\(Self.escaped($1))" }.joined(separator: ";")
        }

        private static func escaped(_ text: String) -> String {
            let digits = Array("0123456789ABCDEF".utf8)
            var bytes: [UInt8] = []
            for byte in text.utf8 {
                if isUnreserved(byte) {
                    bytes.append(byte)
                } else {
                    bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 0x0F)]]
                }
            }
            return String(decoding: bytes, as: UTF8.self)
        }

        private static func isUnreserved(_ byte: UInt8) -> Bool {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                true
            default: false
            }
        }
    }
}

extension DeviceCertificate.Content {
    /// Reads a URI; `nil` of any that ``text`` would write in another way.
    init?(_ uri: String) {
        guard uri.hasPrefix(DeviceCertificate.prefix), uri.utf8.count <= Self.maximumText else { return nil }
        var values: [String: String] = [:]
        let parts = uri.dropFirst(DeviceCertificate.prefix.count).split(
            separator: ";", maxSplits: 6, omittingEmptySubsequences: false)
        for part in parts {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2, let value = String(pair[1]).removingPercentEncoding,
                values.updateValue(value, forKey: String(pair[0])) == nil
            else { return nil }
        }
        guard let platform = values["platform"].flatMap(AttestationPlatform.init),
            let level = values["level"].flatMap(KeyLevel.init), let app = values["app"], !app.isEmpty
        else { return nil }
        (self.platform, self.level, self.app) = (platform, level, app)
        (version, patches) = (values["version"].flatMap { Int($0) }, values["patches"].flatMap { Int($0) })
        model = values["model"].flatMap { DeviceModel($0) }
        // A member that is not known, or not in its form or place, is not written again.
        guard text.utf8.elementsEqual(uri.utf8) else { return nil }
    }
}

/// Who issues device certificates.
package struct DeviceAuthorities: Sendable {
    /// Who somebody is to those who check what was issued: a renewed certificate with the same name and key changes nothing.
    struct Identity: Equatable, Sendable {
        /// In DER, as it stands in what it issues.
        let name: [UInt8]
        private let point: Data

        init(name: [UInt8], key: P256.Signing.PublicKey) { (self.name, point) = (name, key.x963Representation) }
    }

    private struct Authority: Sendable {
        let certificate: Certificate
        let identity: Identity
        let key: P256.Signing.PublicKey

        /// `nil` unless it is an authority's with a key of P-256.
        init?(der: [UInt8]) {
            guard let certificate = Certificate(der: der), certificate.canVouch, let key = certificate.p256Key,
                let name = SignedCertificate.subject(of: der)
            else { return nil }
            self.certificate = certificate
            self.key = key
            identity = Identity(name: name, key: key)
        }

        func isValid(at now: Double) -> Bool { certificate.notBefore <= now && now <= certificate.notAfter }
    }

    private let authorities: [Authority]
    /// Whether one of them bears the development mark.
    package var isDevelopment: Bool { authorities.contains { $0.certificate.isDevelopment } }

    /// Authorities from their certificates, DER; `nil` unless each is an authority's with a key of P-256, or if there is none.
    package init?(der: [[UInt8]]) {
        authorities = der.compactMap { Authority(der: $0) }
        guard !authorities.isEmpty, authorities.count == der.count else { return nil }
    }

    /// Whether an authority's certificate, DER, has the name and the key of one of them.
    package func include(_ der: [UInt8]) -> Bool {
        guard let other = Authority(der: der) else { return false }
        return authorities.contains { $0.identity == other.identity }
    }

    /// The one of them that issued a certificate, by its name and key, and that is valid itself; `nil` if none did.
    func issuer(of certificate: SignedCertificate, at now: Double) -> Identity? {
        guard let name = certificate.issuer else { return nil }
        return authorities.first {
            $0.isValid(at: now) && $0.identity.name == name && certificate.isSigned(by: $0.key)
        }?.identity
    }

    /// Whether one of them is this one, and is valid.
    func contains(_ identity: Identity, at now: Double) -> Bool {
        authorities.contains { $0.isValid(at: now) && $0.identity == identity }
    }
}
