import CredentialFixtures
import Credentials
import Crypto
import Foundation
import Testing
import TestSupport

@Suite struct Base64URLTests {
    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"),
    ])
    func `the check values of RFC 4648 section 10 hold without padding`(_ plain: String, _ text: String) throws {
        #expect(Base64URL.encode(plain.utf8) == text)
        #expect(try Base64URL.decode(Array(text.utf8)) == Array(plain.utf8))
    }

    @Test func `the check value of RFC 7515 appendix C holds`() throws {
        #expect(Base64URL.encode([3, 236, 255, 224, 193]) == "A-z_4ME")
        #expect(try Base64URL.decode(Array("A-z_4ME".utf8)) == [3, 236, 255, 224, 193])
    }

    @Test(arguments: [
        "Zg==", "Zm9v\n", "A", "Zm9vY", "Zm+v", "Zm/v", "Zh", "Zm9", " Zm9v", "Zm9v=", "Zm9vZm9*", "\u{E9}AA", "=",
        "Zm=v",
    ])
    func `what is not strict base64url is refused`(_ text: String) {
        let error = #expect(throws: Malformed.self) { try Base64URL.decode(Array(text.utf8)) }
        #expect(error?.kind == .base64url)
    }

    @Test(arguments: [
        ("Zg==", true), ("Zg", true), ("Zm8=", true), ("Zm9v", true), ("Zg=", false), ("Z===", false),
        ("Zm9v====", false), ("Zm8==", false),
    ])
    func `padding is tolerated only where it is right`(_ text: String, _ isRight: Bool) {
        let read = try? Base64URL.decode(Array(text.utf8), padding: .tolerated)
        #expect((read != nil) == isRight)
    }

    @Test func `random bytes come back, and no other text gives them`() throws {
        var random = Seeded("base64url")
        for count in 0..<200 {
            let bytes = random.bytes(count)
            let text = Base64URL.encoded(bytes)
            #expect(try Base64URL.decode(text) == bytes)
            // Malleability: whatever parses encodes to the same text again.
            var other = text
            guard !other.isEmpty else { continue }
            other[other.count - 1] = UInt8.random(in: 0x2D...0x7A, using: &random)
            if let read = try? Base64URL.decode(other) { #expect(Base64URL.encoded(read) == other) }
        }
    }

    @Test func `bad input never traps`() async {
        let samples = [Array("Zm9vYmFyZm9vYmFy".utf8), Base64URL.encoded(Array(repeating: 0xA5, count: 500))]
        await BadInput.run("base64url", samples: samples) {
            let read = try Base64URL.decode($0)
            #expect(Base64URL.encoded(read) == $0)
        }
        await BadInput.run("padded base64url", samples: samples + [Array("Zm8=".utf8)]) {
            _ = try Base64URL.decode($0, padding: .tolerated)
        }
    }
}

@Suite struct DeflateTests {
    @Test func `what was compressed comes back`() throws {
        var random = Seeded("deflate")
        for count in [0, 1, 100, 5000, 70_000, 300_000] {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...3, using: &random) }
            let compressed = try #require(Deflate.compress(bytes))
            #expect(try Deflate.inflate(compressed, limit: max(1, count)) == bytes)
        }
    }

    @Test func `exactly the limit passes, one byte more is refused`() throws {
        for count in [1, 4096, 4097, 20_000] {
            let compressed = try #require(Deflate.compress([UInt8](repeating: 7, count: count)))
            #expect(try Deflate.inflate(compressed, limit: count).count == count)
            let error = #expect(throws: Malformed.self) { try Deflate.inflate(compressed, limit: count - 1) }
            #expect(error?.kind == .tooLarge)
        }
    }

    @Test func `a bomb is stopped while inflating`() throws {
        let bomb = try #require(Deflate.compress([UInt8](repeating: 0, count: 64 << 20)))
        #expect(bomb.count < 70_000)
        let error = #expect(throws: Malformed.self) { try Deflate.inflate(bomb, limit: 512 << 10) }
        #expect(error?.kind == .tooLarge)
        // Stopped early: that most of its bytes are not even there was never noticed.
        #expect(throws: Malformed(.tooLarge)) { try Deflate.inflate(Array(bomb.prefix(2000)), limit: 512 << 10) }
    }

    @Test func `truncated streams, trailing bytes and zlib's own header are refused`() throws {
        let compressed = try #require(Deflate.compress(Array("見本 sample sample sample".utf8)))
        for count in 0..<compressed.count {
            #expect(throws: Malformed.self) { try Deflate.inflate(Array(compressed.prefix(count)), limit: 1000) }
        }
        #expect(throws: Malformed.self) { try Deflate.inflate(compressed + [0], limit: 1000) }
        #expect(throws: Malformed.self) { try Deflate.inflate([0x78, 0x9C] + compressed, limit: 1000) }
    }

    @Test func `bad input never traps nor passes its limit`() async throws {
        let samples = [
            try #require(Deflate.compress(Array("a sample of text, a sample of text".utf8))),
            try #require(Deflate.compress([UInt8](repeating: 1, count: 100_000))),
        ]
        await BadInput.run("deflate", samples: samples) { bytes in
            let inflated = try Deflate.inflate(bytes, limit: 10_000)
            #expect(inflated.count <= 10_000)
        }
    }
}

