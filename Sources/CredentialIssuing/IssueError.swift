/// Why a certificate cannot be issued. Neither case nor code carries personal data.
public enum IssueError: Error, Hashable, Sendable {
    /// The issuer's URL is not `https`, ends with a slash, or is no URL.
    case issuerMalformed
    /// The name is empty, or holds a control character.
    case nameMalformed
    /// There is no dose, or more than a certificate carries.
    case doseCount(Int)
    /// The performer is empty or holds a control character.
    case performerMalformed
    /// The identifier for revocation is not 1 to 24 characters of base64url's alphabet.
    case revocationIDMalformed
    /// `notBefore` or the expiry is no time that a card can carry, or they contradict each other.
    case timesMalformed
    /// The travel document's number is not 1 to 11 printable characters.
    case documentNumberMalformed
    /// The format's lists have no code for a dose's product.
    case productWithoutCode
    /// The signer's certificate is not of this key, or not for this use.
    case certificateUnsuitable
    /// The certificate does not fit its code: `length` characters or bytes, `limit` at the most.
    case tooLong(limit: Int, length: Int)
    /// Compressing failed: out of memory.
    case compressionFailed
    /// The key's own signature does not verify with its public part.
    case signatureMismatch

    /// A stable code.
    public var code: String {
        switch self {
        case .issuerMalformed: "issue.issuer_malformed"
        case .nameMalformed: "issue.name_malformed"
        case .doseCount: "issue.dose_count"
        case .performerMalformed: "issue.performer_malformed"
        case .revocationIDMalformed: "issue.revocation_id_malformed"
        case .timesMalformed: "issue.times_malformed"
        case .documentNumberMalformed: "issue.document_number_malformed"
        case .productWithoutCode: "issue.product_without_code"
        case .certificateUnsuitable: "issue.certificate_unsuitable"
        case .tooLong: "issue.too_long"
        case .compressionFailed: "issue.compression_failed"
        case .signatureMismatch: "issue.signature_mismatch"
        }
    }
}
