import Credentials
import Foundation

extension TrustInventory {
    /// The inventory for a person.
    package var text: String {
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
            "  ⚠ \(Printable.line(warning.path)) \(Printable.line(warning.about)): "
                + "\(warning.cause.messageJapanese) / \(warning.cause.message) (\(warning.cause.rawValue))"
        }
        if !refused.isEmpty { lines.append("使わないもの Not used: \(refused.count)") }
        lines += refused.map { refusal in
            let key = refusal.keyID.map { " \(Printable.line($0))" } ?? ""
            return "  ✘ \(Printable.line(refusal.path))\(key) (\(refusal.code))"
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The inventory as one JSON object with a line's end.
    package func json() throws -> String { try JSONLine.text(Document(self)) }

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
