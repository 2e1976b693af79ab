public import CardChip
import Foundation

/// Why a request was refused: stable, lower case, dotted; the terminal has a screen text for each in every language.
public enum ProblemCode: String, Error, Hashable, Sendable, Codable, CaseIterable {
    /// The request's bytes or fields have the wrong form.
    case requestMalformed = "request.malformed"
    /// The body is larger than the route takes.
    case requestTooLarge = "request.too_large"
    /// The request did not become whole in time.
    case requestTimedOut = "request.timed_out"
    /// No such route, or another method.
    case requestUnknown = "request.unknown"
    /// The client's certificate is not enrolled.
    case terminalUnknown = "terminal.unknown"
    /// The terminal's certificate was revoked.
    case terminalRevoked = "terminal.revoked"
    /// An operator suspended this terminal.
    case terminalSuspended = "terminal.suspended"
    /// The terminal has an application or too many connections under way.
    case terminalBusy = "terminal.busy"
    /// The application names another terminal's certificate than the one it came with.
    case terminalMismatch = "terminal.mismatch"
    /// The terminal's signature over the transcript is wrong.
    case terminalSignature = "terminal.signature"
    /// An operator suspended the whole service.
    case serviceSuspended = "service.suspended"
    /// Outside the hours of service.
    case serviceClosed = "service.closed"
    /// More requests under way than the service takes; try again.
    case serviceBusy = "service.busy"
    /// Issuing stopped after a mismatch in the service's own output, until an operator has looked.
    case serviceHalted = "service.halted"
    /// The record system could not be asked. Never to be read as "no record".
    case upstreamUnavailable = "upstream.unavailable"
    /// An operator suspended the municipality.
    case municipalitySuspended = "municipality.suspended"
    /// The municipality does not take part.
    case municipalityNotParticipating = "municipality.not_participating"
    /// The municipality issues by other channels alone, such as its counter.
    case channelNotOffered = "channel.not_offered"
    /// An operator suspended this kind of certificate.
    case kindSuspended = "kind.suspended"
    /// The municipality does not offer this kind.
    case kindNotOffered = "kind.not_offered"
    /// A file of the card has the wrong form.
    case cardMalformed = "card.malformed"
    /// The card's authority is not among the trusted ones.
    case cardAuthorityUnknown = "card.authority_unknown"
    /// The authority's signature in EF 0004 is wrong.
    case cardCertificateSignature = "card.certificate_signature"
    /// The signature in EF 0003 is wrong.
    case cardRecordSignature = "card.record_signature"
    /// EF 0001 is not the one that EF 0003 signs.
    case cardNumberDigest = "card.number_digest"
    /// EF 0002 is not the one that EF 0003 signs.
    case cardAttributesDigest = "card.attributes_digest"
    /// The signature in EF 0007 is wrong.
    case cardChipKeySignature = "card.chip_key_signature"
    /// The chip's own signature over the transcript is wrong.
    case cardChipSignature = "card.chip_signature"
    /// The card or its holder's number stands on the stop list.
    case cardStopped = "card.stopped"
    /// The challenge is not one that `vrs` made.
    case challengeInvalid = "challenge.invalid"
    /// The challenge's three minutes are over.
    case challengeExpired = "challenge.expired"
    /// The challenge was used by another application, or its session has reported its outcome.
    case challengeUsed = "challenge.used"
    /// The municipality's record has nobody with this number.
    case personNotFound = "person.not_found"
    /// The record says that the person has died.
    case personDeceased = "person.deceased"
    /// The name on the card and in the record differ.
    case personNameDiffers = "person.name_differs"
    /// The birth date on the card and in the record differ.
    case personBirthDateDiffers = "person.birth_date_differs"
    /// Sex on the card and in the record differ.
    case personSexDiffers = "person.sex_differs"
    /// The record has the person and no dose.
    case recordNoDoses = "record.no_doses"
    /// The doses that the record holds contradict each other; the municipality has to correct it.
    case recordUnclear = "record.unclear"
    /// No passport is known to the municipality.
    case overseasNoPassport = "overseas.no_passport"
    /// No earlier printed overseas certificate with this passport.
    case overseasNoEarlierCertificate = "overseas.no_earlier_certificate"
    /// The known passport has expired.
    case overseasPassportExpired = "overseas.passport_expired"
    /// The person's certificates of this day are used up.
    case limitDaily = "limit.daily"
    /// The same application was answered as often as is allowed.
    case limitRedelivery = "limit.redelivery"
    /// The contents do not fit a code or the page.
    case contentTooLong = "content.too_long"
    /// The record has a character that no font of the page has, or that a code's format has no form for.
    case contentUnprintable = "content.unprintable"
    /// The outcome's signature is not the session's.
    case outcomeSignature = "outcome.signature"
    /// Another outcome was accepted before.
    case outcomeContradicts = "outcome.contradicts"
    /// No certificate belongs to this outcome.
    case outcomeUnknown = "outcome.unknown"
    /// A phone's sealed files were not opened or are not those of the chip that signed: one code for every reason.
    case filesInvalid = "files.invalid"
    /// The statement of keys that a phone worked by is not one of `vrs`, or has ended; a new one has to be fetched.
    case statementUnknown = "statement.unknown"
    /// No authority for phones issued the device certificate, or it has ended; the app has to enrol again.
    case deviceUnknown = "device.unknown"
    /// The device was revoked.
    case deviceRevoked = "device.revoked"
    /// An operator took this device, its model, its system or its app out of service.
    case deviceSuspended = "device.suspended"
    /// The device's proof is not over this application, or not by its key.
    case deviceProof = "device.proof"
    /// This device or this card has applied too often for now.
    case limitAttempts = "limit.attempts"
    /// Too much was asked from one network for now.
    case limitNetwork = "limit.network"
    /// The enrolment's token is not one that `vrs` made, has ended, or was used by another enrolment.
    case enrolmentToken = "enrolment.token"
    /// The attestation cannot be read.
    case attestationMalformed = "attestation.malformed"
    /// No maker trusted here vouches for the device's key.
    case attestationUntrusted = "attestation.untrusted"
    /// The attestation was made for another enrolment, or has ended.
    case attestationStale = "attestation.stale"
    /// The device or its key is not as it must be, such as an unlocked one.
    case attestationDevice = "attestation.device"
    /// The key belongs to another app.
    case attestationApp = "attestation.app"
    /// The app, the system or its security updates are too old.
    case attestationOutdated = "attestation.outdated"
    /// Whether the maker still vouches for the device cannot be known now.
    case attestationUnavailable = "attestation.unavailable"
    /// The passport's data cannot be read, or its check digits are wrong.
    case passportUnreadable = "passport.unreadable"
    /// The passport's signature is wrong, or its signer is not one of its country's.
    case passportNotGenuine = "passport.not_genuine"
    /// The country's authority has revoked the passport's signer.
    case passportRevoked = "passport.revoked"
    /// Whether the country still vouches for the passport's signer cannot be known now.
    case passportUnknown = "passport.unknown"
    /// The passport has expired.
    case passportExpired = "passport.expired"
    /// The passport is not the card holder's: birth date, sex or name differ.
    case passportHolderDiffers = "passport.holder_differs"
    /// The municipality wants the passport's chip to be read.
    case passportChipRequired = "passport.chip_required"
    /// The record says that this passport counts no more: another one does, or it was taken back.
    case passportEnded = "passport.ended"
    /// An identifier that an operator's request names is not known.
    case notFound = "not_found"
    /// The operator's request cannot be done in the present state.
    case conflict = "conflict"
    /// Something went wrong inside; nothing more is said.
    case `internal` = "internal"

