package import Credentials
import Crypto

/// What a passport's issuer signed: the hashes of the chip's data groups (ICAO Doc 9303-10 section 4.6.2.3).
///
/// ```
/// LDSSecurityObject ::= SEQUENCE {
///     version                INTEGER { v0(0), v1(1) },
///     hashAlgorithm          AlgorithmIdentifier,
///     dataGroupHashValues    SEQUENCE SIZE (2..16) OF SEQUENCE { number INTEGER (1..16), hash OCTET STRING },
///     ldsVersionInfo         SEQUENCE { PrintableString, PrintableString } OPTIONAL  -- with v1, and only there
/// }
/// ```
package struct LDSSecurityObject: Hashable, Sendable {
    /// Its type as content of a signed message.
    package static let contentType = "2.23.136.1.1.1"

    /// How data groups are hashed. SHA-1, with which they could be made to collide, is not among them, nor is SHA-224, which no
    /// passport that is still valid is known to use.
    package enum HashAlgorithm: String, Hashable, Sendable, CaseIterable {
        case sha256 = "2.16.840.1.101.3.4.2.1"
        case sha384 = "2.16.840.1.101.3.4.2.2"
        case sha512 = "2.16.840.1.101.3.4.2.3"

        /// How many bytes a hash has.
        package var length: Int {
            switch self {
            case .sha256: 32
            case .sha384: 48
            case .sha512: 64
            }
        }

        /// The hash of a file.
        package func hash(_ bytes: [UInt8]) -> [UInt8] {
            switch self {
            case .sha256: Array(SHA256.hash(data: bytes))
            case .sha384: Array(SHA384.hash(data: bytes))
            case .sha512: Array(SHA512.hash(data: bytes))
            }
        }
    }

    /// How the data groups are hashed.
    package let algorithm: HashAlgorithm
    /// The hashes by the data groups' numbers, 1 to 16.
    package let hashes: [Int: [UInt8]]

    /// Reads the content of EF.SOD's signed message.
    package init(parsing content: [UInt8]) throws(TravelDocumentRejection) {
        var outer = DER(content)
        guard var object = outer.enter(0x30), outer.isAtEnd, let version = object.content(0x02),
            version == [0] || version == [1], var identifier = object.enter(0x30),
            let name = identifier.content(0x06).flatMap(DER.identifier)
        else { throw .securityObjectMalformed }
        // No parameters, or NULL (RFC 5754 section 2).
        if !identifier.isAtEnd {
            guard identifier.content(0x05) == [], identifier.isAtEnd else { throw .securityObjectMalformed }
        }
        guard let algorithm = HashAlgorithm(rawValue: name) else { throw .hashNotAllowed }
        guard var list = object.enter(0x30) else { throw .securityObjectMalformed }
        var hashes: [Int: [UInt8]] = [:]
        while !list.isAtEnd {
            guard var entry = list.enter(0x30), let number = entry.content(0x02), number.count == 1,
                (1...16).contains(number[0]), let hash = entry.content(0x04), hash.count == algorithm.length,
                entry.isAtEnd, hashes.updateValue(hash, forKey: Int(number[0])) == nil
            else { throw .securityObjectMalformed }
        }
        guard hashes.count >= 2 else { throw .securityObjectMalformed }
        if version == [1] {
            guard var versions = object.enter(0x30), versions.content(0x13) != nil, versions.content(0x13) != nil,
                versions.isAtEnd
            else { throw .securityObjectMalformed }
        }
        guard object.isAtEnd else { throw .securityObjectMalformed }
        (self.algorithm, self.hashes) = (algorithm, hashes)
    }
}

/// EF.SOD with a right signature: whose it is, is not judged yet.
package struct SignedSecurityObject: Sendable {
    /// The longest EF.SOD that is looked at, in bytes. Those in use have two to three thousand.
    package static let maximumLength = 12 << 10

    /// The hashes that were signed.
    package let object: LDSSecurityObject
    /// Whose key signed them.
    package let signer: Certificate
    /// When, as the signer says, in seconds since 1970; `nil` if it does not say.
    package let signedAt: Double?

    /// Reads EF.SOD (`77` › CMS SignedData, ICAO Doc 9303-10 section 4.6.2) and checks its signature.
    ///
    /// - Parameters:
    ///   - bytes: the file, and nothing behind it.
    ///   - signer: the signer's certificate, DER, for passports that have it not inside.
    package init(parsing bytes: [UInt8], signer: [UInt8]? = nil) throws(TravelDocumentRejection) {
        guard bytes.count <= Self.maximumLength, signer.map({ $0.count <= Self.maximumLength }) ?? true else {
            throw .securityObjectMalformed
        }
        var file = DER(bytes)
        guard let message = file.content(0x77), file.isAtEnd else { throw .securityObjectMalformed }
        let signed: SignedData
        do {
            signed = try SignedData(message, type: LDSSecurityObject.contentType, signer: signer)
        } catch {
            switch error {
            case .malformed: throw .securityObjectMalformed
            case .notOneSigner: throw .notOneSigner
            case .weak: throw .algorithmWeak
            case .signerMissing: throw .signerMissing
            case .signatureInvalid: throw .signatureInvalid
            }
        }
        // Without them the signature is over the content itself, which another message's attributes may be made to be.
        guard signed.namesItsType else { throw .attributesMissing }
        object = try LDSSecurityObject(parsing: signed.content)
        (self.signer, signedAt) = (signed.signer, signed.signedAt)
    }
}
