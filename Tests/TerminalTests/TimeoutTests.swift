import CardChip
import Exchange
import Foundation
import SimulatedCard
import Terminal
import Testing

struct TimeoutTests {
    let world: TestWorld

    init() throws { world = try TestWorld.shared.get() }

    /// Runs a session whose clock stands still until `step` is reached, and then goes by itself until the session ends.
    private func run(
        _ script: Script, _ behaviour: TestWorld.Behaviour = .init(), printer: Printer? = nil, until step: SessionStep
    ) async throws -> TestWorld.Course {
        let clock = TestClock()
        let world = world
        let reached = Counter()
        var timeouts = Timeouts()
        // What is not waited for here never ends by itself, however slow the machine is.
        timeouts.outcome = .seconds(100_000)
        timeouts.chip = .seconds(100_000)
        timeouts.challenge = .seconds(100_000)
        let limits = timeouts
        let session = Task {
            try await world.run(
                script, behaviour, timeouts: limits, clock: clock, printer: printer,
                line: { if $0.contains("\"\(step.rawValue)\"") { _ = reached.next() } })
        }
        let driver = Task {
            while !Task.isCancelled {
                // Real time only lets the session's tasks run; what counts for it is the test's clock.
                try? await Task.sleep(for: .milliseconds(5))
                if reached.value > 0 { clock.advance(by: .seconds(1)) }
            }
        }
        defer { driver.cancel() }
        return try await session.value
    }

    @Test(arguments: [SessionStep.municipality, .kind, .copies, .consent, .pin, .contents, .payment])
    func `who does nothing at a question is timed out there`(_ step: SessionStep) async throws {
        let course = try await run(world.script("idle: \(step.rawValue)"), until: step)
        #expect(course.ending == .timedOut(step))
        #expect(course.jobs.isEmpty)
        #expect(course.outcomes.map(\.disposition) == ([.contents, .payment].contains(step) ? [.aborted] : []))
    }

    @Test func `without a card the session is timed out`() async throws {
        let course = try await run(world.script("idle: card"), until: .card)
        #expect(course.ending == .timedOut(.card))
        #expect(course.challenges == 0)
    }

    @Test func `a card that is not taken away ends everything: nothing is sent`() async throws {
        let course = try await run(world.script("idle: removal"), until: .removal)
        #expect(course.ending == .timedOut(.removal))
        #expect(course.applications.isEmpty && course.outcomes.isEmpty)
        #expect(course.jobs.isEmpty)
    }

    @Test func `a centre that never answers times the session out, and the outcome is reported aborted`() async throws {
        let course = try await run(world.script(), .init(neverAnswers: true), until: .application)
        #expect(course.ending == .timedOut(.application))
        #expect(course.outcomes.map(\.disposition) == [.aborted])
    }

    @Test func `a printer that ignores its limit times the session out, and nobody guesses what it did`() async throws {
        let release = DispatchSemaphore(value: 0)
        let printer = Printer { _ in
            await wait(for: release)
            return .printed
        }
        let course = try await run(world.script(), printer: printer, until: .printing)
        release.signal()
        #expect(course.ending == .timedOut(.printing))
        #expect(course.outcomes.isEmpty)
    }

    @Test(
        arguments: [
            (PrintResult.printed, SessionEnding.printed, [.printed]),
            (.notPrinted(.unreachable), .printer(.unreachable), [.aborted]), (.unknown, .timedOut(.printing), []),
        ] as [(PrintResult, SessionEnding, [Outcome.Disposition])])
    func `what a printer says at the end of its time is reported`(
        _ result: PrintResult, _ ending: SessionEnding, _ reported: [Outcome.Disposition]
    ) async throws {
        let printer = Printer { _ in
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(60)) }
            return result
        }
        let course = try await run(world.script(), printer: printer, until: .printing)
        #expect(course.ending == ending)
        #expect(course.outcomes.map(\.disposition) == reported)
    }

    @Test func `a reminder that nobody stops ends by itself, and the page counts as printed`() async throws {
        let course = try await run(world.script("idle: reminder"), until: .reminder)
        #expect(course.ending == .printed)
        #expect(course.outcomes.map(\.disposition) == [.printed])
    }
}
