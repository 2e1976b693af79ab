package import CardChip
package import Credentials
package import Exchange
package import Foundation
import TrustFolder
import Vaccination

/// Compares what came in place of a certificate with the card that was read and the application that was sent, before
/// anyone sees it: at a terminal before printing, at a phone before it is shown or kept.
///
/// It trusts neither `vrs` nor the way between. Codes are verified offline by what it was given to trust.
package struct HolderGuard: Sendable {
    private let verifier: Verifier
    /// Whether samples are expected, and real certificates refused.
    package let isDevelopment: Bool

    /// A guard that trusts what a folder holds.
    package init(trustFolder: String, isDevelopment: Bool) throws {
        self.init(trust: TrustStore(files: try TrustFolder.read(trustFolder)), isDevelopment: isDevelopment)
    }

    /// A guard that trusts what a store holds.
    package init(trust: TrustStore, isDevelopment: Bool) {
        verifier = Verifier(trust: trust)
        self.isDevelopment = isDevelopment
    }

    /// What is wrong with a manifest, beside its hashes: it has to be of this application and this card's holder.
    ///
    /// - Parameters:
    ///   - request: what was asked for.
    ///   - holder: the attributes as this session read them from the card.
    package func findings(
        of manifest: Manifest, request: CertificateRequest, holder: CardAttributes
    ) -> GuardFindings {
        var findings = GuardFindings()
        findings.expect(manifest.municipality == request.municipality, .municipality)
        findings.expect(manifest.kind == request.kind, .kind)
        findings.expect(CardName(holder.name).mayBe(manifest.name), .name)
        findings.expect(BirthDate(digits: holder.birthDate.utf8) == manifest.birthDate, .birthDate)
        findings.expect(manifest.isSample == isDevelopment, .sample)
        findings.expect((manifest.romajiName != nil) == (request.kind == .overseas), .romajiName)
        findings.expect((manifest.documentNumber != nil) == (request.kind == .overseas), .documentNumber)
        return findings
    }

    /// What is wrong with a certificate's codes, and what they say.
    ///
    /// - Parameters:
    ///   - texts: the codes' texts, in any order.
    ///   - manifest: what has to be theirs.
    ///   - now: the time for the verifier.
    package func check(
        codes texts: [String], of manifest: Manifest, request: CertificateRequest, holder: CardAttributes, now: Date
    ) -> (findings: GuardFindings, verdicts: [Verdict]) {
        var findings = GuardFindings()
        let birthDate = BirthDate(digits: holder.birthDate.utf8)
        findings.expect(
            texts.map { Manifest.hash(Array($0.utf8)) }.sorted() == manifest.codeHashes.sorted(), .codeHashes)
        // Each code is judged by itself, so that none can hide behind another.
        let verdicts = texts.flatMap { verifier.check([$0], at: now) }
        findings.expect(verdicts.count == texts.count, .codeInvalid)
        for verdict in verdicts {
            findings.expect(verdict.isValid, .codeInvalid)
            guard verdict.isValid else { continue }
            findings.expect(verdict.isTest == isDevelopment, .sample)
            let said = CodeExpectation(verdict, manifest, request.kind, holder)
            findings.expect(birthDate.map(said.isBorn) ?? false, .birthDate)
            findings.expect(said.isCertificate, .certificateID)
            findings.expect(said.hasDoses, .doses)
            findings.expect(said.isDocument, .documentNumber)
            findings.expect(said.isSex, .sex)
            findings.expect(said.isNamed, request.kind == .domestic ? .name : .romajiName)
        }
        if verdicts.allSatisfy(\.isValid) {
            findings.expect(CodeExpectation.isWhole(verdicts.map(\.format), request.kind), .codeFormats)
            findings.expect(CodeExpectation.agree(verdicts), .codesDiffer)
        }
        return (findings, verdicts)
    }

    /// Looks at an answer that has its codes as texts: manifest, pages by their hashes, codes.
    ///
    /// - Parameters:
    ///   - answer: as `vrs` sealed it to this session.
    ///   - request: what was asked for.
    ///   - holder: the attributes as this session read them from the card.
    ///   - passportNumber: that of the passport whose zone this session read and sent; of a domestic certificate it is not looked at.
    ///   - now: the time for the verifier.
    package func check(
        _ answer: Answer, request: CertificateRequest, holder: CardAttributes, passportNumber: String?, now: Date
    ) -> Result<[VerifiedDose], GuardFailure> {
        let manifest = answer.manifest
        var findings = GuardFindings()
        findings.expect(manifest.pdfHash == Manifest.hash(answer.pdf), .pdfHash)
        findings.expect(manifest.pngHash == Manifest.hash(answer.png), .pngHash)
        findings.add(self.findings(of: manifest, request: request, holder: holder))
        // Codes are compared with the manifest, and the manifest with the passport: another one's number is in none of them.
        findings.expect(request.kind == .domestic || manifest.documentNumber == passportNumber, .documentNumber)
        findings.expect(!answer.codes.isEmpty, .codeMissing)
        let checked = check(codes: answer.codes, of: manifest, request: request, holder: holder, now: now)
        findings.add(checked.findings)
        if let failure = findings.failure { return .failure(failure) }
        return .success(checked.verdicts.first { $0.format == .shc }?.doses ?? [])
    }
}
