public import Crypto
import Vaccination

/// P-256 keys as JSON Web Keys (RFC 7517, RFC 7518 section 6.2).
public enum JWK {
    /// The thumbprint of a key (RFC 7638, SHA-256), base64url: a SMART Health Card's `kid`.
    public static func thumbprint(of key: P256.Signing.PublicKey) -> String {
        let (x, y) = coordinates(of: key)
        // RFC 7638 section 3.2: exactly these members, in this order, without white space.
        let canonical = "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"\(x)\",\"y\":\"\(y)\"}"
        return Base64URL.encode(SHA256.hash(data: Array(canonical.utf8)))
    }

    /// Both coordinates of a key, base64url.
    package static func coordinates(of key: P256.Signing.PublicKey) -> (x: String, y: String) {
        let raw = Array(key.rawRepresentation)
        return (Base64URL.encode(raw.prefix(32)), Base64URL.encode(raw.dropFirst(32)))
    }

    /// Why a key of a set is not used.
    package enum Refusal: String, Error {
        /// It is not an EC P-256 key for ES256 signatures: of no use here, and no fault.
        case otherKind
        /// It holds its private part.
        case privateKey = "key.private"
        /// Its point is not on the curve, or a coordinate is not 32 bytes long.
        case malformed = "key.malformed"
        /// Its `kid` is not its thumbprint.
        case wrongKeyID = "key.wrong_id"
    }

    /// The key that one member of a set's `keys` holds; the version of its revocation list, if the set announces one; and
    /// whether it bears the development mark.
    ///
    /// An announcement that cannot be read makes the key malformed: it must not be taken for none.
    package static func read(
        _ place: JSON.Place, in json: JSON
    ) throws(Refusal) -> (kid: String, key: P256.Signing.PublicKey, revision: Int?, isDevelopment: Bool) {
        guard json.isString(json.member("kty", of: place), "EC"), json.isString(json.member("crv", of: place), "P-256")
        else { throw .otherKind }
        if let use = json.member("use", of: place), !json.isString(use, "sig") { throw .otherKind }
        if let algorithm = json.member("alg", of: place), !json.isString(algorithm, "ES256") { throw .otherKind }
        guard json.member("d", of: place) == nil else { throw .privateKey }
        guard let kid = json.string(json.member("kid", of: place)),
            let x = coordinate("x", of: place, in: json), let y = coordinate("y", of: place, in: json),
            let key = try? P256.Signing.PublicKey(rawRepresentation: x + y)
        else { throw .malformed }
        guard kid == thumbprint(of: key) else { throw .wrongKeyID }
        var revision: Int?
        if let announced = json.member("crlVersion", of: place) {
            guard let number = json.number(announced).flatMap({ Int(exactly: $0) }) else { throw .malformed }
            revision = number
        }
        return (kid, key, revision, json.member(developmentMember, of: place) != nil)
    }

    /// `DevelopmentMark.keySetMember`, as the reader of JSON takes names.
    private static let developmentMember: StaticString = "x-akashi-development"

    private static func coordinate(_ name: StaticString, of place: JSON.Place, in json: JSON) -> [UInt8]? {
        guard let text = json.string(json.member(name, of: place)),
            let bytes = try? Base64URL.decode(Array(text.utf8)), bytes.count == 32
        else { return nil }
        return bytes
    }
}
