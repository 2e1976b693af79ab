public import CredentialIssuing
import Credentials
public import Crypto
import Vaccination

/// The key that signs now, and the public parts of those that signed before: cards live longer than keys, so each key
/// ever used stays published.
public struct KeyRing: Sendable {
    /// Why a ring cannot be made.
    public enum Failure: Error, Hashable, Sendable {
        /// The active key's signature does not verify with its public part.
        case mismatch
        /// A key is listed twice.
        case duplicateKey(thumbprint: String)
    }

    /// The key that signs.
    public let active: any CredentialSigner
    /// The public parts of earlier keys, newest first.
    public let earlier: [P256.Signing.PublicKey]

    /// A ring; proves that the active key can sign.
    public init(active: any CredentialSigner, earlier: [P256.Signing.PublicKey] = []) async throws {
        var seen: Set<String> = []
        for key in [active.publicKey] + earlier {
            let thumbprint = JWK.thumbprint(of: key)
            guard seen.insert(thumbprint).inserted else { throw Failure.duplicateKey(thumbprint: thumbprint) }
        }
        let message = (0..<32).map { _ in UInt8.random(in: 0...255) }
        let signature = try await active.signature(over: message)
        guard ES256.isValid(signature, over: message, by: active.publicKey) else { throw Failure.mismatch }
        self.active = active
        self.earlier = earlier
    }

    /// The key set for `{issuer}/.well-known/jwks.json` (RFC 7517): public parts only.
    ///
    /// - Parameters:
    ///   - crlVersions: the `ctr` of each key's revocation list by the key's thumbprint, for keys that have one.
    ///   - isDevelopment: whether the keys bear the development mark, so that a verifier takes what they sign for test
    ///     certificates wherever it puts them.
    public func jwks(crlVersions: [String: Int] = [:], isDevelopment: Bool = false) -> [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.name("keys")
            $0.array {
                for key in [active.publicKey] + earlier { Self.write(key, crlVersions, isDevelopment, to: &$0) }
            }
        }
        return writer.bytes
    }

    /// The issuer's file for a verifier's trust folder (`shc/…json`, or `test/shc/…json` for development keys).
    ///
    /// - Parameters:
    ///   - issuer: the issuer's URL.
    ///   - name: the issuer's name for people.
    ///   - revoked: the revoked identifiers of each key by thumbprint, with the list's `ctr`.
    ///   - isDevelopment: whether the keys bear the development mark.
    public func trustFile(
        issuer: String, name: String?, revoked: [String: (ctr: Int, rids: [String])] = [:],
        isDevelopment: Bool = false
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.member("issuer", issuer)
            $0.member("name", name)
            $0.name("jwks")
            $0.raw(jwks(crlVersions: revoked.mapValues(\.ctr), isDevelopment: isDevelopment))
            guard !revoked.isEmpty else { return }
            $0.name("crls")
            $0.array {
                for (kid, list) in revoked.sorted(by: { $0.key < $1.key }) {
                    $0.raw(Self.revocationList(kid: kid, ctr: list.ctr, rids: list.rids))
                }
            }
        }
        return writer.bytes
    }

    /// A revocation list for `{issuer}/.well-known/crl/{kid}.json`.
    public static func revocationList(kid: String, ctr: Int, rids: [String]) -> [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.member("kid", kid)
            $0.member("method", "rid")
            $0.name("ctr")
            $0.number(Double(ctr))
            $0.name("rids")
            $0.array { for rid in rids { $0.string(rid) } }
        }
        return writer.bytes
    }

    private static func write(
        _ key: P256.Signing.PublicKey, _ versions: [String: Int], _ isDevelopment: Bool, to writer: inout JSONWriter
    ) {
        let thumbprint = JWK.thumbprint(of: key)
        let (x, y) = JWK.coordinates(of: key)
        writer.object {
            $0.member("kty", "EC")
            $0.member("kid", thumbprint)
            $0.member("use", "sig")
            $0.member("alg", "ES256")
            $0.member("crv", "P-256")
            $0.member("x", x)
            $0.member("y", y)
            if let version = versions[thumbprint] {
                $0.name("crlVersion")
                $0.number(Double(version))
            }
            if isDevelopment {
                $0.name(DevelopmentMark.keySetMember)
                $0.bool(true)
            }
        }
    }
}
