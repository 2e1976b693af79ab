import Foundation
import Testing
import Vaccination

/// A folder of a local run, prepared again as each of `make demo` and `make kiosk` does.
@Suite struct LocalRun {
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
    }
}
