import Checking
import Foundation
import HTTPTypes

/// What a request to verify carries, by its Content-Type.
enum VerifyInput: Hashable {
    case text, json, smartHealthCardFile, picture, document

    /// - Throws: ``Problem/unsupportedType``, also for a body that is encoded (RFC 9110 section 8.4) or another charset.
    init(_ headers: HTTPFields) throws(Problem) {
        guard headers[.contentEncoding] == nil, let value = headers[.contentType] else { throw .unsupportedType }
        let parts = value.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
        let charset = parts.dropFirst().first { $0.hasPrefix("charset=") }?.dropFirst(8)
        let isText = charset.map { ["utf-8", "\"utf-8\"", "us-ascii"].contains($0) } ?? true
        switch parts.first {
        case "text/plain" where isText: self = .text
        case "application/json" where isText: self = .json
        case "application/smart-health-card" where isText: self = .smartHealthCardFile
        case "image/png", "image/jpeg": self = .picture
        case "application/pdf": self = .document
        default: throw .unsupportedType
        }
    }

    /// Whether it is looked at for codes, and is not a text.
    var isScanned: Bool {
        switch self {
        case .text, .json, .smartHealthCardFile: false
        case .picture, .document: true
        }
    }

    /// The maximum of a body, in bytes.
    var maximumBytes: Int {
        isScanned ? 20 << 20 : 256 << 10
    }

    /// The maximum of codes in one request.
    static let maximumCodes = 64

    /// The texts of one request with text in it.
    func texts(_ body: [UInt8]) throws(Problem) -> [String] {
        var bytes = body
        if self == .json {
            // The text in it is bounded by the body, and nothing else may stand beside it.
            guard let object = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any],
                object.count == 1, let text = object["text"] as? String
            else { throw .requestInvalid }
            bytes = Array(text.utf8)
        }
        let lines: [String]
        do { lines = try CodeTexts.lines(bytes) } catch { throw Problem(error) }
        if self == .smartHealthCardFile { return [lines.joined(separator: "\n")] }
        guard lines.count <= Self.maximumCodes else { throw .tooManyCodes }
        return lines
    }
}
