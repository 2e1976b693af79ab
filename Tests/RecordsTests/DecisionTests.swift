import Foundation
import RecordSupport
import Records
import Testing
import Vaccination

/// What two operators decide of a region: its settings, one after the other.
@Suite struct DecisionTests {
    private static let sealed = RegionSettings(state: .sealed)
    private static let counter = RegionSettings(
        state: .counterOnly, desk: BilingualText(japanese: "見本市役所 市民課", english: "Mihon City Office"))

    @Test(arguments: Engine.all)
    func `settings count when a second operator approved them, and stay known with those before`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let (store, other) = (try engine.open(place), try engine.open(place))
        let first = try await store.decide(.settings(Self.counter), approving: false)
        #expect((first.state, first.proposedBy, first.approvedBy) == (.proposed, "operator-a", nil))
        #expect(try await store.control().settings == [:])
        let approved = try await other.approve(
            decision: first.number, of: Sample.city, by: "operator-b", now: Sample.now + 5)
        #expect((approved.state, approved.approvedBy, approved.endedAt) == (.approved, "operator-b", Sample.now + 5))
        #expect(try await store.control().settings == [Sample.city: Self.counter])
        // Again, as after a lost answer.
        for name in ["operator-b", "operator-a"] {
            let again = try await store.approve(
                decision: first.number, of: Sample.city, by: name, now: Sample.now + 9)
            #expect(again == approved)
        }
        let second = try await store.decide(.settings(RegionSettings()))
        #expect(try await other.control().settings == [Sample.city: RegionSettings()])
        #expect(try await other.decisions(of: Sample.city).map(\.number) == [second.number, first.number])
        #expect(try await other.decisions(of: Sample.town) == [])
        let events = try await store.controlLog(after: 0, limit: 99).map(\.event)
        #expect(events == [.decisionProposed, .decisionApproved, .decisionProposed, .decisionApproved])
    }

    @Test(arguments: Engine.all)
    func `two operators are two names and two certificates`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let proposed = try await LogActor.$current.withValue("certificate a") {
            try await store.decide(.settings(Self.sealed), approving: false)
        }
        for (name, certificate) in [
            ("operator-a", "certificate a"), ("operator-a", "certificate b"), ("operator-b", "certificate a"),
        ] {
            await #expect(throws: StoreError.conflict()) {
                try await LogActor.$current.withValue(certificate) {
                    _ = try await store.approve(
                        decision: proposed.number, of: Sample.city, by: name, now: Sample.now)
                }
            }
        }
        #expect(try await store.control().settings == [:])
        let approved = try await LogActor.$current.withValue("certificate b") {
            try await store.approve(decision: proposed.number, of: Sample.city, by: "operator-b", now: Sample.now)
        }
        #expect(approved.state == .approved)
    }

    @Test(arguments: Engine.all)
    func `a region has one open decision, of what its proposer saw`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        await #expect(throws: StoreError.conflict()) { try await store.decide(.settings(.initial)) }
        await #expect(throws: StoreError.conflict()) {
            try await store.decide(.settings(Self.sealed), insteadOf: Self.counter)
        }
        let first = try await store.decide(.settings(Self.sealed), insteadOf: .initial, approving: false)
        await #expect(throws: StoreError.conflict()) { try await store.decide(.settings(Self.counter)) }
        // Another region's is another matter.
        _ = try await store.decide(.settings(Self.counter), for: Sample.town)
        for _ in 1...2 {
            let withdrawn = try await store.withdraw(decision: first.number, of: Sample.city, now: Sample.now)
            #expect(withdrawn.state == .withdrawn)
        }
        await #expect(throws: StoreError.conflict()) {
            try await store.approve(decision: first.number, of: Sample.city, by: "operator-b", now: Sample.now)
        }
        await #expect(throws: StoreError.notFound()) {
            try await store.approve(decision: first.number, of: Sample.town, by: "operator-b", now: Sample.now)
        }
        let second = try await store.decide(.settings(Self.counter))
        await #expect(throws: StoreError.conflict()) {
            try await store.withdraw(decision: second.number, of: Sample.city, now: Sample.now)
        }
        await #expect(throws: StoreError.unknownRegion()) {
            try await store.decide(.settings(Self.counter), for: Sample.elsewhere)
        }
    }

    @Test(arguments: Engine.all)
    func `of operators who approve at once one does, and the others find it approved`(engine: Engine) async throws {
        let place = try Place()
        let stores = try (0..<3).map { _ in try engine.open(place) }
        let proposed = try await stores[0].decide(.settings(Self.counter), approving: false)
        let results = try await withThrowingTaskGroup(of: RegionDecision.self) { group in
            for index in 0..<12 {
                group.addTask {
                    try await stores[index % 3].approve(
                        decision: proposed.number, of: Sample.city, by: "operator \(index)", now: Sample.now)
                }
            }
            return try await group.reduce(into: Set<RegionDecision>()) { $0.insert($1) }
        }
        #expect(results.count == 1)
        let lines = try await stores[1].controlLog(after: 0, limit: 99).filter { $0.event == .decisionApproved }
        #expect(lines.count == 1)
    }

    // MARK: What settings let in

    /// What somebody wants of a region.
    enum Wish: CaseIterable {
        case addition, correction, ledger, residents, search, people, unclear, refusedRows, certificates
        case issueVoucher, reissueVoucher, voidVoucher, vouchers, passport

        /// In which states it is let in.
        var states: Set<RegionState> {
            switch self {
            case .addition, .ledger, .issueVoucher, .reissueVoucher: [.open]
            case .correction, .residents, .search, .people, .unclear, .refusedRows, .certificates, .voidVoucher,
                .vouchers, .passport:
                [.open, .registrationClosed, .counterOnly]
            }
        }
    }

    @Test(arguments: Engine.all, RegionState.allCases)
    func `each state lets in what it says`(engine: Engine, state: RegionState) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let person = try Sample.person(1)
        let (line, other) = (try VoucherTests.line(1, dose: 2), try VoucherTests.line(2, dose: 2))
        _ = try await store.write([person], in: Sample.city, now: Sample.now)
        let refused = try await store.stage(ImportFormat.people, [], as: .addition)
        if state != .open { _ = try await store.decide(.settings(RegionSettings(state: state))) }
        for wish in Wish.allCases {
            let result: Result<Void, any Error>
            do {
                switch wish {
                case .addition: _ = try await store.write([person], in: Sample.city, now: Sample.now)
                case .correction:
                    _ = try await store.write([person], as: .correction, in: Sample.city, now: Sample.now)
                case .ledger: _ = try await store.stage(.ledger, [], as: .addition)
                case .residents: _ = try await store.stage(.residents, [], as: .addition)
                case .search:
                    _ = try await store.find(.number(person.number), for: "Tests", in: Sample.city, now: Sample.now)
                case .people: _ = try await store.people(in: Sample.city, after: 0, limit: 9)
                case .unclear: _ = try await store.unclear(in: Sample.city, after: 0, limit: 9)
                case .refusedRows: try await store.refusedRows(of: refused.number, in: Sample.city) { _ in }
                case .issueVoucher:
                    _ = try await store.issue(
                        line, on: try Sample.value(VoucherTests.day), to: .number(person.number), in: Sample.city,
                        now: Sample.now)
                case .reissueVoucher:
                    _ = try await store.reissue(
                        line, on: try Sample.value(VoucherTests.day), to: .number(person.number), for: .movedIn,
                        in: Sample.city,
                        now: Sample.now)
                case .voidVoucher:
                    // Nobody has another one, which is told where somebody may ask.
                    do {
                        _ = try await store.void(other, for: .lost, in: Sample.city, now: Sample.now)
                    } catch let error as StoreError where error == .notFound() {}
                case .vouchers:
                    _ = try await store.vouchers(
                        of: .number(person.number), for: "Tests", in: Sample.city, now: Sample.now)
                case .passport:
                    _ = try await store.amend(
                        passport: nil, of: .number(person.number), for: .withdrawn, in: Sample.city, now: Sample.now)
                case .certificates: _ = try await store.certificates(in: Sample.city, state: .signed, limit: 9)
                }
                result = .success(())
            } catch { result = .failure(error) }
            switch result {
            case .success: #expect(wish.states.contains(state), "\(wish) in \(state)")
            case .failure(let error):
                #expect(error as? StoreError == .regionClosed(), "\(wish) in \(state): \(error)")
                #expect(!wish.states.contains(state), "\(wish) in \(state)")
            }
        }
        // Whatever a region lets in, its evidence is looked at.
        #expect(try await store.verify(.region(Sample.city), pins: [], everything: true).breaks.isEmpty)
    }

    @Test(arguments: Engine.all)
    func `settings wait for an import that they would leave half written`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let staged = try await store.stage(.people, [Sample.person(1)], as: .addition)
        let proposed = try await store.decide(.settings(Self.counter), approving: false)
        await #expect(throws: StoreError.importOpen()) {
            try await store.approve(decision: proposed.number, of: Sample.city, by: "operator-b", now: Sample.now)
        }
        _ = try await store.discard(staged.number, in: Sample.city, now: Sample.now)
        let approved = try await store.approve(
            decision: proposed.number, of: Sample.city, by: "operator-b", now: Sample.now)
        #expect(approved.state == .approved)
    }

    @Test(arguments: Engine.all)
    func `an import of a region that closes while it is written stands still, and may be discarded`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let proposed = try await store.decide(.settings(Self.sealed), approving: false)
        _ = try await store.approve(decision: proposed.number, of: Sample.city, by: "operator-b", now: Sample.now)
        // As where it was approved in the moment between the look for imports and the decision.
        await #expect(throws: StoreError.regionClosed()) {
            try await store.stage(.people, [Sample.person(1)], as: .addition)
        }
        _ = try await store.decide(.settings(.initial))
        let staged = try await store.stage(.people, [Sample.person(1), Sample.person(2)], as: .addition)
        for name in ["operator-a", "operator-b"] {
            _ = try await store.approve(staged.number, by: name, in: Sample.city, now: Sample.now)
        }
        _ = try await store.apply(staged.number, in: Sample.city, limit: 1, now: Sample.now)
        await #expect(throws: StoreError.importOpen()) { try await store.decide(.settings(Self.sealed)) }
        let discarded = try await store.discard(staged.number, in: Sample.city, now: Sample.now)
        #expect(discarded.state == .discarded)
    }

    // MARK: Hands and backups

    @Test func `a region is sealed whose settings a hand has changed, and the hand is found`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        _ = try await store.decide(.settings(Self.counter))
        try await RawDatabase(place.controlPath).execute(
            "UPDATE decision SET content = replace(content, 'counter_only', 'open')")
        #expect(try await store.control().settings[Sample.city]?.state == .sealed)
        await #expect(throws: StoreError.broken()) {
            try await store.find(.number(Sample.person(1).number), for: "Tests", in: Sample.city, now: Sample.now)
        }
        let breaks = try await store.verify(.control, pins: [], everything: true).breaks
        #expect(breaks.contains { $0.kind == .row && $0.place.hasPrefix("decision ") }, "\(breaks)")
    }

    @Test func `no backup opens a region again that was sealed`() async throws {
        let place = try Place()
        let store = try await place.restored { store in
            _ = try await store.write([Sample.person(1)], in: Sample.city, now: Sample.now)
            // One that waits when the backup is made, and one that is not proposed yet.
            _ = try await store.decide(.settings(Self.sealed), approving: false)
        } after: { store in
            _ = try await store.approve(decision: 1, of: Sample.city, by: "operator-b", now: Sample.now)
            _ = try await store.decide(.settings(Self.counter), for: Sample.town)
        }
        #expect(
            try await store.control().settings == [Sample.city: Self.sealed, Sample.town: Self.counter])
        let redone = try await store.controlLog(after: 0, limit: 99).filter { $0.event == .redone }
        #expect(redone.compactMap(\.detail) == ["decision 1", "decision 2"])
    }

    @Test func `a journal that is begun anew holds the settings that count`() async throws {
        let place = try Place()
        let store = try await place.restored { store in
            _ = try await store.write([Sample.person(1)], in: Sample.city, now: Sample.now)
        } after: { store in
            _ = try await store.decide(.settings(Self.counter))
            _ = try await store.decide(.settings(Self.sealed))
            // It is gone for good, and everything of it with it.
            try FileManager.default.removeItem(atPath: place.journal.folder + "/vrs.journal")
            try await store.noteRestored(.control, reason: "the journal is gone", asItIs: true, now: Sample.now)
        }
        #expect(try await store.control().settings == [Sample.city: Self.sealed])
    }
}

extension RecordStore {
    /// Proposes as one operator, and approves as another.
    @discardableResult
    func decide(
        _ subject: DecisionSubject, for region: MunicipalityCode = Sample.city,
        insteadOf present: RegionSettings? = nil,
        approving: Bool = true
    ) async throws -> RegionDecision {
        let proposed = try await propose(
            subject, for: region, by: "operator-a", reason: "Tests", insteadOf: present, now: Sample.now)
        guard approving else { return proposed }
        return try await approve(decision: proposed.number, of: region, by: "operator-b", now: Sample.now)
    }

    /// Stages people of a file.
    func stage(_ format: ImportFormat, _ people: [NewPerson], as change: RecordChange) async throws -> RecordImport {
        var rows: [ImportRow]? = people.enumerated().map { index, person in
            ImportRow(line: index + 2, text: { "" }, person: .success(person))
        }
        let origin = try Sample.value(ImportOrigin(medium: "MADE-UP-01", purpose: "Tests", format: format))
        return try await stage(origin, as: change, in: Sample.city, maximumRefused: 5, now: Sample.now) {
            defer { rows = nil }
            return rows
        }
    }
}
