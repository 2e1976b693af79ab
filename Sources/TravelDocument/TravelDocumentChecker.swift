import Credentials
package import Vaccination

/// What a passport's chip gave. Its data groups but the first are never asked for: pictures and fingers are nobody's business
/// here.
package struct TravelDocumentFiles: Hashable, Sendable {
    /// EF.DG1.
    package let dataGroup1: [UInt8]
    /// EF.SOD.
    package let securityObject: [UInt8]
    /// The document signer's certificate, DER, if EF.SOD has it not inside.
    package let signer: [UInt8]?

    /// Files as they were read.
    package init(dataGroup1: [UInt8], securityObject: [UInt8], signer: [UInt8]? = nil) {
        (self.dataGroup1, self.securityObject, self.signer) = (dataGroup1, securityObject, signer)
    }
}

/// Checks what a passport's chip gave, up to a trusted country authority: passive authentication (ICAO Doc 9303-11 section 5.1).
///
/// It proves that the country wrote this zone, and that the passport had not expired. It does not prove that the chip is no copy of
/// another one, nor that whoever holds it is the person; see <doc:PassiveAuthentication>.
package struct TravelDocumentChecker: Sendable {
    /// What an operator decides.
    package struct Rules: Hashable, Sendable {
        /// For how long after the next one was promised a revocation list counts, in seconds, 0 to 90 days. Some countries are
        /// late.
        package let listGrace: Double
        /// How far signers' clocks may be ahead, in seconds: one day, as clocks in passports' factories are in all zones.
        package static let clockTolerance: Double = 86_400

        /// Rules; `nil` out of bounds.
        package init?(listGrace: Double) {
            guard (0...(90 * 86_400)).contains(listGrace) else { return nil }
            self.listGrace = listGrace
        }

        private init() { listGrace = 0 }

        /// Lists count until the next one was promised.
        package static let strict = Rules()
    }

    private let trust: TravelDocumentTrust
    private let signers: DocumentSigners
    private let rules: Rules
    /// Each country's authorities, those for tests apart.
    private let countries: [Country: [AuthorityTrust.Authority]]

    private struct Country: Hashable {
        let code: String
        let isTest: Bool

        init(_ authority: AuthorityTrust.Authority) {
            (code, isTest) = (authority.certificate.country, authority.isTest)
        }
    }

    /// A checker that accepts the passports of these authorities.
    package init(trust: TravelDocumentTrust, rules: Rules = .strict) {
        (self.trust, self.rules) = (trust, rules)
        signers = DocumentSigners(trust.index)
        countries = Dictionary(grouping: trust.authorities.authorities) { Country($0) }
    }

    /// Checks what a chip gave.
    ///
    /// - Parameters:
    ///   - files: EF.DG1 and EF.SOD.
    ///   - now: in seconds since 1970. It is the one time by which everything is judged but the signing time of EF.SOD.
    /// - Throws: the first ``TravelDocumentRejection`` found: files, signature, signer, revocation, data, expiry.
    package func check(
        _ files: TravelDocumentFiles, at now: Double
    ) throws(TravelDocumentRejection) -> VerifiedTravelDocument {
        guard let today = CalendarDate.inJapan(secondsSince1970: now) else { throw .expired }
        let data = try DataGroup1(parsing: files.dataGroup1, today: today)
        let signed = try SignedSecurityObject(parsing: files.securityObject, signer: files.signer)
        let signer = signers.signer(signed.signer)
        let (authority, isTest) = try authority(of: signed.signer, among: signer.issuers, at: now)
        guard signer.hasSoundKey else { throw .algorithmWeak }
        try judge(signed, data.zone, authority.certificate, at: now)
        try judgeRevocation(of: signed.signer, by: authority, isTest: isTest, at: now)
        guard let hash = signed.object.hashes[1] else { throw .dataGroupNotListed }
        guard signed.object.algorithm.hash(data.bytes) == hash else { throw .dataGroupDiffers }
        guard data.zone.expires >= today else { throw .expired }
        return VerifiedTravelDocument(zone: data.zone, isTest: isTest, signedAt: signed.signedAt)
    }

    private func authority(
        of signer: Certificate, among issuers: [AuthorityTrust.Authority], at now: Double
    ) throws(TravelDocumentRejection) -> (AuthorityTrust.Authority, isTest: Bool) {
        // The same authority in both parts of the folder: a test authority that strayed.
        let tests = issuers.filter(\.isTest)
        guard let authority = (tests.isEmpty ? issuers : tests).first(at: now) else { throw .signerUnknown }
        return (authority, !tests.isEmpty || signer.isDevelopment)
    }

    private func judge(
        _ signed: SignedSecurityObject, _ zone: MachineReadableZone, _ authority: Certificate, at now: Double
    ) throws(TravelDocumentRejection) {
        let signer = signed.signer
        // Signers of seals and master lists have extended key usages, document signers none (Doc 9303-12 section 7.1).
        guard signer.saysItMaySign, !signer.saysAuthority, signer.extendedKeyUsage == nil,
            signer.maySignDocuments(of: zone.documentCode)
        else { throw .signerWrongUse }
        guard !signer.hasUnknownCriticalExtension else { throw .signerCriticalExtension }
        // Else any country's authority could vouch for the passports of any other.
        guard signer.country == authority.country,
            Countries.agree(alpha2: authority.country, issuer: zone.issuingState.text)
        else { throw .countryDiffers }
        // The certificate lasts as long as the last passport that its key signed (section 7.1): it is judged now, and only when it
        // was signed by the period of the key.
        guard now >= signer.notBefore else { throw .signerNotYetValid }
        guard now <= signer.notAfter else { throw .signerExpired }
        guard authority.notBefore <= now, now <= authority.notAfter else { throw .authorityExpired }
        if let period = signer.keyUsagePeriod, period.notBefore > period.notAfter { throw .signedOutsidePeriod }
        if let signedAt = signed.signedAt {
            let tolerance = Rules.clockTolerance
            let period = signer.keyUsagePeriod
            let from = max(signer.notBefore, period?.notBefore ?? -.infinity) - tolerance
            let until = min(signer.notAfter, period?.notAfter ?? .infinity, now) + tolerance
            guard from <= signedAt, signedAt <= until else { throw .signedOutsidePeriod }
        }
    }

    private func judgeRevocation(
        of signer: Certificate, by authority: AuthorityTrust.Authority, isTest: Bool, at now: Double
    ) throws(TravelDocumentRejection) {
        // A country has one authority and one list (section 7.1.4), which its newest key signs, about what all of its keys have signed:
        // the lists of earlier keys end, and say nothing of what was revoked since. What any of them names stays revoked.
        let country = countries[Country(authority)] ?? [authority]
        guard !country.contains(where: { $0.list(at: now)?.revokes(signer) ?? false }) else { throw .signerRevoked }
        // A key whose own time has ended says no more that nothing was revoked.
        let list = country.filter { $0.certificate.notBefore <= now && now <= $0.certificate.notAfter }.list(at: now)
        // There must be a list, whatever signers' certificates say of it.
        let isUnknown = (isTest ? [false, true] : [false]).contains { trust.authorities.isUnknown[$0] ?? false }
        guard !isUnknown, !country.isUnknown(at: now, by: list) else { throw .revocationUnknown }
        guard let next = list?.nextUpdate, now <= next + rules.listGrace else { throw .revocationStale }
    }
}

/// A passport whose zone a ``TravelDocumentChecker`` found to be signed by its country, and which had not expired. Nothing else
/// makes one.
package struct VerifiedTravelDocument: Hashable, Sendable {
    /// The zone, as the country signed it.
    package let zone: MachineReadableZone
    /// Whether an authority for tests vouches for it, so that nothing made from it may pass for real.
    package let isTest: Bool
    /// When the country signed it, as it says, in seconds since 1970; `nil` if it does not say.
    package let signedAt: Double?

    fileprivate init(zone: MachineReadableZone, isTest: Bool, signedAt: Double?) {
        (self.zone, self.isTest, self.signedAt) = (zone, isTest, signedAt)
    }

    /// The passport as a record keeps it, see ``MachineReadableZone/passport``.
    package var passport: Passport? { zone.passport }
}

// What is written in a message, an assertion or a crash report must not show the person.
extension VerifiedTravelDocument: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the person, wherever it ends up.
    package var description: String { "VerifiedTravelDocument(…)" }
    /// Shows no parts, to dumps and debuggers either.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension TravelDocumentFiles: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the person, wherever it ends up.
    package var description: String { "TravelDocumentFiles(…)" }
    /// Shows no parts, to dumps and debuggers either.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
