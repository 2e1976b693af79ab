import COpenSSL
import Crypto
import CardChip

/// An RSA private key of 2048 bits with the exponent 65537, held by OpenSSL: a chip signs a DigestInfo that it is
/// given, which swift-crypto does not do.
///
/// `@unchecked Sendable`: the `EVP_PKEY` is never changed after `init`, and OpenSSL 3 lets threads share one for use.
public final class RSAKey: @unchecked Sendable {
    private let key: OpaquePointer

    private init(taking key: OpaquePointer) { self.key = key }

    deinit { EVP_PKEY_free(key) }

    /// A new key; takes about 0.1 s.
    public static func generate() throws(SimulatedCardError) -> RSAKey {
        guard let context = EVP_PKEY_CTX_new_from_name(nil, "RSA", nil) else { throw .openSSL("EVP_PKEY_CTX_new") }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048) == 1,
            EVP_PKEY_generate(context, &key) == 1, let key
        else { throw .openSSL("EVP_PKEY_generate") }
        return RSAKey(taking: key)
    }

    /// A key from an unencrypted PEM document of at most 16 KiB.
    public convenience init(pem: String) throws(SimulatedCardError) {
        let bytes = Array(pem.utf8)
        guard (1...16 * 1024).contains(bytes.count), let bio = BIO_new(BIO_s_mem()) else { throw .openSSL("BIO_new") }
        defer { BIO_free(bio) }
        guard BIO_write(bio, bytes, Int32(bytes.count)) == Int32(bytes.count) else { throw .openSSL("BIO_write") }
        // Without a callback OpenSSL would ask for a passphrase at the terminal.
        guard let key = PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in -1 }, nil) else {
            ERR_clear_error()
            throw .openSSL("PEM_read_bio_PrivateKey")
        }
        self.init(taking: key)
        guard EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA, EVP_PKEY_get_bits(key) == 2048 else {
            throw .openSSL("EVP_PKEY_get_bits")
        }
    }

    /// The private key as PKCS#8 in PEM, unencrypted.
    public func pem() throws(SimulatedCardError) -> String {
        try Self.text { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) }
    }

    /// The public key as SubjectPublicKeyInfo in PEM.
    public func publicPEM() throws(SimulatedCardError) -> String {
        try Self.text { PEM_write_bio_PUBKEY($0, key) }
    }

    /// The modulus, 256 bytes.
    public func modulus() throws(SimulatedCardError) -> [UInt8] {
        let number = try BigNumber(OSSL_PKEY_PARAM_RSA_N, of: key)
        var bytes = [UInt8](repeating: 0, count: 256)
        let length = withExtendedLifetime(number) { BN_bn2binpad(number.pointer, &bytes, 256) }
        guard length == 256 else { throw .openSSL("BN_bn2binpad") }
        return bytes
    }

    /// The PKCS#1 v1.5 signature of a DigestInfo as it is given, 256 bytes (RFC 8017, 8.2.1 without the hashing).
    public func signature(ofDigestInfo digestInfo: [UInt8]) throws(SimulatedCardError) -> [UInt8] {
        guard let context = EVP_PKEY_CTX_new(key, nil) else { throw .openSSL("EVP_PKEY_CTX_new") }
        defer { EVP_PKEY_CTX_free(context) }
        guard EVP_PKEY_sign_init(context) == 1, EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 else {
            throw .openSSL("EVP_PKEY_sign_init")
        }
        var signature = [UInt8](repeating: 0, count: 256)
        var length = signature.count
        guard EVP_PKEY_sign(context, &signature, &length, digestInfo, digestInfo.count) == 1, length == 256 else {
            ERR_clear_error()
            throw .openSSL("EVP_PKEY_sign")
        }
        return signature
    }

    /// The PKCS#1 v1.5 signature with SHA-256 of a message.
    public func signature(of message: [UInt8]) throws(SimulatedCardError) -> [UInt8] {
        try signature(ofDigestInfo: DigestInfo.sha256(SHA256.hash(data: message)))
    }

    private static func text(_ write: (OpaquePointer) -> Int32) throws(SimulatedCardError) -> String {
        guard let bio = BIO_new(BIO_s_mem()) else { throw .openSSL("BIO_new") }
        defer { BIO_free(bio) }
        guard write(bio) == 1 else { throw .openSSL("PEM_write_bio") }
        var bytes = [UInt8](repeating: 0, count: 16 * 1024)
        let count = BIO_read(bio, &bytes, Int32(bytes.count))
        guard count > 0 else { throw .openSSL("BIO_read") }
        return String(decoding: bytes.prefix(Int(count)), as: UTF8.self)
    }
}

