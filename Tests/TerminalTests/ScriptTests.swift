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

    @Test func `bad scripts never trap`() {
        BadInput.run("script", samples: [Array(Self.whole.utf8)] + Self.flaws.map { Array($0.0.utf8) }) { bytes in
            _ = try Script(ConfigurationFile(text: String(decoding: bytes, as: UTF8.self), name: "s"))
        }
    }
}

struct ServiceStateTests {
    private func state(after codes: [Int32]) -> ServiceState {
        var state = ServiceState()
        for code in codes { state.ended(InquiryNumber(), exitCode: code) }
        return state
    }

    @Test(arguments: [0, 10, 11, 12, 13, 14, 15, 17, 18, 139] as [Int32])
    func `a terminal stays in service after any other ending`(_ code: Int32) {
        #expect(state(after: [code]).mayBegin)
    }

    @Test func `a page that was not the customer's takes the terminal out of service, whatever comes after`() {
        #expect(!state(after: [16]).mayBegin)
        #expect(!state(after: [0, 16, 0, 0, 10]).mayBegin)
    }

    @Test func `only the right code brings the terminal back`() {
        var state = state(after: [16])
        for wrong in ["", "1", "0000", "12345", "１２３４"] {
            let isCleared = state.clear(code: wrong, expected: "1234")
            #expect(!isCleared && !state.mayBegin)
        }
        let withoutCode = state.clear(code: "", expected: nil)
        #expect(!withoutCode)
        let isCleared = state.clear(code: "1234", expected: "1234")
        #expect(isCleared && state.mayBegin)
    }

    @Test func `the first session that took it out of service is the one that is named`() {
        var state = ServiceState()
        let first = InquiryNumber()
        state.ended(first, exitCode: 16)
        state.ended(InquiryNumber(), exitCode: 16)
        #expect(state.outOfService?.inquiry == first)
    }
}
