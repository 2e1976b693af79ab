import Foundation
import Records
package import Vaccination

extension OperatorCommands {
    /// Lists a person's vouchers.
    package func listVouchers(_ question: VoucherQuestion, in municipality: MunicipalityCode) async throws {
        try show(try await client.vouchers(question, in: municipality)) { reports in
            reports.isEmpty ? ["no vouchers / 接種券はありません"] : reports.flatMap(VoucherWords.lines)
        }
    }

    /// Issues a voucher, or issues one again.
    package func issue(_ wanted: VoucherIssue, in municipality: MunicipalityCode) async throws {
        try show(try await client.issue(wanted, in: municipality)) { VoucherWords.lines($0) }
    }

    /// Makes a voucher void.
    package func void(_ wanted: VoucherVoid, in municipality: MunicipalityCode) async throws {
        try show(try await client.void(wanted, in: municipality)) { VoucherWords.lines($0) }
    }

    /// Says which passport a person has.
    package func amend(_ wanted: PassportAmendment, in municipality: MunicipalityCode) async throws {
        try show(try await client.amend(wanted, in: municipality)) { report in
            guard !report.affected.isEmpty else { return ["recorded / 登録しました"] }
            return [
                """
                recorded; certificates that show the passport of before, each to be revoked (vrs certificates revoke) or left: / \
                登録しました。以前の旅券が載っている証明書（失効させるか判断してください）:
                """
            ] + report.affected.map { "  \($0)" }
        }
    }
}

/// What commands say of vouchers.
enum VoucherWords {
    static func lines(_ report: VoucherReport) -> [String] {
        [
            "\(report.line): \(report.state.rawValue) / \(word(report.state))"
                + (report.issuedOn.map { ", issued on / 発行日 \($0)" } ?? "")
                + (report.spentOn.map { ", dose of / 接種日 \($0)" } ?? "")
        ]
            + report.history.map { step in
                let words = [
                    step.at.formatted(.iso8601), "\(step.kind.rawValue) / \(word(step.kind))",
                    step.reason.map { "\($0.rawValue) / \(word($0))" }, step.source.rawValue,
                    step.by.map { String($0.prefix(16)) },
                ]
                return "  " + words.compactMap { $0 }.joined(separator: ", ")
            }
    }

    /// One line of a voucher.
    static func line(_ standing: VoucherStanding) -> String {
        "  voucher / 接種券 \(standing.voucher.line.digits): \(standing.state.rawValue) / \(word(standing.state))"
    }

    private static func word(_ state: VoucherState) -> String {
        switch state {
        case .issued: "未使用"
        case .spent: "使用済み"
        case .void: "無効"
        }
    }

    private static func word(_ kind: VoucherEvent.Kind) -> String {
        switch kind {
        case .issued: "発行"
        case .reissued: "再発行"
        case .voided: "無効化"
        }
    }

    private static func word(_ reason: VoucherReason) -> String {
        switch reason {
        case .lost: "紛失"
        case .damaged: "破損"
        case .movedIn: "転入"
        case .movedOut: "転出"
        case .error: "誤り"
        case .other: "その他"
        }
    }
}
