import HTTPServer
import Crypto
import Exchange
import Foundation
import HTTPServer
import RecordService
import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

/// Many people at once, with repetitions and aborts: everybody gets her own certificate, and each stands in the log once.
@Suite struct MixUpTests {
    private struct Visit: Sendable {
        let person: TestPerson
        let session: TestSession
        let repeats: Bool
        let disposition: Outcome.Disposition?
    }

    /// How many sessions: 60, or what `AKASHI_SESSIONS` says (`make test-full` says 2,000).
    private static let sessions = ProcessInfo.processInfo.environment["AKASHI_SESSIONS"].flatMap { Int($0) } ?? 60

    @Test func `nobody is given another's certificate`() async throws {
        let stack = try await Stack(limits: "{applicationsUnderWay: 256}")
        var random = Seeded("mix-up")
        var visits: [Visit] = []
        for index in 1...Self.sessions {
            let kind = index.isMultiple(of: 3) ? CertificateKind.overseas : .domestic
            let person = TestPerson.traveller(index) {
                $0.name = "見本\u{3000}第\(index)号"
                $0.doses = 1 + index % 6
            }
            try await stack.write(person)
            visits.append(
                Visit(
                    person: person, session: try stack.session(person, kind, terminal: 1 + index % 2),
                    repeats: Int.random(in: 0..<4, using: &random) == 0,
                    disposition: [.printed, .printed, .aborted, nil].randomElement(using: &random) ?? nil))
        }

        let ids = try await withThrowingTaskGroup(of: CertificateID.self) { group in
            var waiting = visits[...]
            var ids: [CertificateID] = []
            func next() {
                guard let visit = waiting.popFirst() else { return }
                group.addTask { try await run(visit, on: stack) }
            }
            for _ in 0..<32 { next() }
            for try await id in group {
                ids.append(id)
                next()
            }
            return ids
        }
        #expect(Set(ids).count == visits.count)
        var intents: [CertificateID: Int] = [:]
        var after: Int64 = 0
        while case let lines = try await stack.store.log(in: Stack.mihon.code, after: after, limit: 1000),
            let last = lines.last
        {
            after = last.sequence
            for line in lines where line.event == .intent {
                if let id = line.certificateID { intents[id, default: 0] += 1 }
            }
        }
        #expect(intents == Dictionary(uniqueKeysWithValues: ids.map { ($0, 1) }))
    }

    private func run(_ visit: Visit, on stack: Stack) async throws -> CertificateID {
        let answer = try await stack.issue(visit.session)
        #expect(answer.manifest.name == visit.person.name)
        if visit.repeats {
            let again = try await stack.issue(visit.session)
            #expect(again.manifest.certificateID == answer.manifest.certificateID)
        }
        if let disposition = visit.disposition {
            try await stack.system.outcomes.accept(
                try visit.session.outcome(disposition), inquiry: visit.session.inquiry)
        }
        return answer.manifest.certificateID
    }
}
