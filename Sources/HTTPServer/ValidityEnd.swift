package import Foundation
import Metrics
package import MutualTLS

/// Until when something counts that a service works with: what an operator has to renew before.
package struct ValidityEnd: Sendable, Hashable {
    /// What it is.
    package enum Kind: String, Sendable {
        /// Who the service is to others.
        case certificate
        /// Who vouches for others.
        case authority
        /// What signs people's certificates.
        case signer
        /// What says which signers were taken back.
        case revocationList = "revocation_list"
    }

    /// What it is.
    package let kind: Kind
    /// The configuration's key that names its file.
    package let key: String
    /// When it ends.
    package let until: Date

    package init(_ kind: Kind, _ key: String, until: Date) {
        self.kind = kind
        self.key = key
        self.until = until
    }

    /// Of an identity the certificate that ends first.
    package static func certificate(_ identity: TLSIdentity, _ key: String) -> [ValidityEnd] {
        earliest(identity.ends, .certificate, key)
    }

    /// Of authorities the one that ends first.
    package static func authorities(_ authorities: CertificateAuthorities, _ key: String) -> [ValidityEnd] {
        earliest(authorities.ends, .authority, key)
    }

    /// The first of several ends; nothing where there is none.
    package static func earliest(_ ends: [Date], _ kind: Kind, _ key: String) -> [ValidityEnd] {
        ends.min().map { [ValidityEnd(kind, key, until: $0)] } ?? []
    }

    /// What of a listener with client certificates ends.
    package static func listener(_ listener: ListenerConfiguration) -> [ValidityEnd] {
        certificate(listener.identity, "listen.\(listener.name).certificate")
            + authorities(listener.clientAuthorities, "listen.\(listener.name).clientAuthorities")
    }
}

extension PrometheusFactory {
    /// Shows what ends when.
    package func record(_ ends: [ValidityEnd]) {
        for end in ends {
            Meter(
                label: "akashi_valid_until_timestamp_seconds",
                dimensions: [("kind", end.kind.rawValue), ("key", end.key)], factory: self
            ).set(end.until.timeIntervalSince1970)
        }
    }
}
