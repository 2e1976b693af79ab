import Credentials
import Foundation

/// The answer to `POST /v1/verify`: the objects of `verifier check --json` with the sentences in Japanese as well.
struct VerifyAnswer: Encodable {
    enum Overall: String, Encodable { case valid, test, invalid }

    let overall: Overall
    /// Whether something valid was checked with something old: a page is not to show it as plainly valid.
    let caution: Bool
    let checkedAt: Date
    let verdicts: [VerdictAnswer]

    init(_ verdicts: [Verdict], at now: Date) {
        overall = !verdicts.allSatisfy(\.isValid) ? .invalid : verdicts.contains(where: \.isTest) ? .test : .valid
        caution = overall != .invalid && verdicts.contains(where: \.isCautioned)
        checkedAt = now
        self.verdicts = verdicts.map(VerdictAnswer.init)
    }
}

struct VerdictAnswer: Encodable {
    struct Sentence: Encodable {
        let code, message, messageJapanese: String
        let offset: Int?

        init(_ reason: Reason) {
            code = reason.code
            message = reason.message
            messageJapanese = reason.messageJapanese
            offset = reason.offset
        }
    }
    struct Holder: Encodable {
        let name: String
        let names: [String]?
        let birthDate, sex, documentNumber: String?
    }
    struct Dose: Encodable {
        let date, product, maker, lot, country, performer: String?
        let number: Int?
    }

    let verdict: String
    let test: Bool
    /// Whether it is valid and was checked with something old.
    let caution: Bool
    let format, subject: String?
    let reasons, warnings: [Sentence]
    let issuer, issuerName, certificateId: String?
    let holder: Holder?
    let doses: [Dose]?

    init(_ verdict: Verdict) {
        self.verdict = verdict.isValid ? "valid" : "invalid"
        test = verdict.isTest
        caution = verdict.isCautioned
        format = verdict.format?.rawValue
        subject = verdict.subject?.rawValue
        reasons = verdict.reasons.map(Sentence.init)
        warnings = verdict.warnings.map(Sentence.init)
        issuer = verdict.issuer
        issuerName = verdict.issuerName
        certificateId = verdict.certificateID
        holder = verdict.holder.map {
            Holder(
                name: $0.name, names: $0.names.count > 1 ? $0.names : nil, birthDate: $0.birthDate, sex: $0.sex,
                documentNumber: $0.documentNumber)
        }
        doses =
            verdict.holder == nil && verdict.doses.isEmpty
            ? nil
            : verdict.doses.map {
                Dose(
                    date: $0.date, product: $0.product, maker: $0.maker, lot: $0.lot, country: $0.country,
                    performer: $0.performer, number: $0.number)
            }
    }
}
