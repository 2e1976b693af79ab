import Credentials
import Crypto
import Exchange
import ExchangeSupport
import Foundation
import HolderGuard
import Synchronization
import Terminal
import TerminalConsole
import TestSupport
import Testing
import Waiting

/// Trust that comes in editions of a publisher, through a centre that may be anybody's.
@Suite struct TrustKeeperTests {
    let world: TestWorld
    let folder: TemporaryFolder
    let publisher = P256.Signing.PrivateKey()

    init() throws {
        world = try TestWorld.shared.get()
        folder = try TemporaryFolder()
    }

    private var file: String { folder.file("trust.signed") }

    /// Everything that an edition says, right but for what a test changes.
    private func edition(
        _ counter: Int64, by key: P256.Signing.PrivateKey? = nil, files: [TerminalTrust.File]? = nil,
        answers: P256.KeyAgreement.PublicKey? = nil, announcing next: [P256.Signing.PublicKey] = [],
        label: String = "akashi/terminal-trust/v1\n"
    ) throws -> [UInt8] {
        let files =
            files ?? world.issuer.trustFiles().map { TerminalTrust.File(path: $0.path, content: Data($0.bytes)) }
        let trust = try #require(
            TerminalTrust(
                counter: counter, time: 1_700_000_000, files: files,
                answerKeys: [answers ?? world.issuer.sealing.publicKey], publishers: next))
        let text = try trust.text()
        let signature = try (key ?? publisher).signature(for: Array(label.utf8) + text)
        return try #require(SignedTerminalTrust(text: text, signature: Array(signature.rawRepresentation))).bytes
    }

    private final class Notices: Sendable {
        private let list = Mutex<[TrustKeeper.Refusal]>([])
        var all: [TrustKeeper.Refusal] { list.withLock { $0 } }
        func add(_ refusal: TrustKeeper.Refusal) { list.withLock { $0.append(refusal) } }
    }

    /// A terminal's keeper as it starts, with the file as it is.
    private func keeper(
        _ notices: Notices = Notices(), pinning keys: [P256.Signing.PublicKey]? = nil, file: String? = nil
    ) -> TrustKeeper {
        TrustKeeper(
            publishers: keys ?? [publisher.publicKey], file: file ?? self.file,
            printGuard: PrintGuard(trust: TrustStore(files: []), isDevelopment: true, program: nil),
            notice: notices.add)
    }

    /// What a keeper takes from a centre that hands an edition on.
    @discardableResult
    private func offer(_ bytes: [UInt8], to keeper: TrustKeeper) async throws -> Bool {
        let (centre, environment, _) = try await world.surroundings(.init(trust: bytes))
        let isTaken = await keeper.refresh(from: environment.centre)
        await environment.centre.shutdown()
        await centre.stop()
        return isTaken
    }

    @Test func `an idle terminal takes the edition that the menu names, without a session`() async throws {
        let keeper = keeper()
        let (centre, environment, _) = try await world.surroundings(.init(trust: edition(7)))
        let watch = MenuWatch(centre: environment.centre, trust: keeper)
        let watching = Task { await watch.run {} }
        let end = ContinuousClock.now + .seconds(30)
        while keeper.current?.counter != 7, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(20)) }
        watching.cancel()
        await environment.centre.shutdown()
        await watching.value
        await centre.stop()
        #expect(keeper.current?.counter == 7)
        // In the file, where the next session's process finds it.
        #expect(self.keeper().current?.counter == 7)
    }

    // MARK: Editions

    @Test func `an edition of the publisher is taken, and counts over a restart`() async throws {
        let first = keeper()
        #expect(first.current == nil && first.lacks(nil))
        #expect(try await offer(edition(7), to: first))
        #expect(first.current?.counter == 7)
        #expect(try await !offer(edition(7), to: first))
        let second = keeper()
        #expect(second.current?.counter == 7)
        #expect(!second.lacks(7) && !second.lacks(nil) && second.lacks(8))
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    enum Flaw: CaseIterable {
        case foreignKey, otherLabel, changed, cut, noSignature, older, future, pathOutside, unusableFile

        var refusal: TrustKeeper.Refusal {
            switch self {
            case .foreignKey, .otherLabel, .changed: .signature
            case .cut, .noSignature: .malformed
            case .older: .older
            case .pathOutside, .unusableFile: .unusable
            case .future: .future
            }
        }
    }

    @Test(arguments: Flaw.allCases)
    func `an edition with one flaw is not taken, and what counted counts further`(flaw: Flaw) async throws {
        let notices = Notices()
        let keeper = keeper(notices)
        try await offer(edition(7), to: keeper)
        let bytes: [UInt8] =
            switch flaw {
            case .foreignKey: try edition(8, by: P256.Signing.PrivateKey())
            case .otherLabel: try edition(8, label: "")
            case .changed: try Array(String(decoding: edition(8), as: UTF8.self).replacing(":8,", with: ":9,").utf8)
            case .cut: try edition(8).dropLast(10)
            case .noSignature: try Array(edition(8).drop { $0 != 0x0A })
            case .older: try edition(6)
            case .pathOutside: try edition(8, files: [.init(path: "../shc/issuer.json", content: Data("{}".utf8))])
            case .unusableFile: try edition(8, files: [.init(path: "shc/issuer.json", content: Data("{".utf8))])
            case .future: try edition(Int64(Date().timeIntervalSince1970) + 10 * 86_400)
            }
        #expect(try await !offer(bytes, to: keeper))
        #expect(notices.all == [flaw.refusal])
        #expect(keeper.current?.counter == 7)
        #expect(self.keeper().current?.counter == 7)
    }

    @Test func `an edition that cannot be kept counts all the same, and is told of`() async throws {
        let notices = Notices()
        let keeper = keeper(notices, file: folder.file("absent/trust.signed"))
        #expect(try await offer(edition(8), to: keeper))
        #expect(keeper.current?.counter == 8)
        #expect(notices.all == [.notKept])
    }

    @Test func `an edition is not kept beside a process that holds the file, which is not waited for without end`()
        async throws
    {
        let notices = Notices()
        let keeper = keeper(notices)
        let (kept, next, last) = (try edition(7), try edition(8), try edition(9))
        try await offer(kept, to: keeper)
        let other = try FileHandle(forReadingFrom: URL(fileURLWithPath: folder.file("trust.signed.lock")))
        try FileLock.take(other.fileDescriptor, of: "lock")
        let isTaken = try await FileLock.$limit.withValue(.milliseconds(100)) {
            try await offer(next, to: keeper)
        }
        #expect(isTaken && keeper.current?.counter == 8)
        #expect(notices.all == [.notKept])
        #expect(try folder.read("trust.signed") == Data(kept))
        try other.close()
        #expect(try await offer(last, to: keeper))
        #expect(try folder.read("trust.signed") == Data(last))
    }

    @Test func `what another process took counts, and no older one is put in its place`() async throws {
        let (one, other) = (keeper(), keeper())
        try await offer(edition(7), to: one)
        try await offer(edition(9), to: other)
        // The first process knows 7 alone when it is offered 8.
        #expect(try await offer(edition(8), to: one))
        #expect(one.current?.counter == 9)
        #expect(keeper().current?.counter == 9)
    }

    @Test func `a file that was changed on the disk does not count`() async throws {
        try await offer(edition(7), to: keeper())
        var bytes = Array(try folder.read("trust.signed"))
        bytes[bytes.count / 2] ^= 1
        try folder.write("trust.signed", Data(bytes))
        let notices = Notices()
        #expect(keeper(notices).current == nil)
        #expect(notices.all.count == 1)
    }

    // MARK: The publisher's key changes

    @Test func `a key that an edition announced may sign later ones, also over restarts`() async throws {
        let next = P256.Signing.PrivateKey()
        let running = keeper()
        try await offer(edition(7, announcing: [next.publicKey]), to: running)
        #expect(try await offer(edition(8, by: next), to: running))
        // The terminal's configuration still has the first key alone.
        let restarted = keeper()
        #expect(restarted.current?.counter == 8)
        #expect(try await offer(edition(9, by: next), to: restarted))
        #expect(keeper().current?.counter == 9)
        // The first key has done its work: what it signs now is somebody else's.
        let notices = Notices()
        #expect(try await !offer(edition(10), to: keeper(notices)))
        #expect(notices.all == [.signature])
        // And with the new one alone.
        #expect(keeper(pinning: [next.publicKey]).current?.counter == 9)
    }

    @Test func `a key that nobody announced signs nothing, and an announced one announces no third by itself`()
        async throws
    {
        let (next, third) = (P256.Signing.PrivateKey(), P256.Signing.PrivateKey())
        let keeper = keeper()
        try await offer(edition(7, announcing: [next.publicKey]), to: keeper)
        #expect(try await !offer(edition(8, by: third), to: keeper))
        #expect(try await offer(edition(8, by: next, announcing: [third.publicKey]), to: keeper))
        #expect(try await !offer(edition(9, by: third), to: keeper))
        #expect(keeper.current?.counter == 8)
    }

    // MARK: Sessions

    @Test func `a session fetches what the menu names before it asks for anything`() async throws {
        let course = try await world.run(world.script(), .init(trust: edition(5)), trust: keeper())
        #expect(course.ending == .printed)
        #expect(keeper().current?.counter == 5)
    }

    @Test func `without any edition nothing is asked for, and no card is read`() async throws {
        let course = try await world.run(world.script(), trust: keeper())
        #expect(course.ending == .unreachable)
        #expect(course.challenges == 0 && course.applications.isEmpty)
        #expect(!course.steps.contains("card"))
    }

    @Test func `an answer that a new key seals brings the new edition, and then opens`() async throws {
        let keeper = keeper()
        try await offer(edition(5, answers: P256.KeyAgreement.PrivateKey().publicKey), to: keeper)
        let course = try await world.run(
            world.script(), .init(trust: edition(6), menuNamesTrust: false), trust: keeper)
        #expect(course.ending == .printed)
        #expect(course.applications.count == 2 && Set(course.applications).count == 1)
        #expect(course.outcomes.map(\.disposition) == [.printed])
    }

    @Test func `a page of a signer that only a newer edition knows brings that edition`() async throws {
        let keeper = keeper()
        try await offer(edition(5, files: []), to: keeper)
        let marker = ServiceMarker(path: folder.file("out-of-service"))
        let course = try await world.run(
            world.script(), .init(trust: edition(6), menuNamesTrust: false, madeUnder: 6), marker: marker,
            trust: keeper)
        #expect(course.ending == .printed)
        #expect(!marker.isSet)
    }

    @Test(arguments: [true, false])
    func `an edition that is held back ends the session alone`(repeatsOlder: Bool) async throws {
        let keeper = keeper()
        try await offer(edition(5, files: []), to: keeper)
        let marker = ServiceMarker(path: folder.file("out-of-service"))
        let course = try await world.run(
            world.script(), .init(trust: repeatsOlder ? edition(5, files: []) : nil, madeUnder: 6), marker: marker,
            trust: keeper)
        #expect(course.ending == .unopened)
        #expect(!marker.isSet && course.jobs.isEmpty)
        #expect(course.outcomes.map(\.disposition) == [.aborted])
    }

    @Test func `a page that the older edition takes needs no newer one`() async throws {
        let keeper = keeper()
        try await offer(edition(5), to: keeper)
        let course = try await world.run(world.script(), .init(madeUnder: 6), trust: keeper)
        #expect(course.ending == .printed)
    }

    @Test func `another person's page takes the terminal out of service whatever edition it was made under`()
        async throws
    {
        let keeper = keeper()
        try await offer(edition(5), to: keeper)
        let marker = ServiceMarker(path: folder.file("out-of-service"))
        let course = try await world.run(
            world.script(), .init(flaw: .otherName, madeUnder: 6), marker: marker, trust: keeper)
        #expect(marker.isSet && course.jobs.isEmpty)
    }

    @Test func `an older edition saves no page that the guard refuses`() async throws {
        let keeper = keeper()
        try await offer(edition(7, files: []), to: keeper)
        let marker = ServiceMarker(path: folder.file("out-of-service"))
        let course = try await world.run(world.script(), .init(trust: edition(6)), marker: marker, trust: keeper)
        #expect(course.ending == .outOfService([.codeInvalid]))
        #expect(marker.isSet && course.jobs.isEmpty)
        #expect(keeper.current?.counter == 7)
    }
}
