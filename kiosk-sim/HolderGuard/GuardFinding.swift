/// What a guard found wrong with a certificate; each one alone keeps it from being printed or shown.
package enum GuardFinding: String, Error, Hashable, Sendable, CaseIterable {
    /// What was sealed for this session by the pinned key is no answer.
    case content = "guard.content"
    /// The page as PDF is not the one in the manifest.
    case pdfHash = "guard.pdf_hash"
    /// The page as PNG is not the one in the manifest.
    case pngHash = "guard.png_hash"
    /// A page cannot be read.
    case unreadable = "guard.unreadable"
    /// There is no code on a page.
    case codeMissing = "guard.code_missing"
    /// The codes of PDF and PNG differ.
    case pagesDiffer = "guard.pages_differ"
    /// The codes on the page are not those in the manifest.
    case codeHashes = "guard.code_hashes"
    /// The codes are not one of each format that the certificate has.
    case codeFormats = "guard.code_formats"
    /// The codes do not name the same doses.
    case codesDiffer = "guard.codes_differ"
    /// A code is not valid offline with the terminal's trust folder.
    case codeInvalid = "guard.code_invalid"
    /// A code names another certificate than the manifest.
    case certificateID = "guard.certificate_id"
    /// The holder's name is not the card's.
    case name = "guard.name"
    /// The holder's romaji name in the code is not the manifest's.
    case romajiName = "guard.romaji_name"
    /// The travel document's number in a code is not the manifest's, or the manifest's is not that of the passport that was read.
    case documentNumber = "guard.document_number"
    /// The holder's sex in a code is not the card's.
    case sex = "guard.sex"
    /// The holder's birth date is not the card's.
    case birthDate = "guard.birth_date"
    /// The page is of another municipality than the application.
    case municipality = "guard.municipality"
    /// The page is of another kind than the application.
    case kind = "guard.kind"
    /// The code's doses are not as many as the manifest says.
    case doses = "guard.doses"
    /// A sample page when a real one is expected, or a real one in development.
    case sample = "guard.sample"
}

/// All that is wrong with a certificate.
package struct GuardFailure: Error, Hashable, Sendable {
    /// At least one finding, in the order of the checks.
    package let findings: [GuardFinding]
}

/// Findings as they are gathered, each once, in the order of the checks.
package struct GuardFindings: Sendable {
    private var all: [GuardFinding] = []

    /// No finding yet.
    package init() {}

    /// Notes a finding where something is not as it should be.
    package mutating func expect(_ isRight: Bool, _ finding: GuardFinding) {
        if !isRight, !all.contains(finding) { all.append(finding) }
    }

    /// Adds those of another check.
    package mutating func add(_ other: GuardFindings) {
        for finding in other.all { expect(false, finding) }
    }

    /// What they come to with one more.
    package func failure(with finding: GuardFinding) -> GuardFailure {
        GuardFailure(findings: all.contains(finding) ? all : all + [finding])
    }

    /// What they come to; `nil` if there is none.
    package var failure: GuardFailure? { all.isEmpty ? nil : GuardFailure(findings: all) }
}
