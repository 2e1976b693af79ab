import Foundation
import Vaccination

/// A place in the order of people that is kept for one who is about to be written.
struct ReservedPerson: Sendable {
    /// The row's number, should the person not be there yet; `nil` for whichever is next then. One that is not needed stays unused.
    let id: Int64?
    /// The rows, as far as they could be made ready.
    let ready: ReadyPerson?
}

/// An import's next people: read out of its file, opened and made ready by another thread while those before are written.
///
/// Whoever writes takes it out of the store and puts it back behind what was written; what does not fit to how far the import is by
/// then is let go, and read again.
struct ImportAhead: Sendable {
    /// A person whose turn comes.
    struct Next: Sendable {
        let change: PersonChange
        let reserved: ReservedPerson
        /// Where the next one stands in the file.
        let end: Int64
    }

    private let files: StagedFiles
    private let change: RecordChange
    private let encryptor: FieldEncryptor
    /// How many there are in the file.
    private let staged: Int
    /// Whether most of them are not there yet: of the others what is made ready would be in vain.
    private let makesReady: Bool
    /// Where the first one stands.
    private var (index, place): (Int, Int64)
    private var people: [Next] = []
    private var filling: Task<Filled, any Error>?
    /// The last number that the region had, or that was reserved since.
    private var lastID: Int64

    private struct Filled {
        var people: [Next] = []
        var lastID: Int64
    }

    /// - Parameter last: the last person's number in the region.
    init(
        _ files: StagedFiles, of report: RecordImport, at place: Int64, behind last: Int64, _ encryptor: FieldEncryptor
    ) {
        (self.files, self.encryptor, change, staged) = (files, encryptor, report.change, report.counts.staged)
        makesReady = report.counts.new >= report.counts.changed
        (index, self.place, lastID) = (report.counts.applied, place, last)
    }

    /// The import's number.
    var number: Int64 { files.number }

    /// Whether it goes on where an import is.
    func continues(_ files: StagedFiles, at index: Int, _ place: Int64, _ encryptor: FieldEncryptor) -> Bool {
        self.files.number == files.number && self.files.key == files.key && self.index == index && self.place == place
            && self.encryptor === encryptor
    }

    /// The next people; those behind them begin to be made ready.
    mutating func next(_ count: Int, now: Date) async throws -> [Next] {
        if people.count < count { try await collect() }
        if people.count < count {
            begin(count - people.count, now)
            try await collect()
        }
        guard people.count >= count else {
            throw StoreError.corrupt("the rows of import \(files.number) of region \(files.region) are too few")
        }
        // A few more than these: the next transaction may take more.
        if people.count < 2 * count { begin(count + count / 4, now) }
        return Array(people.prefix(count))
    }

    /// Takes away those that were gone through.
    mutating func remove(_ gone: Int) {
        guard gone > 0, gone <= people.count else { return }
        place = people[gone - 1].end
        index += gone
        people.removeFirst(gone)
    }

    private mutating func collect() async throws {
        guard let filling else { return }
        self.filling = nil
        let filled = try await filling.value
        people += filled.people
        lastID = filled.lastID
    }

    private mutating func begin(_ wanted: Int, _ now: Date) {
        guard filling == nil else { return }
        let (first, place, last) = (index + people.count, people.last?.end ?? place, lastID)
        let wanted = min(wanted, staged - first)
        guard wanted > 0 else { return }
        filling = Task { [files, change, encryptor, makesReady] in
            // Not on a thread that other tasks share: it takes milliseconds.
            try await withCheckedThrowingContinuation { continuation in
                DispatchQueue.global(qos: .utility).async {
                    continuation.resume(
                        with: Result {
                            let reader = try StagedFileReader(files, .people, index: first, place: place)
                            return try Self.read(
                                wanted, reader, behind: last, change, now, makesReady ? encryptor : nil)
                        })
                }
            }
        }
    }

    /// - Parameter encryptor: `nil` if nothing is to be made ready.
    private static func read(
        _ count: Int, _ reader: consuming StagedFileReader, behind last: Int64, _ change: RecordChange, _ now: Date,
        _ encryptor: FieldEncryptor?
    ) throws -> Filled {
        var filled = Filled(lastID: last)
        filled.people.reserveCapacity(count)
        for _ in 0..<count {
            guard let one = try reader.next(StagedChange.self).change else { throw reader.damaged }
            var reserved = ReservedPerson(id: nil, ready: nil)
            if let encryptor, case .person(let person) = one {
                filled.lastID += 1
                reserved = ReservedPerson(
                    id: filled.lastID,
                    ready: try ReadyPerson(person, as: change, id: filled.lastID, now: now, encryptor))
            }
            filled.people.append(Next(change: one, reserved: reserved, end: reader.place))
        }
        return filled
    }
}
