import Exchange
import ExchangeSupport
import Foundation
import PhoneApp
import SimulatedCard
import StackSupport
import Synchronization
import TestSupport
import Testing
import Vaccination

/// One changed byte of an application that somebody relays: refused for what the byte belongs to, and nothing is spent by it.
extension EndToEnd.Phones {
    /// A part of an application, and the code by which each of the two doors refuses it changed.
    private struct Part: Sendable {
        let name: String
        let range: Range<Int>
        let atWallet: ProblemCode
        let atRecordSystem: ProblemCode
    }

    private static func parts(of bytes: [UInt8]) throws -> [Part] {
        let application = try PhoneApplication(parsing: bytes)
        func part(
            _ name: String, _ field: [UInt8], _ atWallet: ProblemCode, _ atRecordSystem: ProblemCode? = nil
        ) throws -> Part {
            let range = try #require(bytes.firstRange(of: field), "\(name)")
            return Part(name: name, range: range, atWallet: atWallet, atRecordSystem: atRecordSystem ?? atWallet)
        }
        return [
            // Only who made a challenge can open it, so `wallet` sees that the proof is over another one.
            try part("challenge", application.challenge, .deviceProof, .challengeInvalid),
            try part("ciphertext", application.sealedFiles, .deviceProof),
            try part("EF 0004", application.cardCertificate, .requestMalformed),
            try part("EF 0007", application.chipKey, .requestMalformed),
            try part("chip's signature", application.chipSignature, .cardChipSignature),
            // The head has the SHA-256 of certificate and statement.
            try part("device certificate", application.deviceCertificate, .requestMalformed),
            try part("statement", application.statement.bytes, .requestMalformed),
            try part("proof", application.proof, .deviceProof),
        ]
    }

    @Test(arguments: PhoneRelay.Place.allCases)
    func `one changed byte is refused for what it belongs to, and the right bytes give the certificate afterwards`(
        _ place: PhoneRelay.Place
    ) async throws {
        let stack = try Stack.current
        let (phone, person) = (try await stack.phone(), try stack.nextPersonWithPhone())
        let before = try await stack.certificatesByState(in: person.municipality)
        let tried = Mutex<[(part: String, code: ProblemCode?, expected: ProblemCode)]>([])
        let relay = try await PhoneRelay(place, stack) { request, pass in
            guard request.path == "/v1/application" else { return try await pass(request.body) }
            for part in try Self.parts(of: request.body) {
                let (first, last) = (part.range.lowerBound, part.range.upperBound - 1)
                for index in [first, (first + last) / 2, last] {
                    var changed = request.body
                    changed[index] ^= 1
                    let reply = try await pass(changed)
                    let expected = place == .beforeWallet ? part.atWallet : part.atRecordSystem
                    tried.withLock { $0.append((part.name, Problem(parsing: reply.body)?.code, expected)) }
                }
            }
            return try await pass(request.body)
        }
        let course = try await phone.asking(relay.url).present(
            [PhoneChoice(municipality: person.municipality, kind: .domestic)], card: stack.card(person))
        await relay.stop()
        let all = tried.withLock { $0 }
        #expect(all.count == 24)
        for one in all { #expect(one.code == one.expected, "\(one.part)") }
        // Neither the challenge nor anything of the person's or the device's was used up, and one certificate was made.
        #expect(course.reasons == [nil])
        let after = try await stack.certificatesByState(in: person.municipality)
        let known = before.values.reduce(into: Set<String>()) { $0.formUnion($1) }
        let made = after.mapValues { $0.subtracting(known) }.filter { !$0.value.isEmpty }
        #expect(made == ["printed": Set(course.shown.map(\.id.text))])
    }
}
