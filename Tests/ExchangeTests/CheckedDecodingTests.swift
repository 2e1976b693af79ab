import Crypto
import Exchange
import Foundation
import TestSupport
import Testing
import Vaccination

/// What another party sent becomes a value only within the bounds of its type.
@Suite struct CheckedDecodingTests {
    private static let menu = """
        {"revision":1,"entries":[{"municipality":{"code":"990019","prefecture":"見本県","name":"見本市",\
        "prefectureEnglish":"Mihon-ken","nameEnglish":"Mihon-shi"},"kinds":["domestic"],"isSuspended":false}],\
        "suspendedKinds":["overseas"],"feeYen":120,"hours":{"opens":390,"closes":1380},\
        "notices":[{"japanese":"お知らせ","english":"notice"}],"isDevelopment":true}
        """
    private static let entry = #"{"municipality":{"code":"990019""#

    private func decode<T: Decodable>(_ type: T.Type, _ text: String) throws -> T {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }

    @Test func `a menu within its bounds is read`() throws {
        let menu = try decode(Menu.self, Self.menu)
        #expect(menu.feeYen == 120 && menu.hours.text == "06:30-23:00" && menu.entries.count == 1)
    }

    @Test(arguments: [
        (#""opens":390"#, #""opens":1381"#), (#""opens":390"#, #""opens":-1"#), (#""opens":390"#, #""opens":1000000"#),
        (#""closes":1380"#, #""closes":1441"#), (#""closes":1380"#, #""closes":9223372036854775807"#),
        (#""feeYen":120"#, #""feeYen":-1000"#), (#""feeYen":120"#, #""feeYen":100001"#),
        (#""feeYen":120"#, #""feeYen":9223372036854775807"#), (#""revision":1"#, #""revision":-1"#),
        (#""kinds":["domestic"]"#, #""kinds":["domestic","domestic"]"#),
        (#""suspendedKinds":["overseas"]"#, #""suspendedKinds":["overseas","overseas"]"#),
        (#""name":"見本市""#, #""name":"""#), (#""name":"見本市""#, #""name":"見本\u001b[2J市""#),
        (#""english":"notice""#, #""english":"""#), (#""english":"notice""#, #""english":"a\u009bb""#),
    ])
    func `a menu with one member out of its bounds is malformed`(_ member: String, _ flaw: String) {
        #expect(Self.menu.contains(member))
        #expect(throws: DecodingError.self) {
            try decode(Menu.self, Self.menu.replacing(member, with: flaw))
        }
    }

    @Test func `a menu with too many notices, a name too long, or an entry twice or out of order is malformed`() throws
    {
        let notice = #"{"japanese":"お知らせ","english":"notice"}"#
        let notices = Array(repeating: notice, count: Menu.maximumNotices + 1).joined(separator: ",")
        let start = try #require(Self.menu.range(of: #""entries":["#)).upperBound
        let end = try #require(Self.menu.range(of: #"],"suspendedKinds""#)).lowerBound
        let entry = String(Self.menu[start..<end])
        for flawed in [
            Self.menu.replacing(notice, with: notices),
            Self.menu.replacing("Mihon-shi", with: String(repeating: "M", count: 61)),
            Self.menu.replacing("見本市", with: String(repeating: "見", count: 41)),
            Self.menu.replacing("見本県", with: String(repeating: "見", count: 21)),
            Self.menu.replacing("見本市", with: "見" + String(repeating: "\u{0301}", count: 1000)),
            Self.menu.replacing(entry, with: entry + "," + entry),
            Self.menu.replacing(entry, with: entry + "," + entry.replacing("990019", with: "131016")),
        ] {
            #expect(flawed != Self.menu)
            #expect(throws: DecodingError.self) { try decode(Menu.self, flawed) }
        }
    }

    private static let access = #"""
        {"revision":1,"isSuspended":false,"isHalted":false,"municipalities":[],"kinds":[],"terminals":[],"offers":[\#
        {"municipality":"990019","channels":["app"],"kinds":["domestic"],"desk":{"japanese":"窓口","english":"desk"}}]}
        """#

    @Test func `a state or a menu of a version that knew no settings is read`() throws {
        let access = try decode(AccessState.self, Self.access)
        #expect(access.offers.map(\.channels) == [[.app]])
        let start = try #require(Self.access.range(of: #","offers""#)).lowerBound
        #expect(try decode(AccessState.self, Self.access[..<start] + "}").offers == [])
        let entry = try #require(try decode(Menu.self, Self.menu).entries.first)
        #expect(!entry.isElsewhere && entry.desk == nil)
    }

    @Test(arguments: [
        (#"["app"]"#, #"["app","app"]"#), (#"["app"]"#, #"["fax"]"#), (#"["domestic"]"#, #"["domestic","domestic"]"#),
        (#""990019""#, #""990018""#), (#""english":"desk""#, #""english":"""#),
        (#""english":"desk""#, #""english":"de\u001b[2Jsk""#),
        (#"[{"municipality""#, #"[{"municipality":"990019","channels":[],"kinds":[]},{"municipality""#),
    ])
    func `settings with one member out of its bounds are malformed`(_ member: String, _ flaw: String) {
        #expect(Self.access.contains(member))
        #expect(throws: DecodingError.self) { try decode(AccessState.self, Self.access.replacing(member, with: flaw)) }
    }

    @Test(arguments: [15, 257])
    func `a challenge of another length is malformed`(_ count: Int) {
        let text = #"{"challenge":"\#(Data(count: count).base64EncodedString())","validSeconds":180}"#
        #expect(throws: DecodingError.self) { try decode(ChallengeResponse.self, text) }
    }

    @Test(arguments: [
        ("T0001", "00", "the hash"), ("", String(repeating: "00", count: 32), "no name"),
        ("T\\n0001", String(repeating: "00", count: 32), "a line in the name"),
    ])
    func `a terminal of another form is malformed`(_ id: String, _ hash: String, _ flaw: String) {
        let text = #"{"id":"\#(id)","certificateHash":"\#(hash)","isRevoked":false,"isSuspended":false}"#
        #expect(throws: DecodingError.self, "\(flaw)") { try decode(AccessState.Terminal.self, text) }
    }

    @Test(arguments: [
        (#""status":404"#, #""status":200"#), ("urn:akashi:problem:person.not_found", "about:blank"),
        ("ABCDE-01234", "見本 花子"),
    ])
    func `problem details of another form are malformed`(_ member: String, _ flaw: String) throws {
        let problem = Problem(.personNotFound, status: 404, inquiry: InquiryNumber("ABCDE-01234"))
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        let text = String(decoding: try encoder.encode(problem), as: UTF8.self)
        #expect(try decode(Problem.self, text) == problem)
        #expect(text.contains(member))
        #expect(Problem(parsing: Array(text.replacing(member, with: flaw).utf8)) == nil)
    }

    @Test(arguments: [
        #"{"number":0,"date":"2021-07-05","product":"{p}","lot":"A","country":"JPN"}"#,
        #"{"number":1,"date":"2021-07-05","product":"{p}","lot":"","country":"JPN"}"#,
        #"{"number":1,"date":"2021-07-05","product":"{p}","lot":"A","country":"jpn"}"#,
    ])
    func `a dose out of its bounds is malformed`(_ template: String) throws {
        let product = try #require(Product.all.first)
        let quoted = String(decoding: try JSONEncoder().encode(product), as: UTF8.self)
        let text = template.replacing(#""{p}""#, with: quoted)
        let right = text.replacing(#""number":0"#, with: #""number":1"#).replacing(#""lot":"""#, with: #""lot":"A""#)
            .replacing("jpn", with: "JPN")
        #expect(try decode(Dose.self, right).lot == "A")
        #expect(throws: DecodingError.self) { try decode(Dose.self, text) }
    }

    @Test func `bad menus never trap, and what is taken can be shown and paid`() async {
        await BadInput.run("menu", samples: [Array(Self.menu.utf8)]) { bytes in
            let menu = try JSONDecoder().decode(Menu.self, from: Data(bytes))
            #expect((0...1_000_000).contains(menu.feeYen * Copies.maximum))
            _ = menu.hours.contains(Date(timeIntervalSince1970: 1_767_225_600))
        }
    }
}
