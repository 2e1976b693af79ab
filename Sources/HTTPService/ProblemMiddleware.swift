package import Exchange
import Foundation
package import Hummingbird
import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1
import RequestLimits

extension ProblemCode {
    /// The HTTP status of a refusal; this is the only place that knows.
    package var status: HTTPResponse.Status {
        switch self {
        case .requestMalformed: .badRequest
        case .requestTooLarge: .contentTooLarge
        case .requestTimedOut: .requestTimeout
        case .requestUnknown, .notFound: .notFound
        case .terminalUnknown, .terminalRevoked, .terminalSuspended, .terminalMismatch, .terminalSignature: .forbidden
        case .terminalBusy, .limitDaily: .tooManyRequests
        case .serviceSuspended, .serviceClosed, .serviceBusy, .serviceHalted, .upstreamUnavailable: .serviceUnavailable
        case .municipalitySuspended, .municipalityNotParticipating, .kindSuspended, .kindNotOffered, .cardStopped,
            .outcomeSignature:
            .forbidden
        case .challengeUsed, .outcomeContradicts, .outcomeUnknown, .conflict: .conflict
        case .cardMalformed, .cardAuthorityUnknown, .cardCertificateSignature, .cardRecordSignature, .cardNumberDigest,
            .cardAttributesDigest, .cardChipKeySignature, .cardChipSignature, .challengeInvalid, .challengeExpired,
            .personNotFound, .personDeceased, .personNameDiffers, .personBirthDateDiffers, .personSexDiffers,
            .recordNoDoses, .overseasNoPassport, .overseasNoEarlierCertificate, .overseasPassportExpired,
            .contentTooLong, .contentUnprintable:
            .unprocessableContent
        case .internal: .internalServerError
        }
    }

    /// What an error that ended a request is to its client: a refusal keeps its code, a broken request is malformed, and
    /// everything else is `internal`, of which nothing more is said.
    package init(ending error: any Error) {
        switch error {
        case let code as ProblemCode: self = code
        case is WireError, is DecodingError: self = .requestMalformed
        case is NIOTooManyBytesError: self = .requestTooLarge
        case let error as any HTTPResponseError:
            switch error.status {
            case .notFound, .methodNotAllowed: self = .requestUnknown
            case .contentTooLarge: self = .requestTooLarge
            case let status where status.kind == .clientError: self = .requestMalformed
            default: self = .internal
            }
        case is CancellationError: self = .serviceBusy
        default: self = .internal
        }
    }
}

/// Reads the inquiry number, and turns whatever a handler throws into problem details (RFC 9457): the one place where
/// errors become HTTP.
package struct ProblemMiddleware: RouterMiddleware {
    package typealias Context = ServiceRequestContext

    package init() {}

    package func handle(
        _ request: Request, context: ServiceRequestContext,
        next: (Request, ServiceRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            if let text = request.headers[.inquiry] {
                guard let inquiry = InquiryNumber(text) else { throw ProblemCode.requestMalformed }
                context.notes.inquiry = inquiry
            }
            return try await next(request, context)
        } catch let error as HTTPParserError {
            throw error  // It is answered already, and the connection ended.
        } catch {
            let code = ProblemCode(ending: error)
            context.notes.code = code
            if code == .internal {
                // The type only: a message may carry what must not stand in a log.
                context.logger.error("unexpected error", metadata: ["type": "\(type(of: error))"])
            }
            return try Response(refusal: code, inquiry: context.inquiry)
        }
    }
}

extension HTTPField.Name {
    /// `Akashi-Inquiry`.
    package static var inquiry: HTTPField.Name { akashiInquiry }
    /// `Akashi-Terminal`: the terminal's id for logs; never trusted.
    package static var terminal: HTTPField.Name { akashiTerminal }
    /// `Akashi-Page-Forms`: the formats a page is wanted in.
    package static var pageFormats: HTTPField.Name { akashiPageFormats }
}

// The names are literals of the right form; `accept` stands in for the compiler's sake only.
private let akashiInquiry = HTTPField.Name(InquiryNumber.header) ?? .accept
private let akashiTerminal = HTTPField.Name("Akashi-Terminal") ?? .accept
private let akashiPageFormats = HTTPField.Name(PageFormat.header) ?? .accept

extension LastWord {
    /// Problem details for a request that never became whole; none where nobody has asked anything yet.
    init?(problem ending: RequestEnding) {
        let (code, status): (ProblemCode, Int)
        switch ending {
        case .headerTimeout, .bodyTimeout: (code, status) = (.requestTimedOut, ProblemCode.requestTimedOut.status.code)
        case .malformed: (code, status) = (.requestMalformed, ProblemCode.requestMalformed.status.code)
        // RFC 6585 section 5; the routes' own limits are on bodies.
        case .headerTooLarge: (code, status) = (.requestTooLarge, 431)
        case .handshakeTimeout, .answerTimeout, .idle: return nil
        }
        guard let body = try? JSONEncoder().encode(Problem(code, status: status, inquiry: nil)) else { return nil }
        self.init(status: status, mediaType: Problem.mediaType, body: ByteBuffer(bytes: body))
    }
}

extension Response {
    /// Problem details for a refusal.
    package init(refusal code: ProblemCode, inquiry: InquiryNumber?) throws {
        let problem = Problem(code, status: code.status.code, inquiry: inquiry)
        var headers: HTTPFields = [.contentType: Problem.mediaType, .cacheControl: "no-store"]
        if code.isTransient { headers[.retryAfter] = "1" }
        self.init(
            status: code.status, headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: try JSONEncoder().encode(problem))))
    }

    /// Bytes of a media type, never to be stored on the way.
    package init(_ bytes: ByteBuffer, mediaType: String, status: HTTPResponse.Status = .ok) {
        self.init(
            status: status, headers: [.contentType: mediaType, .cacheControl: "no-store"],
            body: .init(byteBuffer: bytes))
    }

    /// A value as JSON.
    package init(json value: some Encodable, status: HTTPResponse.Status = .ok) throws {
        self.init(ByteBuffer(bytes: try JSONEncoder().encode(value)), mediaType: "application/json", status: status)
    }
}

extension Request {
    /// The whole body; throws where it has another media type or more bytes than `limit`.
    package func body(_ mediaType: String, upTo limit: Int) async throws -> ByteBuffer {
        guard let given = headers[.contentType],
            given.split(separator: ";").first.map(String.init)?.lowercased() == mediaType
        else { throw ProblemCode.requestMalformed }
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > limit {
            throw ProblemCode.requestTooLarge
        }
        return try await body.collect(upTo: limit)
    }

    /// The body as a JSON value; throws where it is none of that type, or has more bytes than `limit`.
    package func json<T: Decodable>(_ type: T.Type, upTo limit: Int = 16_384) async throws -> T {
        let bytes = try await body("application/json", upTo: limit)
        do { return try JSONDecoder().decode(type, from: Data(bytes.readableBytesView)) } catch {
            throw ProblemCode.requestMalformed
        }
    }
}