@Suite struct JSONTests {
    @Test(arguments: [
        "", " ", "{", "[", "[1,]", "{\"a\":1,}", "{\"a\"}", "{a:1}", "{'a':1}", "nul", "truee", "[1 2]", "01", "-",
        "1.",
        ".5", "+1", "1e", "1e+", "0x10", "NaN", "Infinity", "1e999", "-1e400", "\"", "\"\\\"", "\"\\x\"", "\"\\u12\"",
        "\"\\u12G4\"", "\"\\uD800\"", "\"\\uDC00\"", "\"\\uD800\\u0041\"", "\"\\uD800\\\"", "\"a\nb\"", "\"\t\"",
        "1 2", "{}{}", "[]]", "\u{FEFF}{}", "// c\n1", "{\"a\":1 \"b\":2}", "\u{0B}1", "\u{A0}1",
    ])
    func `what RFC 8259 does not allow is refused`(_ text: String) {
        #expect(throws: Malformed.self) { try JSON(Array(text.utf8)) }
    }

    @Test(
        arguments: [
            [0x22, 0x80, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xC1, 0xBF, 0x22], [0x22, 0xE0, 0x80, 0x80, 0x22],
            [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xF0, 0x80, 0x80, 0x80, 0x22], [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22],
            [0x22, 0xF5, 0x80, 0x80, 0x80, 0x22], [0x22, 0xE3, 0x81, 0x22], [0x22, 0xFF, 0x22], [0x22, 0xE3],
        ] as [[UInt8]])
    func `what is not UTF-8 is refused`(_ bytes: [UInt8]) {
        #expect(throws: Malformed.self) { try JSON(bytes) }
    }

