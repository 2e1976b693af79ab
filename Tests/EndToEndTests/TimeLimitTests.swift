import CardChip
import Exchange
import ExchangeSupport
import Foundation
import Glibc
import StackSupport
import TestSupport
import Testing
import Vaccination

/// Limits in time against what ignores them: the printer, the way between. Nobody guesses what became of a page.
extension EndToEnd {
    /// A printer that takes the page, puts it out, and then goes on for ten minutes whatever it is told.
    private static let stubborn = """
        trap '' TERM HUP INT
        cat > "$1/stream"
        sleep 600 &
        echo $$ $! > "$1/new"; mv "$1/new" "$1/ids"
        wait; wait; touch "$1/late"

        """

    private func expectKilled(_ visit: Visit) async throws {
        let ids = try String(contentsOfFile: visit.pages + "/ids", encoding: .utf8).split(
            whereSeparator: \.isWhitespace)
        #expect(ids.count == 2)
        for id in ids {
            try await eventually("the end of process \(id)") {
                (try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8))?.contains(") Z ") ?? true
            }
        }
        #expect(!FileManager.default.fileExists(atPath: visit.pages + "/late"))
    }

    /// What is new in a state of one municipality after a body has run.
    private func new(
        in municipality: MunicipalityCode, _ stack: Stack, _ states: [String], _ body: () async throws -> Void
    ) async throws -> [String: Set<String>] {
        var before: [String: Set<String>] = [:]
        for state in states { before[state] = Set(try await stack.certificates(state, in: municipality)) }
        try await body()
        var after: [String: Set<String>] = [:]
        for state in states {
            after[state] = Set(try await stack.certificates(state, in: municipality)).subtracting(before[state] ?? [])
        }
        return after
    }

    @Test(arguments: ["printing: 2", "printing: 60, session: 12"])
    func `a printer that ignores the limit is killed at it, and its page is not made void`(_ timeouts: String)
        async throws
    {
        let stack = try Stack.current
        let person = try stack.nextPerson()
        let isSession = timeouts.contains("session")
        let states = try await new(in: person.municipality, stack, ["signed", "voided", "printed"]) {
            let start = ContinuousClock.now
            let visit = try await stack.visit(
                card: stack.save(stack.card(person)),
                .init(
                    municipality: person.municipality, expect: isSession ? "interrupted" : "timeout",
                    printer: Self.stubborn, timeouts: timeouts))
            #expect(visit.ended == (isSession ? "interrupted" : "timeout"), "\(visit.output)\(visit.errors)")
            #expect(ContinuousClock.now - start < .seconds(50))
            try await expectKilled(visit)
        }
        // The page is out: the sweep makes it unknown, and people look at it.
        #expect(states["signed"]?.count == 1)
        #expect(states["voided"]?.isEmpty == true && states["printed"]?.isEmpty == true)
    }

    @Test func `SIGTERM while the page is printed kills the printer, and the page is not made void`() async throws {
        let stack = try Stack.current
        let person = try stack.nextPerson()
        let states = try await new(in: person.municipality, stack, ["signed", "voided", "printed"]) {
            let start = ContinuousClock.now
            let visit = try await stack.visit(
                card: stack.save(stack.card(person)),
                .init(municipality: person.municipality, expect: "interrupted", printer: Self.stubborn)
            ) { program, pages in
                try await eventually("the page") { FileManager.default.fileExists(atPath: pages + "/ids") }
                program.signal(SIGTERM)
            }
            #expect(visit.ended == "interrupted", "\(visit.output)\(visit.errors)")
            #expect(ContinuousClock.now - start < .seconds(60))
            try await expectKilled(visit)
        }
        #expect(states["signed"]?.count == 1)
        #expect(states["voided"]?.isEmpty == true && states["printed"]?.isEmpty == true)
    }

    @Test(arguments: [
        ("cat > \"$1/page.pdf\"", "printed", "printed"), ("cat > /dev/null; exit 69", "printer.failed", "voided"),
        ("cat > /dev/null; exit 1", "printer.unknown", "signed"), ("exit 1", "printer.failed", "voided"),
    ])
    func `what a printer program says decides what is reported`(_ script: String, _ ended: String, _ state: String)
        async throws
    {
        let stack = try Stack.current
        let person = try stack.nextPerson()
        let states = try await new(in: person.municipality, stack, ["signed", "voided", "printed"]) {
            let visit = try await stack.visit(
                card: stack.save(stack.card(person)),
                .init(municipality: person.municipality, expect: ended, printer: script + "\n"))
            #expect(visit.ended == ended, "\(visit.output)\(visit.errors)")
        }
        for (name, certificates) in states { #expect(certificates.count == (name == state ? 1 : 0), "\(name)") }
    }

    @Test(arguments: [ProblemCode.challengeUsed, .serviceSuspended, .personNotFound])
    func `a certificate whose answer was lost, and refused by the way between, is made void by the terminal`(
        _ code: ProblemCode
    ) async throws {
        let stack = try Stack.current
        let person = try stack.nextPerson()
        let menu = Array(try JSONEncoder().encode(try await stack.terminal(8).menu()))
        let upstream = try stack.asCentre()
        let hostile = try await stack.hostileCentre { request in
            let headers = [InquiryNumber.header: InquiryNumber().text]
            let path = request.path.split(separator: "?").first.map {
                String($0).replacing("/v1/", with: "/centre/v1/")
            }
            switch path {
            case "/centre/v1/menu": return .init(body: menu)
            case "/centre/v1/application":
                // It is issued, and what comes back is kept.
                _ = try await upstream.send(
                    "POST", "/centre/v1/application", body: request.body, type: Application.mediaType, headers: headers)
                let problem = try JSONEncoder().encode(Problem(code, status: 409, inquiry: nil))
                return .init(status: 409, type: Problem.mediaType, body: Array(problem))
            default:
                // What is asked of vrs for a challenge has no body.
                let body = path == "/centre/v1/outcome" ? request.body : nil
                let reply = try await upstream.send(
                    "POST", path ?? "", body: body, type: Outcome.mediaType, headers: headers)
                return .init(status: reply.status, body: reply.body)
            }
        }
        // What is said of a person openly is nobody's word.
        let ended = code.travelsSealed ? "centre.unusable" : code.rawValue
        let states = try await new(in: person.municipality, stack, ["signed", "voided"]) {
            let visit = try await stack.visit(
                card: stack.save(stack.card(person)),
                .init(
                    municipality: person.municipality, expect: ended, terminal: 8, centre: hostile.url))
            #expect(visit.ended == ended, "\(visit.output)\(visit.errors)")
        }
        await hostile.stop()
        #expect(states["voided"]?.count == 1 && states["signed"]?.isEmpty == true)
    }
}
