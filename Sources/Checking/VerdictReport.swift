package import Credentials

/// A verdict for a person, in Japanese and English.
package struct VerdictReport: Sendable {
    private let colours: Bool

    /// A report, with a terminal's colours or without.
    package init(colours: Bool) { self.colours = colours }

    /// What the report says, over several lines.
    package func text(_ verdict: Verdict) -> String {
        var lines = [headline(verdict)]
        if verdict.isTest {
            lines.append(paint("  ⚠ 見本（試験用）です。本物の証明書ではありません。", .amber))
            lines.append(paint("    SAMPLE: a test certificate, not a real one.", .amber))
        }
        for reason in verdict.reasons { lines += sentence(reason, mark: "✘") }
        for warning in verdict.warnings where warning != Reason(.testCertificate) {
            lines += sentence(warning, mark: "⚠")
        }
        if let subject = subject(verdict) { lines.append(subject) }
        lines += holder(verdict)
        lines += doses(verdict)
        if let issuer = verdict.issuer {
            let name = verdict.issuerName.map { "\(shown($0)) " } ?? ""
            lines.append("  発行者 Issuer: \(name)\(shown(issuer))")
        }
        if let id = verdict.certificateID { lines.append("  証明書ID Certificate ID: \(shown(id))") }
        if verdict.isValid {
            lines.append("  氏名と生年月日を、本人確認書類（旅券など）と見比べてください。")
            lines.append("  Compare name and date of birth with the holder's passport or other proof of identity.")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func headline(_ verdict: Verdict) -> String {
        let format =
            switch verdict.format {
            case .shc: "SMART Health Card"
            case .vdsnc: "ICAO VDS-NC"
            case .dcc: "EU/WHO HCERT"
            case nil: "不明な形式 unknown format"
            }
        if !verdict.isValid { return paint("✘ 無効 NOT VALID", .red) + " — \(format)" }
        if verdict.isTest { return paint("△ 見本 SAMPLE（署名は正しい signature right）", .amber) + " — \(format)" }
        if verdict.isCautioned {
            return paint("△ 有効（古い情報で確認） VALID, CHECKED WITH OLD DATA", .amber) + " — \(format)"
        }
        // Valid, but of something else than a vaccination: not to be taken for one at a glance.
        let isVaccination = verdict.subject == .vaccination
        return paint("✔ 有効 VALID", isVaccination ? .green : .amber)
            + (isVaccination ? "" : paint("（接種の証明ではありません NOT A VACCINATION）", .amber)) + " — \(format)"
    }

    private func subject(_ verdict: Verdict) -> String? {
        switch verdict.subject {
        case nil, .vaccination: nil
        case .test: "  内容 About: 検査 a test"
        case .recovery: "  内容 About: 回復 a recovery"
        case .some(.none): "  内容 About: 接種・検査・回復のいずれでもありません none of vaccination, test, recovery"
        }
    }

    private func sentence(_ reason: Reason, mark: String) -> [String] {
        let place = reason.offset.map { ", byte \($0)" } ?? ""
        return ["  \(mark) \(reason.messageJapanese)", "    \(reason.message) (\(reason.code)\(place))"]
    }

    private func holder(_ verdict: Verdict) -> [String] {
        guard let holder = verdict.holder else { return [] }
        var lines = ["  氏名 Name: \(shown(holder.name))"]
        for other in holder.names.prefix(8) where other != holder.name { lines.append("    または Also: \(shown(other))") }
        if let date = holder.birthDate { lines.append("  生年月日 Date of birth: \(shown(date))") }
        if let sex = holder.sex { lines.append("  性別 Sex: \(shown(sex))") }
        if let number = holder.documentNumber { lines.append("  旅券等の番号 Document number: \(shown(number))") }
        return lines
    }

    private func doses(_ verdict: Verdict) -> [String] {
        guard !verdict.doses.isEmpty else { return [] }
        var lines = ["  接種 Doses:"]
        for (index, dose) in verdict.doses.enumerated() {
            let product = [dose.product, dose.maker.map { "(\($0))" }].compactMap { $0 }.joined(separator: " ")
            let parts = [
                dose.number.map { "#\($0)" } ?? "\(index + 1).", dose.date, product.isEmpty ? nil : product,
                dose.lot.map { "Lot \($0)" }, dose.country, dose.performer,
            ]
            lines.append("    " + parts.compactMap { $0 }.map(shown).joined(separator: "  "))
        }
        return lines
    }

    private enum Colour: Int { case red = 31, green = 32, amber = 33 }

    private func paint(_ text: String, _ colour: Colour) -> String {
        colours ? "\u{1B}[1;\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }

    private func shown(_ text: String) -> String { Printable.line(text) }
}
