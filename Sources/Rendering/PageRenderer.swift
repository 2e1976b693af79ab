import Foundation
import Synchronization

/// Renders certificates from the templates of a folder.
///
/// Safe to use from several threads at once; a call works on the calling thread, in a few milliseconds. Fonts are opened
/// and everything fixed is drawn when the renderer is made, so that the first page is as fast as the others.
public final class PageRenderer: Sendable {
    /// The resolution of the PNG, and the grid that codes lie on: a module of 0.508 mm is four dots.
    public static let dotsPerInch = 200.0

    /// The names of the templates.
    public var templateNames: [String] { prepared.keys.sorted() }

    private let prepared: [String: PreparedTemplate]
    private let idle: Mutex<[Workspace]>
    /// How many workspaces (fonts and a plane of 4 MB) are kept for later calls.
    private static let idleLimit = 8

    /// Reads, checks and warms up every `.json` file of a folder.
    ///
    /// A template is refused if a value is unknown, missing or out of bounds, a font is not installed, or a fixed text
    /// does not fit its place or has a character that its fonts lack.
    public init(templateFolder: String) throws(TemplateError) {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: templateFolder) else {
            throw TemplateError(file: templateFolder, problem: "is not a folder that can be read")
        }
        let files = names.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.sorted()
        guard !files.isEmpty else { throw TemplateError(file: templateFolder, problem: "holds no .json file") }
        guard let workspace = Workspace() else {
            throw TemplateError(file: templateFolder, problem: "Pango did not start")
        }
        var prepared: [String: PreparedTemplate] = [:]
        for file in files {
            let path = templateFolder + "/" + file
            guard let bytes = FileManager.default.contents(atPath: path) else {
                throw TemplateError(file: path, problem: "cannot be read")
            }
            let name = String(file.dropLast(5))
            prepared[name] = try workspace.prepare(Template(file: path, name: name, bytes: bytes))
        }
        self.prepared = prepared
        idle = Mutex([workspace])
    }

    /// Throws why a page could not be made: what a text has no glyph or no room for. Codes are not needed yet, only which
    /// there will be: of these it is not said here that they are small enough.
    /// - Parameter codes: by place; those of `content` are not looked at.
    public func check(_ content: PageContent, beside codes: Set<String>) throws(RenderError) {
        let (prepared, workspace) = try begin(content)
        defer { end(workspace) }
        try workspace.check(prepared, content, beside: codes)
    }

    /// The page as PDF and PNG, both from one layout.
    public func render(_ content: PageContent) throws(RenderError) -> RenderedPage {
        let (prepared, workspace) = try begin(content)
        defer { end(workspace) }
        let layout = try workspace.layout(prepared, content)
        return RenderedPage(pdf: try workspace.pdf(prepared, layout), png: try workspace.png(prepared, layout))
    }

    /// The page as PDF alone.
    public func renderPDF(_ content: PageContent) throws(RenderError) -> [UInt8] {
        let (prepared, workspace) = try begin(content)
        defer { end(workspace) }
        return try workspace.pdf(prepared, workspace.layout(prepared, content))
    }

    /// The page as PNG alone.
    public func renderPNG(_ content: PageContent) throws(RenderError) -> [UInt8] {
        let (prepared, workspace) = try begin(content)
        defer { end(workspace) }
        return try workspace.png(prepared, workspace.layout(prepared, content))
    }

    private func begin(_ content: PageContent) throws(RenderError) -> (PreparedTemplate, Workspace) {
        guard let prepared = prepared[content.template] else { throw .unknownTemplate(content.template) }
        guard let workspace = idle.withLock({ $0.popLast() }) ?? Workspace() else { throw .libraryFailure }
        return (prepared, workspace)
    }

    private func end(_ workspace: Workspace) {
        idle.withLock { if $0.count < Self.idleLimit { $0.append(workspace) } }
    }
}

/// A template with the picture of everything fixed on it, without and with the sample mark.
struct PreparedTemplate: Sendable {
    let template: Template
    let plain, sample: PreparedInk
}