    /// The code of a card that was refused.
    public init(_ rejection: CardRejection) { self = ProblemCode(rawValue: rejection.code) ?? .cardMalformed }

    /// Whether it says something of a person or a record: such a refusal travels in a sealed answer alone (``Refusal``),
    /// and is nobody's word if it stands openly.
    public var travelsSealed: Bool {
        switch self {
        case .cardStopped, .personNotFound, .personDeceased, .personNameDiffers, .personBirthDateDiffers,
            .personSexDiffers, .recordNoDoses, .recordUnclear, .overseasNoPassport, .overseasNoEarlierCertificate,
            .overseasPassportExpired, .limitDaily, .limitRedelivery, .contentTooLong, .contentUnprintable,
            .passportUnreadable, .passportNotGenuine, .passportRevoked, .passportUnknown, .passportExpired,
            .passportHolderDiffers, .passportChipRequired, .passportEnded:
            true
        default: false
        }
    }

    /// Whether only a phone's request is refused with it; no terminal has a text for it.
    public var isOfPhones: Bool {
        switch self {
        case .filesInvalid, .statementUnknown, .deviceUnknown, .deviceRevoked, .deviceSuspended, .deviceProof,
            .limitAttempts, .limitNetwork, .enrolmentToken, .attestationMalformed, .attestationUntrusted,
            .attestationStale, .attestationDevice, .attestationApp, .attestationOutdated, .attestationUnavailable,
            .passportUnreadable, .passportNotGenuine, .passportRevoked, .passportUnknown, .passportExpired,
            .passportHolderDiffers, .passportChipRequired, .passportEnded:
            true
        default: false
        }
    }

    /// Whether the same request may succeed a little later without anything else changing.
    public var isTransient: Bool {
        switch self {
        case .serviceBusy, .upstreamUnavailable, .terminalBusy, .requestTimedOut, .internal, .attestationUnavailable,
            .limitNetwork:
            true
        default: false
        }
    }
}

/// A refusal on the wire: problem details of RFC 9457, `application/problem+json`.
public struct Problem: Hashable, Sendable, Codable {
    /// The media type of problem details.
    public static let mediaType = "application/problem+json"
    /// `urn:akashi:problem:` and the code.
    public let type: String
    /// A short English sentence for people who read logs; never with personal data.
    public let title: String
    /// The HTTP status, repeated for those who see only the body.
    public let status: Int
    /// The stable code.
    public let code: ProblemCode
    /// The session's inquiry number, if the request carried one.
    public let inquiry: String?

    /// Problem details for a code.
    public init(_ code: ProblemCode, status: Int, inquiry: InquiryNumber?) {
        type = "urn:akashi:problem:\(code.rawValue)"
        title = code.rawValue.replacing(".", with: ": ").replacing("_", with: " ")
        self.status = status
        self.code = code
        self.inquiry = inquiry?.text
    }

    /// Problem details out of a response body of at most 16 KiB; `nil` if it is none.
    public init?(parsing body: [UInt8]) {
        guard body.count <= 16_384, let problem = try? JSONDecoder().decode(Problem.self, from: Data(body)) else {
            return nil
        }
        self = problem
    }
}
