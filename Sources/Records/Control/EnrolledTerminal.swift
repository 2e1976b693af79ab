public import Foundation

/// A terminal that may apply for certificates; its certificate is its identity.
public struct EnrolledTerminal: Hashable, Sendable, Codable {
    /// Whether the terminal is accepted.
    public enum Status: String, Hashable, Sendable, Codable {
        case active
        case revoked
    }

    /// The terminal's name, such as `T0001`: 1 to 32 characters of `A–Z`, `a–z`, `0–9`, `-`, `_`, `.`.
    public let id: String
    /// The shop, for operators; at most 200 characters.
    public let shop: String
    /// SHA-256 of the certificate's DER form, 32 bytes.
    public let certificateHash: [UInt8]
    /// The certificate, DER, at most 8,192 bytes.
    public let certificateDER: [UInt8]
    /// When the certificate ends.
    public let notAfter: Date
    /// Whether the terminal is accepted.
    public let status: Status
    /// When the terminal was enrolled.
    public let enrolledAt: Date

    /// A terminal; `nil` if a field is out of the bounds above.
    public init?(
        id: String, shop: String, certificateHash: [UInt8], certificateDER: [UInt8], notAfter: Date,
        status: Status = .active, enrolledAt: Date
    ) {
        guard Self.isID(id), shop.count <= 200, certificateHash.count == 32, (1...8192).contains(certificateDER.count)
        else { return nil }
        self.id = id
        self.shop = shop
        self.certificateHash = certificateHash
        self.certificateDER = certificateDER
        self.notAfter = notAfter
        self.status = status
        self.enrolledAt = enrolledAt
    }

    private enum CodingKeys: String, CodingKey {
        case id, shop, certificateHash, certificateDER, notAfter, status, enrolledAt
    }

    /// Reads a terminal; one out of bounds is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        guard
            let checked = EnrolledTerminal(
                id: try values.decode(String.self, forKey: .id), shop: try values.decode(String.self, forKey: .shop),
                certificateHash: try values.decode([UInt8].self, forKey: .certificateHash),
                certificateDER: try values.decode([UInt8].self, forKey: .certificateDER),
                notAfter: try values.decode(Date.self, forKey: .notAfter),
                status: try values.decode(Status.self, forKey: .status),
                enrolledAt: try values.decode(Date.self, forKey: .enrolledAt))
        else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a EnrolledTerminal out of its bounds"))
        }
        self = checked
    }

    /// Whether a text has the form of a terminal's name.
    public static func isID(_ text: some StringProtocol) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                    || "-_.".utf8.contains($0)
            }
    }
}
