/// Why a passport is not accepted. Nothing of the passport is in it.
package enum TravelDocumentRejection: Error, Hashable, Sendable {
    /// The machine-readable zone is none.
    case zone(ZoneFlaw)
    /// DG1 is not a zone in its two objects, and nothing else.
    case dataGroupMalformed
    /// EF.SOD is no signed message over an LDS security object, or is too long.
    case securityObjectMalformed
    /// EF.SOD has no signer, or several.
    case notOneSigner
    /// EF.SOD's key, digest or signature are of less than 112 bits of security, or not known.
    case algorithmWeak
    /// The certificate of EF.SOD's signer is not there.
    case signerMissing
    /// EF.SOD's signature is wrong.
    case signatureInvalid
    /// EF.SOD's signed attributes are missing, or do not name what was signed.
    case attributesMissing
    /// The data groups are hashed with another algorithm than SHA-256, SHA-384 or SHA-512.
    case hashNotAllowed
    /// No trusted country authority issued the signer's certificate.
    case signerUnknown
    /// The signer's certificate is for something else than signing passports like this one.
    case signerWrongUse
    /// The signer's certificate has a critical extension that is not known here.
    case signerCriticalExtension
    /// Signer, authority and zone do not name the same country.
    case countryDiffers
    /// The signer's certificate is not valid yet.
    case signerNotYetValid
    /// The signer's certificate has ended.
    case signerExpired
    /// The authority's certificate is not valid now.
    case authorityExpired
    /// EF.SOD was signed when the signer's key was not to be used, or in the future.
    case signedOutsidePeriod
    /// It is not known what the country has revoked: its list is missing, or cannot be relied on.
    case revocationUnknown
    /// The country's newest list is older than it promised.
    case revocationStale
    /// A list of the country names the signer's certificate.
    case signerRevoked
    /// EF.SOD says nothing of DG1.
    case dataGroupNotListed
    /// DG1 is not what was signed.
    case dataGroupDiffers
    /// The passport has expired.
    case expired

    /// A stable code.
    package var code: String {
        switch self {
        case .zone(let flaw): flaw.code
        case .dataGroupMalformed: "passport.dg1_malformed"
        case .securityObjectMalformed: "passport.sod_malformed"
        case .notOneSigner: "passport.sod_signers"
        case .algorithmWeak: "passport.sod_algorithm"
        case .signerMissing: "passport.signer_missing"
        case .signatureInvalid: "passport.sod_signature"
        case .attributesMissing: "passport.sod_attributes"
        case .hashNotAllowed: "passport.hash_algorithm"
        case .signerUnknown: "passport.signer_unknown"
        case .signerWrongUse: "passport.signer_wrong_use"
        case .signerCriticalExtension: "passport.signer_critical_extension"
        case .countryDiffers: "passport.country_differs"
        case .signerNotYetValid: "passport.signer_not_yet_valid"
        case .signerExpired: "passport.signer_expired"
        case .authorityExpired: "passport.authority_expired"
        case .signedOutsidePeriod: "passport.signed_outside_period"
        case .revocationUnknown: "passport.revocation_unknown"
        case .revocationStale: "passport.revocation_stale"
        case .signerRevoked: "passport.signer_revoked"
        case .dataGroupNotListed: "passport.dg1_not_listed"
        case .dataGroupDiffers: "passport.dg1_differs"
        case .expired: "passport.expired"
        }
    }

    /// Every rejection, in the order in which they are found.
    package static let all: [TravelDocumentRejection] =
        [.dataGroupMalformed] + ZoneFlaw.all.map(zone) + [
            .securityObjectMalformed, .notOneSigner, .signerMissing, .algorithmWeak, .signatureInvalid,
            .attributesMissing, .hashNotAllowed, .signerUnknown, .signerWrongUse, .signerCriticalExtension,
            .countryDiffers, .signerNotYetValid, .signerExpired, .authorityExpired, .signedOutsidePeriod,
            .signerRevoked, .revocationUnknown, .revocationStale, .dataGroupNotListed, .dataGroupDiffers, .expired,
        ]
}
