import CardChip
import SimulatedCard
import Terminal
import Testing

struct CardErrorTests {
    let world: TestWorld

    init() throws { world = try TestWorld.shared.get() }

    @Test func `three wrong PINs lock the card, and nobody is asked for a challenge`() async throws {
        let course = try await world.run(world.script("pins: [\"0000\", \"1111\", \"2222\", \"1234\"]"))
        #expect(course.ending == .card(.pinLocked))
        #expect(course.steps.filter { $0 == "pin" }.count == 3)
        #expect(course.challenges == 0)
    }

    @Test func `a locked card is told before any PIN is asked for`() async throws {
        let chip = SimulatedCard(file: world.card, persistTo: nil)
        _ = try await world.run(world.script("pins: [\"0000\", \"1111\", \"2222\"]"), chip: chip)
        let course = try await world.run(world.script(), chip: chip)
        #expect(course.ending == .card(.pinLocked))
        #expect(!course.steps.contains("pin"))
    }

    @Test(arguments: [SessionStep.read, .sign, .pin, .tries])
    func `a card taken away too early ends the session before anything is sent`(_ step: SessionStep) async throws {
        let course = try await world.run(world.script("take: {at: \(step.rawValue)}"))
        #expect(course.ending == .card(.transport(.cardRemoved)))
        #expect(course.applications.isEmpty)
    }

    @Test(arguments: 1...12)
    func `a card taken away in the middle of its reading ends the session`(_ commands: Int) async throws {
        let course = try await world.run(world.script("take: {at: read, afterCommands: \(commands)}"))
        #expect(course.ending == .card(.transport(.cardRemoved)))
        #expect(course.applications.isEmpty)
    }

    @Test func `another kind of card is told, and the right one goes on`() async throws {
        let other = OtherKindOfCard()
        let right = SimulatedCard(file: world.card, persistTo: nil)
        let (tried, exchanged) = (Counter(), Counter())
        // The person of the script takes the wrong card away at the hint; then the right one is put there.
        let course = try await world.run(
            world.script(),
            during: { hand in
                while !Task.isCancelled {
                    try? await Task.sleep(for: .milliseconds(50))
                    if tried.value > 0, !hand.isCardThere {
                        _ = exchanged.next()
                        return hand.put()
                    }
                }
            },
            connect: { () throws(CardTransportError) -> any CardTransport in
                _ = tried.next()
                return InProcessTransport(card: exchanged.value == 0 ? other : right)
            })
        #expect(course.ending == .printed)
        #expect(exchanged.value == 1)
    }

    @Test func `no reader ends the session at once`() async throws {
        let course = try await world.run(
            world.script(), connect: { () throws(CardTransportError) -> any CardTransport in throw .noReader })
        #expect(course.ending == .card(.transport(.noReader)))
    }

    @Test func `a reader that fails ends the session at once`() async throws {
        let course = try await world.run(
            world.script(), connect: { () throws(CardTransportError) -> any CardTransport in throw .readerFailure(7) })
        #expect(course.ending == .card(.transport(.readerFailure(7))))
    }

    @Test func `attributes that are malformed end the session before anything is sent`() async throws {
        var bytes = try #require(world.card.files[0x0002])
        bytes[bytes.count - 1] = UInt8(ascii: "7")
        let course = try await world.run(world.script(), card: world.card.replacing(0x0002, with: bytes))
        #expect(course.ending.code == "card.malformed")
        #expect(course.applications.isEmpty)
    }
}
