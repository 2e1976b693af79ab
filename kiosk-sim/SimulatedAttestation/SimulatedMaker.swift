package import Crypto
package import Foundation

/// A made-up maker of Android devices, or of made-up devices for development: a root, an authority below it, and the attestation key
/// that a device of this maker has.
package struct SimulatedMaker: Sendable {
    /// The object identifier of the extension with a statement.
    package static let statementIdentifier = "1.3.6.1.4.1.11129.2.1.17"

    /// Whom a verifier trusts.
    package let root: SimulatedIssuer
    /// What stands between the root and devices' keys, the nearest to the devices first.
    package let authorities: [SimulatedIssuer]

    /// A maker.
    ///
    /// - Parameters:
    ///   - name: how its authorities' names begin; with the development mark it is one of development.
    ///   - root: the kind of the root's key.
    ///   - authorities: the kinds of the authorities' keys below it, from the root downwards.
    ///   - from: from when their certificates count.
    ///   - until: until when.
    package init(
        _ name: String, root kind: SimulatedIssuer.Kind = .p384,
        authorities kinds: [SimulatedIssuer.Kind] = [.p384, .p256],
        from: Date, until: Date
    ) throws {
        let terms = SimulatedIssuer.Terms(from: from, until: until)
        root = try SimulatedIssuer(root: "\(name) Root", kind, terms)
        var made: [SimulatedIssuer] = []
        for (index, kind) in kinds.enumerated() {
            made.insert(try SimulatedIssuer("\(name) CA \(index)", kind, under: made.first ?? root, terms), at: 0)
        }
        authorities = made
    }

    /// A maker of these authorities, the nearest to devices first.
    package init(root: SimulatedIssuer, authorities: [SimulatedIssuer]) {
        (self.root, self.authorities) = (root, authorities)
    }

    /// Who signs devices' keys.
    package var issuer: SimulatedIssuer { authorities.first ?? root }

    /// The terms of a key's own certificate: the odd dates that devices write (from 1970 to 2106), serial number 1.
    package static func leafTerms(_ extensions: [SimulatedIssuer.Extension]) -> SimulatedIssuer.Terms {
        var terms = SimulatedIssuer.Terms(
            from: Date(timeIntervalSince1970: 0), until: Date(timeIntervalSince1970: 4_294_967_295))
        terms.serial = [1]
        terms.isAuthority = false
        terms.extensions = extensions
        return terms
    }

    /// A key's chain, DER, the key's own certificate first and the root's last.
    package func chain(_ key: P256.Signing.PublicKey, _ statement: SimulatedStatement) throws -> [[UInt8]] {
        let terms = Self.leafTerms([.init(Self.statementIdentifier, statement.encoded)])
        return [try issuer.certify("Android Keystore Key", key, terms)] + above
    }

    /// The certificates above a device's.
    package var above: [[UInt8]] { authorities.map(\.certificate) + [root.certificate] }
}
