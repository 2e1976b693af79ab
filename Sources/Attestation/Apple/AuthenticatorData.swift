import Credentials
import Crypto

/// What Apple's service says of a key (the authenticator data of WebAuthn section 6.1, in the form that Apple gives it).
struct AuthenticatorData: Hashable, Sendable {
    /// SHA-256 of the App ID.
    let appHash: [UInt8]
    let counter: UInt32
    /// What is there when a key is attested.
    let attested: Attested?

    struct Attested: Hashable, Sendable {
        let environmentMark: [UInt8]
        let credentialID: [UInt8]
        /// The uncompressed point (X9.63).
        let publicKey: [UInt8]
    }

    /// The data of an assertion: 37 bytes, whatever its flags say.
    init?(assertion bytes: [UInt8]) {
        guard bytes.count == 37 else { return nil }
        (appHash, counter) = Self.head(bytes)
        attested = nil
    }

    /// The data of an attestation: flags with attested data and without extensions, the key as COSE, nothing behind it.
    init?(attestation bytes: [UInt8]) {
        guard (55...1024).contains(bytes.count), bytes[32] & 0xC0 == 0x40 else { return nil }
        (appHash, counter) = Self.head(bytes)
        let length = Int(bytes[53]) << 8 | Int(bytes[54])
        guard length == 32, bytes.count > 55 + length,
            let key = Self.point(Array(bytes[(55 + length)...]))
        else { return nil }
        attested = Attested(
            environmentMark: Array(bytes[37..<53]), credentialID: Array(bytes[55..<55 + length]), publicKey: key)
    }

    // Of at least 37 bytes.
    private static func head(_ bytes: [UInt8]) -> ([UInt8], UInt32) {
        (Array(bytes[..<32]), bytes[33..<37].reduce(0) { $0 << 8 | UInt32($1) })
    }

    // An EC2 key of P-256 for ES256 (RFC 9052 section 7, RFC 9053 section 7.1.1).
    private static func point(_ bytes: [UInt8]) -> [UInt8]? {
        guard let cbor = try? CBOR(bytes, depth: 2), cbor.kind(cbor.root) == .map,
            cbor.integer(cbor.member(1, of: cbor.root)) == 2, cbor.integer(cbor.member(3, of: cbor.root)) == -7,
            cbor.integer(cbor.member(-1, of: cbor.root)) == 1,
            let x = cbor.byteString(cbor.member(-2, of: cbor.root)), x.count == 32,
            let y = cbor.byteString(cbor.member(-3, of: cbor.root)), y.count == 32
        else { return nil }
        return [0x04] + x + y
    }

    /// Which service vouched for the key; `nil` if the mark is neither's.
    var environment: AppleEnvironment? {
        switch attested?.environmentMark {
        case Array("appattest".utf8) + [UInt8](repeating: 0, count: 7): .production
        case Array("appattestdevelop".utf8): .development
        default: nil
        }
    }

    /// The one of these apps that the data is about.
    func app(among apps: [AppleApp]) -> AppleApp? { apps.first { isAbout($0.identifier) } }

    /// Whether the data is about the app with this App ID.
    func isAbout(_ identifier: String) -> Bool { SHA256.hash(data: Array(identifier.utf8)) == appHash }
}
