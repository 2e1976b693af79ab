import Crypto

/// Checks SMART Health Cards (specification 1.4.0) in the order in which trust arises: form, key, signature, and only
/// then the content, so that what is inflated and read as a card was written by somebody who is trusted.
struct SmartHealthCardChecker: Sendable {
    let trust: SmartHealthCardTrust

    /// The longest payload after inflating.
    static let maximumPayloadBytes = 512 << 10

    /// A payload whose signature is right, and the keys' entries that vouch for it. Only `verify` makes one.
    struct Verified {
        let payload: [UInt8]
        let keys: [SmartHealthCardTrust.Key]
        let keyID: String

        fileprivate init(payload: [UInt8], keys: [SmartHealthCardTrust.Key], keyID: String) {
            self.payload = payload
            self.keys = keys
            self.keyID = keyID
        }
    }

    /// The verdict on one JWS at a time in seconds since 1970.
    func check(_ jws: [UInt8], at now: Double) -> Verdict {
        do {
            let content = try SmartHealthCardContent(verify(try CompactJWS(jws)), at: now)
            var verdict = Verdict(format: .shc)
            judge(content, at: now, &verdict)
            return verdict
        } catch {
            return Verdict(format: .shc, error.reason)
        }
    }

    private func verify(_ jws: CompactJWS) throws(Refusal) -> Verified {
        let header = jws.header
        let root = header.root
        // The algorithm is the key's, never the certificate's choice.
        guard header.isString(header.member("alg", of: root), "ES256") else { throw Refusal(.algorithmNotAllowed) }
        guard header.member("crit", of: root) == nil else { throw Refusal(.headerCritical) }
        guard header.isString(header.member("zip", of: root), "DEF") else { throw Refusal(.compressionMissing) }
        guard let kid = header.string(header.member("kid", of: root)) else { throw Refusal(.keyIDMissing) }
        guard jws.signature.count == 64 else { throw Refusal(.signatureMalformed) }
        // What nobody trusted signed is not even inflated.
        guard let keys = trust.keys[kid], let key = keys.first?.key else { throw Refusal(.keyUnknown) }
        // One kid is one key, since it is the key's thumbprint, whoever may be listed with it.
        guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: jws.signature),
            key.isValidSignature(signature, for: SHA256.hash(data: jws.signingInput))
        else { throw Refusal(.signatureInvalid) }
        return Verified(payload: try Self.inflated(jws), keys: keys, keyID: kid)
    }

    private static func inflated(_ jws: CompactJWS) throws(Refusal) -> [UInt8] {
        do {
            return try Deflate.inflate(try Base64URL.decode(jws.text, in: jws.payload), limit: maximumPayloadBytes)
        } catch { throw Refusal(Reason(error)) }
    }

    private func judge(_ content: borrowing SmartHealthCardContent, at now: Double, _ verdict: inout Verdict) {
        verdict.issuer = content.issuer
        verdict.certificateID = content.revocationID
        verdict.show(content.bundle.subject, content.bundle.holder, content.bundle.doses)
        let issuer = content.issuer
        let own = content.keys.filter { $0.issuer == issuer }
        guard let key = own.first else {
            let isKnown = trust.issuers.contains(issuer)
            let cause: Cause =
                SmartHealthCardForm.isIssuer(issuer)
                ? (isKnown ? .keyWrongIssuer : .issuerUnknown) : .issuerMalformed
            verdict.reasons.append(Reason(cause))
            return
        }
        verdict.issuerName = key.issuerName
        // A key that stands in both parts of the trust folder is a test key that strayed.
        verdict.isTest = content.keys.contains { $0.isTest }
        if now + Verifier.clockAllowance < content.notBefore { verdict.reasons.append(Reason(.notYetValid)) }
        // RFC 7519 section 4.1.4: the time must be before `exp`.
        if let expires = content.expires, now >= expires { verdict.reasons.append(Reason(.expired)) }
        if !content.isSmartHealthCard { verdict.reasons.append(Reason(.typeNotSmartHealthCard)) }
        let state = trust.state(own, kid: content.keyID)
        verdict.reasons += state.causes(content.revocationID, notBefore: content.notBefore).map { Reason($0) }
        if let warning = state.warning { verdict.warnings.append(Reason(warning)) }
        verdict.warnings += trust.age.causes(isTest: verdict.isTest, at: now).map { Reason($0) }
        if verdict.isTest { verdict.warnings.append(Reason(.testCertificate)) }
    }
}
