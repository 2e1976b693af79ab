import Credentials
import Foundation
import Records
import Signing
import Vaccination

/// Reads codes as any verifier would, and compares every part with what was to be certified.
struct CodeCheck: Sendable {
    private let verifier: Verifier
    private let signers: Signers
    private let isDevelopment: Bool

    init(_ signers: Signers, isDevelopment: Bool) throws {
        let trust = TrustStore(files: signers.trustFiles(isDevelopment: isDevelopment))
        guard trust.refused.isEmpty, !trust.isEmpty else { throw SelfCheckFailure(reason: "trust file") }
        verifier = Verifier(trust: trust)
        self.signers = signers
        self.isDevelopment = isDevelopment
    }

    /// Throws ``SelfCheckFailure`` if a code does not say what it should, or is not what verifiers accept.
    func check(_ codes: [MadeCode], of subject: CodeSubject, now: Date) throws {
        try require(codes.map(\.format) == signers.formats(of: subject), "formats")
        for code in codes {
            let verdicts = verifier.check([code.text], at: max(now, subject.at))
            guard let verdict = verdicts.first, verdicts.count == 1 else { throw SelfCheckFailure(reason: "verdict") }
            try check(verdict, code.format, subject)
        }
    }

    private func check(_ verdict: Verdict, _ format: Format, _ subject: CodeSubject) throws {
        func require(_ condition: Bool, _ what: String) throws {
            try self.require(condition, "\(format.rawValue) \(what)")
        }
        try require(verdict.isValid, verdict.reasons.first?.code ?? "invalid")
        try require(verdict.isTest == isDevelopment && verdict.format == format, "trust")
        guard let holder = verdict.holder else { throw SelfCheckFailure(reason: "\(format.rawValue) holder") }
        // A VDS-NC has whole dates only, and none where no whole one is known.
        let said = format == .vdsnc ? subject.birthDate.date.map { BirthDate($0) } : subject.birthDate
        try require(holder.bornOn == said && (holder.birthDate != nil) == (said != nil), "birth date")
        let given = subject.given.split { $0.isWhitespace }.joined(separator: " ")
        switch format {
        case .shc:
            try require(verdict.certificateID == subject.id.text, "identifier")
            try require(Self.same(holder.family, subject.family) && Self.same(holder.given ?? "", given), "name")
            try require(verdict.doses.count == subject.doses.count, "dose count")
            for (written, dose) in zip(verdict.doses, subject.doses) {
                try require(
                    Self.agree(written, dose) && written.productCode == dose.product.cvx ?? dose.product.kind.icd11
                        && Self.same(written.performer, subject.performer), "dose")
            }
        case .vdsnc:
            try require(verdict.certificateID == subject.id.text, "identifier")
            try require(verdict.issuer == signers.vdsnc?.state, "issuer")
            try require(
                holder.name == TravelDocumentName.make(family: subject.family, given: subject.given), "name")
            try require(holder.documentNumber == subject.passport?.number, "document number")
            try require(holder.sex == Self.letter(subject.sex), "sex")
            try require(verdict.doses.count == subject.doses.count, "dose count")
            // Doses of one product stand together, so they are found by their numbers.
            for dose in subject.doses {
                let written = verdict.doses.filter { $0.number == dose.number }
                try require(
                    written.count == 1 && Self.agree(written[0], dose) && written[0].country == dose.country
                        && written[0].performer == signers.vdsnc?.administrator, "dose")
            }
        case .dcc:
            let country = signers.document?.country ?? ""
            try require(
                verdict.certificateID == UVCI.make(country: country, identifier: subject.id.text), "identifier")
            try require(verdict.issuer == country, "issuer")
            // The passport's letters, byte by byte as in the card.
            try require(
                Self.same(holder.family, subject.family) && Self.same(holder.given ?? "", subject.given), "name")
            guard let dose = subject.doses.last, let written = verdict.doses.first, verdict.doses.count == 1 else {
                throw SelfCheckFailure(reason: "dcc dose count")
            }
            try require(
                written.date == dose.date.description && written.number == dose.number
                    && written.productCode == dose.product.eu?.product
                    && written.performer == signers.document?.issuer, "dose")
        }
    }

    private func require(_ condition: Bool, _ reason: String) throws {
        guard condition else { throw SelfCheckFailure(reason: reason) }
    }

    private static func agree(_ written: VerifiedDose, _ dose: Dose) -> Bool {
        written.date == dose.date.description && written.lot == dose.lot
    }

    private static func letter(_ sex: Sex) -> String? {
        switch sex {
        case .male: "M"
        case .female: "F"
        case .unspecified: nil
        }
    }

    // Compared byte by byte: String's own comparison does not tell a compatibility ideograph from its unified form.
    private static func same(_ a: String?, _ b: String) -> Bool { a.map { Array($0.utf8) == Array(b.utf8) } ?? false }
}
