import Foundation
import TestSupport
import Testing

@Suite("The reference lists what the code asks for and says, and nothing else")
struct ReferenceTests {
    private static let page = "Sources/Reference.md"

    @Test(
        "of verifier serve",
        .enabled(if: Programs.verifier != nil, "the verifier program is not built beside these tests"))
    func options() throws {
        let help = String(
            decoding: try Started(try #require(Programs.verifier), ["serve", "--help"]).all(), as: UTF8.self)
        let options = help.matches(of: /(?m)^  (--[a-z-]+)/).map { String($0.1) }
        #expect(Set(options) == Set(try Document(Self.page).names(below: "## `verifier serve`")))
    }

    @Test("The verifier's problem codes")
    func verifierCodes() throws {
        let source = try Document("Sources/VerifierService/Problem.swift").text
        let codes = source.matches(of: /case \w+ = "([a-z_.]+)"/).map { String($0.1) }
        #expect(codes.count > 15)
        #expect(codes == (try Document(Self.page).names(below: "## Codes")).filter { $0.contains(".") })
    }

    // MARK: Metrics and logs

    @Test("Metrics")
    func metrics() throws {
        let labels = Set(
            try SourceFile.all().flatMap { file in
                file.text.matches(of: /"((?:akashi|vrs)_[a-z_]+)"/).map { String($0.1) }
            })
        let documented = try Document(Self.page).names(below: "## Metrics").map { name in
            ["_total", "_seconds"].first(where: name.hasSuffix).map { String(name.dropLast($0.count)) } ?? name
        }
        #expect(labels == Set(documented))
    }

    @Test("Log fields")
    func logFields() throws {
        var fields: Set<String> = []
        for (_, text) in try SourceFile.all() where text.contains("import Logging") || text.contains("RequestNotes") {
            for match in text.matches(of: /"(\w+)": (?:\.string|"\\\()/) { fields.insert(String(match.1)) }
            for match in text.matches(of: /\b(?:metadata|line|fields|self)\["(\w+)"\] =/) {
                fields.insert(String(match.1))
            }
        }
        #expect(fields == Set(try Document(Self.page).names(below: "## Log fields")))
    }
}
