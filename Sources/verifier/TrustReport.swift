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
    var json: String {
        var root = JSONObject()
        root["forms"] = .array(forms.map { .object(["file": .text($0.input), "form": .text($0.form.rawValue)]) })
        root["taken"] = .array(
            taken.map {
                .object([
                    "kind": .text($0.kind.rawValue), "id": .text($0.id), "owner": .text($0.owner),
                    "path": .text($0.path), "expires": .time($0.expires), "count": .count($0.count),
                ])
            })
        root["notes"] = .array(notes.map(Self.object))
        root["refused"] = .array(refused.map(Self.object))
        return JSONValue.object(root).line
    }

    private static func object(_ remark: Remark) -> JSONValue {
        .object([
            "file": .text(remark.input), "code": .text(remark.cause.rawValue), "detail": .optional(remark.detail),
            "about": .optional(remark.about), "message": .text(remark.cause.message),
            "messageJapanese": .text(remark.cause.messageJapanese),
        ])
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
            "  ⚠ \(Printable.line(warning.path)) \(Printable.line(warning.about)): \(warning.messageJapanese) / \(warning.message) (\(warning.code))"
        }
        if !refused.isEmpty { lines.append("使わないもの Not used: \(refused.count)") }
        lines += refused.map { refusal in
            let key = refusal.keyID.map { " \(Printable.line($0))" } ?? ""
            return "  ✘ \(Printable.line(refusal.path))\(key) (\(refusal.code))"
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The inventory as one JSON object with a line's end.
    var json: String {
        var root = JSONObject()
        root["entries"] = .array(
            entries.map {
                .object([
                    "kind": .text($0.kind.rawValue), "id": .text($0.id), "owner": .text($0.owner),
                    "path": .text($0.path), "test": .flag($0.isTest), "expires": .time($0.expires),
                    "made": .time($0.made), "fetched": .time($0.fetched), "count": .count($0.count),
                ])
            })
        root["warnings"] = .array(
            warnings.map { .object(["code": .text($0.code), "path": .text($0.path), "about": .text($0.about)]) })
        root["refused"] = .array(
            refused.map {
                .object(["path": .text($0.path), "code": .text($0.code), "key": .optional($0.keyID)])
            })
        return JSONValue.object(root).line
    }
}

private func shown(
    _ kind: ImportReport.Taken.Kind, _ id: String, _ owner: String, expires: Date?, count: Int?
) -> String {
    let name =
        switch kind {
        case .healthCardKey: "SMART Health Card 鍵 key"
        case .healthCardRevocation: "SMART Health Card 失効リスト revocations"
        case .documentSigner: "DCC 署名者 signer"
        case .documentRevocation: "DCC 失効リスト revocations"
        case .authority: "CSCA 国の認証局 authority"
        case .sealSigner: "VDS-NC 署名者 signer"
        case .authorityRevocation: "CSCA 失効リスト CRL"
        }
    let end = expires.map { ", 期限 until \(day($0))" } ?? ""
    let size = count.map { ", \($0) 件 entries" } ?? ""
    return "\(name) \(Printable.line(id)) — \(Printable.line(owner))\(end)\(size)"
}

private func day(_ date: Date) -> String { String(date.formatted(.iso8601).prefix(10)) }

/// A JSON value to be written; absent members are absent.
private typealias JSONObject = [String: JSONValue]

private enum JSONValue {
    case text(String), number(Int), flag(Bool), array([JSONValue]), object([String: JSONValue]), none

    static func optional(_ text: String?) -> JSONValue { text.map { .text($0) } ?? .none }
    static func time(_ date: Date?) -> JSONValue { date.map { .text($0.formatted(.iso8601)) } ?? .none }
    static func count(_ count: Int?) -> JSONValue { count.map { .number($0) } ?? .none }

    private var foundation: Any? {
        switch self {
        case .text(let text): text
        case .number(let number): number
        case .flag(let flag): flag
        case .array(let array): array.compactMap(\.foundation)
        case .object(let object): object.compactMapValues(\.foundation)
        case .none: nil
        }
    }

    var line: String {
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
        guard let value = foundation, let data = try? JSONSerialization.data(withJSONObject: value, options: options)
        else { return "{}\n" }
        return String(decoding: data, as: UTF8.self) + "\n"
    }
}
