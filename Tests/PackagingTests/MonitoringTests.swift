import Foundation
import TestSupport
import Testing

/// The alert rules and the dashboard ask for what the services show.
@Suite struct MonitoringTests {
    private static let folder = Packaging.folder + "/monitoring"

    /// Names of metrics in a query: what is followed by neither a parenthesis nor a label's sign, and is ours or a process's.
    private static func metrics(in query: String) -> Set<String> {
        Set(query.matches(of: /\b(?:akashi|vrs|process)_[a-z_]+/).map { String($0.0) })
    }

    /// Every name under which the reference's metrics can be asked for.
    private static func documented() throws -> Set<String> {
        let names = try MarkdownPage(MarkdownPage.reference).rows(below: "## Metrics").dropFirst().flatMap {
            MarkdownPage.quoted($0[0])
        }
        // A histogram is asked for by its parts.
        return Set(names.flatMap { name in ["", "_bucket", "_sum", "_count"].map { name + $0 } })
    }

    @Test(.requires(.command("promtool", package: "prometheus")))
    func `promtool finds no fault with the rules, and each fires and keeps still where it should`() throws {
        let checked = try Program.runBlocking("promtool", ["check", "rules", "akashi.rules.yml"], folder: Self.folder)
        #expect(checked.status == 0, "\(checked.output)\(checked.errors)")
        let tested = try Program.runBlocking(
            "promtool", ["test", "rules", "akashi.rules.test.yml"], folder: Self.folder)
        #expect(tested.status == 0, "\(tested.output)\(tested.errors)")
    }

    @Test func `the rules ask for metrics that the reference has, and each says in two languages what to do`() throws {
        let text = try Packaging.text("monitoring/akashi.rules.yml")
        let asked = Self.metrics(
            in: text.split(separator: "\n").filter { !$0.contains("action:") }.joined(separator: "\n"))
        #expect(asked.count > 15)
        #expect(asked.subtracting(try Self.documented()) == [])
        let rules = text.components(separatedBy: "- alert: ").dropFirst()
        #expect(rules.count > 15)
        for rule in rules {
            #expect(rule.contains("severity: page") || rule.contains("severity: ticket"), "\(rule)")
            #expect(rule.firstMatch(of: /summary: ".+ \/ .*\p{Han}.*"/) != nil && rule.contains("action: "), "\(rule)")
        }
    }

    @Test func `each alert has its heading in the article on alarms, to which its link leads, and no other has`() throws
    {
        let text = try Packaging.text("monitoring/akashi.rules.yml")
        let rules = text.components(separatedBy: "- alert: ").dropFirst()
        let names = rules.map { String($0.prefix { $0 != "\n" }) }
        let article = try MarkdownPage("Sources/vrs/vrs.docc/Alarms.md").prose
        let headings = article.matches(of: /(?m)^### (.+)$/).map { String($0.1) }
        #expect(headings.sorted() == names.sorted())
        for (name, rule) in zip(names, rules) {
            #expect(rule.contains("/usr/share/doc/akashi-monitoring/Alarms.md#\(name.lowercased())\""), "\(name)")
        }
    }

    @Test func `the dashboard shows every metric of the reference, and no other`() throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: Self.folder + "/akashi.dashboard.json"))
        let dashboard = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let panels = try #require(dashboard["panels"] as? [[String: Any]])
        let queries = panels.flatMap { ($0["targets"] as? [[String: Any]] ?? []).compactMap { $0["expr"] as? String } }
        #expect(panels.count > 20 && queries.count >= panels.count)
        let asked = queries.reduce(into: Set<String>()) { $0.formUnion(Self.metrics(in: $1)) }
        #expect(asked.subtracting(try Self.documented()) == [])
        let bare = Set(
            asked.map { name in
                ["_bucket", "_sum", "_count"].first(where: name.hasSuffix).map { String(name.dropLast($0.count)) }
                    ?? name
            })
        let names = try MarkdownPage(MarkdownPage.reference).rows(below: "## Metrics").dropFirst().flatMap {
            MarkdownPage.quoted($0[0])
        }
        #expect(Set(names).subtracting(bare) == [])
    }
}
