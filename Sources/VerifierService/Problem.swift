import Checking
import Foundation
import HTTPServer
import HTTPTypes
import Scanning

/// Every refusal of the service, as problem details (RFC 9457); the raw value is the stable code.
enum Problem: String, ServiceProblem, CaseIterable {
    case requestInvalid = "request.invalid"
    case malformed = "request.malformed"
    case headerTooLarge = "request.header_too_large"
    case notFound = "request.not_found"
    case methodNotAllowed = "request.method_not_allowed"
    case timedOut = "request.timed_out"
    case tooLarge = "request.too_large"
    case unsupportedType = "request.unsupported_type"
    case inputEmpty = "input.empty"
    case notText = "input.not_text"
    case tooManyCodes = "input.too_many_codes"
    case tooCostly = "input.too_costly"
    case unknownFormat = "scan.unknown_format"
    case tooManyPixels = "scan.too_many_pixels"
    case tooManyPages = "scan.too_many_pages"
    case brokenPicture = "scan.broken_picture"
    case brokenDocument = "scan.broken_document"
    case noCode = "scan.no_code"
    case scanTimedOut = "scan.timed_out"
    case busy = "service.busy"
    case failed = "service.failed"

    init(_ fault: RequestFault) {
        self =
            switch fault {
            case .malformed: .malformed
            case .headerTooLarge: .headerTooLarge
            case .bodyTooLarge: .tooLarge
            case .timedOut: .timedOut
            case .unknownRoute: .notFound
            case .cancelled, .unexpected: .failed
            }
    }

    init(ending error: any Error) { self = error as? Problem ?? Problem(RequestFault(error)) }

    init(_ error: ScanError) {
        self =
            switch error {
            case .unknownFormat: .unknownFormat
            case .tooManyBytes: .tooLarge
            case .tooManyPixels: .tooManyPixels
            case .tooManyPages: .tooManyPages
            case .brokenPicture: .brokenPicture
            case .brokenDocument: .brokenDocument
            case .outOfMemory, .workerEnded: .scanTimedOut
            case .workerMissing: .failed
            }
    }

    init(_ failure: CodeTexts.Failure) {
        self =
            switch failure {
            case .empty: .inputEmpty
            case .notText: .notText
            }
    }

    var code: String { rawValue }

    var isTransient: Bool { self == .busy }

    var status: HTTPResponse.Status {
        switch self {
        case .requestInvalid, .malformed: .badRequest
        case .headerTooLarge: .requestHeaderFieldsTooLarge
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .timedOut: .requestTimeout
        case .tooLarge: .contentTooLarge
        case .unsupportedType: .unsupportedMediaType
        case .inputEmpty, .notText, .tooManyCodes, .unknownFormat, .tooManyPixels, .tooManyPages, .brokenPicture,
            .brokenDocument, .noCode, .scanTimedOut, .tooCostly:
            .unprocessableContent
        case .busy: .serviceUnavailable
        case .failed: .internalServerError
        }
    }

    /// The sentences for a person: English, Japanese.
    var sentences: (String, String) {
        switch self {
        case .requestInvalid:
            (#"The request is not a JSON object with one text: {"text":"…"}."#, "JSON の形が正しくありません。")
        case .malformed: ("This is not well-formed HTTP.", "HTTP として正しくありません。")
        case .headerTooLarge: ("The request's header fields are too long.", "ヘッダーが長すぎます。")
        case .notFound: ("There is nothing here.", "ここには何もありません。")
        case .methodNotAllowed: ("This method is not possible here.", "ここではこのメソッドを使えません。")
        case .timedOut: ("The request came too slowly.", "送信に時間がかかりすぎました。もう一度お試しください。")
        case .tooLarge: ("The request is larger than allowed.", "大きすぎます。コードの部分だけの画像か、文字で送ってください。")
        case .unsupportedType:
            (
                "Send text, JSON, a .smart-health-card file, a PNG, a JPEG or a PDF, and say which.",
                "文字、JSON、.smart-health-card、PNG、JPEG、PDF のどれかを、種類を示して送ってください。"
            )
        case .inputEmpty: ("There is no code in it.", "空です。コードの文字または画像を送ってください。")
        case .notText: ("The text is not UTF-8.", "文字（UTF-8）として読めません。")
        case .tooManyCodes: ("There are more than 64 codes in it.", "コードが多すぎます（上限64）。")
        case .unknownFormat: ("This is no PNG, JPEG or PDF.", "PNG、JPEG、PDF のどれでもありません。")
        case .tooManyPixels:
            ("The picture has more than 40 million pixels.", "画像が大きすぎます（上限4000万画素）。縮小するか切り取ってください。")
        case .tooManyPages: ("The document has more than 16 pages.", "ページが多すぎます（上限16ページ）。")
        case .brokenPicture: ("The picture is broken.", "画像が壊れています。撮り直すか、別の形式で保存してください。")
        case .brokenDocument:
            ("The PDF is broken or locked with a password.", "PDF が壊れているか、パスワードで保護されています。")
        case .noCode:
            (
                "No code was found. Take the picture again in good light, with the whole code in it.",
                "コードが見つかりません。明るい所で、コード全体が入るように撮り直してください。"
            )
        case .scanTimedOut:
            (
                "Reading it took too long. Send a simpler picture: the code alone.",
                "読み取りに時間がかかりすぎました。コードの部分だけの画像を送ってください。"
            )
        case .tooCostly:
            (
                "Checking these codes took longer than one request may. Send fewer at once.",
                "一度に確認できる量を超えました。コードを減らして送ってください。"
            )
        case .busy: ("The service is busy. Try again in a second.", "混み合っています。少し待ってからもう一度お試しください。")
        case .failed: ("Something went wrong in the service.", "サービスの内部で問題が起きました。")
        }
    }

    func details(status: Int, notes: RequestNotes?) throws -> Data {
        struct Body: Encodable {
            let type, title, titleJapanese, code: String
            let status: Int
        }
        let (english, japanese) = sentences
        return try AnswerEncoder.encode(
            Body(
                type: "urn:akashi:problem:\(code)", title: english, titleJapanese: japanese, code: code,
                status: status))
    }
}

/// How every answer is written: absent members are absent, and members are in the order of the alphabet.
enum AnswerEncoder {
    static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return try encoder.encode(value)
    }
}
