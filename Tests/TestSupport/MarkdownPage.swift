import Foundation

/// A page of the repository in Markdown, and what stands in its tables.
public struct MarkdownPage: Sendable {
    /// What a page lacks.
    public struct Missing: Error, CustomStringConvertible {
        /// The page and what is not there.
        public let description: String
    }

    /// The reference of configuration keys, codes, metrics and log fields.
    public static let reference = "Sources/Reference.md"

    /// Its path in the repository.
    public let path: String
    /// The whole of it.
    public let text: String

    /// A page by its path in the repository.
    public init(_ path: String) throws {
        self.path = path
        text = try String(contentsOfFile: Programs.root + "/" + path, encoding: .utf8)
    }

    /// The rows of the tables below a heading, up to the next one of its level, each with its cells.
    public func rows(below heading: String) throws -> [[String]] {
        let level = heading.prefix { $0 == "#" }
        guard let start = text.range(of: "\n\(heading)\n")?.upperBound else {
            throw Missing(description: "\(path): \(heading)")
        }
        let end = text.range(of: "\n\(level) ", range: start..<text.endIndex)?.lowerBound ?? text.endIndex
        let lines = text[start..<end].split(separator: "\n").filter { $0.hasPrefix("|") }
        return lines.filter { !$0.hasPrefix("| ---") }.map { line in
            line.dropFirst().dropLast().components(separatedBy: " | ").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    /// What stands in backquotes in the first cell of each row below a heading.
    public func names(below heading: String) throws -> [String] {
        try rows(below: heading).flatMap { Self.quoted($0[0]) }
    }

    /// The texts in backquotes.
    public static func quoted(_ text: some StringProtocol) -> [String] {
        text.components(separatedBy: "`").enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element)
    }

    /// The text without its fenced blocks.
    public var prose: String {
        text.components(separatedBy: "\n```").enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
            .joined(separator: "\n")
    }

    /// The configuration keys that the reference lists for a file; its `listen.NAME.*` are the keys of every listener.
    public static func configurationKeys(of file: String) throws -> Set<String> {
        let page = try MarkdownPage(reference)
        let listener = try page.names(below: "## Listeners")
        return Set(
            try page.names(below: "## `\(file)`").flatMap { key in
                key.hasSuffix(".*") ? listener.map { key.dropLast() + $0 } : [key]
            })
    }

    /// Key paths that a program asked for, as the reference lists them: without those of mappings, and without the
    /// numbers of list entries.
    public static func listed(_ askedFor: Set<String>) -> Set<String> {
        let keys = Set(askedFor.map { $0.replacing(/\[\d+\]/, with: "[]") })
        return keys.filter { key in !keys.contains { $0.hasPrefix(key + ".") || $0.hasPrefix(key + "[].") } }
    }
}