    @Test(arguments: [
        (#"{"a":1,"a":2}"#, 7), (#"{"a":1,"\u0061":2}"#, 7), (#"{"\u0061":1,"a":2}"#, 12),
        (#"[{"x":{"見":1,"見":1}}]"#, 15),
    ])
    func `a name that comes twice is refused, escaped or not`(_ text: String, _ offset: Int) {
        let error = #expect(throws: Malformed.self) { try JSON(Array(text.utf8)) }
        #expect(error == Malformed(.duplicateKey, at: offset))
    }

    @Test func `a name that comes twice is found among many`() throws {
        let names = (0..<500).map { "\"k\($0)\":\($0)" }
        _ = try JSON(Array("{\(names.joined(separator: ","))}".utf8))
        for twice in [0, 23, 24, 25, 499] {
            let text = "{\((names + ["\"k\(twice)\":0"]).joined(separator: ","))}"
            let error = #expect(throws: Malformed.self) { try JSON(Array(text.utf8)) }
            #expect(error?.kind == .duplicateKey)
        }
    }

    @Test func `names that only look the same are different names`() throws {
        // NFC and NFD are the same to a reader and to Swift's String, not to JSON.
        let json = try JSON(Array("{\"\u{E9}\":1,\"e\u{301}\":2}".utf8))
        #expect(json.members(of: json.root).count == 2)
    }

    @Test func `depth is bounded exactly`() throws {
        for depth in [1, 5, 32] {
            let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            _ = try JSON(Array(text.utf8), depth: depth)
            let error = #expect(throws: Malformed.self) { try JSON(Array("[\(text)]".utf8), depth: depth) }
            #expect(error?.kind == .tooDeep)
        }
        // Nor does a very deep text overflow the stack.
        #expect(throws: Malformed.self) { try JSON([UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)) }
    }

    @Test func `values are read where they stand`() throws {
        let json = try JSON(
            Array(#" { "s" : "a\"\\\/\b\f\n\r\tA\u3042\uD83D\uDE00" , "n":-12.5e1,"l":[true,false,null,{}] } "#.utf8))
        #expect(json.string(json.member("s", of: json.root)) == "a\"\\/\u{8}\u{C}\n\r\tAあ😀")
        #expect(json.number(json.member("n", of: json.root)) == -125)
        let list = try #require(json.elements(of: json.member("l", of: json.root)))
        #expect(list.map { json.kind($0) } == [.true, .false, .null, .object])
        #expect(json.member("x", of: json.root) == nil)
        #expect(json.member("n", of: json.member("n", of: json.root)) == nil)
        #expect(json.string(json.member("n", of: json.root)) == nil)
        #expect(json.offset(try #require(json.member("s", of: json.root))) == 9)
    }

    @Test func `bad input never traps, and what parses is canonical the second time`() async throws {
        let samples = [
            Array(SmartHealthCardFixture.payload.utf8),
            Array(#"{"a":[1,-2.5e3,"\u00e9\uD83D\uDE00\n",null,true,{"é":{}}],"b":"見本"}"#.utf8),
        ]
        await BadInput.run("JSON", samples: samples) { bytes in
            let json = try JSON(bytes)
            let once = json.canonical(json.root)
            let again = try JSON(once)
            #expect(again.canonical(again.root) == once)
        }
    }
}

@Suite struct CanonicalJSONTests {
    private func canonical(_ text: String) throws -> String {
        let json = try JSON(Array(text.utf8))
        return String(decoding: json.canonical(json.root), as: UTF8.self)
    }

    // RFC 8785 appendix B, by the bits of the double.
    @Test(
        arguments: [
            (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"), (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"),
            (0xFFEF_FFFF_FFFF_FFFF, "-1.7976931348623157e+308"), (0x4340_0000_0000_0000, "9007199254740992"),
            (0xC340_0000_0000_0000, "-9007199254740992"), (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"), (0x44B5_2D02_C7E1_4AF6, "1e+23"),
            (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"), (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"),
            (0x444B_1AE4_D6E2_EF4F, "999999999999999900000"), (0x444B_1AE4_D6E2_EF50, "1e+21"),
            (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"), (0x3EB0_C6F7_A0B5_ED8D, "0.000001"),
            (0x41B3_DE43_5555_5553, "333333333.3333332"), (0x41B3_DE43_5555_5554, "333333333.33333325"),
            (0x41B3_DE43_5555_5555, "333333333.3333333"), (0x41B3_DE43_5555_5556, "333333333.3333334"),
            (0x41B3_DE43_5555_5557, "333333333.33333343"), (0xBECB_F647_612F_3696, "-0.0000033333333333333333"),
            (0x4314_3FF3_C1CB_0959, "1424953923781206.2"),
        ] as [(UInt64, String)])
    func `numbers are written as RFC 8785 appendix B has them`(_ bits: UInt64, _ text: String) throws {
        let value = Double(bitPattern: bits)
        #expect(try canonical(value.description) == text)
    }

    @Test func `the sample of RFC 8785 section 3.2.2 is canonical as the RFC has it`() throws {
        let text = #"""
            {
              "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
              "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
              "literals": [null, true, false]
            }
            """#
        #expect(
            try canonical(text)
                == #"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#
        )
    }

    @Test func `names sort by their UTF-16 code units, as in RFC 8785 section 3.2.3`() throws {
        let text = #"""
            {"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",
             "\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}
            """#
        let result = try canonical(text)
        let values = [
            "Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis", "Euro Sign",
            "Emoji: Grinning Face", "Hebrew Letter Dalet With Dagesh",
        ]
        let places = values.compactMap { result.range(of: $0)?.lowerBound }
        #expect(places.count == values.count)
        #expect(places == places.sorted())
    }

    @Test func `a random double's canonical text gives the double back`() throws {
        var random = Seeded("canonical numbers")
        for _ in 0..<20_000 {
            let value = Double(bitPattern: random.next())
            guard value.isFinite else { continue }
            let text = try canonical(value.description)
            #expect(Double(text) == value || value == 0)
        }
    }
}

@Suite struct ThumbprintTests {
    @Test func `the check value of RFC 7638 section 3.1 holds`() throws {
        let text = #"""
            {"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB"}
            """#
        let json = try JSON(Array(text.utf8))
        #expect(
            Base64URL.encode(SHA256.hash(data: json.canonical(json.root)))
                == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
    }

    @Test func `the specification's example key has its published identifier`() throws {
        let x = try Base64URL.decode(Array("11XvRWy1I2S0EyJlyf_bWfw_TQ5CJJNLw78bHXNxcgw".utf8))
        let y = try Base64URL.decode(Array("eZXwxvO1hvCY0KucrPfKo7yAyMT6Ajc3N7OkAB6VYy8".utf8))
        let key = try P256.Signing.PublicKey(rawRepresentation: x + y)
        #expect(JWK.thumbprint(of: key) == "3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s")
    }

    @Test func `the signature of RFC 7515 appendix A.3 is right, and with one bit changed it is not`() throws {
        let x = try Base64URL.decode(Array("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU".utf8))
        let y = try Base64URL.decode(Array("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0".utf8))
        let key = try P256.Signing.PublicKey(rawRepresentation: x + y)
        let input =
            "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        var signature = try Base64URL.decode(
            Array("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q".utf8))
        #expect(ES256.isValid(signature, over: Array(input.utf8), by: key))
        signature[40] ^= 1
        #expect(!ES256.isValid(signature, over: Array(input.utf8), by: key))
    }
}
