import Attestation
import CardChip
import Crypto
import Exchange
import Foundation
import Records
import Synchronization
package import TravelDocument
import Vaccination

/// What issuing needs for phones.
package struct PhoneDesk: Sendable {
    /// How often one device and one card may apply within a day, whatever became of it.
    package struct Attempts: Hashable, Sendable {
        /// Of one device.
        package let perDevice: Int
        /// Of one card.
        package let perCard: Int

        package init(perDevice: Int, perCard: Int) { (self.perDevice, self.perCard) = (perDevice, perCard) }
    }

    let challenges: HourlyTokens
    let uploadKeys: UploadKeys
    let answerKey: P256.KeyAgreement.PrivateKey
    let devices: DeviceAuthorities
    let passports: CurrentPassportChecker
    let currentTokens: CurrentTokens
    let attempts: Attempts
    /// How many applications of phones are under way at once: a part of all.
    let places: ConcurrencyLimiter
    /// How many enrolments, each as much work as an application.
    let enrolmentPlaces: ConcurrencyLimiter
    /// How many queries for what is current; most of them wait for the instant at which they are answered.
    let queryPlaces: ConcurrencyLimiter
}

/// What passports are checked with, which an operator may replace while applications are under way.
package final class CurrentPassportChecker: Sendable {
    private let checker: Mutex<TravelDocumentChecker>

    package init(_ checker: TravelDocumentChecker) { self.checker = Mutex(checker) }

    var value: TravelDocumentChecker { checker.withLock { $0 } }
    func replace(_ checker: TravelDocumentChecker) { self.checker.withLock { $0 = checker } }
}

/// A passport that came with an application, as far as it was checked: genuine if its chip was read, and else what a camera saw.
struct PassportClaim: Sendable {
    /// The zone.
    let zone: MachineReadableZone
    /// Whether the country's signature was checked.
    let hasChip: Bool
    /// Whether an authority for tests vouches for it.
    let isTest: Bool

    /// Checks what a phone sent.
    /// - Throws: why it is not accepted, for the holder; `cause` hears the exact reason.
    init(
        _ files: PassportFiles, by checker: TravelDocumentChecker, isDevelopment: Bool, now: Date,
        cause: (String) -> Void
    ) throws(ProblemCode) {
        let seconds = now.timeIntervalSince1970
        do throws(TravelDocumentRejection) {
            if files.securityObject.isEmpty {
                guard let today = CalendarDate.inJapan(secondsSince1970: seconds) else { throw .expired }
                let zone = try DataGroup1(parsing: files.zone, today: today).zone
                guard zone.expires >= today else { throw .expired }
                (self.zone, hasChip, isTest) = (zone, false, false)
                return
            }
            let document = try checker.check(
                TravelDocumentFiles(dataGroup1: files.zone, securityObject: files.securityObject), at: seconds)
            // A made-up country vouches for nobody's real certificate.
            guard isDevelopment || !document.isTest else { throw .signerUnknown }
            (zone, hasChip, isTest) = (document.zone, true, document.isTest)
        } catch {
            cause(error.code)
            throw ProblemCode(error)
        }
    }
}

extension ProblemCode {
    /// What the holder is told of a passport that is not accepted.
    init(_ rejection: TravelDocumentRejection) {
        self =
            switch rejection {
            case .zone, .dataGroupMalformed, .securityObjectMalformed, .notOneSigner: .passportUnreadable
            case .expired: .passportExpired
            case .signerRevoked: .passportRevoked
            case .revocationUnknown, .revocationStale: .passportUnknown
            case .algorithmWeak, .signerMissing, .signatureInvalid, .attributesMissing, .hashNotAllowed, .signerUnknown,
                .signerWrongUse, .signerCriticalExtension, .countryDiffers, .signerNotYetValid, .signerExpired,
                .authorityExpired, .signedOutsidePeriod, .dataGroupNotListed, .dataGroupDiffers:
                .passportNotGenuine
            }
    }

    /// What the app is told of an attestation that is not accepted: what its holder can do about it, and no more.
    init(_ refusal: AttestationRefusal) {
        self =
            switch refusal {
            case .tooLarge, .malformed, .chainMalformed, .statementMissing, .statementRepeated, .statementMalformed,
                .proofMalformed:
                .attestationMalformed
            case .platformNotTaken, .rootUnknown, .chainBroken, .chainExpired: .attestationUntrusted
            case .leafExpired, .challengeDiffers, .keyDiffers, .keyUsed, .proofInvalid: .attestationStale
            case .statusUnknown: .attestationUnavailable
            case .levelNotTaken, .bootUnverified, .deviceUnlocked, .keyNotGenerated, .keyPurpose, .keyType, .keyShared,
                .modelMissing:
                .attestationDevice
            case .environment, .appUnknown, .appSigner: .attestationApp
            case .appTooOld, .systemTooOld, .patchesTooOld: .attestationOutdated
            case .revoked, .deviceRevoked: .deviceRevoked
            case .modelRevoked, .patchesRevoked, .appRevoked: .deviceSuspended
            }
    }
}