// MARK: Keys put together from primes

extension RSAKey {
    /// The two primes of the key.
    func primes() throws(SimulatedCardError) -> [BigNumber] {
        [try BigNumber("rsa-factor1", of: key), try BigNumber("rsa-factor2", of: key)]
    }

    /// A key from two different primes that were made for RSA keys of this size.
    convenience init(primes p: BigNumber, _ q: BigNumber) throws(SimulatedCardError) {
        guard let scratch = BN_CTX_new(), let builder = OSSL_PARAM_BLD_new() else { throw .openSSL("BN_CTX_new") }
        defer {
            BN_CTX_free(scratch)
            OSSL_PARAM_BLD_free(builder)
        }
        let (n, e, d, phi) = (try BigNumber(), try BigNumber(), try BigNumber(), try BigNumber())
        let (p1, q1) = (try BigNumber(copying: p), try BigNumber(copying: q))
        let (dp, dq, inverse) = (try BigNumber(), try BigNumber(), try BigNumber())
        // The builder keeps the pointers and reads the numbers only at its end, and Swift may free an object once it is
        // no longer named: so they are all held until then.
        let numbers = [n, e, d, p, q, dp, dq, inverse]
        let key = withExtendedLifetime((numbers, phi, p1, q1)) { () -> OpaquePointer? in
            guard BN_set_word(e.pointer, 65537) == 1, BN_mul(n.pointer, p.pointer, q.pointer, scratch) == 1,
                BN_sub_word(p1.pointer, 1) == 1, BN_sub_word(q1.pointer, 1) == 1,
                BN_mul(phi.pointer, p1.pointer, q1.pointer, scratch) == 1,
                BN_mod_inverse(d.pointer, e.pointer, phi.pointer, scratch) != nil,
                BN_div(nil, dp.pointer, d.pointer, p1.pointer, scratch) == 1,
                BN_div(nil, dq.pointer, d.pointer, q1.pointer, scratch) == 1,
                BN_mod_inverse(inverse.pointer, q.pointer, p.pointer, scratch) != nil,
                numbers.enumerated().allSatisfy({
                    akashi_push_rsa_number(builder, UInt32($0.offset), $0.element.pointer) == 1
                }),
                let parameters = OSSL_PARAM_BLD_to_param(builder)
            else { return nil }
            defer { OSSL_PARAM_free(parameters) }
            guard let context = EVP_PKEY_CTX_new_from_name(nil, "RSA", nil) else { return nil }
            defer { EVP_PKEY_CTX_free(context) }
            var key: OpaquePointer?
            guard EVP_PKEY_fromdata_init(context) == 1,
                EVP_PKEY_fromdata(context, &key, akashi_evp_pkey_keypair, parameters) == 1
            else { return nil }
            return key
        }
        guard let key else { throw .openSSL("EVP_PKEY_fromdata") }
        self.init(taking: key)
        guard EVP_PKEY_get_bits(key) == 2048 else { throw .openSSL("EVP_PKEY_get_bits") }
    }
}

/// A `BIGNUM` that is freed with its last holder.
///
/// `@unchecked Sendable`: it is only written by the function that makes it, before anybody else holds it.
final class BigNumber: @unchecked Sendable {
    let pointer: OpaquePointer

    init() throws(SimulatedCardError) {
        guard let number = BN_new() else { throw .openSSL("BN_new") }
        pointer = number
    }

    init(copying other: BigNumber) throws(SimulatedCardError) {
        guard let number = BN_dup(other.pointer) else { throw .openSSL("BN_dup") }
        pointer = number
    }

    /// A parameter of a key, by its name.
    init(_ name: String, of key: OpaquePointer) throws(SimulatedCardError) {
        var number: OpaquePointer?
        guard EVP_PKEY_get_bn_param(key, name, &number) == 1, let number else {
            throw .openSSL("EVP_PKEY_get_bn_param")
        }
        pointer = number
    }

    deinit { BN_clear_free(pointer) }
}
