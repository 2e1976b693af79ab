import CardChip
import COpenSSL

/// Triple DES with two keys, as passports' basic access control has it (ICAO Doc 9303-11 section 9.8.6): for nothing else.
enum TripleDES {
    static let block = 8
    static let keyLength = 16

    /// Whole blocks, encrypted or decrypted with a key of 16 bytes in CBC mode from zeros on; `nil` if they are none.
    static func cbc(_ bytes: [UInt8], key: [UInt8], isEncrypting: Bool) -> [UInt8]? {
        guard key.count == keyLength, bytes.count % block == 0, bytes.count <= 1 << 16,
            let context = EVP_CIPHER_CTX_new()
        else { return nil }
        defer {
            EVP_CIPHER_CTX_free(context)
            ERR_clear_error()
        }
        var whole = key + key.prefix(8)
        defer { whole.wipe() }
        var result = [UInt8](repeating: 0, count: bytes.count + block)
        var (count, rest) = (Int32(0), Int32(0))
        guard
            EVP_CipherInit_ex(
                context, EVP_des_ede3_cbc(), nil, whole, [UInt8](repeating: 0, count: block), isEncrypting ? 1 : 0)
                == 1,
            EVP_CIPHER_CTX_set_padding(context, 0) == 1,
            EVP_CipherUpdate(context, &result, &count, bytes, Int32(bytes.count)) == 1,
            EVP_CipherFinal_ex(context, &result, &rest) == 1, Int(count) == bytes.count, rest == 0
        else { return nil }
        return Array(result.prefix(bytes.count))
    }

    /// The check value of a message (ISO/IEC 9797-1, algorithm 3 with padding 2): 8 bytes.
    static func mac(_ message: [UInt8], key: [UInt8]) -> [UInt8]? {
        guard key.count == keyLength else { return nil }
        // DES with one key is triple DES with it three times.
        let (first, second) = (Array(key.prefix(8)), Array(key.suffix(8)))
        guard let chain = cbc(padded(message), key: first + first, isEncrypting: true),
            let middle = cbc(Array(chain.suffix(block)), key: second + second, isEncrypting: false)
        else { return nil }
        return cbc(middle, key: first + first, isEncrypting: true)
    }

    /// A message behind which `80` and zeros fill up the block.
    static func padded(_ message: [UInt8]) -> [UInt8] {
        let padded = message + [0x80]
        return padded + [UInt8](repeating: 0, count: (block - padded.count % block) % block)
    }

    /// What was padded; `nil` if it was not.
    static func unpadded(_ message: [UInt8]) -> [UInt8]? {
        guard let end = message.lastIndex(where: { $0 != 0 }), message[end] == 0x80, message.count - end <= block else {
            return nil
        }
        return Array(message[..<end])
    }
}
