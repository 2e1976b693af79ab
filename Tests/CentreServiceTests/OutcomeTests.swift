import MutualTLS
import Exchange
import Foundation
import HTTPServer
import ExchangeServer
import HTTPTypes
import SimulatedCard
import Testing
import Vaccination

/// Outcomes are relayed.
@Suite(.timeLimit(.minutes(1)))
struct OutcomeTests {
    @Test func `an outcome reaches vrs byte for byte, also from a suspended terminal in a suspended municipality`()
        async throws
    {
        try await World.with { world in
            let terminal = world.terminals[0]
            let mihon = try World.mihon
            let outcome = try Outcome(
                transcriptHash: [UInt8](repeating: 1, count: 32), municipality: mihon, disposition: .printed,
                keys: SessionKeys())
            #expect(
                try await world.send(terminal, .post, "/v1/outcome", outcome.bytes, type: Outcome.mediaType).status
                    == 204)
            world.vrs.change { access in
                AccessState(
                    revision: access.revision, isSuspended: true, isHalted: true, municipalities: [mihon],
                    kinds: [.domestic],
                    terminals: [terminal.accessEntry(suspended: true), world.terminals[1].accessEntry(revoked: true)])
            }
            _ = try await world.menu(terminal) { $0.closed == .terminalSuspended }
            #expect(
                try await world.send(terminal, .post, "/v1/outcome", outcome.bytes, type: Outcome.mediaType).status
                    == 204)
            #expect(world.vrs.received("outcome") == [outcome.bytes, outcome.bytes])
            let revoked = try await world.send(
                world.terminals[1], .post, "/v1/outcome", outcome.bytes, type: Outcome.mediaType)
            #expect(revoked.problem?.code == .terminalRevoked)
            #expect(world.vrs.received("outcome").count == 2)
        }
    }

    @Test func `an outcome of the wrong form, or of a municipality that does not take part, stops here`()
        async throws
    {
        try await World.with { world in
            let terminal = world.terminals[0]
            let outcome = try Outcome(
                transcriptHash: [UInt8](repeating: 1, count: 32), municipality: try World.absent, disposition: .aborted,
                keys: SessionKeys())
            let cases: [([UInt8], ProblemCode)] = [
                (outcome.bytes, .municipalityNotParticipating), (outcome.bytes + [0], .requestMalformed),
                ([], .requestMalformed),
                ([UInt8](repeating: 0, count: 513), .requestTooLarge),
            ]
            for (bytes, code) in cases {
                let response = try await world.send(terminal, .post, "/v1/outcome", bytes, type: Outcome.mediaType)
                #expect(response.problem?.code == code)
            }
            #expect(world.vrs.receivedNothing)
        }
    }

    @Test func `a contradicting outcome is told as vrs tells it`() async throws {
        try await World.with { world in
            world.vrs.behave("outcome", .refuse(.outcomeContradicts))
            let outcome = try Outcome(
                transcriptHash: [UInt8](repeating: 1, count: 32), municipality: try World.mihon, disposition: .aborted,
                keys: SessionKeys())
            let response = try await world.send(
                world.terminals[0], .post, "/v1/outcome", outcome.bytes, type: Outcome.mediaType)
            #expect(response.problem?.code == .outcomeContradicts)
            #expect(response.status == 409)
        }
    }
}

/// Nothing of a person stays or shows.
@Suite(.timeLimit(.minutes(1)))
struct PrivacyTests {
    @Test func `logs at every level and metrics carry ids and outcomes only`() async throws {
        try await World.with { world in
            let terminal = world.terminals[0]
            let cards = try Cards.get()
            let inquiry = InquiryNumber()
            let application = try terminal.application(cards.first)
            #expect(try await world.apply(terminal, application, inquiry: inquiry).status == 200)
            _ = try await world.apply(terminal, terminal.application(cards.first, chip: cards.second))
            world.vrs.behave(
                "application", .bytes(status: .ok, mediaType: "text/plain", body: "見本　花子 537686677188"))
            _ = try await world.apply(terminal, application)
            let out = world.lines.all.joined() + world.metrics.text()
            #expect(out.contains(inquiry.text) && out.contains("T0001") && out.contains("card.chip_signature"))
            for secret in ["見本", "花子", "537686677188", "19800217", "sealed", application.prefix(8).description] {
                #expect(!out.contains(secret), "\(secret)")
            }
            #expect(!world.metrics.text().contains(inquiry.text))
        }
    }
}
