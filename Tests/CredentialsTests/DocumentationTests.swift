import Foundation
import Testing

/// What the library's documentation shows is what another package was built with.
@Suite struct DocumentationTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    @Test func `the snippet of the documentation is the program of the example package, in ten lines`() throws {
        let page = try Self.text("Sources/Credentials/Credentials.docc/Credentials.md")
        let program = try Self.text("Tests/Library/Sources/check/main.swift")
        let start = try #require(page.range(of: "```swift\n"))
        let end = try #require(page.range(of: "\n```", range: start.upperBound..<page.endIndex))
        let mark = try #require(program.range(of: "// MARK: Snippet\n"))
        let snippet = page[start.upperBound..<end.lowerBound]
        #expect(snippet + "\n" == program[mark.upperBound...])
        #expect(snippet.split(separator: "\n").count <= 10)
    }
}
