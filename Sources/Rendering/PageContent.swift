/// What a page says: the texts that a template's placeholders stand for, and its codes.
public struct PageContent: Sendable {
    /// The template's name: `domestic` is `domestic.json` in the template folder.
    public var template: String
    /// The texts by placeholder name. A name that the template does not use is ignored.
    public var fields: [String: String]
    /// One dictionary for each repeated row, first to last.
    public var rows: [[String: String]]
    /// The codes by the name of their place in the template. A code without a place is refused.
    public var codes: [String: QRCode]
    /// Whether the sample mark lies over the page.
    public var isSample: Bool

    /// The content of a page.
    public init(
        template: String, fields: [String: String], rows: [[String: String]], codes: [String: QRCode], isSample: Bool
    ) {
        self.template = template
        self.fields = fields
        self.rows = rows
        self.codes = codes
        self.isSample = isSample
    }
}

/// A page ready to print.
public struct RenderedPage: Sendable {
    /// PDF, one page; fonts embedded as subsets, text selectable, codes as 1-bit image masks.
    public let pdf: [UInt8]
    /// The same layout as a gray PNG at ``PageRenderer/dotsPerInch``.
    public let png: [UInt8]

    /// A page in the formats it was made in; a format that was not made is empty.
    package init(pdf: [UInt8], png: [UInt8]) {
        self.pdf = pdf
        self.png = png
    }
}

/// Why a page could not be made. None of these carries what the page says.
public enum RenderError: Error, Hashable, Sendable {
    /// No template has this name.
    case unknownTemplate(String)
    /// The template uses a field that was not given.
    case missingField(item: String, field: String)
    /// A field holds a control or format character, a line break, or a character that Unicode does not know.
    case unprintableCharacter(item: String)
    /// None of the item's fonts has a glyph (or the variant asked for) of a character.
    case missingGlyph(item: String)
    /// A text is too long for its place, also at its smallest size.
    case doesNotFit(item: String)
    /// There are more rows than the template has places for.
    case tooManyRows(count: Int, limit: Int)
    /// The template has no place for this code.
    case unexpectedCode(String)
    /// The template must have this code.
    case missingCode(String)
    /// The code with its quiet zone is larger than its place.
    case codeTooLarge(String, modules: Int, limit: Int)
    /// Cairo or libpng failed: memory ran out.
    case libraryFailure

    /// The stable code of this refusal.
    public var code: String {
        switch self {
        case .unknownTemplate: "render.unknown_template"
        case .missingField: "render.missing_field"
        case .unprintableCharacter: "render.unprintable_character"
        case .missingGlyph: "render.missing_glyph"
        case .doesNotFit: "render.does_not_fit"
        case .tooManyRows: "render.too_many_rows"
        case .unexpectedCode: "render.unexpected_code"
        case .missingCode: "render.missing_code"
        case .codeTooLarge: "render.code_too_large"
        case .libraryFailure: "render.library_failure"
        }
    }
}
