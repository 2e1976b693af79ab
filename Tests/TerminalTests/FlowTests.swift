import CheckedConfiguration
import CardChip
import Exchange
import Foundation
import SimulatedCard
import Terminal
import Testing
import Vaccination

struct FlowTests {
    let world: TestWorld

    init() throws { world = try TestWorld.shared.get() }

    @Test(arguments: [CertificateKind.domestic, .overseas])
    func `a session goes through all steps in order and prints the page`(_ kind: CertificateKind) async throws {
        let script = try Script(
            ConfigurationFile(
                text: "municipality: \"990019\"\nkind: \(kind.rawValue)\ncopies: 2\npins: [\"1234\"]", name: "test"))
        let course = try await world.run(script)
        #expect(course.ending == .printed)
        #expect(
            course.steps.filter { $0 != "outcome" } == [
                "menu", "municipality", "kind", "copies", "consent", "card", "tries", "pin", "challenge", "keys",
                "read",
                "sign", "removal", "application", "answer", "check", "contents", "payment", "printing", "reminder",
                "end",
            ])
        let job = try #require(course.jobs.first)
        #expect(course.jobs.count == 1)
        #expect(job.copies == 2)
        #expect(job.pdf.starts(with: "%PDF-".utf8))
        #expect(course.outcomes.map(\.disposition) == [.printed])
        let application = try Application(parsing: try #require(course.applications.first))
        #expect(course.outcomes.allSatisfy { $0.isSigned(by: application.signingPublicKey) })
        #expect(course.inquiries == [job.inquiry])
    }

    @Test func `nothing personal stands in the lines of a script or in the receipt`() async throws {
        let course = try await world.run(world.script())
        let text = course.lines.joined() + (course.jobs.first?.receipt ?? "")
        for secret in ["999900000011", "見本\u{3000}花子", "花子", "1985", "中央町", "shc:/"] {
            #expect(!text.contains(secret))
        }
        #expect(text.contains(try #require(course.jobs.first).inquiry))
    }

    @Test func `a broken connection sends the very same bytes again`() async throws {
        let course = try await world.run(world.script(), .init(brokenAnswers: 2))
        #expect(course.ending == .printed)
        #expect(course.applications.count == 3)
        #expect(Set(course.applications).count == 1)
        #expect(course.challenges == 1)
    }

    @Test func `a busy service is asked again with the same bytes`() async throws {
        let course = try await world.run(world.script(), .init(busy: 1))
        #expect(course.ending == .printed)
        #expect(Set(course.applications).count == 1 && course.applications.count == 2)
    }

    @Test func `a lost report of an outcome is sent again`() async throws {
        let course = try await world.run(world.script(), .init(outcomesLost: 2))
        #expect(course.ending == .printed)
        #expect(course.outcomes.map(\.disposition) == [.printed, .printed, .printed])
        #expect(Set(course.outcomes.map(\.bytes)).count == 1)
    }

    @Test(arguments: [
        ProblemCode.personNotFound, .municipalityNotParticipating, .challengeUsed, .cardStopped, .limitDaily,
    ])
    func `a sealed refusal ends the session with its own code and nothing to report`(_ code: ProblemCode) async throws {
        let course = try await world.run(
            world.script(), .init(refusal: Refusal(code, isOutcomeOwed: false)))
        #expect(course.ending == .refused(code))
        #expect(course.jobs.isEmpty)
        #expect(course.outcomes.isEmpty)
    }

    @Test(arguments: [ProblemCode.challengeUsed, .serviceSuspended, .terminalSuspended, .requestMalformed])
    func `a terminal whose answer was lost and whose repetition is refused reports aborted`(
        _ code: ProblemCode
    ) async throws {
        let course = try await world.run(world.script(), .init(openRefusal: code, brokenAnswers: 1))
        #expect(course.ending == .refused(code))
        #expect(course.applications.count == 2)
        #expect(course.outcomes.map(\.disposition) == [.aborted])
    }

    @Test func `an answer too long to be taken is reported aborted`() async throws {
        let course = try await world.run(world.script(), .init(oversized: true))
        #expect(course.ending == .unusable)
        #expect(course.outcomes.map(\.disposition) == [.aborted])
    }

