/// What RFC 5280 section 4.2 says of extensions that tie certificates to each other or must be understood.
extension Certificate {
    // Those whose meaning is looked at: key usage, basic constraints, extended key usage and document types; the key
    // identifiers; and certificate policies, of which any is accepted.
    private static let known: Set<String> = [
        "2.5.29.15", "2.5.29.19", "2.5.29.37", "2.23.136.1.1.6.2", "2.5.29.14", "2.5.29.35", "2.5.29.32",
    ]

    /// Whether an extension is critical that is not known here: such a certificate must be refused.
    package var hasUnknownCriticalExtension: Bool {
        extensions.contains { $0.value.isCritical && !Self.known.contains($0.key) }
    }

    /// The identifier of this certificate's own key (section 4.2.1.2).
    var subjectKeyIdentifier: [UInt8]? {
        guard let value = extensions["2.5.29.14"]?.value else { return nil }
        var outer = DER(value)
        return outer.content(0x04).map { Array($0) }
    }

    /// The identifier of the key that signed this certificate, as the certificate names it (section 4.2.1.1).
    var authorityKeyIdentifier: [UInt8]? {
        guard let value = extensions["2.5.29.35"]?.value else { return nil }
        var outer = DER(value)
        guard var inner = outer.enter(0x30) else { return nil }
        return inner.content(0x80).map { Array($0) }
    }
}
