public import Crypto
public import Vaccination

/// What became of a session's page or files, signed by the session's signing key, which the person's chip signed.
///
/// On the wire: the label `akashi/outcome/v1`, then each behind its length: transcript hash, municipality, disposition,
/// signature (ECDSA P-256, r‖s, 64 bytes, over all bytes before it).
public struct Outcome: Hashable, Sendable {
    /// The media type of an outcome on the wire.
    public static let mediaType = "application/vnd.akashi.outcome.v1"
    /// The maximum of bytes an outcome may have.
    public static let maximumBytes = 512
    static let label = "akashi/outcome/v1"

    /// What became of it.
    public enum Disposition: String, Sendable, Codable, CaseIterable {
        /// It was printed and handed out.
        case printed
        /// A phone keeps it.
        case delivered
        /// It was not printed or kept; the certificate is void.
        case aborted
    }

    /// The hash of the transcript of the application that the outcome belongs to, 32 bytes.
    public let transcriptHash: [UInt8]
    /// In whose region the certificate stands.
    public let municipality: MunicipalityCode
    /// What became of the page.
    public let disposition: Disposition
    /// The bytes as on the wire.
    public let bytes: [UInt8]
    private let signature: [UInt8]
    private let signed: [UInt8]

    /// A signed outcome.
    public init(
        transcriptHash: [UInt8], municipality: MunicipalityCode, disposition: Disposition, keys: SessionKeys
    ) throws {
        var writer = Self.fields(transcriptHash, municipality, disposition)
        let signed = writer.bytes
        let signature = Array(try keys.signing.signature(for: signed).rawRepresentation)
        writer.append(signature)
        self.transcriptHash = transcriptHash
        self.municipality = municipality
        self.disposition = disposition
        self.signature = signature
        self.signed = signed
        bytes = writer.bytes
    }

    /// Parses an outcome; its signature is not checked, see ``isSigned(by:)``.
    public init(parsing bytes: [UInt8]) throws(WireError) {
        guard bytes.count <= Self.maximumBytes else { throw WireError("outcome", at: Self.maximumBytes) }
        var reader = try FieldReader(bytes, label: Self.label)
        transcriptHash = try reader.next("transcriptHash", length: 32)
        var at = reader.offset
        guard let municipality = MunicipalityCode(try reader.text("municipality", lengths: 6...6)) else {
            throw WireError("municipality", at: at)
        }
        at = reader.offset
        guard let disposition = Disposition(rawValue: try reader.text("disposition", lengths: 1...16)) else {
            throw WireError("disposition", at: at)
        }
        signed = Array(bytes[..<reader.offset])
        signature = try reader.next("signature", length: 64)
        try reader.end()
        self.municipality = municipality
        self.disposition = disposition
        self.bytes = bytes
    }

    /// Whether the session's key signed this outcome.
    public func isSigned(by key: P256.Signing.PublicKey) -> Bool {
        guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
        return key.isValidSignature(signature, for: signed)
    }

    private static func fields(_ hash: [UInt8], _ municipality: MunicipalityCode, _ disposition: Disposition)
        -> FieldWriter
    {
        var writer = FieldWriter(label: label)
        writer.append(hash)
        writer.append(municipality.digits)
        writer.append(disposition.rawValue)
        return writer
    }
}
