import Crypto
import Exchange
import Foundation
import RecordService
import TestSupport
import Testing

@Suite struct ChallengeTests {
    private let maker = ChallengeMaker(current: SymmetricKey(size: .bits256))
    private let now = Stack.start

    @Test func `a challenge is opened by its maker with its time`() throws {
        let challenge = try maker.open(try maker.make(now: now, incarnation: 1), incarnation: 1)
        #expect(challenge.madeAt == now)
        #expect(challenge.expires == now + 180)
    }

    @Test func `every challenge is another`() throws {
        #expect(try Set((0..<50).map { _ in try maker.make(now: now, incarnation: 1) }).count == 50)
    }

    @Test func `a challenge fits the application`() throws {
        #expect((16...256).contains(try maker.make(now: now, incarnation: 1).count))
    }

    @Test func `another key does not open it`() throws {
        let other = ChallengeMaker(current: SymmetricKey(size: .bits256))
        let token = try maker.make(now: now, incarnation: 1)
        #expect(throws: ProblemCode.challengeInvalid) { try other.open(token, incarnation: 1) }
    }

    @Test func `a challenge of an earlier life of the records does not open in the next`() throws {
        let token = try maker.make(now: now, incarnation: 1)
        #expect(throws: ProblemCode.challengeInvalid) { try maker.open(token, incarnation: 2) }
    }

    @Test func `a changed byte anywhere is found`() throws {
        let token = try maker.make(now: now, incarnation: 1)
        for index in token.indices {
            var changed = token
            changed[index] ^= 0x01
            #expect(throws: ProblemCode.challengeInvalid) { try maker.open(changed, incarnation: 1) }
        }
    }

    @Test(arguments: [
        (-6.0, false), (-5, true), (0, true), (179.999, true), (180, false), (86_400, false),
    ])
    func `time is judged to the instant`(age: Double, isValid: Bool) throws {
        let challenge = try maker.open(try maker.make(now: now, incarnation: 1), incarnation: 1)
        if isValid {
            #expect(throws: Never.self) { try challenge.checkTime(now: now + age) }
        } else {
            #expect(throws: ProblemCode.challengeExpired) { try challenge.checkTime(now: now + age) }
        }
    }

    @Test func `a key before the current one still opens`() throws {
        let (old, new) = (String(repeating: "ab", count: 32), String(repeating: "CD", count: 32))
        let before = try #require(ChallengeMaker(file: old))
        let after = try #require(ChallengeMaker(file: "# changed\n\(new)\n\(old)\n"))
        #expect(try after.open(try before.make(now: now, incarnation: 1), incarnation: 1).madeAt == now)
        #expect(throws: ProblemCode.challengeInvalid) {
            try before.open(try after.make(now: now, incarnation: 1), incarnation: 1)
        }
    }

    @Test(arguments: [
        "", "# only a remark", "ab", String(repeating: "g", count: 64), String(repeating: "a", count: 63),
    ])
    func `a key file of another form is refused`(text: String) {
        #expect(ChallengeMaker(file: text) == nil)
    }

    @Test func `bad tokens are refused`() async throws {
        let good = try maker.make(now: now, incarnation: 1)
        await BadInput.run("challenge", samples: [good]) { bytes in
            _ = try maker.open(bytes, incarnation: 1)
            #expect(bytes == good)
        }
    }
}
