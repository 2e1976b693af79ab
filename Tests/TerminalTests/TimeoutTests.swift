import CardChip
import Exchange
import Foundation
import SimulatedCard
import Synchronization
import Terminal
import Testing

struct TimeoutTests {
    let world: TestWorld

    init() throws { world = try TestWorld.shared.get() }

    /// Runs a session while a clock of its own goes in steps of a second as long as it lasts: hours pass in a moment.
    private func run(
        _ script: Script, _ behaviour: TestWorld.Behaviour = .init(), printer: Printer? = nil
    ) async throws -> TestWorld.Course {
        let clock = TestClock()
        let world = world
        let session = Task { try await world.run(script, behaviour, clock: clock, printer: printer) }
        let driver = Task {
            while !Task.isCancelled {
                // Real time only lets the session's tasks run; what counts for it is the test's clock.
                try? await Task.sleep(for: .milliseconds(20))
                clock.advance(by: .seconds(1))
            }
        }
        defer { driver.cancel() }
        return try await session.value
    }

    @Test(arguments: [SessionStep.municipality, .kind, .copies, .consent, .pin, .contents, .payment])
    func `Who does nothing at a question is timed out there`(_ step: SessionStep) async throws {
        let course = try await run(world.script("idle: \(step.rawValue)"))
        #expect(course.ending == .timedOut(step))
        #expect(course.jobs.isEmpty)
        #expect(course.outcomes.map(\.disposition) == ([.contents, .payment].contains(step) ? [.aborted] : []))
    }

    @Test func `Without a card the session is timed out`() async throws {
        let course = try await run(world.script("idle: card"))
        #expect(course.ending == .timedOut(.card))
        #expect(course.challenges == 0)
    }

    @Test func `A card that is not taken away ends everything: nothing is sent`() async throws {
        let course = try await run(world.script("idle: removal"))
        #expect(course.ending == .timedOut(.removal))
        #expect(course.applications.isEmpty)
    }

    @Test func `A centre that never answers times the session out, and the outcome is reported aborted`() async throws {
        let course = try await run(world.script(), .init(neverAnswers: true))
        #expect(course.ending == .timedOut(.application))
        #expect(course.outcomes.map(\.disposition) == [.aborted])
    }

    @Test func `A printer that never ends times the session out`() async throws {
        let printer = Printer { _ throws(PrinterFailure) in try? await Task.sleep(for: .seconds(3600)) }
        let course = try await run(world.script(), printer: printer)
        #expect(course.ending == .timedOut(.printing))
        #expect(course.outcomes.map(\.disposition) == [.aborted])
    }

    @Test func `A reminder that nobody stops ends by itself, and the page counts as printed`() async throws {
        let course = try await run(world.script("idle: reminder"))
        #expect(course.ending == .printed)
        #expect(course.outcomes.map(\.disposition) == [.printed])
    }
}
