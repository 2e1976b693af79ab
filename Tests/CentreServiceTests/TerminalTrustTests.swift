import Crypto
import Exchange
import ExchangeServer
import ExchangeSupport
import Foundation
import HTTPServer
import HTTPTypes
import MutualTLS
import NIOCore
import TestSupport
import Testing

/// What terminals trust is handed on by a centre that need not be trusted with it.
@Suite(.timeLimit(.minutes(2)))
struct TerminalTrustTests {
    private static func edition(_ counter: Int64) throws -> SignedTerminalTrust {
        let trust = try #require(
            TerminalTrust(
                counter: counter, time: 0, files: [], answerKeys: [P256.KeyAgreement.PrivateKey().publicKey],
                publishers: []))
        let text = try trust.text()
        let signature = try P256.Signing.PrivateKey().signature(for: SignedTerminalTrust.message(text))
        return try #require(SignedTerminalTrust(text: text, signature: Array(signature.rawRepresentation)))
    }

    @Test func `an edition reaches terminals as it is, and the menu names it`() async throws {
        try await World.with { world in
            let terminal = world.terminals[0]
            #expect(try await world.menu(terminal).trust == nil)
            #expect(try await world.send(terminal, .get, "/v1/trust").status == 204)
            for counter in [7, 9] as [Int64] {
                let edition = try Self.edition(counter)
                world.vrs.publish(edition)
                _ = try await world.menu(terminal) { $0.trust == counter }
                let response = try await world.send(terminal, .get, "/v1/trust", inquiry: nil)
                #expect(response.status == 200 && response.mediaType == SignedTerminalTrust.mediaType)
                #expect(Array(response.body.readableBytesView) == edition.bytes)
            }
        }
    }

    @Test func `a suspended terminal gets it, one that is not enrolled does not`() async throws {
        try await World.with { world in
            let terminal = world.terminals[0]
            world.vrs.publish(try Self.edition(7))
            world.vrs.change { access in
                AccessState(
                    revision: access.revision, isSuspended: true, isHalted: false, municipalities: [], kinds: [],
                    terminals: access.terminals)
            }
            _ = try await world.menu(terminal) { $0.trust == 7 && $0.closed == .serviceSuspended }
            #expect(try await world.send(terminal, .get, "/v1/trust").status == 200)
            let stranger = try await world.send(world.terminals[2], .get, "/v1/trust")
            #expect(stranger.problem?.code == .terminalUnknown)
        }
    }
}
