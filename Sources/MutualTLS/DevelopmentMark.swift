package import SwiftASN1
package import X509

/// How development certificates are marked, and how the mark is found.
package enum DevelopmentMark {
    /// The organisation in subject and issuer of every development certificate.
    package static let organisation = "AKASHI DEVELOPMENT"

    /// Whether subject or issuer bears the mark.
    package static func isOn(_ certificate: Certificate) -> Bool {
        [certificate.subject, certificate.issuer].contains { name in
            name.values(of: .RDNAttributeType.organizationName).contains(organisation)
        }
    }
}

extension DistinguishedName {
    /// The texts of all attributes of a type.
    package func values(of type: ASN1ObjectIdentifier) -> [String] {
        flatMap { $0 }.filter { $0.type == type }.compactMap { String($0.value) }
    }
}