    @Test func `aborted is reported again while the application may still be on its way`() async throws {
        var timeouts = Timeouts()
        timeouts.answer = .seconds(1)
        let course = try await world.run(
            world.script(), .init(neverAnswers: true, outcomesUnknown: 2), timeouts: timeouts)
        #expect(course.ending == .timedOut(.application))
        #expect(course.outcomes.map(\.disposition) == [.aborted, .aborted, .aborted])
    }

    @Test func `a sealed refusal of what was issued before is reported aborted`() async throws {
        let course = try await world.run(
            world.script(), .init(refusal: Refusal(.limitRedelivery, isOutcomeOwed: true)))
        #expect(course.ending == .refused(.limitRedelivery))
        #expect(course.outcomes.map(\.disposition) == [.aborted])
    }

    @Test(arguments: [
        ProblemCode.personNotFound, .personDeceased, .limitDaily, .terminalSuspended, .challengeUsed,
    ])
    func `what a relay says openly is no word of vrs, and cancels no report`(_ code: ProblemCode) async throws {
        let course = try await world.run(world.script(), .init(openRefusal: code))
        #expect(course.ending == (code.travelsSealed ? .unusable : .refused(code)))
        #expect(course.outcomes.map(\.disposition) == [.aborted])
    }

    @Test func `a service that stays broken is never told as a missing record, and the outcome is reported aborted`()
        async throws
    {
        let course = try await world.run(world.script(), .init(busy: 100))
        #expect(course.ending == .refused(.serviceBusy))
        #expect(course.outcomes.map(\.disposition) == [.aborted])
        for language in Language.allCases {
            let advice = try Texts(language).advice(for: course.ending)
            #expect(advice != (try Texts(language).advice(for: .refused(.personNotFound))))
        }
    }

    @Test func `a closed service reads no card`() async throws {
        let course = try await world.run(world.script(), .init(closed: .serviceSuspended))
        #expect(course.ending == .refused(.serviceSuspended))
        #expect(!course.steps.contains("card"))
        #expect(course.challenges == 0)
    }

    @Test func `a municipality that the menu does not have is refused before any card is read`() async throws {
        let script = try Script(
            ConfigurationFile(text: "municipality: \"131016\"\nkind: domestic\npins: [\"1234\"]", name: "test"))
        let course = try await world.run(script)
        #expect(course.ending == .refused(.municipalityNotParticipating))
        #expect(!course.steps.contains("card"))
        #expect(course.challenges == 0)
    }

    @Test(arguments: [
        SessionStep.municipality, .consent, .card, .pin, .contents, .payment,
    ])
    func `who leaves at any step gets no page, and an issued certificate is reported aborted`(_ step: SessionStep)
        async throws
    {
        let course = try await world.run(world.script("leave: \(step.rawValue)"))
        #expect(course.ending == .left(step))
        #expect(course.jobs.isEmpty)
        let isIssued = [.contents, .payment].contains(step)
        #expect(course.outcomes.map(\.disposition) == (isIssued ? [.aborted] : []))
        #expect(course.challenges == (isIssued ? 1 : 0))
    }

    @Test(arguments: [PrinterFailure.failed, .unreachable])
    func `a printer that printed nothing aborts the certificate`(_ failure: PrinterFailure) async throws {
        let course = try await world.run(world.script(), printer: Printer { _ in .notPrinted(failure) })
        #expect(course.ending == .printer(failure))
        #expect(course.outcomes.map(\.disposition) == [.aborted])
    }

    @Test func `a printer that did not say what it did leaves nothing to report`() async throws {
        let course = try await world.run(world.script(), printer: Printer { _ in .unknown })
        #expect(course.ending == .printer(.unknown))
        #expect(course.outcomes.isEmpty)
    }

