import AsyncHTTPClient
import Exchange
import Foundation
import NIOCore
import PhoneApp
import SimulatedCard
import StackSupport
import TestSupport
import Testing
import Vaccination

/// Where a phone is stands nowhere.
extension EndToEnd.Phones {
    @Test func `no address of a phone stands in what wallet or vrs write, whatever the phone does`() async throws {
        let stack = try Stack.current
        let (phone, person) = (try await stack.phone(), try stack.nextPersonWithPhone())
        let card = try stack.save(stack.card(person))
        // A `wallet` whose limits are soon reached.
        var settings = try stack.template("wallet.yaml", ["@VRS_WALLET@": stack.walletListenerAddress])
        settings = settings.replacing(
            "limits: {enrolmentsPerHour", with: "limits: {revocationsPerHour: 3, enrolmentsPerHour")
        try stack.write(settings, "wallet-limits.yaml")
        let wallet = try Program(
            Programs.path("wallet"), ["serve", "--config", stack.folder + "/wallet-limits.yaml", "--development"],
            folder: stack.folder)
        let addresses = Stack.addresses(try await wallet.line(beginning: "listening "))
        let (own, operations) = (try #require(addresses["phone"]), try #require(addresses["operations"]))

        let source = "127.77.3.9"
        try await WayFromAddress.use(to: own, from: source) { way in
            let client = TLSClient(base: "https://" + way.address, authority: stack.keys + "/ca.pem")
            try await eventually("it serves") { try await client.send("GET", "/v1/keys").status == 200 }
            let here = try phone.asking("https://" + way.address)
            let choice = [PhoneChoice(municipality: person.municipality, kind: .domestic)]
            let visit = try await here.run(choice, card: card)
            #expect(visit.results.map(\.result) == ["kept"], "\(visit.output)\(visit.errors)")
            let elsewhere = try #require(stack.municipalities.first { $0 != person.municipality })
            let refused = try await here.run([PhoneChoice(municipality: elsewhere, kind: .domestic)], card: card)
            #expect(refused.results.map(\.result) == ["person.not_found"], "\(refused.output)\(refused.errors)")
            for token in visit.files("token") {
                #expect(try await here.command("current", "--token", token).status == 0)
            }
            // Bodies of no form, routes that there are not, and more than its network may.
            let garbled = try await client.send(
                "POST", "/v1/application", body: [1, 2, 3], type: PhoneApplication.mediaType,
                headers: [InquiryNumber.header: InquiryNumber().text])
            #expect(garbled.code == .requestMalformed)
            #expect(try await client.send("GET", "/v1/nothing").status == 404)
            let body = Array(#"{"code":"0000-0000-0000-0000"}"#.utf8)
            var codes: [ProblemCode?] = []
            for _ in 0..<4 { codes.append(try await client.send("POST", "/v1/device/revocation", body: body).code) }
            #expect(codes == [.notFound, .notFound, .notFound, .limitNetwork])
            // No TLS, and TLS by somebody who does not trust the service.
            let plain = try? await TLSClient(base: "http://" + way.address, authority: stack.keys + "/ca.pem")
                .send("GET", "/v1/menu")
            #expect(plain == nil)
            let doubting = try? await TLSClient(
                base: "https://" + way.address, authority: stack.keys + "/centre/client-ca.pem"
            ).send("GET", "/v1/menu")
            #expect(doubting == nil)
            #expect(way.used.count > 10)
            #expect(Set(way.used) == [source])
        }
        var figures: [String] = []
        for address in [operations, stack.operationsAddress] {
            let response = try await HTTPClient.shared.get(url: "http://\(address)/metrics").get()
            figures.append(response.body.map { String(buffer: $0) } ?? "")
        }
        try await wallet.stop()
        let outputs = [wallet.output, wallet.errors, stack.logs] + figures
        // What happened is there: the search would find an address.
        #expect(wallet.errors.contains("limit.network"), "the log was not read")
        #expect(figures[0].contains("limit"), "the figures were not read")
        #expect(wallet.output.contains(own))
        for needle in [source, "127.77", "7f4d0309", "7F4D0309", "09034d7f"] {
            #expect(!outputs.contains { $0.contains(needle) }, "\(needle) stands in an output")
        }
    }
}
