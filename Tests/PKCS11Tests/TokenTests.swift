import Crypto
import Foundation
import Glibc
import PKCS11
import TestSupport
import Testing

/// Keys of one test each, in the token that the tests of this process share.
struct TestToken {
    let token: Token

    init(label: String = "akashi", pin: String = SoftHSM.pin, sessions: Int = 2) async throws {
        _ = try await SoftHSM.shared()
        token = try Token(try Self.place(label: label, pin: pin, sessions: sessions))
    }

    init(_ token: Token) { self.token = token }

    static func place(
        module: String = SoftHSM.module, label: String = "akashi", pin: String = SoftHSM.pin, sessions: Int = 2
    ) throws -> TokenPlace {
        try #require(TokenPlace(module: module, label: label, pin: Array(pin.utf8), sessions: sessions))
    }

    /// A new name.
    static func name() throws -> TokenObject { try #require(TokenObject(label: "k-\(UUID().uuidString.prefix(18))")) }

    /// A new key's name.
    func make(_ purpose: Token.Purpose) async throws -> TokenObject {
        let name = try Self.name()
        try await off { try $0.make(name, purpose) }
        return name
    }

    /// Calls that wait, off the threads that tasks share.
    func off<Value: Sendable>(_ body: @escaping @Sendable (Token) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { [token] in continuation.resume(with: Result { try body(token) }) }
        }
    }
}

/// One after the other: a module reads its tokens when it begins, and one that another process writes to meanwhile is hidden
/// from it.
@Suite(.serialized) struct InTokenTests {
    @Suite struct TokenTests {
        @Test func `what a key in the token signs verifies with its public part`() async throws {
            let test = try await TestToken()
            let name = try await test.make(.signing)
            let point = try await test.token.publicPoint(of: name)
            let key = try P256.Signing.PublicKey(x963Representation: point)
            for text in ["", "one", "two"] {
                let digest = SHA256.hash(data: Data(text.utf8))
                let raw = try await test.token.signature(over: Array(digest), by: name)
                #expect(key.isValidSignature(try P256.Signing.ECDSASignature(rawRepresentation: raw), for: digest))
            }
            #expect(try await test.token.canLeave(name) == false)
        }

        @Test func `what a key in the token signs is right to another tool too`() async throws {
            let test = try await TestToken()
            let hsm = try await SoftHSM.shared()
            let id = UUID().uuidString.replacing("-", with: "").lowercased()
            let octets = stride(from: 0, to: 32, by: 2).map { "%" + id.dropFirst($0).prefix(2) }.joined()
            let name = try #require(TokenObject(uri: "\(try TestToken.name());id=\(octets)"))
            try await test.off { try $0.make(name, .signing) }
            let digest = Data(SHA256.hash(data: Data("elsewhere".utf8)))
            let raw = Data(try await test.token.signature(over: Array(digest), by: name))
            #expect(try await hsm.verifiesElsewhere(digest, by: id, in: "akashi", signature: raw))
            #expect(try await !hsm.verifiesElsewhere(Data(digest.reversed()), by: id, in: "akashi", signature: raw))
        }

        @Test func `many callers at once each get the signature over their own digest`() async throws {
            let test = try await TestToken(sessions: 3)
            let name = try await test.make(.signing)
            let key = try P256.Signing.PublicKey(x963Representation: try await test.token.publicPoint(of: name))
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<64 {
                    group.addTask {
                        let digest = SHA256.hash(data: Data("\(index)".utf8))
                        let raw = try await test.token.signature(over: Array(digest), by: name)
                        return key.isValidSignature(
                            try P256.Signing.ECDSASignature(rawRepresentation: raw), for: digest)
                    }
                }
                var right = 0
                for try await isRight in group where isRight { right += 1 }
                #expect(right == 64)
            }
        }

