import CardChip
import Crypto
import Exchange
import ExchangeServer
import ExchangeSupport
import Foundation
import HTTPServer
import HTTPTypes
import MutualTLS
import NIOCore
import SimulatedCard
import TestSupport
import Testing
import Vaccination

/// An application is checked, and goes on as it came.
@Suite(.timeLimit(.minutes(3)))
struct ApplicationTests {
    @Test
    func `a right application reaches vrs byte for byte, with the inquiry number, and the answer comes back unread`()
        async throws
    {
        try await World.with { world in
            let terminal = world.terminals[0]
            let inquiry = InquiryNumber()
            let application = try terminal.application(Cards.get().first)
            let response = try await world.apply(terminal, application, inquiry: inquiry)
            #expect(response.status == 200)
            #expect(response.mediaType == SealedAnswer.mediaType)
            #expect(String(buffer: response.body) == "sealed")
            #expect(world.vrs.received("application") == [application])
            let headers = try #require(world.vrs.headers("application").first)
            #expect(headers[.inquiry] == inquiry.text)
            #expect(headers[.terminal] == "T0001")
        }
    }

    /// One flaw in an otherwise right application of the first terminal.
    enum Flaw: CaseIterable {
        case otherTerminalsHash, forgedTerminalSignature, mixedFiles, otherChip, swappedAttributes, tamperedNumber
        case foreignAuthority, tamperedChipSignature, appChannel, truncated, trailing, empty, otherMediaType, noInquiry,
            tooLarge

        var code: ProblemCode {
            switch self {
            case .otherTerminalsHash: .terminalMismatch
            case .forgedTerminalSignature: .terminalSignature
            case .mixedFiles, .otherChip: .cardChipSignature
            case .swappedAttributes: .cardAttributesDigest
            case .tamperedNumber: .cardNumberDigest
            case .foreignAuthority: .cardAuthorityUnknown
            case .tamperedChipSignature: .cardChipSignature
            case .appChannel, .truncated, .trailing, .empty, .otherMediaType, .noInquiry: .requestMalformed
            case .tooLarge: .requestTooLarge
            }
        }
    }

    @Test(arguments: Flaw.allCases)
    func `each single flaw is refused with its own code, and vrs hears nothing of it`(_ flaw: Flaw) async throws {
        try await World.with { world in
            let terminal = world.terminals[0]
            let cards = try Cards.get()
            let files = try cards.first.read()
            var bytes = try terminal.application(cards.first)
            var code = flaw.code
            var type = Application.mediaType
            var inquiry: InquiryNumber? = InquiryNumber()
            switch flaw {
            case .otherTerminalsHash:
                bytes = try terminal.application(cards.first, certificateHash: world.terminals[1].hash)
            case .forgedTerminalSignature:
                bytes = try terminal.application(cards.first, signedBy: P256.Signing.PrivateKey())
            case .mixedFiles:
                // The second card's chip key among the first one's files: its signature is by another card's key.
                let mixed = try CardFiles(
                    number: files.number, attributes: files.attributes, record: files.record,
                    certificate: files.certificate,
                    chipKey: cards.second.read().chipKey)
                bytes = try terminal.application(cards.first, chip: cards.second, files: mixed)
                code = .cardChipKeySignature
            case .otherChip: bytes = try terminal.application(cards.first, chip: cards.second)
            case .swappedAttributes:
                let swapped = try CardFiles(
                    number: files.number, attributes: cards.second.read().attributes, record: files.record,
                    certificate: files.certificate, chipKey: files.chipKey)
                bytes = try terminal.application(cards.first, files: swapped)
            case .tamperedNumber:
                var number = files.number
                number.replaceSubrange(3..<15, with: Array("123456789018".utf8))
                let tampered = try CardFiles(
                    number: number, attributes: files.attributes, record: files.record, certificate: files.certificate,
                    chipKey: files.chipKey)
                bytes = try terminal.application(cards.first, files: tampered)
            case .foreignAuthority: bytes = try terminal.application(cards.foreign)
            case .tamperedChipSignature:
                // The chip's signature stands before the terminal's 4 + 64 bytes; signed anew so that only it is wrong.
                let draft = try terminal.draft(files)
                var signature = try cards.first.sign(draft.transcript)
                signature[100] ^= 1
                bytes = try draft.signed(chipSignature: signature).bytes
            case .appChannel: bytes = try terminal.application(cards.first, channel: .app)
            case .truncated: bytes.removeLast()
            case .trailing: bytes.append(0)
            case .empty: bytes = []
            case .otherMediaType: type = "application/octet-stream"
            case .noInquiry: inquiry = nil
            case .tooLarge: bytes += [UInt8](repeating: 0, count: Application.maximumBytes)
            }
            let response = try await world.send(terminal, .post, "/v1/application", bytes, type: type, inquiry: inquiry)
            #expect(response.problem?.code == code)
            #expect(world.vrs.receivedNothing)
        }
    }

