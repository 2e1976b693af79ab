import CredentialFixtures
import Credentials
import Foundation
import Testing

/// RFC 8949 appendix A, all of it: what each example is when read, and what is written for those that are canonical.
@Suite struct CBORCheckValueTests {
    @Test(
        arguments: [
            ("00", 0), ("01", 1), ("0a", 10), ("17", 23), ("1818", 24), ("1819", 25), ("1864", 100), ("1903e8", 1000),
            ("1a000f4240", 1_000_000), ("1b000000e8d4a51000", 1_000_000_000_000), ("20", -1), ("29", -10),
            ("3863", -100), ("3903e7", -1000),
        ] as [(String, Int)])
    func `integers are read and written so`(_ hex: String, _ value: Int) throws {
        let bytes = CBORTests.bytes(hex)
        let cbor = try CBOR(bytes)
        #expect(cbor.integer(cbor.root) == value)
        #expect(CBORWriter.encoded(.integer(value)) == bytes)
    }

    @Test(arguments: ["1bffffffffffffffff", "3bffffffffffffffff", "c249010000000000000000", "c349010000000000000000"])
    func `integers past 64 bits are read, and are no Int`(_ hex: String) throws {
        let cbor = try CBOR(CBORTests.bytes(hex))
        #expect(cbor.integer(cbor.root) == nil)
    }

    @Test(
        arguments: [
            ("f90000", 0), ("f98000", -0.0), ("f93c00", 1), ("fb3ff199999999999a", 1.1), ("f93e00", 1.5),
            ("f97bff", 65504), ("fa47c35000", 100_000), ("fa7f7fffff", 3.4028234663852886e+38),
            ("fb7e37e43c8800759c", 1.0e+300), ("f90001", 5.960464477539063e-8), ("f90400", 0.00006103515625),
            ("f9c400", -4), ("fbc010666666666666", -4.1), ("c11a514b67b0", 1_363_896_240),
            ("c1fb41d452d9ec200000", 1_363_896_240.5),
        ] as [(String, Double)])
    func `floats are read so, bit for bit`(_ hex: String, _ value: Double) throws {
        let cbor = try CBOR(CBORTests.bytes(hex))
        #expect(cbor.number(cbor.untagged(cbor.root, 1))?.bitPattern == value.bitPattern)
    }

    @Test(arguments: [
        "f97c00", "f97e00", "f9fc00", "fa7f800000", "fa7fc00000", "faff800000", "fb7ff0000000000000",
        "fb7ff8000000000000", "fbfff0000000000000",
    ])
    func `infinities and what is not a number are floats, and no numbers`(_ hex: String) throws {
        let cbor = try CBOR(CBORTests.bytes(hex))
        #expect(cbor.kind(cbor.root) == .float && cbor.number(cbor.root) == nil)
    }

    @Test(
        arguments: [("f4", .false), ("f5", .true), ("f6", .null), ("f7", .null), ("f0", .other), ("f8ff", .other)]
            as [(String, CBOR.Kind)])
    func `simple values are read so`(_ hex: String, _ kind: CBOR.Kind) throws {
        let cbor = try CBOR(CBORTests.bytes(hex))
        #expect(cbor.kind(cbor.root) == kind)
    }

    @Test(
        arguments: [
            ("c074323031332d30332d32315432303a30343a30305a", 0, "2013-03-21T20:04:00Z"),
            ("d82076687474703a2f2f7777772e6578616d706c652e636f6d", 32, "http://www.example.com"),
        ] as [(String, UInt64, String)])
    func `tagged texts are read and written so`(_ hex: String, _ tag: UInt64, _ text: String) throws {
        let bytes = CBORTests.bytes(hex)
        let cbor = try CBOR(bytes)
        #expect(cbor.tag(cbor.root) == tag && cbor.text(cbor.untagged(cbor.root, UInt64(tag))) == text)
        #expect(CBORWriter.encoded(.tag(tag, .text(text))) == bytes)
    }

    @Test(arguments: [("d74401020304", 23, "01020304"), ("d818456449455446", 24, "6449455446")])
    func `tagged bytes are read and written so`(_ hex: String, _ tag: Int, _ content: String) throws {
        let bytes = CBORTests.bytes(hex)
        let cbor = try CBOR(bytes)
        #expect(cbor.byteString(cbor.untagged(cbor.root, UInt64(tag))) == CBORTests.bytes(content))
        #expect(CBORWriter.encoded(.tag(UInt64(tag), .bytes(CBORTests.bytes(content)))) == bytes)
    }

