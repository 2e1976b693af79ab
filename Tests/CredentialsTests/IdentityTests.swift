import CredentialFixtures
import Credentials
import Crypto
import Foundation
import TestSupport
import Testing

/// Parse, encode, compare: what is written is read as it was, and what is read of a form that claims to be the only one
/// is written as the same bytes again.
@Suite struct IdentityTests {
    private func base45(_ text: [UInt8]) throws -> [UInt8] { try Base45.decode(text, in: 0..<text.count) }
    private func digits(_ text: [UInt8]) throws -> [UInt8] { try NumericCode.decode(text, in: 0..<text.count) }

    @Test func `base45 and a code's digits are read as they were written, and in no other spelling`() async throws {
        var random = Seeded("texts of codes")
        for count in 1..<200 {
            let bytes = random.bytes(count)
            #expect(try base45(Base45.encoded(bytes)) == bytes)
            let jws = bytes.map { 45 + $0 % 78 }
            #expect(try digits(NumericCode.encode(jws)) == jws)
        }
        await BadInput.run("base45", samples: [Base45.encoded(random.bytes(60)), Array("QED8WEX0".utf8)], cases: 3_000)
        {
            let read = try base45($0)
            #expect(Base45.encoded(read) == $0)
        }
        await BadInput.run("a code's digits", samples: [NumericCode.encode(Array("eyJ6aXAi".utf8))], cases: 3_000) {
            let read = try digits($0)
            #expect(NumericCode.encode(read) == $0)
        }
    }

    private func item(_ random: inout Seeded, depth: Int) -> CBORWriter.Item {
        switch Int.random(in: 0..<(depth > 0 ? 6 : 3), using: &random) {
        case 0: return .integer([0, 23, 24, 255, 256, 65_536, -1, -25, .max, .min].randomElement(using: &random) ?? 0)
        case 1:
            return .text(
                ["", "a", "見本\u{E0100}", String(repeating: "x", count: 300)].randomElement(using: &random) ?? "")
        case 2: return .bytes(random.bytes(Int.random(in: 0...300, using: &random)))
        case 3: return .array((0..<Int.random(in: 0...30, using: &random)).map { _ in item(&random, depth: depth - 1) })
        case 4: return .tag(UInt64.random(in: 0...70_000, using: &random), item(&random, depth: 0))
        default:
            return .map(
                (0..<Int.random(in: 0...5, using: &random)).map { index in
                    (index % 2 == 0 ? .integer(index) : .text("k\(index)"), item(&random, depth: depth - 1))
                })
        }
    }

    /// The item at a place, to be written again; `nil` if it is of a kind that is never written.
    private func item(_ cbor: CBOR, _ place: CBOR.Place) -> CBORWriter.Item? {
        if let tag = cbor.tag(place) {
            return item(cbor, cbor.untagged(place, tag)).map { .tag(tag, $0) }
        }
        let children = cbor.children(of: place)
        switch cbor.kind(place) {
        case .unsigned, .negative: return cbor.integer(place).map { .integer($0) }
        case .text: return cbor.text(place).map { .text($0) }
        case .bytes: return cbor.byteString(place).map { .bytes($0) }
        case .array:
            let items = children.compactMap { item(cbor, $0) }
            return items.count == children.count ? .array(items) : nil
        case .map:
            let entries = cbor.entries(of: place)
            let items = entries.compactMap { key, value in
                item(cbor, key).flatMap { key in item(cbor, value).map { (key, $0) } }
            }
            return items.count == entries.count ? .map(items) : nil
        default: return nil
        }
    }

    @Test func `CBOR is read as it was written, and is canonical the second time`() async throws {
        var random = Seeded("CBOR")
        var samples: [[UInt8]] = []
        for _ in 0..<300 {
            let bytes = CBORWriter.encoded(item(&random, depth: 3))
            let read = try CBOR(bytes)
            let same = try #require(item(read, read.root))
            #expect(CBORWriter.encoded(same) == bytes)
            if bytes.count < 2_000 { samples.append(bytes) }
        }
        await BadInput.run("CBOR", samples: samples, cases: 3_000) {
            let read = try CBOR($0)
            guard let once = item(read, read.root).map(CBORWriter.encoded) else { return }
            let again = try CBOR(once)
            #expect(item(again, again.root).map(CBORWriter.encoded) == once)
        }
    }

