import Credentials
package import Crypto
package import Foundation

/// A made-up service that attests keys as Apple's App Attest does: a root and the authority below it, both of P-384.
package struct SimulatedAppAttest: Sendable {
    /// The object identifier of the extension with the nonce.
    package static let nonceIdentifier = "1.2.840.113635.100.8.2"

    /// Whom a verifier trusts.
    package let root: SimulatedIssuer
    /// Who signs keys' certificates.
    package let authority: SimulatedIssuer

    /// A service whose certificates count between two moments.
    package init(from: Date, until: Date) throws {
        var terms = SimulatedIssuer.Terms(from: from, until: until)
        root = try SimulatedIssuer(root: "Mihon App Attestation Root CA", .p384, terms)
        terms.pathLength = 0
        authority = try SimulatedIssuer("Mihon App Attestation CA 1", .p384, under: root, terms)
    }

    /// What an attestation says, right in everything until a test changes it.
    package struct Statement: Sendable {
        /// The key.
        package var key: P256.Signing.PrivateKey
        /// What names the app: its App ID.
        package var app: String
        /// What it is made for.
        package var clientDataHash: [UInt8]
        /// When; the leaf counts from a day before to two days after.
        package var time: Date
        package var counter: UInt32 = 0
        package var format = "apple-appattest"
        package var environmentMark: [UInt8] = Array("appattest".utf8) + [UInt8](repeating: 0, count: 7)
        /// Other values than those of the key.
        package var credentialID: [UInt8]?
        package var publicKey: P256.Signing.PublicKey?
        package var certifiedKey: P256.Signing.PublicKey?
        /// Another client data hash than the nonce was made of.
        package var nonce: [UInt8]?
        package var flags: UInt8 = 0x40
        package var hasNonce = true
        /// The certificates that stand in it; the leaf and its issuer without them.
        package var certificates: [[UInt8]]?
        /// Bytes behind the key.
        package var trailer: [UInt8] = []

        /// A statement.
        package init(key: P256.Signing.PrivateKey, app: String, clientDataHash: [UInt8], time: Date) {
            self.key = key
            self.app = app
            self.clientDataHash = clientDataHash
            self.time = time
        }

        /// The data that the nonce is made of.
        package var authenticatorData: [UInt8] {
            let point = Array((publicKey ?? key.publicKey).rawRepresentation)
            let cose = CBORWriter.encoded(
                .map([
                    (.integer(1), .integer(2)), (.integer(3), .integer(-7)), (.integer(-1), .integer(1)),
                    (.integer(-2), .bytes(Array(point.prefix(32)))), (.integer(-3), .bytes(Array(point.suffix(32)))),
                ]))
            let credential = credentialID ?? SimulatedAppAttest.keyID(key.publicKey)
            return SimulatedAppAttest.head(app, flags, counter) + environmentMark
                + [UInt8(credential.count >> 8), UInt8(credential.count & 0xFF)] + credential + cose + trailer
        }
    }

    /// SHA-256 of a key's uncompressed point.
    package static func keyID(_ key: P256.Signing.PublicKey) -> [UInt8] {
        Array(SHA256.hash(data: key.x963Representation))
    }

    fileprivate static func head(_ app: String, _ flags: UInt8, _ counter: UInt32) -> [UInt8] {
        Array(SHA256.hash(data: Array(app.utf8))) + [flags]
            + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: counter >> UInt32($0)) }
    }

    /// A key's certificate for a statement, DER.
    package func leaf(_ statement: Statement) throws -> [UInt8] {
        let nonce =
            statement.nonce
            ?? Array(SHA256.hash(data: statement.authenticatorData + statement.clientDataHash))
        var terms = SimulatedIssuer.Terms(
            from: statement.time - 86_400, until: statement.time + 172_800)
        terms.isAuthority = false
        if statement.hasNonce {
            let value = DERWriter.value(0x30, DERWriter.context(1, DERWriter.value(0x04, nonce)))
            terms.extensions = [.init(Self.nonceIdentifier, value)]
        }
        return try authority.certify("Mihon key", statement.certifiedKey ?? statement.key.publicKey, terms)
    }

    /// The object that the app sends.
    package func attestation(_ statement: Statement) throws -> [UInt8] {
        let certificates = try statement.certificates ?? [leaf(statement), authority.certificate]
        return CBORWriter.encoded(
            .map([
                (.text("fmt"), .text(statement.format)),
                (
                    .text("attStmt"),
                    .map([
                        (.text("x5c"), .array(certificates.map { .bytes($0) })),
                        (.text("receipt"), .bytes(Array("a receipt".utf8))),
                    ])
                ),
                (.text("authData"), .bytes(statement.authenticatorData)),
            ]))
    }

    /// What a key gives in place of a bare signature.
    package static func assertion(
        _ key: P256.Signing.PrivateKey, app: String, clientDataHash: [UInt8], counter: UInt32
    ) throws -> [UInt8] {
        let data = head(app, 0x40, counter)
        let nonce = Array(SHA256.hash(data: data + clientDataHash))
        let signature = try key.signature(for: SHA256.hash(data: nonce))
        return CBORWriter.encoded(
            .map([
                (.text("signature"), .bytes(Array(signature.derRepresentation))),
                (.text("authenticatorData"), .bytes(data)),
            ]))
    }
}
