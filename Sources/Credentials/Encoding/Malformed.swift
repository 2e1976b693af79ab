/// Why bytes could not be decoded, and where.
///
/// One error for every decoder in this folder: what they read comes from outside, and a verdict needs the same two
/// things of each, a stable code and an offset.
package struct Malformed: Error, Hashable {
    /// What is wrong; the raw value is the reason code of a verdict.
    package enum Kind: String, Sendable {
        case base64url = "base64url.invalid"
        case base45 = "base45.invalid"
        case cbor = "cbor.invalid"
        case deflate = "deflate.invalid"
        case tooLarge = "size.exceeded"
        case json = "json.invalid"
        case duplicateKey = "json.duplicate_key"
        case tooDeep = "json.too_deep"
    }

    /// What is wrong.
    package let kind: Kind
    /// The offset in bytes from the start of what was given to the decoder; `nil` if it does not say.
    package let offset: Int?

    package init(_ kind: Kind, at offset: Int? = nil) {
        self.kind = kind
        self.offset = offset
    }
}