    @Test(arguments: [
        ("60", ""), ("6161", "a"), ("6449455446", "IETF"), ("62225c", #""\"#), ("62c3bc", "\u{FC}"),
        ("63e6b0b4", "\u{6C34}"), ("64f0908591", "\u{10151}"),
    ])
    func `texts are read and written so`(_ hex: String, _ text: String) throws {
        let bytes = CBORTests.bytes(hex)
        let cbor = try CBOR(bytes)
        #expect(cbor.text(cbor.root) == text)
        #expect(CBORWriter.encoded(.text(text)) == bytes)
    }

    @Test(arguments: [("40", ""), ("4401020304", "01020304")])
    func `bytes are read and written so`(_ hex: String, _ content: String) throws {
        let cbor = try CBOR(CBORTests.bytes(hex))
        #expect(cbor.byteString(cbor.root) == CBORTests.bytes(content))
        #expect(CBORWriter.encoded(.bytes(CBORTests.bytes(content))) == CBORTests.bytes(hex))
    }

    private static let nested: CBORWriter.Item = .array([
        .integer(1), .array([.integer(2), .integer(3)]), .array([.integer(4), .integer(5)]),
    ])
    private static let streamed: CBORWriter.Item = .map([
        (.text("a"), .integer(1)), (.text("b"), .array([.integer(2), .integer(3)])),
    ])
    private static let mixed: CBORWriter.Item = .array([.text("a"), .map([(.text("b"), .text("c"))])])
    private static let collections: [(String, CBORWriter.Item)] = [
        ("80", .array([])), ("83010203", .array((1...3).map { .integer($0) })), ("8301820203820405", nested),
        (
            "98190102030405060708090a0b0c0d0e0f101112131415161718181819", .array((1...25).map { .integer($0) })
        ),
        ("a0", .map([])), ("a201020304", .map([(.integer(1), .integer(2)), (.integer(3), .integer(4))])),
        ("a26161016162820203", streamed), ("826161a161626163", mixed),
        (
            "a56161614161626142616361436164614461656145",
            .map(zip("abcde", "ABCDE").map { (.text(String($0.0)), .text(String($0.1))) })
        ),
    ]

    @Test(arguments: 0..<9)
    func `arrays and maps are read and written so`(_ index: Int) throws {
        let (hex, item) = Self.collections[index]
        #expect(CBORWriter.encoded(item) == CBORTests.bytes(hex))
        #expect(Self.rewritten(try CBOR(CBORTests.bytes(hex))) == CBORTests.bytes(hex))
    }

    @Test(
        arguments: [
            ("5f42010243030405ff", "450102030405"), ("7f657374726561646d696e67ff", "6973747265616d696e67"),
            ("9fff", "80"), ("9f018202039f0405ffff", "8301820203820405"), ("9f01820203820405ff", "8301820203820405"),
            ("83018202039f0405ff", "8301820203820405"), ("83019f0203ff820405", "8301820203820405"),
            (
                "9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff",
                "98190102030405060708090a0b0c0d0e0f101112131415161718181819"
            ), ("bf61610161629f0203ffff", "a26161016162820203"), ("826161bf61626163ff", "826161a161626163"),
        ])
    func `what is of indefinite length is the same as of definite length`(_ hex: String, _ canonical: String) throws {
        #expect(Self.rewritten(try CBOR(CBORTests.bytes(hex))) == CBORTests.bytes(canonical))
    }

    @Test func `a map of indefinite length with a simple value is read`() throws {
        let cbor = try CBOR(CBORTests.bytes("bf6346756ef563416d7421ff"))
        #expect(cbor.kind(try #require(cbor.member("Fun", of: cbor.root))) == .true)
        #expect(cbor.integer(cbor.member("Amt", of: cbor.root)) == -2)
    }

    /// What was read, written again.
    private static func rewritten(_ cbor: CBOR) -> [UInt8] {
        func item(_ place: CBOR.Place) -> CBORWriter.Item {
            let children = cbor.children(of: place).map(item)
            return switch cbor.kind(place) {
            case .unsigned, .negative: .integer(cbor.integer(place) ?? 0)
            case .text: .text(cbor.text(place) ?? "")
            case .bytes: .bytes(cbor.byteString(place) ?? [])
            case .map:
                .map(cbor.entries(of: place).map { (item($0.key), item($0.value)) })
            default: .array(children)
            }
        }
        return CBORWriter.encoded(item(cbor.root))
    }

    @Test func `map keys are in the order of their bytes, heads are the shortest`() {
        // RFC 8949 section 4.2.1's example order: 10, 100, -1, "z", "aa".
        let map = CBORWriter.Item.map([
            (.text("aa"), .integer(1)), (.text("z"), .integer(2)), (.integer(-1), .integer(3)),
            (.integer(100), .integer(4)),
            (.integer(10), .integer(5)),
        ])
        #expect(CBORWriter.encoded(map) == CBORTests.bytes("a50a051864042003617a0262616101"))
        #expect(
            CBORWriter.encoded(.array([.integer(23), .integer(24), .integer(255), .integer(256), .integer(65536)]))
                == CBORTests.bytes("8517181818ff1901001a00010000"))
    }
}
