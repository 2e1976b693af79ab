import CredentialFixtures
import Credentials
import Foundation
import Testing
import TestSupport

@Suite struct VerifierTests {
    private let fixture = SmartHealthCardFixture()

    private func codes(_ texts: [String]) -> [[String]] {
        fixture.verifier().check(texts, at: SmartHealthCardFixture.later).map { $0.reasons.map(\.code) }
    }

    private func numeric(_ text: some StringProtocol) -> String {
        text.utf8.map { byte in
            let value = Int(byte) - 45
            return value < 10 ? "0\(value)" : "\(value)"
        }.joined()
    }

    private func parts(_ jws: String, _ count: Int) -> [String] {
        let size = (jws.count + count - 1) / count
        return (0..<count).map { index in
            let part = jws.dropFirst(index * size).prefix(size)
            return "shc:/\(index + 1)/\(count)/\(numeric(part))"
        }
    }

    @Test func `each form of a card is recognised by itself`() throws {
        let jws = try fixture.jws()
        #expect(codes([jws]) == [[]])
        #expect(codes(["shc:/" + numeric(jws)]) == [[]])
        #expect(codes([" \n\(jws)\r\n"]) == [[]])
        #expect(codes([#"{"verifiableCredential":["\#(jws)","\#(jws)"]}"#]) == [[], []])
        #expect(codes(["{\n \"verifiableCredential\" : [ \"\(jws)\" ] , \"x\":1 }"]) == [[]])
        #expect(codes([jws, "shc:/" + numeric(jws), "what is this"]) == [[], [], ["format.unknown"]])
        #expect(codes([]) == [])
    }

