import CardChip
import Exchange
import PhoneApp
import SimulatedCard
import TestSupport
import Testing

/// The card at the phone: PIN, loss, other cards.
@Suite struct CardTests {
    let world: PhoneWorld

    init() throws { world = try PhoneWorld.shared.get() }

    @Test func `a wrong PIN is told with what is left, and each that is typed is presented once`() async throws {
        let person = TestPerson([world.choice()], pins: ["9999", "8888", "1234"])
        let course = try await world.run(person)
        #expect(course.reasons == [nil])
        #expect(person.notes.pins == [.first, .wrong(triesLeft: 2), .wrong(triesLeft: 1)])
        #expect(course.presentations == 3)
        // Typing takes its time: each time the challenges are new ones.
        #expect((course.challenges, course.applications.count) == (3, 1))
    }

    @Test func `three wrong PINs lock the card, and a locked one is given none`() async throws {
        let chip = world.chip()
        let course = try await world.run(
            TestPerson([world.choice()], pins: ["9999"]), tags: TestTags([.init(chip: chip)]))
        #expect(course.ending == .card(.pinLocked))
        #expect((course.presentations, chip.triesLeft) == (3, 0))
        let again = try await world.run(TestPerson([world.choice()]), tags: TestTags([.init(chip: chip)]))
        #expect(again.ending == .card(.pinLocked))
        #expect(again.presentations == 0)
        #expect(again.applications.isEmpty && again.outcomes.isEmpty)
    }

    @Test func `a person who types no PIN leaves, and nothing was read`() async throws {
        let course = try await world.run(TestPerson([world.choice()], pins: [nil]))
        #expect(course.ending == .left)
        #expect((course.presentations, course.challenges) == (0, 0))
    }

    /// The commands of one holding: SELECT, the tries in two, VERIFY in two, then the files and two signatures.
    @Test(arguments: 0..<30)
    func `a card that is lost is asked for, and no PIN is presented that was not typed for it`(
        _ commands: Int
    ) async throws {
        let chip = world.chip()
        let person = TestPerson([world.choice(), world.choice(1)])
        let course = try await world.run(
            person, tags: TestTags([.init(chip: chip, lostAfter: commands), .init(chip: chip)]))
        #expect(course.reasons == [nil, nil])
        // One more where the first had been presented, never the same again.
        #expect(course.presentations <= person.notes.pins.count)
        #expect(person.notes.pins.dropFirst().allSatisfy { $0 == .lost })
        #expect(chip.triesLeft == 3)
        let holds = person.notes.holds.map(\.reason)
        #expect(holds == [.first] || holds == [.first, .lost])
    }

    @Test func `a card that is lost again and again ends the presentation`() async throws {
        let person = TestPerson([world.choice()])
        let course = try await world.run(person, tags: TestTags([.init(chip: world.chip(), lostAfter: 2)]))
        #expect(course.ending == .card(.transport(.cardRemoved)))
        #expect(course.presentations == 0)
        #expect(course.applications.isEmpty)
    }

    @Test func `a person who does not type the PIN again leaves, and nothing is sent`() async throws {
        let chip = world.chip()
        // Behind VERIFY, in the middle of the files.
        let person = TestPerson([world.choice()], pins: ["1234", nil])
        let course = try await world.run(
            person, tags: TestTags([.init(chip: chip, lostAfter: 10), .init(chip: chip)]))
        #expect(course.ending == .left)
        #expect(course.presentations == 1)
        #expect(course.applications.isEmpty && course.outcomes.isEmpty)
    }

    @Test func `another card after the loss is not asked to sign`() async throws {
        let (chip, other) = (world.chip(), world.chip(world.otherCard))
        let commands = try commandsOfReading()
        let person = TestPerson([world.choice()])
        let course = try await world.run(
            person, tags: TestTags([.init(chip: chip, lostAfter: commands), .init(chip: other)]))
        #expect(course.ending == .otherChip)
        #expect(course.applications.isEmpty && course.outcomes.isEmpty)
    }

    @Test func `a chip that does not sign by the key in its file is noticed before anything is sent`() async throws {
        let mixed = world.card.replacing(0x0007, with: world.otherCard.files[0x0007])
        let course = try await world.run(
            TestPerson([world.choice()]), tags: TestTags([.init(chip: world.chip(mixed))]))
        #expect(course.ending == .otherChip)
        #expect(course.applications.isEmpty)
    }

    @Test func `files of another card beside this chip are refused, and nothing is kept`() async throws {
        var mixed = world.card
        for file: UInt16 in [0x0001, 0x0002, 0x0003] {
            mixed = mixed.replacing(file, with: world.otherCard.files[file])
        }
        let course = try await world.run(
            TestPerson([world.choice()]), tags: TestTags([.init(chip: world.chip(mixed))]))
        #expect(course.reasons == [.refusedOpenly(.filesInvalid)])
        // Said openly, so that it is not known whether vrs said it.
        #expect(course.dispositions == [.aborted])
    }

    @Test func `another kind of card is told and waited out`() async throws {
        let person = TestPerson([world.choice()])
        let course = try await world.run(
            person, tags: TestTags([.init(chip: OtherKindOfCard()), .init(chip: world.chip())]))
        #expect(course.reasons == [nil])
        #expect(person.notes.holds.map(\.reason) == [.first, .otherKind])
    }

    @Test func `a phone without a reader ends the presentation`() async throws {
        let course = try await world.run(
            TestPerson([world.choice()], held: { _, reason in reason == .first }), tags: TestTags([]))
        #expect(course.ending == .left)
    }

    /// How many commands a holding has up to its first signature.
    private func commandsOfReading() throws -> Int {
        let counter = CommandCounter(world.chip())
        let session = try CardSession(transport: InProcessTransport(card: counter))
        _ = try session.pinTriesLeft()
        try session.verify(try #require(PIN(digits: Array("1234".utf8))))
        _ = try session.readFiles()
        return counter.count
    }
}
