import Credentials
import Foundation

extension ImportReport {
    /// The report for a person.
    package var text: String {
        var lines = ["取り込み Taken: \(taken.count)"]
        lines += taken.map { "  ✔ " + shown($0.kind, $0.id, $0.owner, expires: $0.expires, count: $0.count) }
        if !removed.isEmpty { lines.append("取り除いたもの Taken out: \(removed.count)") }
        for one in removed {
            lines += [
                "  − " + shown(one.kind, one.id, one.owner, expires: nil, count: nil)
                    + ": \(one.cause.messageJapanese)",
                "    \(one.cause.message) (\(one.cause.rawValue))",
            ]
        }
        if !notes.isEmpty { lines.append("注意 Notes: \(notes.count)") }
        for note in notes { lines += Self.lines(note, "⚠") }
        lines.append("取り込まなかったもの Refused: \(refused.count)")
        for refusal in refused { lines += Self.lines(refusal, "✘") }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func lines(_ remark: Remark, _ mark: String) -> [String] {
        let about = remark.about.map { " — \(Printable.line($0))" } ?? ""
        let code = remark.detail.map { "\(remark.cause.rawValue): \($0)" } ?? remark.cause.rawValue
        return [
            "  \(mark) \(Printable.line(remark.input))\(about): \(remark.cause.messageJapanese)",
            "    \(remark.cause.message) (\(code))",
        ]
    }

    /// The report as one JSON object with a line's end.
    package func json() throws -> String { try JSONLine.text(Document(self)) }

    private struct Document: Encodable {
        struct Form: Encodable { let file, form: String }
        struct Taken: Encodable {
            let kind, id, owner, path: String
            let expires: Date?
            let count: Int?
        }
        struct Removed: Encodable { let kind, id, owner, path, code, message, messageJapanese: String }
        struct Remark: Encodable {
            let file, code: String
            let detail, about: String?
            let message, messageJapanese: String

            init(_ remark: ImportReport.Remark) {
                (file, code, detail, about) = (remark.input, remark.cause.rawValue, remark.detail, remark.about)
                (message, messageJapanese) = (remark.cause.message, remark.cause.messageJapanese)
            }
        }

        let forms: [Form]
        let taken: [Taken]
        let removed: [Removed]
        let notes, refused: [Remark]

        init(_ report: ImportReport) {
            forms = report.forms.map { Form(file: $0.input, form: $0.form.rawValue) }
            taken = report.taken.map {
                Taken(
                    kind: $0.kind.rawValue, id: $0.id, owner: $0.owner, path: $0.path, expires: $0.expires,
                    count: $0.count)
            }
            removed = report.removed.map {
                Removed(
                    kind: $0.kind.rawValue, id: $0.id, owner: $0.owner, path: $0.path, code: $0.cause.rawValue,
                    message: $0.cause.message, messageJapanese: $0.cause.messageJapanese)
            }
            notes = report.notes.map(Remark.init)
            refused = report.refused.map(Remark.init)
        }
    }
}
