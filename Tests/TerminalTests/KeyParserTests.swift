import Terminal
import TerminalConsole
import TestSupport
import Testing

struct KeyParserTests {
    static let sequences: [(String, [Key])] = [
        ("\u{1B}[A", [.up]), ("\u{1B}[B", [.down]), ("\u{1B}[C", [.right]), ("\u{1B}[D", [.left]), ("\u{1B}OA", [.up]),
        ("\u{1B}OD", [.left]), ("\u{1B}[H", [.home]), ("\u{1B}[F", [.end]), ("\u{1B}[1~", [.home]),
        ("\u{1B}[5~", [.pageUp]),
        ("\u{1B}[6~", [.pageDown]), ("\u{1B}[3~", [.backspace]), ("\u{1B}[1;5C", [.right]), ("\r", [.enter]),
        ("\n", [.enter]),
        ("\u{7F}", [.backspace]), ("\u{08}", [.backspace]), ("\t", [.tab]), ("\u{03}", [.interrupt]),
        ("\u{0C}", [.redraw]),
        ("7", [.character("7")]), ("７", [.character("7")]), ("ａ", [.character("a")]), ("あ", [.character("あ")]),
        ("𠮟", [.character("𠮟")]), ("\u{1B}[200~x", [.character("x")]), ("\u{1B}\u{1B}[A", [.escape, .up]),
        ("\u{1B}x", [.escape, .character("x")]), ("\u{1B}[?25l1", [.character("1")]),
        ("12\r", [.character("1"), .character("2"), .enter]),
    ]

    @Test(arguments: sequences)
    func `bytes become keys`(_ text: String, _ keys: [Key]) {
        var whole = KeyParser()
        let atOnce = whole.take(text.utf8) + whole.flush()
        #expect(atOnce == keys)
        var single = KeyParser()
        var oneByOne: [Key] = []
        for byte in text.utf8 { oneByOne += single.take([byte]) }
        oneByOne += single.flush()
        #expect(oneByOne == keys)
    }

    @Test func `an escape alone is a key once nothing follows`() {
        var parser = KeyParser()
        let none = parser.take([0x1B])
        #expect(none.isEmpty && parser.isWaiting)
        let flushed = parser.flush()
        #expect(flushed == [.escape])
        #expect(!parser.isWaiting)
    }

    @Test(
        arguments: [[0xC3, 0x28], [0xFF], [0xE3, 0x81], [0x1B, 0x5B, 0x1B], [0xF4, 0x90, 0x80, 0x80]] as [[UInt8]])
    func `after broken bytes the next key is read`(_ broken: [UInt8]) {
        var parser = KeyParser()
        _ = parser.take(broken)
        _ = parser.flush()
        let next = parser.take([0x31])
        #expect(next == [.character("1")])
    }

    @Test func `bad bytes never trap and are never kept`() async {
        await BadInput.run("keys", samples: Self.sequences.map { Array($0.0.utf8) }) { bytes in
            var parser = KeyParser()
            let keys = parser.take(bytes) + parser.flush()
            #expect(keys.count <= bytes.count)
            #expect(!parser.isWaiting)
        }
    }
}
