package import Crypto
package import Exchange
package import MutualTLS
import TestSupport

/// A terminal of a test: who it is, and the sessions that it begins for its customers.
package struct TestTerminal: Sendable {
    /// Its name, such as `T0001`.
    package let id: String
    /// Its certificate and key.
    package let identity: TLSIdentity
    /// SHA-256 of its certificate.
    package var hash: [UInt8] { identity.certificateHash }
    /// Its certificate's DER bytes.
    package var der: [UInt8] {
        get throws {
            guard let leaf = identity.chain.first else { throw TestFailure("\(id) has no certificate") }
            return try leaf.der
        }
    }

    /// A terminal with a certificate and key that a test made.
    package init(_ id: String, _ identity: TLSIdentity) {
        self.id = id
        self.identity = identity
    }

    /// A terminal whose certificate and key lie in files.
    package init(_ id: String, certificateFile: String, keyFile: String) throws {
        guard let identity = TLSIdentity(certificateFile: certificateFile, keyFile: keyFile) else {
            throw TestFailure("no certificate and key of \(id) in \(certificateFile) and \(keyFile)")
        }
        self.init(id, identity)
    }

    /// The device of a person's session; each part can be another than the right one.
    package func device(
        channel: Channel = .kiosk, certificateHash: [UInt8]? = nil, signedBy key: P256.Signing.PrivateKey? = nil
    ) -> ApplicantDevice {
        ApplicantDevice(channel: channel, certificateHash: certificateHash ?? hash, key: key ?? identity.key)
    }
}
