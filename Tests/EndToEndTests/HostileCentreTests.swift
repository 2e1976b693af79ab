import CardChip
import Crypto
import Exchange
import ExchangeSupport
import Foundation
import MutualTLS
import SimulatedCard
import Synchronization
import Testing
import Vaccination

/// A centre with all of the centre's keys that replaces answers: nothing of it reaches paper.
extension EndToEnd {
    /// What the hostile centre gives instead of the answer.
    enum Replacement: String, CaseIterable {
        /// A right answer of another person's session at the same terminal.
        case anotherSession
        /// The right answer with one bit changed.
        case changed
        /// Another person's page, sealed to this session by a key of the centre's own.
        case sealedByCentre
        /// Bytes of no form.
        case noise
    }

    @Test(arguments: Replacement.allCases)
    func `an answer that a hostile centre replaced takes the terminal out of service`(
        _ replacement: Replacement
    ) async throws {
        let stack = try Stack.current
        let (person, other) = try (stack.nextPerson(), stack.nextPerson())
        let terminal = try stack.terminal(9)
        let menu = Array(try JSONEncoder().encode(try await terminal.menu()))
        // Another person's document, as the hostile centre saw it sealed, and as it might know it in the clear.
        let session = try await terminal.prepare(stack.request(in: other.municipality), card: stack.card(other))
        let sealed = try await terminal.apply(session.application)
        let foreign = try stack.open(sealed, session)

        let upstream = try stack.asCentre()
        let hostile = try await TestCentre.start(
            try #require(
                TLSIdentity(
                    certificateFile: stack.keys + "/centre/server.pem",
                    keyFile: stack.keys + "/centre/server.key.pem")),
            clients: CertificateAuthorities(PEMFile.certificates(stack.keys + "/terminals/ca.pem"))
        ) { request in
            let headers = [InquiryNumber.header: InquiryNumber().text]
            switch request.path.split(separator: "?").first {
            case "/v1/menu": return .init(body: menu)
            case "/v1/challenge":
                let reply = try await upstream.send("POST", "/centre/v1/challenge", headers: headers)
                return .init(status: reply.status, body: reply.body)
            case "/v1/application":
                let reply = try await upstream.send(
                    "POST", "/centre/v1/application", body: request.body, type: Application.mediaType, headers: headers)
                guard reply.status == 200 else {
                    return .init(status: reply.status, type: Problem.mediaType, body: reply.body)
                }
                let body = try replacement.bytes(
                    for: request.body, right: reply.body, foreignSealed: sealed.body, foreign: foreign)
                return .init(type: SealedAnswer.mediaType, body: body)
            default: return .init(status: 204)
            }
        }
        let visit = try await stack.visit(
            card: stack.save(stack.card(person)),
            .init(
                municipality: person.municipality, expect: "guard.answer", terminal: 9, centre: hostile.url))
        await hostile.stop()
        #expect(visit.ended == "guard.answer", "\(visit.output)\(visit.errors)")
        #expect(visit.files("pdf").isEmpty && visit.files("png").isEmpty)
    }
}

extension EndToEnd.Replacement {
    func bytes(for application: [UInt8], right: [UInt8], foreignSealed: [UInt8], foreign: Answer) throws -> [UInt8] {
        switch self {
        case .anotherSession: return foreignSealed
        case .changed:
            var copy = right
            copy[copy.count / 2] ^= 1
            return copy
        case .sealedByCentre:
            return try SealedAnswer.seal(
                foreign, for: try Application(parsing: application), by: P256.KeyAgreement.PrivateKey())
        case .noise: return [UInt8](repeating: 0x41, count: 4096)
        }
    }
}

extension Stack {
    /// A client of `vrs` with the centre's own certificate.
    func asCentre() throws -> TLSClient {
        try TLSClient(
            base: "https://" + centreListenerAddress, authority: keys + "/ca.pem",
            certificate: keys + "/centre/client.pem",
            key: keys + "/centre/client.key.pem")
    }
}
