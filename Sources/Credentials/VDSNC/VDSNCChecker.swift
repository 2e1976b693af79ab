/// Checks proofs of vaccination as ICAO's visible digital seals for non-constrained environments (VDS-NC, TR 1.4).
struct VDSNCChecker: Sendable {
    private let signers: VDSNCSigners
    private let age: TrustAge

    private let cardAge: TrustAge
    private let isUnknown: [Bool: Bool]

    /// - Parameter cards: the issuers of SMART Health Cards, whose lists count for signers that are linked to them.
    init(trust: VDSNCTrust, cards: SmartHealthCardTrust) {
        signers = VDSNCSigners(trust: trust, cards: cards)
        age = trust.age
        cardAge = cards.age
        isUnknown = trust.isUnknown
    }

    /// The longest text that is looked at. The largest code holds 2,953 bytes.
    static let maximumLength = 64 << 10

    /// The verdict on a VDS-NC at a time in seconds since 1970.
    func check(_ json: JSON, _ vdsnc: JSON.Place, at now: Double) -> Verdict {
        do { return try verdict(json, vdsnc, at: now) } catch { return Verdict(format: .vdsnc, error.reason) }
    }

    private func verdict(_ json: JSON, _ vdsnc: JSON.Place, at now: Double) throws(Refusal) -> Verdict {
        guard json.bytes.count <= Self.maximumLength else { throw Refusal(.sizeExceeded) }
        let sig = json.member("sig", of: vdsnc)
        guard let data = json.member("data", of: vdsnc), let algorithm = json.string(json.member("alg", of: sig)) else {
            throw Refusal(.vdsncMalformed)
        }
        let signer = try signers.signer(try Self.bytes("cer", of: sig, in: json))
        let signature = try Self.bytes("sigvl", of: sig, in: json)
        guard try signer.isValid(signature, algorithm: algorithm, over: json.canonical(data)) else {
            throw Refusal(.signatureInvalid)
        }
        // From here on, what is read was written by the signer.
        let content = try VDSNCContent(json, data)
        var verdict = Verdict(format: .vdsnc)
        verdict.isTest = signer.isTest
        verdict.issuer = content.issuer
        verdict.issuerName = signer.certificate.commonName
        verdict.certificateID = content.certificateID
        verdict.show(.vaccination, content.holder, content.doses)
        judge(signer, content, at: now, &verdict)
        judgeRevocation(signer, content, at: now, &verdict)
        var causes = age.causes(isTest: verdict.isTest, at: now)
        if signer.identifiers != nil {
            causes += cardAge.causes(isTest: verdict.isTest, at: now).filter { !causes.contains($0) }
        }
        verdict.warnings += causes.map { Reason($0) }
        if verdict.isTest { verdict.warnings.append(Reason(.testCertificate)) }
        return verdict
    }

    private func judge(_ signer: VDSNCSigner, _ content: VDSNCContent, at now: Double, _ verdict: inout Verdict) {
        let certificate = signer.certificate
        if now < certificate.notBefore { verdict.reasons.append(Reason(.signerNotYetValid)) }
        if now > certificate.notAfter { verdict.reasons.append(Reason(.signerExpired)) }
        let usage = certificate.extendedKeyUsage
        let mayType = certificate.allows(documentType: content.documentType)
        // A pinned signer may be an early certificate without these extensions; what it has must allow it.
        let isPinned = signer.isPinned
        if !(usage?.contains(Certificate.barcodeSignerUsage) ?? isPinned) || !(mayType ?? isPinned)
            || !certificate.maySign
            || certificate.isAuthority
        {
            verdict.reasons.append(Reason(.signerWrongUse))
        }
        if certificate.hasUnknownCriticalExtension { verdict.reasons.append(Reason(.signerCriticalExtension)) }
        guard !isPinned, let authority = signer.authority(at: now) else {
            // An early certificate may name no country; what it names must be the issuer's.
            if !certificate.country.isEmpty, !Countries.agree(alpha2: certificate.country, issuer: content.issuer) {
                verdict.reasons.append(Reason(.signerWrongCountry))
            }
            return
        }
        let country = authority.certificate
        if now < country.notBefore || now > country.notAfter { verdict.reasons.append(Reason(.authorityExpired)) }
        // Else any country's authority could vouch for the VDS-NC of any other.
        if certificate.country != country.country || !Countries.agree(alpha2: country.country, issuer: content.issuer) {
            verdict.reasons.append(Reason(.signerWrongCountry))
        }
        if let named = certificate.authorityKeyIdentifier, let own = country.subjectKeyIdentifier, named != own {
            verdict.warnings.append(Reason(.signerAuthorityKeyDiffers))
        }
    }

    private func judgeRevocation(
        _ signer: VDSNCSigner, _ content: VDSNCContent, at now: Double, _ verdict: inout Verdict
    ) {
        var isUnknown = (signer.isTest ? [false, true] : [false]).contains { self.isUnknown[$0] ?? false }
        // What only the authority could revoke is not known of a signer that is pinned without its authority: whoever
        // pins it looks after that.
        if let authority = signer.authority(at: now) {
            let list = authority.list(at: now)
            if list?.revokes(signer.certificate) ?? false { verdict.reasons.append(Reason(.signerRevoked)) }
            if authority.isUnknown(at: now, isAnnounced: signer.certificate.announcesRevocationList) {
                isUnknown = true
            }
            if list == nil { verdict.warnings.append(Reason(.revocationListMissing)) }
            if let next = list?.nextUpdate, now > next { verdict.warnings.append(Reason(.revocationListOld)) }
        } else if signer.certificate.announcesRevocationList {
            verdict.warnings.append(Reason(.revocationListMissing))
        }
        // The format knows no revocation of its own: the certificate's identifier stands in its issuer's published list.
        if let identifiers = signer.identifiers {
            if identifiers.isUnknown || content.certificateID == nil { isUnknown = true }
            // It does not say when it was made: an entry for those made before some time counts.
            if identifiers.causes(content.certificateID, notBefore: -.infinity) == [.revoked] {
                verdict.reasons.append(Reason(.revoked))
            }
        }
        if isUnknown, !verdict.reasons.contains(Reason(.revoked)) {
            verdict.reasons.append(Reason(.revocationUnknown))
        }
    }

    private static func bytes(_ name: StaticString, of place: JSON.Place?, in json: JSON) throws(Refusal) -> [UInt8] {
        guard let member = json.member(name, of: place), let text = json.string(member) else {
            throw Refusal(.vdsncMalformed)
        }
        do {
            // No character of the alphabet needs an escape, but any may have one.
            if let range = json.plain(member) {
                return try Base64URL.decode(json.bytes, in: range, padding: .tolerated)
            }
            return try Base64URL.decode(Array(text.utf8), padding: .tolerated)
        } catch {
            throw Refusal(Reason(.base64urlInvalid, offset: json.offset(member)))
        }
    }
}
