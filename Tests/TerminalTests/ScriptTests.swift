import CheckedConfiguration
import Exchange
import Terminal
import TerminalConsole
import TestSupport
import Testing
import Vaccination

struct ScriptTests {
    static let whole = """
        municipality: "990019"
        kind: overseas
        copies: 3
        pins: ["0000", "1234"]
        language: en
        leave: contents
        take: {at: read, afterCommands: 4}
        expect: left
        """

    @Test func `a script is read`() throws {
        let script = try Script(ConfigurationFile(text: Self.whole, name: "s"))
        #expect(script.municipality.digits == "990019")
        #expect(script.kind == .overseas)
        #expect(script.copies.count == 3)
        #expect(script.pins == ["0000", "1234"])
        #expect(script.language == .en)
        #expect(script.leave == .contents)
        #expect(script.take?.at == .read)
        #expect(script.take?.afterCommands == 4)
        #expect(script.expected == "left")
    }

    @Test func `the description lists every key, and no other`() throws {
        let file = try ConfigurationFile(text: Self.whole, name: "s")
        _ = try Script(file)
        let page = try MarkdownPage("Sources/Exchange/Exchange.docc/TerminalRuns.md")
        #expect(MarkdownPage.listed(file.root.askedFor) == Set(try page.names(below: "## The script")))
    }

    static let flaws: [(String, String)] = [
        ("municipality: \"990018\"\nkind: domestic", "municipality"), ("municipality: \"990019\"", "kind"),
        ("municipality: \"990019\"\nkind: other", "kind"),
        ("municipality: \"990019\"\nkind: domestic\ncopies: 11", "copies"),
        ("municipality: \"990019\"\nkind: domestic\npins: [\"12345\"]", "pins"),
        ("municipality: \"990019\"\nkind: domestic\nleave: nowhere", "leave"),
        ("municipality: \"990019\"\nkind: domestic\ntake: {}", "take.at"),
        ("municipality: \"990019\"\nkind: domestic\nexpct: printed", "expct"),
        ("municipality: &a \"990019\"\nkind: *a", ""), ("- a", ""), ("\u{0}", ""),
    ]

    @Test(arguments: flaws)
    func `a script with one flaw is refused at its place`(_ text: String, _ key: String) {
        #expect {
            try Script(ConfigurationFile(text: text, name: "s"))
        } throws: { ($0 as? ConfigurationError)?.keyPath == key }
    }

    @Test func `bad scripts never trap`() async {
        await BadInput.run("script", samples: [Array(Self.whole.utf8)] + Self.flaws.map { Array($0.0.utf8) }) { bytes in
            _ = try Script(ConfigurationFile(text: String(decoding: bytes, as: UTF8.self), name: "s"))
        }
    }
}
