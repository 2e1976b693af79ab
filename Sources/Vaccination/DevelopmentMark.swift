/// How keys and certificates that are for development alone are marked, so that they are refused anywhere else.
package enum DevelopmentMark {
    /// The organisation in subject and issuer of a development certificate, or how its common name begins.
    package static let name = "AKASHI DEVELOPMENT"
    /// The line before the PEM text of a development key.
    package static let keyLine = "# AKASHI DEVELOPMENT KEY"

    /// The member of a development key in a key set (RFC 7517 section 4: readers pass over members that they do not know).
    package static let keySetMember = "x-akashi-development"

    /// Whether the text of a key file bears the mark.
    package static func isOn(keyFile text: String) -> Bool {
        text.split(whereSeparator: \.isNewline).contains { $0 == keyLine }
    }

    /// Whether a certificate's common name, or another name of an issuer, bears the mark.
    package static func isOn(commonName: String?) -> Bool { commonName?.hasPrefix(name) ?? false }
}