    @Test func `a terminal with an application under way gets no second one; another terminal does`() async throws {
        try await World.with { world in
            let (terminal, other) = (world.terminals[0], world.terminals[1])
            world.vrs.behave("application", .wait)
            let card = try Cards.get().first
            async let first = world.apply(terminal, terminal.application(card))
            for await _ in world.vrs.started.stream { break }
            #expect(try await world.apply(terminal, terminal.application(card)).problem?.code == .terminalBusy)
            #expect(world.vrs.received("application").count == 1)
            world.vrs.behave("application", .right)
            #expect(try await world.apply(other, other.application(card)).status == 200)
            world.vrs.released.continuation.finish()
            let answer = try await first
            #expect(answer.status == 200)
            #expect(try await world.apply(terminal, terminal.application(card)).status == 200)
        }
    }

    @Test func `more applications at once than the centre takes are told to come again`() async throws {
        try await World.with(.init(applicationsAtOnce: 1)) { world in
            let (terminal, other) = (world.terminals[0], world.terminals[1])
            world.vrs.behave("application", .wait)
            let card = try Cards.get().first
            async let first = world.apply(terminal, terminal.application(card))
            for await _ in world.vrs.started.stream { break }
            let refused = try await world.apply(other, other.application(card))
            #expect(refused.problem?.code == .serviceBusy)
            #expect(refused.status == 503)
            world.vrs.released.continuation.finish()
            let answer = try await first
            #expect(answer.status == 200)
        }
    }

    @Test(arguments: [
        ProblemCode.challengeExpired, .challengeUsed, .terminalSuspended, .serviceHalted, .serviceBusy, .internal,
    ])
    func `an open refusal of vrs passes as it is`(_ code: ProblemCode) async throws {
        try await World.with { world in
            let terminal = world.terminals[0]
            let inquiry = InquiryNumber()
            world.vrs.behave("application", .refuse(code))
            let response = try await world.apply(terminal, terminal.application(Cards.get().first), inquiry: inquiry)
            #expect(response.problem == Problem(code, status: code.status.code, inquiry: inquiry))
        }
    }

    @Test(arguments: ProblemCode.allCases.filter(\.travelsSealed))
    func `a refusal about a person that stands openly is passed on, logged and counted by nobody`(
        _ code: ProblemCode
    ) async throws {
        try await World.with { world in
            let terminal = world.terminals[0]
            world.vrs.behave(
                "application",
                .bytes(
                    status: .unprocessableContent, mediaType: Problem.mediaType,
                    body: String(
                        decoding: try JSONEncoder().encode(Problem(code, status: 422, inquiry: nil)), as: UTF8.self)))
            let response = try await world.apply(terminal, terminal.application(Cards.get().first))
            #expect(response.problem?.code == .upstreamUnavailable)
            #expect(!world.lines.all.contains { $0.contains(code.rawValue) })
            #expect(!world.metrics.text().contains(code.rawValue))
        }
    }

