package import CardChip
package import Credentials
package import Exchange
package import Foundation
package import HolderGuard
import Scanning
import TrustFolder
import Vaccination

/// A page that the print guard let pass, with what its codes say; only the guard makes one.
package struct GuardedPage: Sendable {
    /// What stands on the page, in few words.
    package let manifest: Manifest
    /// The page as PDF.
    package let pdf: [UInt8]
    /// The page as PNG.
    package let png: [UInt8]
    /// The verified doses of the page's SMART Health Card, for the list on the screen.
    package let doses: [VerifiedDose]
    /// How many codes the page has.
    package let codes: Int

    fileprivate init(_ answer: Answer, doses: [VerifiedDose], codes: Int) {
        manifest = answer.manifest
        pdf = answer.pdf
        png = answer.png
        self.doses = doses
        self.codes = codes
    }
}

/// Compares the very page that will be printed with the card, the application and the manifest, before anyone sees it.
///
/// The codes are decoded from the page's pixels and from the PDF as it would be drawn, by a process that has given up
/// everything else, and verified offline. It trusts
/// neither `vrs` nor the way between: what a mix-up anywhere would put on paper is looked for here once more.
package struct PrintGuard: Sendable {
    private let comparison: HolderGuard
    private let scanner: IsolatedScanner?

    /// The processor time for one form of the page, in seconds; by the clock four times as long.
    package static let seconds = 10

    /// A guard that trusts what the folder holds; `program` as for the other initialiser.
    package init(trustFolder: String, isDevelopment: Bool, program: String?) throws {
        self.init(
            trust: TrustStore(files: try TrustFolder.read(trustFolder)), isDevelopment: isDevelopment, program: program)
    }

    /// A guard that trusts what a store holds.
    ///
    /// - Parameter program: the program whose `scan-worker` reads the pages in a process that can do nothing else: what
    ///   comes from outside is read by large libraries. `nil` reads them in this process, for load runs and tests.
    package init(trust: TrustStore, isDevelopment: Bool, program: String?) {
        comparison = HolderGuard(trust: trust, isDevelopment: isDevelopment)
        scanner = program.map { IsolatedScanner(program: $0, seconds: Self.seconds, keepsOneReady: true) }
    }

    /// The same guard with other trust; its reading processes are shared.
    func trusting(_ trust: TrustStore) -> PrintGuard {
        PrintGuard(
            comparison: HolderGuard(trust: trust, isDevelopment: comparison.isDevelopment), scanner: scanner)
    }

    private init(comparison: HolderGuard, scanner: IsolatedScanner?) {
        self.comparison = comparison
        self.scanner = scanner
    }

    private func codes(in bytes: [UInt8], _ form: ScanRequest.Form, expecting count: Int) -> [ScannedCode]? {
        if let scanner { return try? scanner.codes(in: bytes, form, expecting: count) }
        return form == .pdf
            ? try? Scanning.codes(inPDF: bytes, expecting: count) : try? Scanning.codes(inPNG: bytes, expecting: count)
    }

    /// Looks at a page. Takes some hundredths of a second on the calling thread.
    ///
    /// - Parameters:
    ///   - answer: as `vrs` sealed it to this session.
    ///   - request: what was asked for.
    ///   - holder: the attributes as this session read them from the card.
    ///   - now: the time for the verifier.
    package func check(
        _ answer: Answer, request: CertificateRequest, holder: CardAttributes, now: Date
    ) -> Result<GuardedPage, GuardFailure> {
        var findings = GuardFindings()
        let manifest = answer.manifest
        findings.expect(manifest.pdfHash == Manifest.hash(answer.pdf), .pdfHash)
        findings.expect(manifest.pngHash == Manifest.hash(answer.png), .pngHash)
        findings.add(comparison.findings(of: manifest, request: request, holder: holder))

        // Beside several codes one more is easily passed over by the quick look, so all are looked for thoroughly.
        let count = request.kind == .overseas ? Scanning.maximumCodes : 1
        guard let pdf = codes(in: answer.pdf, .pdf, expecting: count),
            let png = codes(in: answer.png, .png, expecting: count)
        else { return .failure(findings.failure(with: .unreadable)) }
        let texts = pdf.map(\.text)
        findings.expect(!texts.isEmpty && !png.isEmpty, .codeMissing)
        findings.expect(texts.sorted() == png.map(\.text).sorted(), .pagesDiffer)
        let checked = comparison.check(codes: texts, of: manifest, request: request, holder: holder, now: now)
        findings.add(checked.findings)
        if let failure = findings.failure { return .failure(failure) }
        let doses = checked.verdicts.first { $0.format == .shc }?.doses ?? []
        return .success(GuardedPage(answer, doses: doses, codes: texts.count))
    }
}
