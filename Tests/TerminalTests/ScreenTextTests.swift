import CardChip
import CheckedConfiguration
import Exchange
import Foundation
import Terminal
import TerminalConsole
import TestSupport
import Testing
import Vaccination

struct ScreenTextTests {
    static let widths: [(String, Int)] = [
        ("abc", 3), ("証明書", 6), ("ﾃｽﾄ", 3), ("￥", 2), ("é", 1), ("e\u{301}", 1), ("葛\u{E0100}城", 4), ("─│╭", 3),
        ("ABC", 3),
        ("Ａ", 2), ("", 0), ("한국", 4), ("𠮷野", 4), ("❤\u{FE0F}", 2), ("①", 1), ("\u{200B}", 0), ("、。", 4),
    ]

    @Test(arguments: widths)
    func `characters take the columns a terminal gives them`(_ text: String, _ columns: Int) {
        #expect(CharacterWidth.of(text) == columns)
    }

    @Test(arguments: [10, 17, 24, 40])
    func `wrapped lines fit and lose nothing but spaces`(_ width: Int) throws {
        for language in Language.allCases {
            let texts = try Texts(language)
            for code in Texts.codes {
                let text = texts.advice(code: code).advice
                let lines = Wrapping.lines(text, width: width)
                #expect(lines.allSatisfy { CharacterWidth.of($0) <= width })
                #expect(lines.joined().replacing(" ", with: "") == text.replacing(" ", with: ""))
            }
        }
    }

    @Test func `a line never begins with a closing mark`() {
        let lines = Wrapping.lines("あいうえお、かきくけこ。さしすせそ（たちつてと）なにぬねの", width: 10)
        #expect(lines.allSatisfy { !"、。）".contains($0.first ?? " ") })
    }

    @Test func `control characters never reach the screen`() {
        var canvas = Canvas(width: 20, height: 1, style: Style(0, on: 255))
        canvas.write("a\u{1B}[2Jb\u{07}c\u{9B}d", 0, 0, Style(0, on: 255))
        #expect(canvas.plain[0].hasPrefix("a[2Jbcd"))
    }

    @Test func `wide characters are never cut in half`() {
        var canvas = Canvas(width: 5, height: 1, style: Style(0, on: 255))
        canvas.write("証明書", 0, 0, Style(0, on: 255))
        #expect(canvas.plain[0] == "証明 ")
        canvas.write("x", 1, 0, Style(0, on: 255))
        #expect(canvas.plain[0] == " x明 ")
    }

    @Test func `random text drawn anywhere keeps every row at its width`() {
        var random = Seeded("canvas")
        let pieces = ["証", "a", "e\u{301}", "ﾃ", "葛\u{E0100}", " ", "▀", "あ"]
        for _ in 0..<300 {
            var canvas = Canvas(width: 24, height: 4, style: Style(0, on: 255))
            for _ in 0..<30 {
                let text = (0..<Int.random(in: 0...12, using: &random)).compactMap { _ in
                    pieces.randomElement(using: &random)
                }.joined()
                canvas.write(
                    text, Int.random(in: -4...26, using: &random), Int.random(in: -1...4, using: &random),
                    Style(0, on: 255))
            }
            #expect(canvas.plain.allSatisfy { CharacterWidth.of($0) == 24 })
        }
    }
}

struct LanguageTests {
    @Test(arguments: Language.allCases)
    func `a language has every text, and each refusal and card error an advice of its own`(_ language: Language) throws
    {
        let texts = try Texts(language)
        for key in TextKey.allCases { #expect(!texts[key].isEmpty) }
        for code in ProblemCode.allCases where !code.isOfPhones {
            let advice = texts.advice(for: .refused(code))
            #expect(!advice.title.isEmpty && !advice.advice.isEmpty)
            #expect(advice != texts.advice(code: "terminal.internal"), "\(code)")
        }
        let cardErrors: [CardError] = [
            .transport(.noReader), .transport(.noCard), .transport(.cardRemoved), .transport(.severalCards),
            .transport(.timeout),
            .transport(.readerFailure(1)), .otherCard, .wrongPIN(triesLeft: 1), .pinLocked,
            .unexpectedStatus(0x6F00, command: 0xB0),
            .malformed(.chipSignature), .malformed(.authorityUnknown), .malformed(.malformed(file: 2, offset: 0)),
        ]
        let unknown = texts.advice(code: "terminal.internal")
        for error in cardErrors { #expect(texts.advice(for: .card(error)) != unknown) }
        #expect(Set(cardErrors.prefix(9).map { texts.advice(for: .card($0)).title }).count == 9)
    }

    @Test func `both languages put the same values into the same texts`() throws {
        let (japanese, english) = (try Texts(.ja), try Texts(.en))
        for key in TextKey.allCases {
            #expect(Self.placeholders(japanese[key]) == Self.placeholders(english[key]), "\(key.rawValue)")
        }
    }

    private static func placeholders(_ text: String) -> Set<String> {
        Set(
            text.split(separator: "{", omittingEmptySubsequences: false).dropFirst().compactMap {
                $0.split(separator: "}").first.map(String.init)
            })
    }

    @Test func `that nobody could be asked is never told as a missing record`() throws {
        for language in Language.allCases {
            let texts = try Texts(language)
            let missing = texts.advice(code: "person.not_found").title
            for code in ["centre.unreachable", "upstream.unavailable", "service.busy", "internal", "centre.unusable"] {
                #expect(texts.advice(code: code).title != missing)
                #expect(texts.advice(code: code).advice.contains(language == .ja ? "確認できていません" : "not known"))
            }
        }
    }

    @Test func `a file with a text missing is refused`() throws {
        #expect(throws: ConfigurationError.self) {
            try Texts(.ja, ConfigurationFile(text: "texts: {}\nendings: {}", name: "test"))
        }
    }

    @Test func `a receipt has the sum and the inquiry number, and every line fits`() throws {
        for language in Language.allCases {
            let inquiry = InquiryNumber()
            let receipt = Receipt(
                inquiry: inquiry, municipality: TestWorld.municipality, kind: .overseas, copies: 10, feeYen: 120,
                at: Date(timeIntervalSince1970: 1_795_226_400), isSample: true)
            let text = try Texts(language).receipt(receipt)
            #expect(text.contains(inquiry.text))
            #expect(text.contains("1,200"))
            #expect(text.contains("2026-11-21"))
            for line in text.split(separator: "\n") { #expect(CharacterWidth.of(line) <= 40, "\(line)") }
        }
    }
}
