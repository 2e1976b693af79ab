import Crypto
import Foundation

/// What `vrs` seals to a phone's session: an answer or a refusal in one form, of a length that is a multiple of
/// ``PhoneAnswer/block`` and so says little of either.
///
/// In plain: the label `akashi/answer/v2`, then each behind its length: one byte (0 issued, 1 refused), the body; then zero bytes
/// up to the next multiple of ``PhoneAnswer/block``. The body of a certificate has the fields manifest, PDF, PNG, current token,
/// code count and each code's text; that of a refusal its code and one byte that says whether an outcome is owed. Sealed with
/// HPKE in Auth mode as ``SealedAnswer`` is, with `akashi/sealed-answer/v2` in its info and the statement's answer key.
package enum PhoneAnswer {
    /// The media type of a sealed answer on the wire.
    package static let mediaType = "application/vnd.akashi.sealed-answer.v2"
    /// The multiple of bytes that what is sealed has.
    package static let block = 32_768
    /// The maximum of codes: one of each format, and room for more.
    package static let maximumCodes = 8
    /// The maximum of bytes of a token that asks whether a certificate is current.
    package static let maximumToken = 256
    private static let maximumCode = 8192
    static let label = "akashi/answer/v2"

    /// What is sealed, with its padding.
    package static func encoded(_ content: SealedAnswer.Content) throws -> [UInt8] {
        var writer = FieldWriter(label: label)
        switch content {
        case .issued(let answer):
            writer.append([0])
            writer.append(try body(answer))
        case .refused(let refusal):
            writer.append([1])
            var body = FieldWriter(label: "")
            body.append(refusal.code.rawValue)
            body.append([refusal.isOutcomeOwed ? 1 : 0])
            writer.append(body.bytes)
        }
        let count = writer.bytes.count
        return writer.bytes + [UInt8](repeating: 0, count: (block - count % block) % block)
    }

    /// - Throws: ``WireError`` if a part is longer than whoever reads it takes.
    private static func body(_ answer: Answer) throws -> [UInt8] {
        let pages = [("pdf", answer.pdf), ("png", answer.png)]
        if let page = pages.first(where: { $0.1.count > Answer.maximumPage }) { throw WireError(page.0, at: 0) }
        guard answer.currentToken.count <= maximumToken else { throw WireError("currentToken", at: 0) }
        guard answer.codes.count <= maximumCodes else { throw WireError("codeCount", at: 0) }
        guard answer.codes.allSatisfy({ (1...maximumCode).contains($0.utf8.count) }) else {
            throw WireError("code", at: 0)
        }
        var body = FieldWriter(label: "")
        body.append(Array(try JSONEncoder().encode(answer.manifest)))
        body.append(answer.pdf)
        body.append(answer.png)
        body.append(answer.currentToken)
        body.append([UInt8(clamping: answer.codes.count)])
        for code in answer.codes { body.append(code) }
        return body.bytes
    }

    /// Reads what was sealed; throws if the form is wrong anywhere, the length and the padding too.
    package static func parsed(_ plain: [UInt8]) throws(WireError) -> SealedAnswer.Content {
        guard plain.count % block == 0 else { throw WireError("answer", at: plain.count) }
        var reader = try FieldReader(plain, label: label)
        let at = reader.offset
        let status = try reader.next("status", length: 1)[0]
        let body = Array(try reader.next("body", lengths: 0...SealedAnswer.maximumBytes))
        let end = reader.offset
        try reader.padding()
        guard plain.count - end < block else { throw WireError("padding", at: end) }
        switch status {
        case 0: return .issued(try answer(body))
        case 1: return .refused(try refusal(body))
        default: throw WireError("status", at: at)
        }
    }

    private static func answer(_ body: [UInt8]) throws(WireError) -> Answer {
        var reader = try FieldReader(body, label: "")
        let manifest = try Answer.manifest(&reader)
        let pdf = Array(try reader.next("pdf", lengths: 0...Answer.maximumPage))
        let png = Array(try reader.next("png", lengths: 0...Answer.maximumPage))
        let token = Array(try reader.next("currentToken", lengths: 0...maximumToken))
        let at = reader.offset
        let count = Int(try reader.next("codeCount", length: 1)[0])
        guard count <= maximumCodes else { throw WireError("codeCount", at: at) }
        var codes: [String] = []
        for _ in 0..<count { codes.append(try reader.text("code", lengths: 1...maximumCode)) }
        try reader.end()
        return Answer(manifest: manifest, pdf: pdf, png: png, codes: codes, currentToken: token)
    }

    private static func refusal(_ body: [UInt8]) throws(WireError) -> Refusal {
        var reader = try FieldReader(body, label: "")
        var at = reader.offset
        guard let code = ProblemCode(rawValue: try reader.text("code", lengths: 1...64)) else {
            throw WireError("code", at: at)
        }
        at = reader.offset
        guard let isOwed = [0: false, 1: true][try reader.next("outcomeOwed", length: 1)[0]],
            isOwed || !code.isTransient
        else { throw WireError("outcomeOwed", at: at) }
        try reader.end()
        return Refusal(code, isOutcomeOwed: isOwed)
    }
}