    @Test(arguments: [
        (HTTPResponse.Status.ok, "text/html", "<html>"), (.ok, SealedAnswer.mediaType, ""),
        (.notFound, "text/plain", "nothing"),
        (.internalServerError, Problem.mediaType, "{\"code\":\"person.not_found\"}"),
        (
            .notFound, "application/json",
            "{\"type\":\"t\",\"title\":\"t\",\"status\":404,\"code\":\"person.not_found\"}"
        ),
        (.ok, Problem.mediaType, "{\"type\":\"t\",\"title\":\"t\",\"status\":404,\"code\":\"person.not_found\"}"),
        (.badRequest, Problem.mediaType, "{\"type\":\"t\",\"title\":\"t\",\"status\":400,\"code\":\"person.new\"}"),
        (.noContent, SealedAnswer.mediaType, ""),
    ])
    func `what is neither a sealed answer nor a known refusal is an upstream that could not be asked`(
        _ status: HTTPResponse.Status, _ mediaType: String, _ body: String
    ) async throws {
        try await World.with { world in
            let terminal = world.terminals[0]
            world.vrs.behave("application", .bytes(status: status, mediaType: mediaType, body: body))
            let response = try await world.apply(terminal, terminal.application(Cards.get().first))
            #expect(response.problem?.code == .upstreamUnavailable)
        }
    }

    @Test func `a replaced answer passes unread: only the terminal can tell`() async throws {
        try await World.with { world in
            let terminal = world.terminals[0]
            world.vrs.behave(
                "application", .bytes(status: .ok, mediaType: SealedAnswer.mediaType, body: "another answer"))
            let response = try await world.apply(terminal, terminal.application(Cards.get().first))
            #expect(String(buffer: response.body) == "another answer")
        }
    }

    @Test func `a vrs that takes too long could not be asked, and the terminal is free again`()
        async throws
    {
        try await World.with(.init(applicationTimeout: .seconds(3))) { world in
            let terminal = world.terminals[0]
            let card = try Cards.get().first
            world.vrs.behave("application", .wait)
            #expect(try await world.apply(terminal, terminal.application(card)).problem?.code == .upstreamUnavailable)
            world.vrs.behave("application", .right)
            #expect(try await world.apply(terminal, terminal.application(card)).status == 200)
        }
    }

    @Test func `a vrs that is gone could not be asked`() async throws {
        try await World.with(.init(lostAfter: .seconds(60))) { world in
            let terminal = world.terminals[0]
            let application = try terminal.application(Cards.get().first)
            await world.stopVRS()
            try await eventually("the lost access policy is noticed") {
                world.lines.all.contains { $0.contains("gate: no answer") }
            }
            #expect(try await world.apply(terminal, application).problem?.code == .upstreamUnavailable)
            #expect(try await world.challenge(terminal).problem?.code == .upstreamUnavailable)
        }
    }

    @Test func `a graceful stop finishes the application under way`() async throws {
        try await World.with { world in
            let terminal = world.terminals[0]
            world.vrs.behave("application", .wait)
            async let answer = world.apply(terminal, terminal.application(Cards.get().first))
            for await _ in world.vrs.started.stream { break }
            await world.stop()
            world.vrs.released.continuation.finish()
            let response = try await answer
            #expect(response.status == 200)
        }
    }

    @Test func `a menu poll under way does not hold a stop up`() async throws {
        try await World.with { world in
            let terminal = world.terminals[0]
            let menu = try await world.menu(terminal)
            async let next = world.menu(terminal, after: menu.revision)
            try await eventually("the poll has a connection") {
                world.metrics.text().contains("akashi_connections_open{entrance=\"terminal\"} 1.0")
            }
            let clock = ContinuousClock.now
            await world.stop()
            _ = try? await next
            #expect(ContinuousClock.now - clock < .seconds(10))
        }
    }
}
