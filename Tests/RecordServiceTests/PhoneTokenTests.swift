import Crypto
import Exchange
import Foundation
@testable import RecordService
import TestSupport
import Testing
import Vaccination

/// The tokens that are made for phones, and nothing of which is stored.
@Suite struct PhoneTokenTests {
    private let masters: PhoneMasters
    private let now = Stack.start

    init() throws { masters = try #require(PhoneMasters(file: String(repeating: "ab", count: 32))) }

    private func tokens(_ purpose: HourlyTokens.Purpose) -> HourlyTokens {
        HourlyTokens(masters: masters, purpose: purpose, validSeconds: 180)
    }

    @Test func `a token is opened for its purpose, in its incarnation, with its time`() throws {
        let token = try tokens(.challenge).make(now: now, incarnation: 1)
        #expect(token.count == HourlyTokens.tokenBytes)
        #expect(tokens(.challenge).open(token, incarnation: 1)?.madeAt == now)
        #expect(tokens(.enrolment).open(token, incarnation: 1) == nil)
        #expect(tokens(.challenge).open(token, incarnation: 2) == nil)
    }

    @Test func `bad tokens are none`() async throws {
        let good = try tokens(.challenge).make(now: now, incarnation: 1)
        let opener = tokens(.challenge)
        await BadInput.run("hourly tokens", samples: [good]) { bytes in
            let isOpened = opener.open(bytes, incarnation: 1) != nil
            #expect(!isOpened || bytes == good)
        }
    }

    @Test func `bad tokens that ask what is current are none`() async throws {
        let current = CurrentTokens(masters: masters, validDays: 90)
        let id = try #require(CertificateID("000000000000"))
        let good = try current.make(id, in: Stack.mihon.code, now: now)
        #expect(current.open(good)?.certificateID == id)
        await BadInput.run("current tokens", samples: [good]) { bytes in
            let isOpened = current.open(bytes) != nil
            #expect(!isOpened || bytes == good)
        }
    }

    @Test func `bad revocation codes are none, and one is its own text again`() async throws {
        let code = RevocationCode(of: [1], token: [2], under: masters.keys[0])
        #expect(RevocationCode(code.text.lowercased()) == code)
        await BadInput.run("revocation codes", samples: [Array(code.text.utf8)]) { bytes in
            guard let read = RevocationCode(String(decoding: bytes, as: UTF8.self)) else { return }
            #expect(RevocationCode(read.text) == read)
        }
    }

    @Test func `bad files of master keys are none`() async {
        let good = "# of phones\n" + String(repeating: "ab", count: 32) + "\n" + String(repeating: "0c", count: 32)
        await BadInput.run("master keys", samples: [Array(good.utf8)]) { bytes in
            guard let masters = PhoneMasters(file: String(decoding: bytes, as: UTF8.self)) else { return }
            #expect((1...8).contains(masters.keys.count))
        }
    }
}
