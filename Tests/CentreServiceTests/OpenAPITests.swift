import CardChip
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
import Vaccination

/// The description of the terminals' interface is true.
@Suite struct OpenAPITests {
    private static let description = "Sources/CentreService/OpenAPI/terminals.json"

    @Test(.requires(.python(.interfaceDescription)))
    func `what terminals are answered is as described`() async throws {
        let keys = SessionKeys()
        try await World.with { world in
            let terminal = world.terminals[0]
            let application = try terminal.application(try Cards.get().first, keys: keys)
            let outcome = try Outcome(
                transcriptHash: try Application(parsing: application).transcriptHash, municipality: try World.mihon,
                disposition: .printed, keys: keys)
            let request = Data(#"{"municipality":"\#(try World.mihon.digits)","kind":"domestic","copies":1}"#.utf8)
            let calls: [(HTTPRequest.Method, String, [UInt8], String, TestTerminal)] = [
                (.get, "/v1/menu", [], "", terminal), (.get, "/v1/menu", [], "", world.terminals[2]),
                (.get, "/v1/trust", [], "", terminal), (.get, "/v1/trust", [], "", world.terminals[2]),
                (.post, "/v1/challenge", Array(request), "application/json", terminal),
                (.post, "/v1/challenge", [0x7B], "application/json", terminal),
                (.post, "/v1/challenge", Array(request), "application/json", world.terminals[2]),
                (.post, "/v1/application", application, Application.mediaType, terminal),
                (.post, "/v1/application", application, Application.mediaType, world.terminals[1]),
                (.post, "/v1/application", [UInt8](repeating: 0, count: 20_000), Application.mediaType, terminal),
                (.post, "/v1/outcome", outcome.bytes, Outcome.mediaType, terminal),
                (.post, "/v1/outcome", [1], Outcome.mediaType, terminal),
            ]
            var answers: [InterfaceDescription.Answer] = []
            for (method, path, body, type, terminal) in calls {
                let response = try await world.send(terminal, method, path, body, type: type)
                #expect(response.status < 500)
                answers.append(
                    .init(
                        "\(method.rawValue) \(path)", status: response.status, mediaType: response.mediaType,
                        body: Data(response.body.readableBytesView)))
            }
            try InterfaceDescription(Self.description).checkAll(answers)
        }
    }
}
