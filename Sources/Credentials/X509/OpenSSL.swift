import COpenSSL
import Foundation

/// Values copied out of OpenSSL's objects. Each takes what an accessor returned and keeps no pointer.
enum OpenSSL {
    /// An integer's bytes behind a byte for its sign.
    static func integer(_ value: UnsafePointer<ASN1_INTEGER>?) -> [UInt8]? {
        guard let value, let content = bytes(value) else { return nil }
        return [ASN1_STRING_type(value) & V_ASN1_NEG != 0 ? 1 : 0] + content
    }

    /// The content of a string, integer or octet string.
    static func bytes(_ value: UnsafePointer<ASN1_STRING>?) -> [UInt8]? {
        guard let value else { return nil }
        let count = Int(ASN1_STRING_length(value))
        guard count > 0, let start = ASN1_STRING_get0_data(value) else { return [] }
        return Array(UnsafeBufferPointer(start: start, count: count))
    }

    /// A time in seconds since 1970.
    static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Double? {
        var parts = tm()
        guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
        return Double(timegm(&parts))
    }

    /// The first value of one kind in a name, as text.
    static func text(_ name: OpaquePointer?, _ nid: Int32) -> String? {
        guard let name else { return nil }
        let index = X509_NAME_get_index_by_NID(name, nid, -1)
        guard index >= 0, let entry = X509_NAME_get_entry(name, index), let data = X509_NAME_ENTRY_get_data(entry)
        else {
            return nil
        }
        return text(data)
    }

    /// A short digest of a name in its canonical form.
    static func hash(_ name: OpaquePointer?) -> UInt {
        guard let name else { return 0 }
        return UInt(X509_NAME_hash_ex(name, nil, nil, nil))
    }

    /// All values of one kind in a name, as text.
    static func texts(_ name: OpaquePointer?, _ nid: Int32) -> [String] {
        guard let name else { return [] }
        var texts: [String] = []
        var index = X509_NAME_get_index_by_NID(name, nid, -1)
        while index >= 0 {
            if let entry = X509_NAME_get_entry(name, index), let data = X509_NAME_ENTRY_get_data(entry),
                let text = text(data)
            {
                texts.append(text)
            }
            index = X509_NAME_get_index_by_NID(name, nid, index)
        }
        return texts
    }

    private static func text(_ data: UnsafePointer<ASN1_STRING>) -> String? {
        var utf8: UnsafeMutablePointer<UInt8>?
        let count = ASN1_STRING_to_UTF8(&utf8, data)
        guard count >= 0, let utf8 else { return nil }
        defer { CRYPTO_free(utf8, nil, 0) }
        return String(validating: UnsafeBufferPointer(start: utf8, count: Int(count)), as: UTF8.self)
    }

    /// An object identifier's text.
    static func identifier(_ object: OpaquePointer?) -> String? {
        guard let object else { return nil }
        var buffer = [CChar](repeating: 0, count: 128)
        let count = OBJ_obj2txt(&buffer, Int32(buffer.count), object, 1)
        guard count > 0, Int(count) < buffer.count else { return nil }
        return String(decoding: buffer.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// An RSA key as SubjectPublicKeyInfo, DER; `nil` for other keys.
    static func rsaKey(_ key: OpaquePointer?) -> [UInt8]? {
        guard let key, EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA else { return nil }
        return publicKeyInfo(key)
    }

    /// A public key as SubjectPublicKeyInfo, DER.
    static func publicKeyInfo(_ key: OpaquePointer) -> [UInt8]? {
        var start: UnsafeMutablePointer<UInt8>?
        let count = i2d_PUBKEY(key, &start)
        guard count > 0, let start else { return nil }
        defer { CRYPTO_free(start, nil, 0) }
        return Array(UnsafeBufferPointer(start: start, count: Int(count)))
    }

    /// An elliptic-curve key's curve and uncompressed point; `nil` for other keys.
    static func curvePoint(_ key: OpaquePointer?) -> (curve: String, point: [UInt8])? {
        defer { ERR_clear_error() }
        var name = [CChar](repeating: 0, count: 64)
        var nameLength = 0
        var point = [UInt8](repeating: 0, count: 200)
        var pointLength = 0
        guard let key, EVP_PKEY_get_group_name(key, &name, name.count, &nameLength) == 1,
            EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, &point, point.count, &pointLength)
                == 1,
            nameLength < name.count, pointLength <= point.count
        else { return nil }
        let curve = String(decoding: name.prefix(nameLength).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return (curve, Array(point.prefix(pointLength)))
    }
}
