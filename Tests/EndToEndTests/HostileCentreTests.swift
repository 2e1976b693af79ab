import CardChip
import Crypto
import Exchange
import ExchangeSupport
import Foundation
import MutualTLS
import SimulatedCard
import StackSupport
import Synchronization
import TestSupport
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
    func `an answer that a hostile centre replaced ends that session alone, however often`(
        _ replacement: Replacement
    ) async throws {
        let stack = try Stack.current
        let other = try stack.nextPerson()
        let terminal = try stack.terminal(9)
        let menu = Array(try JSONEncoder().encode(try await terminal.menu()))
        // Another person's document, as the hostile centre saw it sealed, and as it might know it in the clear.
        let session = try await terminal.prepare(stack.request(in: other.municipality), card: stack.card(other))
        let sealed = try await terminal.apply(session.application)
        let foreign = try stack.open(sealed, session)

        let upstream = try stack.asCentre()
        let hostile = try await stack.hostileCentre { request in
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
        // One configuration: what is out of service over a restart would be so for the second.
        let person = try stack.nextPerson()
        let configuration = try stack.terminalConfiguration(
            card: "simulated: \(stack.save(stack.card(person)))", printer: "command: [/bin/false]", terminal: 9,
            centre: hostile.url)
        let script = try stack.script(.init(municipality: person.municipality, expect: "guard.answer"))
        for _ in 0..<2 {
            let result = try await Program.run(
                Programs.path("kiosk-sim"), ["run", script, "--config", configuration, "--plain"],
                folder: stack.folder)
            #expect(result.output.contains(#"{"ended":"guard.answer","exit":19}"#), "\(result.output)\(result.errors)")
            #expect(result.status == 19)
        }
        await hostile.stop()
        #expect(!FileManager.default.fileExists(atPath: configuration + ".out-of-service"))
    }

    @Test func `a page that is another's takes the terminal out of service, over restarts too`() async throws {
        let stack = try Stack.current
        let (person, other) = try (stack.nextPerson(), stack.nextPerson())
        let terminal = try stack.terminal(10)
        let menu = Array(try JSONEncoder().encode(try await terminal.menu()))
        let session = try await terminal.prepare(stack.request(in: other.municipality), card: stack.card(other))
        let foreign = try stack.open(try await terminal.apply(session.application), session)
        let sealing = try P256.KeyAgreement.PrivateKey(
            pemRepresentation: Stack.pem(stack.keys + "/vrs/answer-sealing.key.pem"))
        let upstream = try stack.asCentre()
        // What vrs itself would do if it mixed people up.
        let mixing = try await stack.hostileCentre { request in
            switch request.path.split(separator: "?").first {
            case "/v1/menu": return .init(body: menu)
            case "/v1/challenge":
                let reply = try await upstream.send(
                    "POST", "/centre/v1/challenge", headers: [InquiryNumber.header: InquiryNumber().text])
                return .init(status: reply.status, body: reply.body)
            case "/v1/application":
                return .init(
                    type: SealedAnswer.mediaType,
                    body: try SealedAnswer.seal(foreign, for: try Application(parsing: request.body), by: sealing))
            default: return .init(status: 204)
            }
        }
        let configuration = try stack.terminalConfiguration(
            card: "simulated: \(stack.save(stack.card(person)))", printer: "command: [/bin/false]", terminal: 10,
            centre: mixing.url)
        let marker = configuration + ".out-of-service"
        let arguments = [
            "run", try stack.script(.init(municipality: person.municipality)), "--config", configuration, "--plain",
        ]
        let first = try await Program.run(Programs.path("kiosk-sim"), arguments, folder: stack.folder)
        #expect(first.status == 16, "\(first.output)\(first.errors)")
        // The note says nothing of anybody.
        #expect(FileManager.default.contents(atPath: marker) == Data())
        let asked = mixing.asked("/v1/").count
        let second = try await Program.run(Programs.path("kiosk-sim"), arguments, folder: stack.folder)
        #expect(second.status == 16)
        #expect(!second.output.contains("step"))
        #expect(mixing.asked("/v1/").count == asked)
        // A person has looked.
        try FileManager.default.removeItem(atPath: marker)
        let third = try await Program.run(Programs.path("kiosk-sim"), arguments, folder: stack.folder)
        #expect(third.output.contains("step"))
        await mixing.stop()
    }

    @Test(arguments: [
        #""hours":{"opens":1000,"closes":10}"#, #""hours":{"opens":0,"closes":9223372036854775807}"#,
        #""feeYen":9223372036854775807"#, #""feeYen":-1000"#, #""revision":-1"#,
    ])
    func `a hostile menu ends neither program nor page: nothing is asked for`(_ member: String) async throws {
        let stack = try Stack.current
        let person = try stack.nextPerson()
        let text = String(decoding: try JSONEncoder().encode(try await stack.terminal(11).menu()), as: UTF8.self)
        let name = try #require(member.split(separator: ":").first)
        // The member in place of the menu's own, whatever that is.
        let menu = text.replacing(try Regex("\(name):(\\{[^}]*\\}|[0-9]+)"), with: member)
        #expect(menu != text && menu.contains(member))
        let hostile = try await stack.hostileCentre { request in
            request.path.hasPrefix("/v1/menu") ? .init(body: Array(menu.utf8)) : nil
        }
        let visit = try await stack.visit(
            card: stack.save(stack.card(person)),
            .init(municipality: person.municipality, expect: "centre.unusable", terminal: 11, centre: hostile.url))
        await hostile.stop()
        #expect(visit.ended == "centre.unusable", "\(visit.output)\(visit.errors)")
        #expect(visit.status == 0)
        #expect(hostile.asked("/v1/challenge").isEmpty)
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
    /// A centre with the centre's own certificate that does what a test says.
    func hostileCentre(_ handler: @escaping TestCentre.Handler) async throws -> TestCentre {
        guard
            let identity = TLSIdentity(
                certificateFile: keys + "/centre/server.pem", keyFile: keys + "/centre/server.key.pem")
        else { throw TestFailure("the centre's certificate and key") }
        return try await TestCentre.start(
            identity, clients: CertificateAuthorities(PEMFile.certificates(keys + "/terminals/ca.pem")), handler)
    }

    /// A client of `vrs` with the centre's own certificate.
    func asCentre() throws -> TLSClient {
        try TLSClient(
            base: "https://" + centreListenerAddress, authority: keys + "/ca.pem",
            certificate: keys + "/centre/client.pem",
            key: keys + "/centre/client.key.pem")
    }
}
