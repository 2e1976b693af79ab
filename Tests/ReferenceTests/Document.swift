import Foundation
import TestSupport
import Testing

/// A page in Markdown, and what stands in its tables.
struct Document {
    /// Its path in the repository.
    let path: String
    let text: String

    init(_ path: String) throws {
        self.path = path
        text = try String(contentsOfFile: Programs.root + "/" + path, encoding: .utf8)
    }

    /// The rows of the tables below a heading, up to the next one of its level, each with its cells.
    func rows(below heading: String) throws -> [[String]] {
        let level = heading.prefix { $0 == "#" }
        let start = try #require(text.range(of: "\n\(heading)\n"), "\(heading)").upperBound
        let end = text.range(of: "\n\(level) ", range: start..<text.endIndex)?.lowerBound ?? text.endIndex
        let lines = text[start..<end].split(separator: "\n").filter { $0.hasPrefix("|") }
        return lines.filter { !$0.hasPrefix("| ---") }.map { line in
            line.dropFirst().dropLast().components(separatedBy: " | ").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    /// What stands in backquotes in the first cell of each row below a heading.
    func names(below heading: String) throws -> [String] {
        try rows(below: heading).flatMap { Self.quoted($0[0]) }
    }

    /// The texts in backquotes.
    static func quoted(_ text: some StringProtocol) -> [String] {
        text.components(separatedBy: "`").enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element)
    }

    /// The text without its fenced blocks.
    var prose: String {
        text.components(separatedBy: "\n```").enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
            .joined(separator: "\n")
    }
}

/// The sources that the reference speaks of.
enum SourceFile {
    /// Every Swift file of the programs and libraries, with its text.
    static func all() throws -> [(path: String, text: String)] {
        try ["Sources", "kiosk-sim"].flatMap { folder in
            let root = Programs.root + "/" + folder
            let files = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
            return try files.filter { $0.hasSuffix(".swift") }.map { file in
                ("\(folder)/\(file)", try String(contentsOfFile: "\(root)/\(file)", encoding: .utf8))
            }
        }
    }
}
