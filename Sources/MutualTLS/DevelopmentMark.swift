package import SwiftASN1
package import Vaccination
package import X509

extension DevelopmentMark {
    /// Whether the organisation of subject or issuer is the mark.
    package static func isOn(_ certificate: Certificate) -> Bool {
        [certificate.subject, certificate.issuer].contains { distinguished in
            distinguished.values(of: .RDNAttributeType.organizationName).contains(name)
        }
    }
}

extension DistinguishedName {
    /// The texts of all attributes of a type.
    package func values(of type: ASN1ObjectIdentifier) -> [String] {
        flatMap { $0 }.filter { $0.type == type }.compactMap { String($0.value) }
    }
}
