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

    /// Whether an extension is critical that is neither known here nor one of these.
    package func hasUnknownCriticalExtension(besides others: Set<String>) -> Bool {
        extensions.contains { $0.value.isCritical && !Self.known.contains($0.key) && !others.contains($0.key) }
    }

    /// The value of an extension, by its object identifier; `nil` without it.
    package func value(ofExtension identifier: String) -> [UInt8]? { extensions[identifier]?.value }

    /// The serial number in lower-case hexadecimal without leading zeros; a negative one, which no authority may give
    /// (section 4.1.2.2), behind a minus sign.
    package var serialText: String {
        let digits = serial.dropFirst().flatMap { [$0 >> 4, $0 & 0x0F] }.drop { $0 == 0 }
        let text = digits.map { String($0, radix: 16) }.joined()
        return (serial.first == 1 ? "-" : "") + (text.isEmpty ? "0" : text)
    }

    /// How many authorities may stand between this one and the end of a chain (section 4.2.1.9); `nil` if it says nothing,
    /// -1 if what it says cannot be read.
    package var pathLength: Int? {
        guard let value = extensions["2.5.29.19"]?.value else { return nil }
        var outer = DER(value)
        guard var inner = outer.enter(0x30) else { return -1 }
        if inner.isAtEnd { return nil }
        guard inner.content(0x01) != nil else { return -1 }
        if inner.isAtEnd { return nil }
        guard let length = inner.content(0x02), length.count == 1, length[0] < 0x80, inner.isAtEnd else { return -1 }
        return Int(length[0])
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
