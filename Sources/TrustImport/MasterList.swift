import Credentials

// Master lists of countries' authorities (ICAO Doc 9303-12 section 9).
extension TrustImporter {
    mutating func takeMasterList(_ der: [UInt8], _ input: String) {
        let signed: SignedData
        do { signed = try SignedData(der, type: MasterList.contentType) } catch {
            return refuse(error == .malformed ? .malformed : .signatureInvalid, input)
        }
        guard let all = MasterList.certificates(signed.content) else { return refuse(.malformed, input) }
        guard all.count <= Self.maximumEntries else { return refuse(.tooMany, input) }
        guard signed.signer.extendedKeyUsage?.contains(MasterList.signerUsage) ?? false else {
            return refuse(.wrongUse, input, about: Self.id(signed.signer))
        }
        if revoked.contains(signed.signer) {
            return refuse(.signerRevoked, input, about: Self.id(signed.signer))
        }
        guard vouched(signed.signer, all, input) else {
            return refuse(.signerUntrusted, input, about: Self.id(signed.signer))
        }
        if now > signed.signer.notAfter { note(.signerExpired, input, about: Self.id(signed.signer)) }
        for der in all {
            guard let certificate = Certificate(der: der) else {
                refuse(.certificateMalformed, input)
                continue
            }
            guard certificate.isAuthority else {
                refuse(.wrongUse, input, about: Self.id(certificate))
                continue
            }
            take(certificate, as: .authority, input)
        }
    }

    private mutating func vouched(_ signer: Certificate, _ all: [[UInt8]], _ input: String) -> Bool {
        // Whoever pins a key is not asked whether an expired signer will do.
        if options.publisher != nil, now < signer.notBefore || now > signer.notAfter { return false }
        if let publisher { return publisher.vouches(for: signer) }
        // Its publisher's manifest names it.
        if options.publisher != nil { return true }
        if authorities.contains(where: { signer.isIssued(by: $0) }) { return true }
        guard all.lazy.compactMap({ Certificate(der: $0) }).contains(where: { signer.isIssued(by: $0) }) else {
            return false
        }
        note(.selfVouched, input, about: Self.id(signer))
        return true
    }
}
