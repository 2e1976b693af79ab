import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import StackSupport
import TestSupport
import Testing
import Vaccination

/// A folder of a local run, prepared again as each of `make demo` and `make kiosk` does.
@Suite struct LocalRun {
    private struct Answer: Decodable {
        struct Verdict: Decodable {
            let verdict: String
            let test: Bool
        }
        let overall: String
        let verdicts: [Verdict]
    }

    /// What the page of `make verifier` with the trust of a folder says of a PDF.
    private func asked(_ page: String, in folder: String) async throws -> Answer {
        let program = try Program(
            Programs.root + "/.make/verifier", [Programs.folder, folder], folder: Programs.root)
        let line = try await program.line(beginning: "listening ")
        var request = HTTPClientRequest(url: line.dropFirst("listening ".count) + "/v1/verify")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/pdf")
        request.body = .bytes(ByteBuffer(bytes: try Data(contentsOf: URL(fileURLWithPath: page))))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let body = try await response.body.collect(upTo: 1 << 20)
        #expect(response.status == .ok, "\(String(buffer: body))")
        #expect(try await program.stop() == 0)
        return try JSONDecoder().decode(Answer.self, from: Data(body.readableBytesView))
    }

    @Test func `what an earlier run printed still verifies, and a new run prints again`() async throws {
        let folder = Stack.newFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var pages: [String] = []
        for run in 1...2 {
            let stack = try await Stack.start(in: folder, terminals: 1, people: 0)
            let person = try #require(stack.people.first)
            let visit = try await stack.visit(
                card: stack.save(stack.card(person)), .init(municipality: person.municipality, kind: .overseas))
            await stack.stop()
            #expect(visit.ended == "printed", "\(visit.output)\(visit.errors)")
            pages += visit.files("pdf")
            #expect(pages.count == run)
            for page in pages {
                let (status, output) = try await stack.verify([page])
                #expect(status == 0, "\(output)")
            }
        }
        let answer = try await asked(try #require(pages.first), in: folder)
        #expect(answer.overall == "test" && !answer.verdicts.isEmpty)
        #expect(answer.verdicts.allSatisfy { $0.verdict == "valid" && $0.test })
    }
}