        @Test func `what a key in the token wraps opens with its place alone`() async throws {
            let test = try await TestToken()
            let name = try await test.make(.wrapping)
            let plain = (0..<200).map { UInt8(truncatingIfNeeded: $0) }
            try await test.off { token in
                let sealed = try token.seal(plain, associated: [1, 2], by: name)
                #expect(sealed.count == 12 + plain.count + 16)
                #expect(try token.seal(plain, associated: [1, 2], by: name) != sealed, "a nonce of its own each time")
                #expect(try token.open(sealed, associated: [1, 2], by: name) == plain)
                // No loss: a changed value stays changed, however often it is asked again.
                for (bytes, place) in [(sealed, [1, 3] as [UInt8]), (Array(sealed.dropLast()), [1, 2])] {
                    let error = #expect(throws: TokenError.self) { try token.open(bytes, associated: place, by: name) }
                    #expect(error?.isTransient == false)
                }
                var changed = sealed
                changed[20] ^= 1
                #expect(throws: TokenError.self) { try token.open(changed, associated: [1, 2], by: name) }
                #expect(try token.open(sealed, associated: [1, 2], by: name) == plain)
            }
        }

        @Test func `a wrapped value is AES-256-GCM of the standard, whoever makes it`() async throws {
            // The key is put into the token from outside, as no key of ours ever is, to compare.
            let hsm = try await SoftHSM.shared()
            // Of letters: the tool reads a key's file as text, and drops what it takes for spaces.
            let key = SymmetricKey(data: (0..<32).map { _ in UInt8.random(in: 0x41...0x5A) })
            let name = try TestToken.name()
            let label = String("\(name)".dropFirst("pkcs11:object=".count))
            try await hsm.bring(aes: key.withUnsafeBytes { Data($0) }, as: label, to: "other")
            let test = try await TestToken(label: "other")
            let plain = Array("plain".utf8)
            let associated = Array("place".utf8)
            let box = try AES.GCM.seal(plain, using: key, authenticating: associated)
            let combined = Array(try #require(box.combined))
            try await test.off { token in
                #expect(try token.open(combined, associated: associated, by: name) == plain)
                let sealed = try token.seal(plain, associated: associated, by: name)
                let opened = try AES.GCM.open(.init(combined: sealed), using: key, authenticating: associated)
                #expect(Array(opened) == plain)
            }
        }

        @Test func `a key that is not there, or twice, or there already is named as such`() async throws {
            let test = try await TestToken()
            let absent = try TestToken.name()
            #expect(
                await #expect(throws: TokenError.self) {
                    try await test.token.signature(over: [UInt8](repeating: 1, count: 32), by: absent)
                } == .noSuchKey("\(absent)"))
            let present = try await test.make(.signing)
            #expect(
                await #expect(throws: TokenError.self) { try await test.off { try $0.make(present, .signing) } }
                    == .exists("\(present)"))
            #expect(
                await #expect(throws: TokenError.self) {
                    try await test.off { try $0.open([UInt8](repeating: 0, count: 40), associated: [], by: present) }
                }
                    == .noSuchKey("\(present)"), "a key that signs wraps nothing")
            // By its identifier alone a key is found too; two with the same are one too many.
            let label = String("\(present)".dropFirst("pkcs11:object=".count))
            let pair = try #require(TokenObject(uri: "pkcs11:object=\(label);id=%01%02"))
            #expect(
                await #expect(throws: TokenError.self) { try await test.token.publicPoint(of: pair) }
                    == .noSuchKey("\(pair)"))
            let id = UUID().uuidString.utf8.prefix(8).map { "%" + String($0, radix: 16) }.joined()
            let (first, second) = (try TestToken.name(), try TestToken.name())
            for name in [first, second] {
                let both = try #require(TokenObject(uri: "\(name);id=\(id)"))
                try await test.off { try $0.make(both, .signing) }
            }
            let either = try #require(TokenObject(uri: "pkcs11:id=\(id)"))
            #expect(
                await #expect(throws: TokenError.self) { try await test.token.publicPoint(of: either) }
                    == .ambiguous("\(either)"))
        }

        @Test func `a wrong PIN is tried once and never again`() async throws {
            _ = try await SoftHSM.shared()
            let place = try TestToken.place(label: "locked", pin: "000000")
            // Nobody else enters it: where an application is logged in, the PIN is not looked at again.
            let error = #expect(throws: TokenError.self) { _ = try Token(place) }
            guard case .pin = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(error?.isTransient == false)
        }

        @Test(arguments: ["absent", "twin"])
        func `a token that is not there, or twice, is not entered`(_ label: String) async throws {
            _ = try await SoftHSM.shared()
            let error = #expect(throws: TokenError.self) { _ = try Token(try TestToken.place(label: label)) }
            #expect(error?.code == (label == "absent" ? "token.unavailable" : "token.refused"))
        }

        @Test(arguments: ["/does/not/exist.so", "/lib/x86_64-linux-gnu/libc.so.6", "/etc/passwd"])
        func `what is no module is told`(_ path: String) throws {
            let error = #expect(throws: TokenError.self) { _ = try Token(try TestToken.place(module: path)) }
            #expect(error?.code == "token.module")
        }
    }
}

