import Attestation
import Crypto
import Exchange
import ExchangeServer
import Foundation
import HTTPServer
import HTTPTypes
import TestSupport
import Testing
import Vaccination

/// An application is checked unopened, and goes on as it came.
@Suite(.timeLimit(.minutes(3))) struct ApplicationTests {
    @Test(arguments: CertificateKind.allCases)
    func
        `a right application reaches vrs byte for byte, with the inquiry number alone, and the answer comes back unread`(
            _ kind: CertificateKind
        ) async throws
    {
        try await World.with { world in
            let application = try await world.sample.application(kind)
            let answer = try await world.apply(application)
            #expect(answer.status == 200)
            #expect(answer.mediaType == PhoneRoute.application.answer.mediaType)
            #expect(String(decoding: answer.body, as: UTF8.self) == "sealed")
            #expect(world.vrs.received("application") == [application.bytes])
            let headers = try #require(world.vrs.headers("application").first)
            #expect(headers[.inquiry] == application.inquiry.text)
            #expect(headers[.terminal] == nil && headers[.pageFormats] == nil)
        }
    }

    @Test func `the formats of a page are passed on if they are asked for`() async throws {
        try await World.with { world in
            let application = try await world.sample.application()
            _ = try await world.apply(application, headers: [PageFormat.header: "pdf"])
            #expect(world.vrs.headers("application").first?[.pageFormats] == "pdf")
            let wrong = try await world.apply(application, headers: [PageFormat.header: "gif"])
            #expect(wrong.problem?.code == .requestMalformed)
        }
    }

    /// One flaw in an otherwise right application.
    enum Flaw: CaseIterable {
        case truncated, trailing, empty, otherMediaType, noInquiry, tooLarge, otherMunicipality, otherKind
        case strangersCertificate, endedCertificate, certificateOfNoDevice, otherDevicesProof, otherChip, foreignCard
        case otherStatement, endedStatement

        var code: ProblemCode {
            switch self {
            case .truncated, .trailing, .empty, .otherMediaType, .noInquiry: .requestMalformed
            case .tooLarge: .requestTooLarge
            case .otherMunicipality: .municipalityNotParticipating
            case .otherKind: .kindNotOffered
            case .strangersCertificate, .endedCertificate, .certificateOfNoDevice: .deviceUnknown
            case .otherDevicesProof: .deviceProof
            case .otherChip: .cardChipSignature
            case .foreignCard: .cardAuthorityUnknown
            case .otherStatement, .endedStatement: .statementUnknown
            }
        }
    }

    @Test(arguments: Flaw.allCases)
    func `each single flaw is refused with its own code, and vrs hears nothing of it`(_ flaw: Flaw) async throws {
        try await World.with { world in
            let sample = world.sample
            var signed: SignedApplication
            switch flaw {
            case .otherMunicipality: signed = try await sample.application(municipality: "131032")
            case .otherKind: signed = try await sample.application(.overseas, municipality: "131024")
            case .strangersCertificate:
                signed = try await sample.application(certificate: sample.certificate(by: sample.strangers))
            case .endedCertificate: signed = try await sample.application(certificate: sample.certificate(until: -60))
            case .certificateOfNoDevice:
                signed = try await sample.application(certificate: sample.certificate(uri: "https://example.jp"))
            case .otherDevicesProof: signed = try await sample.application(provedBy: P256.Signing.PrivateKey())
            case .otherChip: signed = try await sample.application(chip: sample.other)
            case .foreignCard: signed = try await sample.application(files: sample.foreign)
            case .otherStatement:
                let other = try Sample.statement(from: -3600, to: 36_000, sample.pinned)
                signed = try await sample.application(statement: other)
            case .endedStatement:
                let ended = try Sample.statement(from: -36_000, to: -3600, sample.pinned)
                signed = try await sample.application(statement: ended)
            default: signed = try await sample.application()
            }
            var bytes = signed.bytes
            var type = PhoneRoute.application.request.mediaType
            switch flaw {
            case .truncated: bytes.removeLast()
            case .trailing: bytes.append(0)
            case .empty: bytes = []
            case .tooLarge: bytes += [UInt8](repeating: 0, count: PhoneApplication.maximumBytes)
            case .otherMediaType: type = "application/octet-stream"
            default: break
            }
            let answer = try await world.phone.send(
                .post, "/v1/application", bytes, type: type,
                headers: flaw == .noInquiry ? [:] : [InquiryNumber.header: signed.inquiry.text])
            #expect(answer.problem?.code == flaw.code)
            #expect(answer.status == flaw.code.status.code)
            #expect(world.vrs.receivedNothing)
        }
    }

    @Test(arguments: [
        ProblemCode.challengeExpired, .challengeUsed, .filesInvalid, .limitAttempts, .deviceSuspended, .serviceHalted,
        .serviceBusy,
    ])
    func `an open refusal of vrs passes as it is, with sentences for people`(_ code: ProblemCode) async throws {
        try await World.with { world in
            world.vrs.behave("application", .refuse(code))
            let application = try await world.sample.application()
            let answer = try await world.apply(application)
            #expect(answer.problem == Problem(code, status: code.status.code, inquiry: application.inquiry))
            let said = try #require(
                try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])
            #expect(
                said["texts"] as? [String: String] == ["ja": code.phoneText.japanese, "en": code.phoneText.english])
        }
    }

    @Test(arguments: ProblemCode.allCases.filter(\.travelsSealed))
    func `a refusal about a person that stands openly is passed on, logged and counted by nobody`(
        _ code: ProblemCode
    ) async throws {
        try await World.with { world in
            let problem = try JSONEncoder().encode(Problem(code, status: 422, inquiry: nil))
            world.vrs.behave(
                "application",
                .bytes(
                    status: .unprocessableContent, mediaType: Problem.mediaType,
                    body: String(decoding: problem, as: UTF8.self)))
            let answer = try await world.apply(try await world.sample.application())
            #expect(answer.problem?.code == .upstreamUnavailable)
            #expect(!world.lines.all.contains { $0.contains(code.rawValue) })
            #expect(!world.metrics.text().contains(code.rawValue))
        }
    }

    @Test(arguments: [
        (HTTPResponse.Status.ok, "text/html", "<html>"), (.ok, "application/vnd.akashi.sealed-answer.v2", ""),
        (.ok, "application/vnd.akashi.sealed-answer.v1", "sealed"), (.notFound, "text/plain", "nothing"),
        (.noContent, "application/vnd.akashi.sealed-answer.v2", ""),
    ])
    func `what is neither a sealed answer nor a known refusal is an upstream that could not be asked`(
        _ status: HTTPResponse.Status, _ mediaType: String, _ body: String
    ) async throws {
        try await World.with { world in
            world.vrs.behave("application", .bytes(status: status, mediaType: mediaType, body: body))
            let answer = try await world.apply(try await world.sample.application())
            #expect(answer.problem?.code == .upstreamUnavailable)
        }
    }

    @Test func `more applications at once than are taken are told to come again`() async throws {
        try await World.with(.init(applicationsAtOnce: 1)) { world in
            world.vrs.behave("application", .wait)
            async let first = world.apply(try await world.sample.application())
            for await _ in world.vrs.started.stream { break }
            let refused = try await world.apply(try await world.sample.application())
            #expect(refused.problem?.code == .serviceBusy)
            #expect(refused.headers["retry-after"] == "1")
            world.vrs.released.continuation.finish()
            let answer = try await first
            #expect(answer.status == 200)
        }
    }

    @Test func `a statement of before counts as long as vrs opens what is sealed for it, and a new one is asked for`()
        async throws
    {
        try await World.with { world in
            let first = try await world.sample.application()
            #expect(try await world.apply(first).status == 200)
            let next = try Sample.statement(from: -60, to: 72_000, world.sample.pinned)
            world.vrs.state(next)
            #expect(try await world.apply(first).status == 200)
            try await eventually("the next statement is known") {
                try await world.apply(try await world.sample.application(statement: next)).status == 200
            }
            #expect(try await world.apply(first).status == 200)
            // Behind the end of the first one and the quarter of an hour that is given.
            world.clock.move(by: 36_000 + 901)
            #expect(try await world.apply(first).problem?.code == .statementUnknown)
        }
    }

    @Test(arguments: Outcome.Disposition.allCases)
    func `an outcome is passed on if it is one that a phone can report`(_ disposition: Outcome.Disposition) async throws
    {
        try await World.with { world in
            let keys = SessionKeys()
            let outcome = try Outcome(
                transcriptHash: [UInt8](repeating: 1, count: 32),
                municipality: try #require(MunicipalityCode(Sample.mihon)), disposition: disposition, keys: keys)
            let answer = try await world.send(PhoneRoute.outcome, outcome.bytes)
            if disposition == .printed {
                #expect(answer.problem?.code == .requestMalformed)
                #expect(world.vrs.received("outcome").isEmpty)
            } else {
                #expect(answer.status == 204)
                #expect(world.vrs.received("outcome") == [outcome.bytes])
            }
            let none = try await world.send(PhoneRoute.outcome, outcome.bytes, inquiry: nil)
            #expect(none.problem?.code == .requestMalformed)
        }
    }
}
