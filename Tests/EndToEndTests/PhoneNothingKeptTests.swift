import AsyncHTTPClient
import CardChip
import Exchange
import Foundation
import NIOCore
import PhoneApp
import SimulatedCard
import StackSupport
import TestSupport
import Testing
import Vaccination

/// Nothing of a person stays at the mobile back end.
extension EndToEnd.Phones {
    @Test func `wallet writes nothing but streams, and says nothing of anybody`() async throws {
        let stack = try Stack.current
        let person = try stack.nextPersonWithPhone()
        let phone = try await stack.phone()
        let path = try await stack.passport(for: person, number: "XX9930003", surname: "KARINA", given: "TESUTO")
        let log = stack.folder + "/wallet.trace"
        let traced = try Program(
            "/usr/bin/strace",
            SystemCalls.arguments(log: log)
                + [Programs.path("wallet"), "serve", "--config", stack.folder + "/wallet.yaml", "--development"],
            folder: stack.folder)
        let addresses = Stack.addresses(try await traced.line(beginning: "listening "))
        let address = try #require(addresses["phone"])
        let operations = try #require(addresses["operations"])
        try await eventually("the traced wallet serves") {
            try await TLSClient(base: "https://" + address, authority: stack.keys + "/ca.pem")
                .send("GET", "/v1/keys").status == 200
        }
        // A good session, a refusal, a garbled application, an enrolment, a query and a device's end.
        let here = try phone.asking("https://" + address)
        let choices = CertificateKind.allCases.map { PhoneChoice(municipality: person.municipality, kind: $0) }
        let card = try stack.save(stack.card(person))
        let visit = try await here.run(choices, card: card, passport: path, more: ["--pages"])
        #expect(visit.results.map(\.result) == ["kept", "kept"], "\(visit.output)\(visit.errors)")
        let elsewhere = try #require(stack.municipalities.first { $0 != person.municipality })
        let refused = try await here.run([PhoneChoice(municipality: elsewhere, kind: .domestic)], card: card)
        #expect(refused.results.map(\.result) == ["person.not_found"], "\(refused.output)\(refused.errors)")
        let garbled = try await TLSClient(base: "https://" + address, authority: stack.keys + "/ca.pem").send(
            "POST", "/v1/application", body: Array("akashi \(person.number) \(person.cardName)".utf8),
            type: PhoneApplication.mediaType, headers: [InquiryNumber.header: InquiryNumber().text])
        #expect(garbled.status == 400)
        for token in visit.files("token") { #expect(try await here.command("current", "--token", token).status == 0) }
        #expect(try await here.command("enrol").status == 0)
        #expect(try await here.command("revoke", "--code", here.revocationCode).status == 0)
        let response = try await HTTPClient.shared.get(url: "http://\(operations)/metrics").get()
        let figures = response.body.map { String(buffer: $0) } ?? ""
        for child in try String(contentsOfFile: "/proc/\(traced.pid)/task/\(traced.pid)/children", encoding: .utf8)
            .split(separator: " ").compactMap({ Int32($0) })
        {
            kill(child, SIGTERM)
        }
        try await traced.end()

        let calls = try SystemCalls(log: log)
        #expect(calls.writes > 0)
        #expect(calls.violations.isEmpty, "\(calls.violations.joined(separator: "\n"))")
        let codes = try visit.files("txt").flatMap {
            try String(contentsOfFile: $0, encoding: .utf8).split(separator: "\n").map(String.init)
        }
        #expect(codes.count == 4)
        let device = try Data(contentsOf: URL(fileURLWithPath: here.device.path + "/device.pem"))
        let secrets =
            person.secrets + ["XX9930003", "KARINA"] + visit.results.compactMap(\.id)
            + codes.flatMap { [String($0.prefix(60)), String($0.suffix(60))] }
            + String(decoding: device, as: UTF8.self).split(separator: "\n").dropFirst().map(String.init)
        #expect(traced.errors.contains("application"), "the log was not read")
        #expect(figures.contains("application"), "the figures were not read")
        for output in [traced.output, traced.errors, figures, visit.output, visit.errors, refused.errors] {
            let told = output == visit.output ? person.secrets : secrets
            for secret in told { #expect(!output.contains(secret), "a person's datum stands in an output") }
        }
        #expect(!stack.logs.contains(person.number))
    }
}
