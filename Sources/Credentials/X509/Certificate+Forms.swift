import COpenSSL

extension Certificate {
    /// The encodings under which a publisher may know this certificate: as it came, as its issuer wrote it, and with the other
    /// signature that is as right.
    ///
    /// A VDS-NC carries its signer's certificate outside what is signed. Whoever holds one can write a length of its outer
    /// structure in more bytes, or of an ECDSA signature (r, s) the other one (r, n − s), and has a certificate of another hash in
    /// which everything that the issuer signed is as it was.
    /// - Parameter issuers: those whose keys have made its signature.
    func forms(issuedBy issuers: [Certificate]) -> [[UInt8]] {
        var forms = [der]
        guard let x509 = Self.parsed(der) else { return forms }
        defer { X509_free(x509) }
        func add(_ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>) -> Int32) {
            var bytes: UnsafeMutablePointer<UInt8>?
            let count = encode(&bytes)
            defer { CRYPTO_free(bytes, nil, 0) }
            if let bytes, count > 0 { forms.append(Array(UnsafeBufferPointer(start: bytes, count: Int(count)))) }
        }
        add { i2d_X509(x509, $0) }
        for issuer in issuers {
            guard let parsed = Self.parsed(issuer.der) else { continue }
            defer { X509_free(parsed) }
            guard let key = X509_get0_pubkey(parsed) else { continue }
            add { akashi_x509_twin(x509, key, $0) }
        }
        return forms
    }
}
