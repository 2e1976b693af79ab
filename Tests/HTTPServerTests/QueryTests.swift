import HTTPServer
import TestSupport
import Testing

/// A query is read strictly.
@Suite struct QueryTests {
    private static func after(_ text: String?) throws(RequestFault) -> Int64? {
        try Query(text, parameters: ["after", "limit"]).number("after", in: 0...Int64.max)
    }

    @Test(
        arguments: [
            (nil, nil), ("", nil), ("limit=3", nil), ("after=0", 0), ("after=007", 7), ("limit=1&after=2", 2),
            ("after=9223372036854775807", Int64.max),
        ] as [(String?, Int64?)])
    func `a number comes as it was written, or not at all`(_ text: String?, _ number: Int64?) throws {
        #expect(try Self.after(text) == number)
    }

    @Test(
        arguments: [
            "after=", "after=-1", "after=+1", "after=1&after=2", "after=9223372036854775808", "after=1 ", "before=1",
            "after=1x", "a", "after=１", "after=%31", "after=1&", "&after=1", "after=00000000000000000001",
        ])
    func `anything else is malformed`(_ text: String) {
        #expect(throws: RequestFault.malformed) { try Self.after(text) }
    }

    @Test(arguments: ["limit=0", "limit=1001"])
    func `a number out of its bounds is malformed`(_ text: String) {
        #expect(throws: RequestFault.malformed) {
            try Query(text, parameters: ["limit"]).number("limit", in: 1...1000)
        }
    }

    @Test func `a text comes as it was written`() throws {
        #expect(try Query("state=signed", parameters: ["state"]).text("state") == "signed")
        #expect(try Query("state=", parameters: ["state"]).text("state") == "")
        #expect(try Query(nil as String?, parameters: ["state"]).text("state") == nil)
    }

    @Test func `bad queries never trap`() async {
        await BadInput.run("query", samples: [Array("after=1795210198123&limit=9223372036854775807".utf8)]) { bytes in
            _ = try Self.after(String(decoding: bytes, as: UTF8.self))
        }
    }
}
