import COpenSSL

/// A signed message (CMS SignedData, RFC 5652) with one signer, whose signature is right. Who the signer is, is for the caller
/// to judge.
package struct SignedData: Sendable {
    /// What was signed.
    package let content: [UInt8]
    /// The signer's certificate: one that is in the message, or the one that was given beside it.
    package let signer: Certificate
    /// Whether the signed attributes name the content's type, once and as it is (RFC 5652 section 11.1). Without it there may be no
    /// signed attributes at all.
    package let namesItsType: Bool
    /// When it was signed, as the signer says (section 11.3), in seconds since 1970; `nil` if it does not say.
    package let signedAt: Double?

    /// Why a message is not read.
    package enum Failure: Error, Hashable, Sendable {
        /// It is none, or its content is of another type.
        case malformed
        /// It has no signer, or several.
        case notOneSigner
        /// Key, digest or signature are of less than 112 bits of security, or not known.
        case weak
        /// The signer's certificate is not there.
        case signerMissing
        /// The signature, or the digest that it covers, is not of this content.
        case signatureInvalid
    }

    /// Whether DER looks like a CMS SignedData: its first member is that identifier (1.2.840.113549.1.7.2).
    package static func isOne(_ der: [UInt8]) -> Bool {
        let identifier: [UInt8] = [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02]
        guard der.count > 20, der[0] == 0x30 else { return false }
        let head = der[1] < 0x80 ? 2 : 2 + Int(der[1] & 0x7F)
        return head < 8 && der.dropFirst(head).starts(with: identifier)
    }

    /// Reads a message with content of a type, and checks its signature.
    ///
    /// - Parameters:
    ///   - der: the message; the caller bounds it.
    ///   - type: the object identifier of the content's type.
    ///   - given: the signer's certificate, DER, where the message has none.
    package init(_ der: [UInt8], type: String, signer given: [UInt8]? = nil) throws(Failure) {
        var read = akashi_cms()
        let result = der.withUnsafeBufferPointer { buffer in
            guard let given else { return akashi_cms_signed(buffer.baseAddress, buffer.count, nil, 0, &read) }
            return given.withUnsafeBufferPointer {
                akashi_cms_signed(buffer.baseAddress, buffer.count, $0.baseAddress, $0.count, &read)
            }
        }
        defer {
            akashi_cms_free(&read)
            ERR_clear_error()
        }
        guard result != 0 else { throw .malformed }
        let name = withUnsafeBytes(of: read.type) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        guard name == type else { throw .malformed }
        switch result {
        case 2: break
        case 3: throw .notOneSigner
        case 4: throw .weak
        case 5: throw .signerMissing
        default: throw .signatureInvalid
        }
        guard let content = read.content, let signer = read.signer, read.has_time >= 0,
            let certificate = Certificate(
                der: Array(UnsafeBufferPointer(start: signer, count: Int(read.signer_length))))
        else { throw .malformed }
        self.signer = certificate
        self.content = Array(UnsafeBufferPointer(start: content, count: read.content_length))
        namesItsType = read.names_type == 1
        signedAt = read.has_time == 1 ? Double(read.signed_at) : nil
    }
}