    @Test(arguments: [
        ("", "format.unknown"), ("shc:5676", "format.unknown"), ("SHC:/5676", "jws.malformed"),
        ("shc:/", "shc.digits_invalid"),
        ("shc:/567", "shc.digits_invalid"), ("shc:/56 7", "shc.digits_invalid"), ("shc:/78", "shc.digits_invalid"),
        ("shc:/8000", "shc.digits_invalid"), ("shc:/00AA", "shc.digits_invalid"), ("shc:/0000", "jws.malformed"),
        ("shc:/0/1/00", "shc.digits_invalid"), ("shc:/2/1/00", "shc.digits_invalid"),
        ("shc:/1/99/00", "shc.digits_invalid"),
        ("shc:/01/2/00", "shc.digits_invalid"), ("shc:/1/2", "shc.digits_invalid"), ("shc:/1/2/", "shc.digits_invalid"),
        ("shc:/-1/2/00", "shc.digits_invalid"), ("shc:/1/99999999999999999999/00", "shc.digits_invalid"),
        ("eyJ.", "jws.malformed"), ("eyJ..", "base64url.invalid"), ("eyJh.b.c.d", "jws.malformed"),
        ("{", "json.invalid"),
        ("{}", "format.unknown"), (#"{"verifiableCredential":[]}"#, "shc.file_empty"),
        (#"{"verifiableCredential":[1]}"#, "jws.malformed"), (#"{"verifiableCredential":"x"}"#, "format.unknown"),
        (#"{"verifiableCredential":["a"],"verifiableCredential":["b"]}"#, "json.duplicate_key"),
    ])
    func `what is not quite a code gets its reason`(_ text: String, _ code: String) {
        #expect(codes([text]) == [[code]])
    }

    @Test func `too many cards in one file are refused`() {
        let list = [String](repeating: "\"x\"", count: 65).joined(separator: ",")
        #expect(codes(["{\"verifiableCredential\":[\(list)]}"]) == [["size.exceeded"]])
    }

    @Test func `parts are joined in whatever order they come`() throws {
        let jws = try fixture.jws()
        for count in 1...5 {
            let parts = parts(jws, count)
            #expect(codes(parts) == [[]])
            #expect(codes(parts.reversed()) == [[]])
            #expect(codes(parts + [parts[0]]) == [[]])
            #expect(codes(parts + [jws]) == [[], []])
            if count > 1 { #expect(codes(Array(parts.dropLast())) == [["shc.parts_missing"]]) }
        }
    }

    @Test func `parts of two cards are not joined by guess`() throws {
        let mine = parts(try fixture.jws(), 2)
        let other = parts(try fixture.jws(payload: SmartHealthCardFixture.payload.replacing(one: "花子", with: "太郎")), 2)
        #expect(codes([mine[0], other[1]]) == [["signature.invalid"]])
        #expect(codes(mine + other) == [["shc.parts_conflict"]])
        // Of different numbers of parts they can be told apart.
        let three = parts(try fixture.jws(payload: SmartHealthCardFixture.payload.replacing(one: "花子", with: "太郎")), 3)
        #expect(codes(mine + three) == [[], []])
    }

    @Test func `the JSON of a verdict is that of the interface`() throws {
        let verdict = try #require(fixture.check(try fixture.jws()))
        #expect(
            verdict.json()
                == #"{"verdict":"valid","test":false,"format":"shc","reasons":[],"warnings":[],"subject":"vaccination","issuer":"https://vc.example.jp/issuer","certificateId":"0123456789AB","holder":{"name":"見本 花子","birthDate":"1990-01-01"},"doses":[{"date":"2021-06-01","product":"COMIRNATY","maker":"Pfizer","lot":"FA1234","performer":"見本市"}]}"#
        )
        let bad = try #require(fixture.verifier().check(["x"], at: SmartHealthCardFixture.later).first)
        #expect(
            bad.json()
                == #"{"verdict":"invalid","test":false,"reasons":[{"code":"format.unknown","message":"This is not a vaccination certificate's code that is known here."}],"warnings":[]}"#
        )
    }

    @Test func `every cause has a stable code and a sentence in both languages`() {
        let form = /[a-z0-9]+(\.[a-z0-9_]+)+/
        for cause in Cause.allCases {
            let reason = Reason(cause)
            #expect(reason.code.wholeMatch(of: form) != nil)
            #expect(reason.message.hasSuffix("."))
            #expect(reason.messageJapanese.unicodeScalars.contains { (0x3040...0x9FFF).contains($0.value) })
        }
        #expect(Set(Cause.allCases.map { Reason($0).message }).count == Cause.allCases.count)
    }

    @Test func `the documentation lists every code`() throws {
        let article = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources/Credentials/Credentials.docc/ReasonCodes.md")
        let text = try String(contentsOf: article, encoding: .utf8)
        for cause in Cause.allCases { #expect(text.contains("| `\(cause.rawValue)` |"), "\(cause.rawValue)") }
    }

    @Test func `bad input never traps and is never valid`() async throws {
        let jws = try fixture.jws()
        let right = Set([jws])
        let verifier = fixture.verifier()
        let samples = [
            jws, "shc:/" + numeric(jws), #"{"verifiableCredential":["\#(jws)"]}"#, parts(jws, 3)[0], parts(jws, 1)[0],
        ]
        await BadInput.run("codes' texts", samples: samples.map { Array($0.utf8) }) { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            for verdict in verifier.check([text], at: SmartHealthCardFixture.later) where verdict.isValid {
                // Only a change outside what was signed may leave it valid.
                #expect(text.contains(jws) || text.contains(numeric(jws)) || right.contains(text))
            }
        }
    }
}

@Suite struct TrustStoreTests {
    private let fixture = SmartHealthCardFixture()

    private func store(_ text: String, path: String = "shc/a.json") -> TrustStore {
        TrustStore(files: [TrustFile(path: path, bytes: Array(text.utf8))])
    }

    @Test func `a good file gives trust and refuses nothing`() {
        let store = TrustStore(files: [fixture.trustFile()])
        #expect(!store.isEmpty && store.refused.isEmpty)
        #expect(TrustStore(files: []).isEmpty)
    }

    @Test(arguments: [
        ("", "json.invalid"), ("{}", "trust.issuer_malformed"), (#"{"issuer":"http://a"}"#, "trust.issuer_malformed"),
        (#"{"issuer":"https://a/"}"#, "trust.issuer_malformed"), (#"{"issuer":"https://a"}"#, "trust.keys_missing"),
        (#"{"issuer":"https://a","issuer":"https://b"}"#, "json.duplicate_key"),
    ])
    func `a file that is not as it should be is refused as a whole`(_ text: String, _ code: String) {
        #expect(store(text).refused.map(\.code) == [code])
        #expect(store(text).isEmpty)
    }

    private func change(_ part: String, _ flaw: String) throws -> TrustStore {
        store(try String(decoding: fixture.trustFile().bytes, as: UTF8.self).replacing(one: part, with: flaw))
    }

    @Test func `a private key in a set is refused and told of`() throws {
        let store = try change(#""crv""#, #""d":"AAAA","crv""#)
        #expect(store.refused.map(\.code) == ["key.private"])
        #expect(store.isEmpty)
    }

    @Test func `a key whose identifier is not its thumbprint is refused`() throws {
        let store = try change(fixture.kid, "3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s")
        #expect(store.refused.map(\.code) == ["key.wrong_id"])
    }

    @Test func `a point that is not on the curve is refused`() throws {
        let (x, _) = JWK.coordinates(of: fixture.signer.publicKey)
        let store = try change(x, "AAAA" + x.dropFirst(4))
        #expect(["key.malformed", "key.wrong_id"].contains(store.refused.first?.code ?? ""))
    }

    @Test(arguments: [
        (#""kty":"EC""#, #""kty":"RSA""#), (#""crv":"P-256""#, #""crv":"P-384""#), (#""use":"sig""#, #""use":"enc""#),
        (#""alg":"ES256""#, #""alg":"ES384""#),
    ])
    func `keys of other kinds are passed over and break nothing`(_ part: String, _ flaw: String) throws {
        let text = String(decoding: fixture.trustFile().bytes, as: UTF8.self)
        let other = String(decoding: fixture.trustFile(signer: TestSigner()).bytes, as: UTF8.self)
        let key = try #require(other.firstRange(of: "\"keys\":[").map { other[$0.upperBound...].prefix { $0 != "]" } })
        let flawed = try String(key).replacing(one: part, with: flaw)
        let store = store(try text.replacing(one: "\"keys\":[", with: "\"keys\":[\(flawed),null,1,{},"))
        #expect(store.refused.isEmpty && !store.isEmpty)
        let verdict = Verifier(trust: store).check([try fixture.jws()], at: SmartHealthCardFixture.later).first
        #expect(verdict?.isValid == true)
    }

    @Test func `a file with another ending vouches for nobody, and is not passed over`() {
        for path in ["shc/a.txt", "shc/a.JSON", "test/shc/a.json.bak"] {
            let store = TrustStore(files: [fixture.trustFile(path: path)])
            #expect(store.isEmpty && store.refused.map(\.code) == ["trust.unknown_file"])
        }
    }

    @Test func `other folders and hidden files are passed over`() {
        for path in ["card/a.json", "shc/.a.json", "a.json", "shc/b/a.json", "test/a.json", "", "/"] {
            let store = TrustStore(files: [fixture.trustFile(path: path)])
            #expect(store.isEmpty && store.refused.isEmpty)
        }
    }

    @Test func `bad input never traps`() async {
        let crls = #"[{"kid":"\#(fixture.kid)","method":"rid","ctr":3,"rids":["a","b.12"]}]"#
        await BadInput.run("trust files", samples: [fixture.trustFile(crls: crls, crlVersion: 3).bytes]) {
            _ = TrustStore(files: [TrustFile(path: "shc/a.json", bytes: $0)])
        }
    }
}
