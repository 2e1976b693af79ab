/// What is signed of a COSE message with one signer (RFC 9052).
package enum COSESign1 {
    /// The bytes under the signature: the Sig_structure of RFC 9052 section 4.4.
    package static func signingInput(protected: [UInt8], payload: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = [0x84, 0x6A] + Array("Signature1".utf8)
        CBORWriter.appendHead(2, UInt64(protected.count), to: &bytes)
        bytes += protected
        bytes.append(0x40)
        CBORWriter.appendHead(2, UInt64(payload.count), to: &bytes)
        bytes += payload
        return bytes
    }
}
