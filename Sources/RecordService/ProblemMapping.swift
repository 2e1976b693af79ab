import CredentialIssuing
import Credentials
package import Exchange
import PKCS11
import Records
import Rendering
import Signing

/// Errors of the inside as what callers are told and what the log says: the one place that knows.
///
/// What is decided here is thrown as a ``Exchange/ProblemCode`` by who decides it; errors of other modules come as they
/// are and become one below.
package enum ProblemMapping {
    /// What the centre is told of an application.
    package static func code(issuing error: any Error) -> ProblemCode {
        switch error {
        case let code as ProblemCode: code
        case let error as ContentRefused: error.code
        case is SignerOutOfDate: .serviceHalted
        case let error as StoreError where error == .unknownRegion() || error == .erased():
            .municipalityNotParticipating
        case let error as StoreError where error == .broken(): .municipalitySuspended
        case let error as StoreError: code(of: error)
        case let error as TokenError: error.isTransient ? .upstreamUnavailable : .internal
        default: .internal
        }
    }

    /// What the centre is told of a report: a region that is not served has none.
    package static func code(reporting error: any Error) -> ProblemCode {
        switch error {
        case let error as StoreError where error == .unknownRegion() || error == .erased(): .outcomeUnknown
        case let error as StoreError where error == .broken(): .internal
        default: code(issuing: error)
        }
    }

    /// What an operator is told; `nil` if the error is the request's own, which the listener knows better.
    static func code(operating error: any Error) -> ProblemCode? {
        switch error {
        case let error as StoreError:
            switch error {
            case .notFound(), .unknownRegion(), .erased(): return .notFound
            case .conflict(), .broken(), .importOpen(), .regionClosed(): return .conflict
            case .invalid(): return .requestMalformed
            default: return code(of: error)
            }
        case is IssuingAuthority.Refusal, is TerminalCertificateError: return .requestMalformed
        default: return nil
        }
    }

    /// A store that cannot be asked is never "no record".
    private static func code(of error: StoreError) -> ProblemCode {
        error.isTransient ? .upstreamUnavailable : .internal
    }

    /// What the log says more; `nil` if the code says it all. Only errors that are known to carry nothing of a person
    /// are written out, others by their type alone.
    package static func cause(of error: any Error) -> String? {
        switch error {
        case is ProblemCode: nil
        case let error as StoreError: error.description
        case let error as TokenError: error.description
        case let error as ContentRefused: error.cause
        case let error as SignerOutOfDate: "\(error.code)"
        default: String(describing: type(of: error))
        }
    }
}

/// The record's contents cannot be put into a code or onto the page.
package struct ContentRefused: Error, Hashable, Sendable {
    /// What the caller is told.
    let code: ProblemCode
    /// The code of the module that refused.
    let cause: String

    /// A page that could not be made; what is nobody's content is a fault of the inside.
    init(_ error: RenderError) {
        cause = error.code
        code =
            switch error {
            case .unprintableCharacter, .missingGlyph: .contentUnprintable
            case .doesNotFit, .tooManyRows, .codeTooLarge: .contentTooLong
            case .unknownTemplate, .missingField, .unexpectedCode, .missingCode, .libraryFailure: .internal
            }
    }

    /// A code's text that does not fit its picture.
    init(_ format: Format, _ error: QRError) {
        code = .contentTooLong
        cause = "\(format.rawValue).\(error.code)"
    }

    /// A code that could not be made.
    init(_ format: Format, _ error: IssueError) {
        let cause = "\(format.rawValue).\(error.code.replacing("issue.", with: ""))"
        switch error {
        case .tooLong(let limit, let length):
            (code, self.cause) = (.contentTooLong, "\(cause) (\(length) of \(limit))")
        case .doseCount: (code, self.cause) = (.contentTooLong, cause)
        case .nameMalformed, .performerMalformed, .documentNumberMalformed:
            (code, self.cause) = (.contentUnprintable, cause)
        case .issuerMalformed, .revocationIDMalformed, .timesMalformed, .productWithoutCode, .certificateUnsuitable,
            .compressionFailed, .signatureMismatch:
            (code, self.cause) = (.internal, cause)
        }
    }
}
