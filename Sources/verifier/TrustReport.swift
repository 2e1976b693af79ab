import Credentials
import Foundation
import TrustImport

extension ImportReport {
    /// The report for a person.
    var text: String {
        var lines = ["取り込み Taken: \(taken.count)"]
        lines += taken.map { "  ✔ " + shown($0.kind, $0.id, $0.owner, expires: $0.expires, count: $0.count) }
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
    func json() throws -> String { try JSONLine.text(Document(self)) }

    private struct Document: Encodable {
        struct Form: Encodable { let file, form: String }
        struct Taken: Encodable {
            let kind, id, owner, path: String
            let expires: Date?
            let count: Int?
        }
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
        let notes, refused: [Remark]

        init(_ report: ImportReport) {
            forms = report.forms.map { Form(file: $0.input, form: $0.form.rawValue) }
            taken = report.taken.map {
                Taken(
                    kind: $0.kind.rawValue, id: $0.id, owner: $0.owner, path: $0.path, expires: $0.expires,
                    count: $0.count)
            }
            notes = report.notes.map(Remark.init)
            refused = report.refused.map(Remark.init)
        }
    }
}

extension TrustInventory {
    /// The inventory for a person.
    var text: String {
        var lines: [String] = []
        for isTest in [false, true] {
            let part = entries.filter { $0.isTest == isTest }
            guard !part.isEmpty || !isTest else { continue }
            lines.append(isTest ? "見本（試験用） Test part: \(part.count)" : "本番 Normal part: \(part.count)")
            lines += part.map { entry in
                let age = entry.fetched.map { ", 取得 fetched \(day($0))" } ?? ""
                let made = entry.made.map { ", 作成 made \(day($0))" } ?? ""
                return "  " + shown(entry.kind, entry.id, entry.owner, expires: entry.expires, count: entry.count)
                    + made
                    + age
            }
        }
        if !warnings.isEmpty { lines.append("注意 Warnings: \(warnings.count)") }
        lines += warnings.map { warning in
            "  ⚠ \(Printable.line(warning.path)) \(Printable.line(warning.about)): \(warning.cause.messageJapanese) / \(warning.cause.message) (\(warning.cause.rawValue))"
        }
        if !refused.isEmpty { lines.append("使わないもの Not used: \(refused.count)") }
        lines += refused.map { refusal in
            let key = refusal.keyID.map { " \(Printable.line($0))" } ?? ""
            return "  ✘ \(Printable.line(refusal.path))\(key) (\(refusal.code))"
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The inventory as one JSON object with a line's end.
    func json() throws -> String { try JSONLine.text(Document(self)) }

    private struct Document: Encodable {
        struct Entry: Encodable {
            let kind, id, owner, path: String
            let test: Bool
            let expires, made, fetched: Date?
            let count: Int?
        }
        struct Warning: Encodable { let code, path, about: String }
        struct Refusal: Encodable {
            let path, code: String
            let key: String?
        }

        let entries: [Entry]
        let warnings: [Warning]
        let refused: [Refusal]

        init(_ inventory: TrustInventory) {
            entries = inventory.entries.map {
                Entry(
                    kind: $0.kind.rawValue, id: $0.id, owner: $0.owner, path: $0.path, test: $0.isTest,
                    expires: $0.expires, made: $0.made, fetched: $0.fetched, count: $0.count)
            }
            warnings = inventory.warnings.map { Warning(code: $0.cause.rawValue, path: $0.path, about: $0.about) }
            refused = inventory.refused.map { Refusal(path: $0.path, code: $0.code, key: $0.keyID) }
        }
    }
}

private func shown(
    _ kind: ImportReport.Taken.Kind, _ id: String, _ owner: String, expires: Date?, count: Int?
) -> String {
    let name =
        switch kind {
        case .smartHealthCardKey: "SMART Health Card 鍵 key"
        case .smartHealthCardRevocation: "SMART Health Card 失効リスト revocations"
        case .documentSigner: "DCC 署名者 signer"
        case .documentRevocation: "DCC 失効リスト revocations"
        case .authority: "CSCA 国の認証局 authority"
        case .vdsncSigner: "VDS-NC 署名者 signer"
        case .authorityRevocation: "CSCA 失効リスト CRL"
        }
    let end = expires.map { ", 期限 until \(day($0))" } ?? ""
    let size = count.map { ", \($0) 件 entries" } ?? ""
    return "\(name) \(Printable.line(id)) — \(Printable.line(owner))\(end)\(size)"
}

private func day(_ date: Date) -> String { String(date.formatted(.iso8601).prefix(10)) }

private enum JSONLine {
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }
}
