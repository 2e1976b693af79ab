/// What the SMART Health Cards specification (1.4.0) asks of single values, for those who read cards and those who
/// make them.
package enum SmartHealthCardForm {
    /// Whether a text can be an issuer: `https`, with a host, no trailing slash, printable ASCII.
    package static func isIssuer(_ text: String) -> Bool {
        text.hasPrefix("https://") && text.utf8.count > 8 && text.utf8.count <= 512 && !text.hasSuffix("/")
            && text.utf8.allSatisfy {
                (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
            }
    }

    /// Whether a text can be a `rid`: 1 to 24 characters of base64url's alphabet.
    package static func isRevocationID(_ text: Substring) -> Bool {
        (1...24).contains(text.utf8.count) && text.utf8.allSatisfy(Base64URL.contains)
    }

    /// Whether a text can be a version of FHIR: three numbers with dots between them, such as `4.0.1`.
    static func isFHIRVersion(_ text: String) -> Bool {
        var (dots, digits) = (0, 0)
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39: digits += 1
            case UInt8(ascii: ".") where digits > 0: (dots, digits) = (dots + 1, 0)
            default: return false
            }
        }
        return dots == 2 && digits > 0
    }
}
