import Crypto
import Exchange
import Foundation
import TestSupport
import Testing

/// The form of what terminals trust.
@Suite struct TerminalTrustTests {
    private let key = P256.Signing.PrivateKey()

    private func trust(
        counter: Int64 = 5, files: Int = 2, answers: Int = 1, path: String = "shc/issuer"
    ) -> TerminalTrust? {
        TerminalTrust(
            counter: counter, time: 1_700_000_000,
            files: (0..<files).map { .init(path: "\(path)\($0).json", content: Data("{}".utf8)) },
            answerKeys: (0..<answers).map { _ in P256.KeyAgreement.PrivateKey().publicKey },
            publishers: [P256.Signing.PrivateKey().publicKey])
    }

    private func signed(_ trust: TerminalTrust) throws -> SignedTerminalTrust {
        let text = try trust.text()
        let signature = try key.signature(for: SignedTerminalTrust.message(text)).rawRepresentation
        return try #require(SignedTerminalTrust(text: text, signature: Array(signature)))
    }

    @Test func `what was written is read, with the same bytes when it is written again`() throws {
        let trust = try #require(self.trust())
        let signed = try self.signed(trust)
        let again = try #require(SignedTerminalTrust(parsing: signed.bytes))
        #expect(again == signed && again.counter == 5)
        let read = try again.verified(by: [P256.Signing.PrivateKey().publicKey, key.publicKey])
        #expect(read.saysTheSame(as: trust))
        #expect(try read.text() == trust.text())
    }

    @Test(
        arguments: [
            (0, 2, 1, "a"), (1 << 53 + 1, 2, 1, "a"), (5, 257, 1, "a"), (5, 2, 0, "a"), (5, 2, 5, "a"),
            (5, 2, 1, "a\u{7}"),
            (5, 1, 1, String(repeating: "a", count: 200)),
        ] as [(Int64, Int, Int, String)])
    func `a value out of its bounds is none`(counter: Int64, files: Int, answers: Int, path: String) {
        #expect(trust(counter: counter, files: files, answers: answers, path: path) == nil)
    }

    @Test func `nothing without a right signature says anything`() throws {
        let signed = try self.signed(try #require(trust()))
        #expect(throws: SignedTerminalTrust.Failure.signature) {
            try signed.verified(by: [P256.Signing.PrivateKey().publicKey])
        }
        #expect(throws: SignedTerminalTrust.Failure.signature) { try signed.verified(by: []) }
    }

    @Test func `bad input is refused and never traps`() async throws {
        let sample = try signed(try #require(trust())).bytes
        await BadInput.run("terminal trust", samples: [sample]) { [key] bytes in
            guard let read = SignedTerminalTrust(parsing: bytes) else { return }
            #expect(read.bytes == bytes)
            // A changed text is never its publisher's.
            if bytes != sample { #expect((try? read.verified(by: [key.publicKey])) == nil) }
        }
    }
}