    @Test func `JSON is read as it was written`() throws {
        var random = Seeded("JSON")
        let strings = ["", "a", "見本\u{E0100}", "\"\\/\u{8}\u{C}\n\r\t\u{1}\u{7F}\u{2028}😀"]
        func write(_ writer: inout JSONWriter, depth: Int) {
            switch Int.random(in: 0..<(depth > 0 ? 5 : 3), using: &random) {
            case 0: writer.string(strings.randomElement(using: &random) ?? "")
            case 1: writer.bool(Bool.random(using: &random))
            case 2:
                writer.number(
                    [0, -1, 0.5, 1e21, .leastNonzeroMagnitude, 9_007_199_254_740_991].randomElement(using: &random) ?? 0
                )
            case 3: writer.array { for _ in 0..<3 { write(&$0, depth: depth - 1) } }
            default:
                writer.object {
                    for name in ["a", "aa", "b", "\u{E000}"] where Bool.random(using: &random) {
                        $0.name(name)
                        write(&$0, depth: depth - 1)
                    }
                }
            }
        }
        for _ in 0..<500 {
            var writer = JSONWriter()
            write(&writer, depth: 4)
            let read = try JSON(writer.bytes)
            #expect(read.canonical(read.root) == writer.bytes)
        }
    }

    private func der(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        let count = content.count
        switch count {
        case 0..<0x80: return [tag, UInt8(count)] + content
        case 0..<0x100: return [tag, 0x81, UInt8(count)] + content
        case 0..<0x10000: return [tag, 0x82, UInt8(count >> 8), UInt8(count & 0xFF)] + content
        default: return [tag, 0x83, UInt8(count >> 16), UInt8(count >> 8 & 0xFF), UInt8(count & 0xFF)] + content
        }
    }

    @Test func `DER is read as it was written, and every value has one form`() async throws {
        var random = Seeded("DER")
        var samples: [[UInt8]] = []
        for count in [0, 1, 0x7F, 0x80, 0xFF, 0x100, 0xFFFF, 0x10000] {
            let content = random.bytes(count)
            let bytes = der(0x04, content)
            var reader = DER(bytes)
            #expect(reader.content(0x04) == content)
            #expect(reader.isAtEnd)
            if count <= 0x100 { samples.append(bytes) }
        }
        await BadInput.run("DER", samples: samples, cases: 3_000) { bytes in
            var reader = DER(bytes)
            guard let element = reader.next(), reader.isAtEnd else { return }
            #expect(der(element.tag, Array(bytes[element.content])) == bytes)
        }
    }

    @Test func `a JWS is put together again from what was read of it, and has one text`() async throws {
        let cards = SmartHealthCardFixture()
        await BadInput.run("JWS", samples: [Array(try cards.jws().utf8)], cases: 3_000) { text in
            let jws = try CompactJWS(text)
            let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            #expect(parts.count == 3)
            #expect(text[jws.payload] == parts[1])
            #expect(Base64URL.encoded(jws.signature) == Array(parts[2]))
            #expect(try Base64URL.encoded(Base64URL.decode(Array(parts[0]))) == Array(parts[0]))
        }
    }

    @Test func `a COSE message is put together again from what was read of it`() throws {
        let code = Array(try HCERTFixture().code().utf8)
        let first = try SignedCWT(code)
        let message = CBORWriter.encoded(
            .tag(18, .array([.bytes(first.protected), .map([]), .bytes(first.payload), .bytes(first.signature)])))
        let compressed = try #require(Deflate.compress(message, wrapping: .zlib))
        let again = try SignedCWT(Array("HC1:".utf8) + Base45.encoded(compressed))
        #expect(again.protected == first.protected)
        #expect(again.payload == first.payload)
        #expect(again.signature == first.signature)
        #expect(again.signingInput == first.signingInput)
    }

    @Test func `objects of PEM are read as they were written`() throws {
        var random = Seeded("PEM")
        for _ in 0..<100 {
            let objects = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                random.bytes(Int.random(in: 1...500, using: &random))
            }
            let text = objects.map {
                let body = Data($0).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
                return "a remark\n-----BEGIN CERTIFICATE-----\n\(body)\n-----END CERTIFICATE-----\n"
            }.joined()
            #expect(PEM.objects("CERTIFICATE", in: Array(text.utf8)) == objects)
        }
    }

    @Test func `keys of a set are read as they were written`() throws {
        for _ in 0..<20 {
            let key = P256.Signing.PrivateKey().publicKey
            let (x, y) = JWK.coordinates(of: key)
            let json = try JSON(
                Array(#"{"kty":"EC","crv":"P-256","kid":"\#(JWK.thumbprint(of: key))","x":"\#(x)","y":"\#(y)"}"#.utf8))
            let read = try JWK.read(json.root, in: json)
            #expect(read.key.rawRepresentation == key.rawRepresentation)
            #expect(read.kid == JWK.thumbprint(of: key))
        }
    }
}
