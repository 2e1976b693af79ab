package import Exchange
package import Foundation
package import HTTPServer
package import HTTPTypes

extension ProblemCode: ServiceProblem {
    /// The stable code.
    package var code: String { rawValue }

    /// The HTTP status of a refusal; this is the only place that knows. What travels sealed has none of its own: to say it
    /// openly would be a fault of ours.
    package var status: HTTPResponse.Status {
        switch self {
        case .requestMalformed: .badRequest
        case .requestTooLarge: .contentTooLarge
        case .requestTimedOut: .requestTimeout
        case .requestUnknown, .notFound: .notFound
        case .terminalUnknown, .terminalRevoked, .terminalSuspended, .terminalMismatch, .terminalSignature,
            .deviceUnknown, .deviceRevoked, .deviceSuspended, .deviceProof, .attestationUntrusted, .attestationDevice,
            .attestationApp, .attestationOutdated:
            .forbidden
        case .terminalBusy, .limitAttempts, .limitNetwork: .tooManyRequests
        case .serviceSuspended, .serviceClosed, .serviceBusy, .serviceHalted, .upstreamUnavailable,
            .attestationUnavailable:
            .serviceUnavailable
        case .municipalitySuspended, .municipalityNotParticipating, .channelNotOffered, .kindSuspended, .kindNotOffered,
            .outcomeSignature:
            .forbidden
        case .challengeUsed, .outcomeContradicts, .outcomeUnknown, .conflict: .conflict
        case .cardMalformed, .cardAuthorityUnknown, .cardCertificateSignature, .cardRecordSignature, .cardNumberDigest,
            .cardAttributesDigest, .cardChipKeySignature, .cardChipSignature, .challengeInvalid, .challengeExpired,
            .filesInvalid, .statementUnknown, .enrolmentToken, .attestationMalformed, .attestationStale:
            .unprocessableContent
        case .internal, .cardStopped, .personNotFound, .personDeceased, .personNameDiffers, .personBirthDateDiffers,
            .personSexDiffers, .recordNoDoses, .recordUnclear, .overseasNoPassport, .overseasNoEarlierCertificate,
            .overseasPassportExpired, .limitDaily, .limitRedelivery, .contentTooLong, .contentUnprintable,
            .passportUnreadable, .passportNotGenuine, .passportRevoked, .passportUnknown, .passportExpired,
            .passportHolderDiffers, .passportChipRequired, .passportEnded:
            .internalServerError
        }
    }

    /// A request's own fault, as the parties are told it.
    package init(_ fault: RequestFault) {
        switch fault {
        case .malformed: self = .requestMalformed
        case .headerTooLarge, .bodyTooLarge: self = .requestTooLarge
        case .timedOut: self = .requestTimedOut
        case .unknownRoute: self = .requestUnknown
        case .cancelled: self = .serviceBusy
        case .unexpected: self = .internal
        }
    }

    /// A refusal keeps its code unless it travels sealed alone, bytes of another form are malformed, and the rest is a
    /// fault of the request or our own.
    package init(ending error: any Error) {
        switch error {
        case let code as ProblemCode: self = code.travelsSealed ? .internal : code
        case is WireError, is DecodingError: self = .requestMalformed
        default: self.init(RequestFault(error))
        }
    }

    /// Problem details with the session's inquiry number.
    package func details(status: Int, notes: RequestNotes?) throws -> Data {
        try JSONEncoder().encode(Problem(self, status: status, inquiry: notes?.inquiry))
    }
}
