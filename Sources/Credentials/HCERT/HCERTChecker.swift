import Crypto
import CryptoExtras

/// Checks EU Digital COVID Certificates: `HC1:`, base45, zlib, COSE_Sign1, CWT (EU eHealth network, volume 3).
struct HCERTChecker: Sendable {
    let trust: HCERTTrust

    /// The verdict on a code's text at a time in seconds since 1970.
    func check(_ text: [UInt8], at now: Double) -> Verdict {
        do {
            let signed = try SignedCWT(text)
            let signers = try verify(signed)
            return verdict(try HCERTContent(signed.payload), signed, signers, at: now)
        } catch {
            return Verdict(format: .dcc, error.reason)
        }
    }

    /// The trusted signers whose key made the signature. Several may share a key identifier: each is tried.
    private func verify(_ signed: SignedCWT) throws(Refusal) -> [HCERTTrust.Signer] {
        guard let keyID = signed.keyID else { throw Refusal(.keyIDMissing) }
        guard let candidates = trust.signers[keyID] else { throw Refusal(.signerUntrusted) }
        let matching = candidates.filter { Self.algorithm(of: $0.certificate) == signed.algorithm }
        guard !matching.isEmpty else { throw Refusal(.algorithmNotAllowed) }
        let digest = SHA256.hash(data: signed.signingInput)
        let signers = matching.filter { Self.isValid(signed.signature, digest, $0.certificate) }
        guard !signers.isEmpty else { throw Refusal(.signatureInvalid) }
        return signers
    }

    // The algorithm is the key's, never the certificate's choice.
    private static func algorithm(of certificate: Certificate) -> Int? {
        switch certificate.key {
        case .p256: -7
        case .rsa: -37
        default: nil
        }
    }

    private static func isValid(_ signature: [UInt8], _ digest: SHA256Digest, _ certificate: Certificate) -> Bool {
        switch certificate.key {
        case .p256(let key):
            guard signature.count == 64, let parsed = try? P256.Signing.ECDSASignature(rawRepresentation: signature)
            else {
                return false
            }
            return key.isValidSignature(parsed, for: digest)
        case .rsa(let key):
            return key.isValidSignature(
                _RSA.Signing.RSASignature(rawRepresentation: signature), for: digest, padding: .PSS)
        default: return false
        }
    }

    private func verdict(
        _ content: HCERTContent, _ signed: SignedCWT, _ signers: [HCERTTrust.Signer], at now: Double
    ) -> Verdict {
        var verdict = Verdict(format: .dcc)
        verdict.issuer = content.issuer
        verdict.certificateID = content.certificateID
        verdict.show(content.subject, content.holder, content.doses)
        verdict.reasons += content.causes(at: now).map { Reason($0) }
        // Of several certificates of one key, the one that judges best counts.
        let judged = signers.map { ($0, Self.judge($0.certificate, content, at: now)) }
        if let (signer, reasons) = judged.min(by: { $0.1.count < $1.1.count }) {
            verdict.reasons += reasons
            // Issuers are to sign within their signer's validity; member states' own examples hold some that did not, and call
            // them valid.
            if content.issuedAt < signer.certificate.notBefore || content.issuedAt > signer.certificate.notAfter {
                verdict.warnings.append(Reason(.signerOutsideValidity))
            }
            verdict.issuerName = signer.certificate.commonName
        }
        verdict.isTest = signers.contains { $0.isTest }
        switch revocation(of: content, signed, isTest: verdict.isTest, at: now) {
        case .revoked: verdict.reasons.append(Reason(.revoked))
        case .inExpiredBatch: verdict.warnings.append(Reason(.revocationBatchExpired))
        case .notRevoked: break
        }
        if !verdict.reasons.contains(Reason(.revoked)), let keyID = signed.keyID,
            trust.isUnknown(keyID: keyID, country: content.issuer, isTest: verdict.isTest, at: now)
        {
            verdict.reasons.append(Reason(.revocationUnknown))
        }
        verdict.warnings += trust.age.causes(isTest: verdict.isTest, at: now).map { Reason($0) }
        if verdict.isTest { verdict.warnings.append(Reason(.testCertificate)) }
        return verdict
    }

    private func revocation(
        of content: HCERTContent, _ signed: SignedCWT, isTest: Bool, at now: Double
    ) -> DCCRevocation.Answer {
        guard let keyID = signed.keyID else { return .notRevoked }
        func hash(_ type: DCCRevocation.HashType) -> UInt128? {
            switch type {
            // ECDSA signatures can be made anew of old ones by negating s: r is what stays.
            case .signature:
                Self.number(signed.algorithm == -7 ? Array(signed.signature.prefix(32)) : signed.signature)
            case .identifier: content.certificateID.map { Self.number(Array($0.utf8)) }
            case .countryAndIdentifier:
                content.certificateID.map { Self.number(Array(((content.issuer ?? "") + $0).utf8)) }
            }
        }
        // What test batches revoke is only what test signers signed; the others hold for both.
        return trust.revocation(isTest: isTest).reduce(.notRevoked) { answer, batches in
            if batches.isEmpty || answer == .revoked { return answer }
            let next = batches.answer(keyID: keyID, country: content.issuer, at: now, hash: hash)
            return next == .notRevoked ? answer : next
        }
    }

    private static func number(_ bytes: [UInt8]) -> UInt128 { DCCRevocation.number(SHA256.hash(data: bytes)) }

    private static func judge(_ certificate: Certificate, _ content: HCERTContent, at now: Double) -> [Reason] {
        var reasons: [Reason] = []
        if now < certificate.notBefore { reasons.append(Reason(.signerNotYetValid)) }
        if now > certificate.notAfter { reasons.append(Reason(.signerExpired)) }
        if !certificate.allows(content.type) { reasons.append(Reason(.signerWrongUse)) }
        if certificate.hasUnknownCriticalExtension { reasons.append(Reason(.signerCriticalExtension)) }
        return reasons
    }
}
