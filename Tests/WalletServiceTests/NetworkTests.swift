@testable import WalletService
import CardChip
import Exchange
import ExchangeServer
import Foundation
import HTTPServer
import HTTPTypes
import TestSupport
import Testing

/// How much one network is given, and that nothing of it is kept.
@Suite(.timeLimit(.minutes(3))) struct NetworkTests {
    private static func network(_ prefix: UInt8...) -> ClientNetwork { ClientNetwork(prefix: prefix) }

    @Test func `a bucket is emptied, and fills evenly`() throws {
        let limits = NetworkLimits([.revocation: .init(3, per: .seconds(30))], maximum: 10)
        let (here, there, start) = (Self.network(1, 2, 3), Self.network(1, 2, 4), ContinuousClock.now)
        for _ in 0..<3 { try limits.take(.revocation, here, now: start) }
        let refused = #expect(throws: PhoneProblem.self) { try limits.take(.revocation, here, now: start) }
        #expect(refused?.refusal == .limitNetwork && refused?.retryAfterSeconds == 10)
        try limits.take(.revocation, there, now: start)
        try limits.take(.revocation, nil, now: start)
        try limits.take(.application, here, now: start)
        let later = #expect(throws: PhoneProblem.self) {
            try limits.take(.revocation, here, now: start + .seconds(9))
        }
        #expect(later?.retryAfterSeconds == 1)
        try limits.take(.revocation, here, now: start + .seconds(11))
        #expect(throws: PhoneProblem.self) { try limits.take(.revocation, here, now: start + .seconds(12)) }
    }

    @Test func `no more networks are remembered than are allowed, and the oldest are forgotten first`() throws {
        let limits = NetworkLimits([.current: .init(1, per: .seconds(3600))], maximum: 100)
        let newest = Self.network(255, 255, 255)
        for index in 0..<1000 {
            try limits.take(.current, Self.network(UInt8(index / 256), UInt8(index % 256), 0))
            #expect(limits.count <= 100)
        }
        try limits.take(.current, newest)
        for index in 0..<40 { try limits.take(.current, Self.network(9, UInt8(index), 0)) }
        #expect(throws: PhoneProblem.self) { try limits.take(.current, newest) }
        // The first one is new again.
        try limits.take(.current, Self.network(0, 0, 0))
    }

    @Test func `a network that asks too much is told when to come again, and another one is served`() async throws {
        var limits = WalletLimits()
        limits.applicationsPerMinute = 2
        limits.revocationsPerHour = 1
        try await World.with(.init(limits: limits)) { world in
            var (here, neighbour, elsewhere) = (world.phone, world.phone, world.phone)
            (here.address, neighbour.address, elsewhere.address) = ("127.7.1.9", "127.7.1.77", "127.7.2.9")
            #expect(try await world.challenge(from: here).status == 200)
            #expect(try await world.challenge(from: neighbour).status == 200)
            let refused = try await world.challenge(from: here)
            #expect(refused.status == 429)
            #expect(refused.problem?.code == .limitNetwork)
            let seconds = try #require(refused.headers["retry-after"].flatMap { Int($0) })
            #expect((1...30).contains(seconds))
            #expect(try await world.challenge(from: elsewhere).status == 200)
            // Each purpose by itself.
            let application = try await world.sample.application()
            let applied = try await world.send(
                PhoneRoute.application, application.bytes, inquiry: application.inquiry, from: here)
            #expect(applied.status == 200)
            let code = Array(#"{"code":"0123-4567-89AB-CDEF"}"#.utf8)
            #expect(try await world.send(PhoneRoute.revocation, code, from: here).status == 204)
            let second = try await world.send(PhoneRoute.revocation, code, from: here)
            #expect(second.problem?.code == .limitNetwork)
            #expect(try await world.send(PhoneRoute.token, from: here).status == 200)
            #expect(world.vrs.received("revocation").count == 1)
        }
    }

    @Test func `nothing of an address, a chip, a device or what was sent is logged, counted or passed on`() async throws
    {
        try await World.with { world in
            var here = world.phone
            here.address = "127.7.1.9"
            let application = try await world.sample.application()
            _ = try await world.send(
                PhoneRoute.application, application.bytes, inquiry: application.inquiry, from: here)
            _ = try await world.send(PhoneRoute.application, [1, 2, 3], from: here)
            let code = Array(#"{"code":"0123-4567-89AB-CDEF"}"#.utf8)
            _ = try await world.send(PhoneRoute.revocation, code, from: here)
            world.vrs.behave("application", .bytes(status: .ok, mediaType: "text/html", body: "<html>"))
            _ = try await world.send(
                PhoneRoute.application, application.bytes, inquiry: application.inquiry, from: here)
            let parsed = try PhoneApplication(parsing: application.bytes)
            let said = (world.lines.all + [world.metrics.text()]).joined(separator: "\n").lowercased()
            #expect(said.contains("could not be asked"))
            let secrets = [
                "127.7.1", Hexadecimal.text(Array(parsed.chipKey.suffix(64))), world.sample.deviceHash,
                Hexadecimal.text(parsed.hash), Hexadecimal.text(parsed.transcriptHash), "0123-4567-89ab-cdef",
                Data(parsed.deviceCertificate).base64EncodedString().lowercased(), "jp.example",
            ]
            for secret in secrets { #expect(!said.contains(secret), "\(secret)") }
            for headers in world.vrs.headers("application") {
                #expect(
                    !headers.contains { $0.value.contains("127.7.1") || $0.name.rawName.lowercased() == "forwarded" })
            }
        }
    }

    @Test func `a network says nothing of itself to whoever prints it`() {
        let network = Self.network(203, 0, 113)
        var dumped = ""
        dump(network, to: &dumped)
        for text in ["\(network)", String(reflecting: network), dumped] { #expect(!text.contains("203")) }
    }
}
