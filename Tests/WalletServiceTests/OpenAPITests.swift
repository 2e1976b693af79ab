import Exchange
import ExchangeServer
import Foundation
import HTTPTypes
import TestSupport
import Testing
import Vaccination

/// The description of the phones' interface is true.
@Suite struct OpenAPITests {
    private static let description = "Sources/WalletService/OpenAPI/phones.json"

    @Test(.requires(.python(.interfaceDescription)))
    func `what phones are answered is as described`() async throws {
        try await World.with { world in
            let keys = SessionKeys()
            let signed = try await world.sample.application(keys: keys)
            let outcome = try Outcome(
                transcriptHash: signed.transcriptHash, municipality: try #require(MunicipalityCode(Sample.mihon)),
                disposition: .delivered, keys: keys)
            let request = Array(#"{"municipality":"\#(Sample.mihon)","kind":"domestic","copies":1}"#.utf8)
            let enrolment = try JSONEncoder().encode(
                DeviceEnrolment(
                    platform: "android", token: [UInt8](repeating: 5, count: 60), attestation: [1, 2], proof: [3]))
            let query = world.sample.statement.hash + [UInt8](repeating: 1, count: CurrentQuery.sealedBytes - 32)
            let calls: [(Route, [UInt8])] = [
                (PhoneRoute.menu, []), (PhoneRoute.keys, []), (PhoneRoute.token, []),
                (PhoneRoute.enrolment, Array(enrolment)), (PhoneRoute.enrolment, [0x7B]),
                (PhoneRoute.challenge, request), (PhoneRoute.challenge, [0x7B]),
                (PhoneRoute.application, signed.bytes), (PhoneRoute.application, [1]),
                (PhoneRoute.application, [UInt8](repeating: 0, count: 30_000)), (PhoneRoute.outcome, outcome.bytes),
                (PhoneRoute.outcome, [1]), (PhoneRoute.current, query), (PhoneRoute.current, [1]),
                (PhoneRoute.current, [UInt8](repeating: 1, count: CurrentQuery.sealedBytes)),
                (PhoneRoute.revocation, Array(#"{"code":"0123-4567-89AB-CDEF"}"#.utf8)), (PhoneRoute.revocation, [1]),
            ]
            var answers: [InterfaceDescription.Answer] = []
            for (route, body) in calls {
                let answer = try await world.send(route, body)
                #expect(answer.status < 500)
                answers.append(
                    .init(
                        "\(route.method.rawValue) \(route.template)", status: answer.status,
                        mediaType: answer.mediaType, body: Data(answer.body)))
            }
            try InterfaceDescription(Self.description).checkAll(answers)
        }
    }
}
