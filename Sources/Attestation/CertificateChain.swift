import Credentials

/// A trusted end of chains: an authority's certificate whose key counts.
package struct AttestationRoot: Sendable {
    /// Its key as SubjectPublicKeyInfo.
    let key: [UInt8]
    let parsed: ParsedCertificate
    let pathLength: Int?
    /// Whether it bears the development mark.
    package let isDevelopment: Bool

    /// A root from its certificate, DER; `nil` unless it is an authority's with a key of 112 bits of security or more. Its dates
    /// do not count: makers put new ones around a key that stays.
    package init?(der: [UInt8]) {
        guard let parsed = ParsedCertificate(der: der), parsed.canVouch, let key = parsed.publicKeyInfo else {
            return nil
        }
        self.key = key
        self.parsed = parsed
        pathLength = parsed.certificate.pathLength
        isDevelopment = parsed.certificate.isDevelopment
    }
}

/// Certificates as a device sent them, its key's own first: each can be read, and nothing more is known of them.
struct CertificateChain: Sendable {
    /// The fewest and the most certificates. Android's own chains have three to five.
    static let counts = 2...8
    /// The maximum length of one, in bytes. Android bounds what it writes of apps to 1,024 bytes.
    static let maximumCertificate = 4096

    let parsed: [ParsedCertificate]
    var certificates: [Certificate] { parsed.map(\.certificate) }

    /// Reads certificates in DER that stand one behind another.
    init(concatenated bytes: [UInt8]) throws(AttestationRefusal) {
        var reader = DER(bytes)
        var parts: [[UInt8]] = []
        var start = 0
        while !reader.isAtEnd {
            guard parts.count < Self.counts.upperBound, let part = reader.next(), part.tag == 0x30 else {
                throw .chainMalformed
            }
            parts.append(Array(bytes[start..<part.content.upperBound]))
            start = part.content.upperBound
        }
        try self.init(parts)
    }

    /// Reads certificates in DER.
    init(_ parts: [[UInt8]]) throws(AttestationRefusal) {
        guard Self.counts.contains(parts.count), parts.allSatisfy({ $0.count <= Self.maximumCertificate }) else {
            throw .chainMalformed
        }
        parsed = parts.compactMap { ParsedCertificate(der: $0) }
        guard parsed.count == parts.count else { throw .chainMalformed }
    }

    /// Checks that the chain ends at a root, that each certificate was issued by the next, and that each of an authority is
    /// valid at a time.
    ///
    /// A last certificate with a root's key is that root and has no other weight: what counts is the configured one. Names,
    /// signatures, basic constraints, key usage and path lengths are judged as RFC 5280 section 6 asks; critical extensions
    /// must be known here or named. The leaf's dates are not judged here, nor the root's; see the module's documentation.
    ///
    /// - Parameters:
    ///   - roots: who may end it.
    ///   - extensions: what a certificate may have as critical besides what is known of any.
    ///   - now: in seconds since 1970.
    func verify(
        to roots: [AttestationRoot], allowing extensions: Set<String>, at now: Double
    ) throws(AttestationRefusal) {
        var path = parsed
        let lastKey = path.last?.publicKeyInfo
        let named = roots.filter { $0.key == lastKey }
        if !named.isEmpty { path.removeLast() }
        guard let top = path.last else { throw .chainBroken }
        // From the root downwards, so that a chain that nobody here vouches for costs one signature.
        guard let root = (named.isEmpty ? roots : named).first(where: { top.isIssued(by: $0.parsed) }) else {
            throw named.isEmpty ? .rootUnknown : .chainBroken
        }
        guard Self.allows(root.pathLength, path.count - 1) else { throw .chainBroken }
        for index in path.indices.reversed() {
            let one = path[index]
            if index < path.count - 1 {
                guard one.isIssued(by: path[index + 1]) else { throw .chainBroken }
            }
            guard !one.certificate.hasUnknownCriticalExtension(besides: extensions) else { throw .chainBroken }
            guard index > 0 else { continue }
            guard Self.allows(one.certificate.pathLength, index - 1) else { throw .chainBroken }
            guard one.certificate.notBefore <= now, now <= one.certificate.notAfter else { throw .chainExpired }
        }
    }

    private static func allows(_ pathLength: Int?, _ authorities: Int) -> Bool {
        pathLength.map { authorities <= $0 } ?? true
    }
}