@Suite struct TokenPlaceTests {
    @Test func `a place never shows the PIN, by itself or in what holds it`() throws {
        let pin = Array("8675309".utf8)
        let place = try #require(TokenPlace(module: "/m.so", label: "akashi", pin: pin))
        var dumped = ""
        dump([place], to: &dumped)
        for shown in ["\(place)", String(reflecting: place), dumped] {
            #expect(shown.contains("akashi") && !shown.contains("8675309") && !shown.contains("\(pin[0])"))
        }
    }

    @Test(arguments: [("", 1, 4), (String(repeating: "a", count: 33), 1, 4), ("a", 0, 4), ("a", 256, 4), ("a", 1, 0)])
    func `what is out of its bounds is no place`(label: String, digits: Int, sessions: Int) {
        let pin = [UInt8](repeating: 0x31, count: digits)
        #expect(TokenPlace(module: "/m.so", label: label, pin: pin, sessions: sessions) == nil)
    }
}

@Suite struct TokenObjectTests {
    @Test(
        arguments: [
            ("pkcs11:object=shc-2026", nil), ("pkcs11:token=akashi;object=shc", "akashi"),
            ("pkcs11:token=My%20token;object=a;type=private", "My token"), ("pkcs11:id=%01%ff", nil),
            ("pkcs11:object=%E8%A8%BC;type=secret-key", nil),
        ] as [(String, String?)])
    func `a URI of the standard names a key`(_ uri: String, _ token: String?) throws {
        let object = try #require(TokenObject(uri: uri))
        #expect(object.token == token && "\(object)" == uri)
        #expect(object == TokenObject(uri: uri))
    }

    @Test(arguments: [
        "", "pkcs11:", "keys/shc.pem", "pkcs11:token=akashi", "pkcs11:object=", "pkcs11:object=a;serial=1",
        "pkcs11:object=a?pin-value=1234", "pkcs11:object=a?pin-source=/etc/pin",
        "pkcs11:object=a?module-path=/lib/x.so",
        "pkcs11:object=a;type=public", "pkcs11:object=a;type=cert", "pkcs11:object=a;x-vendor=1", "pkcs11:object=%zz",
        "pkcs11:object=a;manufacturer=m", "pkcs11:object=a;slot-id=3", "pkcs11:object=a\u{0}b",
        "pkcs11:object=" + String(repeating: "a", count: 257), "pkcs11:id=" + String(repeating: "%01", count: 65),
    ])
    func `what is not looked at may not stand in a URI`(_ uri: String) {
        #expect(TokenObject(uri: uri) == nil)
    }

    @Test func `any text is read or refused`() {
        var seeded = Seeded("URIs of tokens")
        let parts = [
            "pkcs11:", "object=", "id=", "token=", ";", "?", "%", "%4", "%41", "a", "type=private", "=", "&", "é",
        ]
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0...8, using: &seeded)).compactMap { _ in
                parts.randomElement(using: &seeded)
            }.joined()
            if let object = TokenObject(uri: text) { #expect("\(object)" == text) }
        }
    }

    @Test(arguments: ["shc-2026", "a", "A.b_c"]) func `a plain name is a label`(_ label: String) {
        #expect(TokenObject(label: label) == TokenObject(uri: "pkcs11:object=\(label)"))
    }

    @Test(arguments: ["", "a b", "a;b", "é", String(repeating: "a", count: 65)])
    func `a name that a URI would have to escape is none`(_ label: String) { #expect(TokenObject(label: label) == nil) }
}
