import Foundation

/// What the certificate of a document signer, who signs passports' chips, says of its use (ICAO Doc 9303-12 section 7.1).
extension Certificate {
    /// When the key may make signatures (RFC 3280 section 4.2.1.4): seconds since 1970, both included; an end that is absent is
    /// open.
    package struct KeyUsagePeriod: Hashable, Sendable {
        /// The first instant.
        package let notBefore: Double
        /// The last instant.
        package let notAfter: Double
    }

    /// Whether key usage is there and allows signatures.
    package var saysItMaySign: Bool { extensions["2.5.29.15"] != nil && maySign }

    /// Whether the key is RSA or on a curve with a name, of 112 bits of security and more.
    package var hasSoundKey: Bool { ParsedCertificate(self)?.hasSoundKey ?? false }

    /// Whether it may sign documents of this code, of two characters such as `P<`: of this, of all of its first letter, or
    /// without saying which (section 7.1.1.6).
    package func maySignDocuments(of code: String) -> Bool {
        guard let documentTypes else { return true }
        return documentTypes.contains { code == $0 || code.hasPrefix($0) && $0.count == 1 || code == $0 + "<" }
    }

    /// When its key may make signatures; `nil` if it does not say. What cannot be read is a period that holds nothing.
    package var keyUsagePeriod: KeyUsagePeriod? {
        guard let value = extensions["2.5.29.16"]?.value else { return nil }
        let nothing = KeyUsagePeriod(notBefore: .infinity, notAfter: -.infinity)
        var outer = DER(value)
        guard var period = outer.enter(0x30), outer.isAtEnd else { return nothing }
        var (from, until) = (-Double.infinity, Double.infinity)
        while !period.isAtEnd {
            guard let element = period.next(), let time = Self.time(value[element.content]) else { return nothing }
            switch element.tag {
            case 0x80 where from == -.infinity && until == .infinity: from = time
            case 0x81 where until == .infinity: until = time
            default: return nothing
            }
        }
        return KeyUsagePeriod(notBefore: from, notAfter: until)
    }

    // GeneralizedTime as certificates write it: YYYYMMDDHHMMSSZ (RFC 5280 section 4.1.2.5.2).
    private static func time(_ text: ArraySlice<UInt8>) -> Double? {
        let digits = text.dropLast()
        guard text.count == 15, text.last == UInt8(ascii: "Z"), digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        func number(_ range: Range<Int>) -> Int {
            digits.dropFirst(range.lowerBound).prefix(range.count).reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
        guard (1...12).contains(number(4..<6)), (1...31).contains(number(6..<8)), number(8..<10) < 24,
            number(10..<12) < 60, number(12..<14) < 61
        else { return nil }
        var parts = tm()
        parts.tm_year = Int32(number(0..<4) - 1900)
        parts.tm_mon = Int32(number(4..<6) - 1)
        parts.tm_mday = Int32(number(6..<8))
        parts.tm_hour = Int32(number(8..<10))
        parts.tm_min = Int32(number(10..<12))
        parts.tm_sec = Int32(number(12..<14))
        return Double(timegm(&parts))
    }
}
