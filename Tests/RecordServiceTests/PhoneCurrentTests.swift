import Exchange
import Foundation
import RecordService
import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

/// Whether a certificate is still current, asked with its token.
@Suite struct PhoneCurrentTests {
    private func ask(_ stack: Stack, _ token: [UInt8]) async throws -> CurrentAnswer? {
        let stated = try TestPhone(stack).stated()
        let sent = try #require(try CurrentQuery.seal(token: token, to: stated))
        let reply = try await #require(stack.system.current).reply(to: sent.bytes)
        #expect(sent.bytes.count == CurrentQuery.sealedBytes && reply.count == CurrentQuery.sealedReplyBytes)
        return sent.answer(in: reply)
    }

    private func issued(_ stack: Stack, _ person: TestPerson) async throws -> (token: [UInt8], CertificateID) {
        try await stack.write(person)
        let phone = try await TestPhone.enrolled(stack)
        let answer = try await phone.issue(try await phone.application(person))
        return (answer.currentToken, answer.manifest.certificateID)
    }

    @Test func `a certificate is current until its record says otherwise, and after a death`() async throws {
        let stack = try await Stack(servesPhones: true)
        var person = TestPerson(1)
        let (token, id) = try await issued(stack, person)
        #expect(try await ask(stack, token) == .current)
        person.standing = .deceased
        try await stack.write(person)
        #expect(try await ask(stack, token) == .current)
        (person.standing, person.doses) = (.resident, 4)
        try await stack.write(person)
        #expect(try await ask(stack, token) == .newerDoses)
        _ = try await stack.store.revoke(id, in: Stack.mihon.code, now: stack.clock.now)
        #expect(try await ask(stack, token) == .revoked)
    }

    @Test func `a name that was changed since is a correction`() async throws {
        let stack = try await Stack(servesPhones: true)
        var person = TestPerson(1)
        let (token, _) = try await issued(stack, person)
        person.name = "見本\u{3000}花代"
        try await stack.write(person)
        #expect(try await ask(stack, token) == .corrected)
    }

    @Test func `a token of somebody else's making, an ended one, and one asked with too often say nothing`()
        async throws
    {
        let stack = try await Stack(servesPhones: true)
        let (token, _) = try await issued(stack, TestPerson(1))
        for index in [0, 4, 20, token.count - 1] {
            var flipped = token
            flipped[index] ^= 1
            #expect(try await ask(stack, flipped) == .unknown)
        }
        #expect(try await ask(stack, [1]) == .unknown)
        for _ in 0..<20 { #expect(try await ask(stack, token) == .current) }
        #expect(try await ask(stack, token) == .unknown)
        stack.clock.advance(601)
        #expect(try await ask(stack, token) == .current)
        stack.clock.advance(366 * 86_400)
        #expect(try await ask(stack, token) == .unknown)
    }

    @Test func `two tokens of one certificate, two queries of one token and two replies are all different`()
        async throws
    {
        let stack = try await Stack(servesPhones: true)
        let person = TestPerson(1)
        try await stack.write(person)
        let phone = try await TestPhone.enrolled(stack)
        let application = try await phone.application(person)
        let tokens = [
            try await phone.issue(application).currentToken, try await phone.issue(application).currentToken,
        ]
        #expect(tokens[0].count == tokens[1].count && tokens[0].dropFirst(4) != tokens[1].dropFirst(4))
        let stated = try phone.stated()
        let one = try #require(try CurrentQuery.seal(token: tokens[0], to: stated))
        let other = try #require(try CurrentQuery.seal(token: tokens[0], to: stated))
        #expect(one.bytes.dropFirst(32) != other.bytes.dropFirst(32))
        let current = try #require(stack.system.current)
        let replies = [try await current.reply(to: one.bytes), try await current.reply(to: one.bytes)]
        #expect(replies[0] != replies[1] && one.answer(in: replies[1]) == .current)
        #expect(other.answer(in: replies[0]) == nil)
    }

    @Test func `a query that is not one, or of another day, is refused openly`() async throws {
        let stack = try await Stack(servesPhones: true)
        let (token, _) = try await issued(stack, TestPerson(1))
        let current = try #require(stack.system.current)
        let sent = try #require(try CurrentQuery.seal(token: token, to: try TestPhone(stack).stated()))
        await #expect(throws: ProblemCode.requestMalformed) { try await current.reply(to: [1, 2, 3]) }
        var flipped = sent.bytes
        flipped[200] ^= 1
        await #expect(throws: ProblemCode.requestMalformed) { try await current.reply(to: flipped) }
        flipped = sent.bytes
        flipped[0] ^= 1
        await #expect(throws: ProblemCode.statementUnknown) { try await current.reply(to: flipped) }
    }
}