    @Test func `a chip that hangs in a command ends the session in its time`() async throws {
        let release = DispatchSemaphore(value: 0)
        defer { release.signal() }
        var timeouts = Timeouts()
        timeouts.chip = .seconds(1)
        let start = ContinuousClock.now
        let chip = SimulatedCard(file: world.card, persistTo: nil)
        let course = try await world.run(
            world.script(), timeouts: timeouts,
            connect: { () throws(CardTransportError) in
                HangingTransport(inner: InProcessTransport(card: chip), commands: 2, until: release)
            })
        #expect(course.ending == .timedOut(.tries) || course.ending == .timedOut(.pin))
        #expect(course.applications.isEmpty && course.outcomes.isEmpty)
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    @Test(arguments: [ProblemCode.serviceHalted, .serviceSuspended, .terminalSuspended])
    func `what was halted or suspended meanwhile is not handed out`(_ code: ProblemCode) async throws {
        let course = try await world.run(world.script(), .init(closedLater: code))
        #expect(course.ending == .refused(code))
        #expect(!course.steps.contains("payment") && course.jobs.isEmpty)
        #expect(course.outcomes.map(\.disposition) == [.aborted])
    }

    @Test(arguments: [ProblemCode.serviceClosed, .upstreamUnavailable])
    func `a right page is handed out also after the hours and without vrs`(_ code: ProblemCode) async throws {
        let course = try await world.run(world.script(), .init(closedLater: code))
        #expect(course.ending == .printed)
    }

    @Test func `no challenge is fetched before the PIN was right`() async throws {
        let course = try await world.run(world.script("pins: [\"0000\", \"1234\"]"))
        #expect(course.ending == .printed)
        let pins = course.steps.enumerated().filter { $0.element == "pin" }.map(\.offset)
        #expect(pins.count == 2)
        #expect(try #require(course.steps.firstIndex(of: "challenge")) > pins[1])
    }

    /// Runs a session that is told to stop while it prints.
    private func stopped(_ printer: Printer, _ isPrinting: AsyncStream<Void>) async throws -> TestWorld.Course {
        let world = world
        let task = Task { try await world.run(world.script(), printer: printer) }
        for await _ in isPrinting { break }
        task.cancel()
        return try await task.value
    }

    @Test(arguments: [
        (PrintResult.unknown, [] as [Outcome.Disposition]), (.notPrinted(.unreachable), [.aborted]),
        (.printed, [.printed]),
    ])
    func `a session that is told to stop while it prints stops the printer and reports what that said`(
        _ result: PrintResult, _ reported: [Outcome.Disposition]
    ) async throws {
        let (isPrinting, began) = AsyncStream.makeStream(of: Void.self)
        let course = try await stopped(
            Printer { _ in
                began.yield()
                while !Task.isCancelled { try? await Task.sleep(for: .seconds(60)) }
                return result
            }, isPrinting)
        #expect(course.outcomes.map(\.disposition) == reported)
        #expect(course.ending == (result == .printed ? .printed : .interrupted))
    }

    @Test func `a session that is told to stop is not held by a printer that ignores it`() async throws {
        let (isPrinting, began) = AsyncStream.makeStream(of: Void.self)
        let release = DispatchSemaphore(value: 0)
        let course = try await stopped(
            Printer { _ in
                began.yield()
                await wait(for: release)
                return .printed
            }, isPrinting)
        release.signal()
        #expect(course.ending == .interrupted)
        #expect(course.outcomes.isEmpty)
    }

    @Test func `a session that is told to stop reports and ends`() async throws {
        let world = world
        let (reached, contents) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            defer { contents.finish() }
            return try await world.run(
                world.script("idle: contents"), line: { if $0.contains(#""contents""#) { contents.yield() } })
        }
        for await _ in reached { break }
        task.cancel()
        let course = try await task.value
        #expect(course.ending == .interrupted)
        #expect(course.jobs.isEmpty)
        #expect(course.outcomes.map(\.disposition) == [.aborted])
    }
}

/// Waits on a thread of its own for a test's sign, whatever becomes of the task.
func wait(for sign: DispatchSemaphore) async {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread {
            sign.wait()
            continuation.resume()
        }
    }
}

/// A card that hangs in the command behind so many, until a test lets it go.
private final class HangingTransport: CardTransport {
    private let inner: any CardTransport
    private let commands: Int
    private let sent = Counter()
    private let release: DispatchSemaphore

    init(inner: any CardTransport, commands: Int, until release: DispatchSemaphore) {
        self.inner = inner
        self.commands = commands
        self.release = release
    }

    func transmit(_ command: CommandAPDU) throws(CardTransportError) -> ResponseAPDU {
        if sent.next() > commands {
            release.wait()
            // Whoever comes behind it goes on as well.
            release.signal()
        }
        return try inner.transmit(command)
    }
}
