package import Crypto
import Foundation
import Glibc
import Synchronization
import Waiting

/// Where a store's journal lies.
public struct JournalPlace: Hashable, Sendable {
    /// The folder: apart from the records, so that a backup of them that is put back does not bring an older journal.
    public let folder: String
    /// Whose file it writes, as `INSTANCE.journal`: each machine's own where several serve the same records.
    public let instance: String

    /// A place.
    public init(folder: String, instance: String = "vrs") {
        self.folder = folder
        self.instance = instance
    }
}

/// What has to survive a restore of the records: revocations, ends of terminals, the stop list, and what was published,
/// in files that only grow.
///
/// A file has one line an entry: the chain up to it, HMAC-SHA-256 over the chain before and the entry, in hexadecimal; a
/// space; the entry as JSON. The first line names the store. A line is on the disk before the database commits what it
/// says; one that was not written to its end was never acknowledged, and goes when the file is next written.
///
/// Several processes of one machine may write the same file, one after the other; a journal reads the files of other
/// instances in its folder too.
package final class Journal: Sendable {
    private struct File {
        var end: Int64 = 0
        var chain: Data
        var lines = 0
    }

    /// Where an entry stands.
    private struct Place {
        let path: String
        let offset: Int64
        let length: Int
        /// What the entry says of the log's length.
        let lines: Int64
    }

    private struct State {
        /// This journal's own file, open.
        var descriptor: Int32 = -1
        var files: [String: File] = [:]
        var spans: [String: JournalSpan] = [:]
        /// Each log's entries by their order.
        var places: [String: [Int64: Place]] = [:]
    }

    private struct Header: Codable, Equatable {
        var journal = 1
        var store: String
    }

    private let place: JournalPlace
    private let key: SymmetricKey
    private let header: Header
    private let state = Mutex(State())

    /// The folder that it lies in.
    var folder: String { place.folder }

    private var path: String { "\(place.folder)/\(place.instance).journal" }

    /// The journal of a store; nothing is read yet.
    /// - Parameter key: the control key, from which the chain's key is derived.
    package init(_ place: JournalPlace, key: SymmetricKey) throws {
        self.place = place
        self.key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key, info: Data("akashi/journal/v1".utf8), outputByteCount: 32)
        let name = HMAC<SHA256>.authenticationCode(for: Data("akashi/journal/v1/store".utf8), using: self.key)
        header = Header(store: name.prefix(8).map { String(format: "%02x", $0) }.joined())
        do {
            try FileManager.default.createDirectory(
                atPath: place.folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StoreError.unavailable("cannot make the journal's folder \(place.folder)")
        }
    }

    /// Reads it, or begins it if there is none.
    /// - Throws: ``StoreError/journalDamaged(_:)`` if it is another store's, or a line was changed.
    package func check() throws { try withLock { _ in } }

    deinit { state.withLock { if $0.descriptor >= 0 { close($0.descriptor) } } }

    // MARK: Reading

    /// How far it goes for a log.
    package func span(of log: LogName) throws -> JournalSpan {
        try withLock { $0.spans["\(log)"] ?? JournalSpan() }
    }

    /// As many entries, and as many bytes of them, as one transaction makes again at most; one entry in any case.
    package static let batch = (entries: 256, bytes: 1 << 18)

    /// The next entries of a log behind an order.
    package struct Behind {
        /// The first of them, by their order: at most ``Journal/batch``.
        package let entries: [JournalEntry]
        /// Whether there are more.
        package let hasMore: Bool
        /// The most lines that the log had by any entry behind the order, those that are not among ``entries`` too.
        package let lines: Int64
    }

    /// The next entries of a log behind an order.
    package func next(of log: LogName, after order: Int64) throws -> Behind {
        try withLock { state in
            let places = (state.places["\(log)"] ?? [:]).filter { $0.key > order }.sorted { $0.key < $1.key }
            var (count, bytes) = (0, 0)
            for (_, place) in places.prefix(Self.batch.entries) {
                bytes += place.length
                if count > 0, bytes > Self.batch.bytes { break }
                count += 1
            }
            return Behind(
                entries: try Self.entries(at: places.prefix(count).map(\.value)), hasMore: count < places.count,
                lines: places.map(\.value.lines).max() ?? 0)
        }
    }

    /// The entries of a log behind an order, by their order.
    package func entries(of log: LogName, after order: Int64) throws -> [JournalEntry] {
        try withLock { state in
            let places = (state.places["\(log)"] ?? [:]).filter { $0.key > order }.sorted { $0.key < $1.key }
            return try Self.entries(at: places.map(\.value))
        }
    }

    private static func entries(at places: [Place]) throws -> [JournalEntry] {
        var handles: [String: FileHandle] = [:]
        defer { for handle in handles.values { try? handle.close() } }
        return try places.map { place in
            let handle = try handles[place.path] ?? open(place.path)
            handles[place.path] = handle
            try handle.seek(toOffset: UInt64(place.offset))
            guard let line = try handle.read(upToCount: place.length), line.count == place.length,
                let entry = try? JSONDecoder().decode(JournalEntry.self, from: line)
            else { throw StoreError.journalDamaged("\(place.path) changed while it was read") }
            return entry
        }
    }

    private static func open(_ path: String) throws -> FileHandle {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw StoreError.unavailable("cannot read \(path)")
        }
        return handle
    }

    private static let beginning = Data(repeating: 0, count: 32)

    private func paths() throws -> [String] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: place.folder) else {
            throw StoreError.unavailable("cannot read the journal's folder \(place.folder)")
        }
        return names.filter { $0.hasSuffix(".journal") }.sorted().map { "\(place.folder)/\($0)" }
    }

    /// Takes what was added since the last look. What was begun to be written to this journal's own file and never ended
    /// goes. Where a file is gone, shorter or another one, everything is read again from its beginning: what is lost then
    /// shows in the spans.
    private func read(into state: inout State) throws {
        let paths = try paths()
        if state.files.contains(where: { !paths.contains($0.key) || DatabaseFile.size($0.key) < $0.value.end }) {
            forget(&state)
        }
        for path in paths {
            var file = state.files[path] ?? File(chain: Self.beginning)
            let size = DatabaseFile.size(path)
            if size > file.end {
                try lines(of: path, from: &file) { entry, place in
                    state.spans[entry.log, default: .init()].add(entry)
                    state.places[entry.log, default: [:]][entry.order] = place
                }
            }
            if path == self.path, size > file.end, ftruncate(state.descriptor, off_t(file.end)) != 0 {
                throw StoreError.unavailable("cannot write \(path): errno \(errno)")
            }
            state.files[path] = file
        }
    }

    private func forget(_ state: inout State) {
        state.files = [:]
        state.spans = [:]
        state.places = [:]
    }

    /// Reads whole lines from where a file was read to, and checks their chain.
    private func lines(of path: String, from file: inout File, _ body: (JournalEntry, Place) -> Void) throws {
        let handle = try Self.open(path)
        defer { try? handle.close() }
        try handle.seek(toOffset: UInt64(file.end))
        var rest = Data()
        while let part = try handle.read(upToCount: 1 << 20), !part.isEmpty {
            rest.append(part)
            guard rest.count <= 64 << 20 else { throw StoreError.journalDamaged("\(path) line \(file.lines + 1)") }
            while let end = rest.firstIndex(of: 0x0A) {
                let line = rest[..<end]
                try take(Data(line), path, &file, body)
                file.end += Int64(line.count) + 1
                rest = rest[(end + 1)...]
            }
            rest = Data(rest)
        }
    }

    private func take(_ line: Data, _ path: String, _ file: inout File, _ body: (JournalEntry, Place) -> Void) throws {
        let place = "journal: \(path) line \(file.lines + 1)"
        let text = line.dropFirst(65)
        let chain = chained(file.chain, Data(text))
        guard line.count > 65, line[64] == 0x20, line.prefix(64).elementsEqual(Self.hexadecimal(chain)) else {
            guard file.lines == 0 else { throw StoreError.journalDamaged("\(place) was changed") }
            throw StoreError.journalDamaged("\(path) is the journal of another store")
        }
        if file.lines == 0 {
            guard (try? JSONDecoder().decode(Header.self, from: text)) == header else {
                throw StoreError.journalDamaged("\(path) is the journal of another store")
            }
        } else {
            guard let entry = try? JSONDecoder().decode(JournalEntry.self, from: text) else {
                throw StoreError.journalDamaged("\(place) was written by a newer version")
            }
            body(entry, Place(path: path, offset: file.end + 65, length: text.count, lines: entry.lines))
        }
        file.chain = chain
        file.lines += 1
    }

    private func chained(_ before: Data, _ text: Data) -> Data {
        Data(HMAC<SHA256>.authenticationCode(for: before + text, using: key))
    }

    private static func hexadecimal(_ bytes: Data) -> Data {
        let digits = Array("0123456789abcdef".utf8)
        return Data(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    // MARK: Writing

    /// Adds entries; they are durable when it returns.
    package func append(_ entries: [JournalEntry]) throws {
        guard !entries.isEmpty else { return }
        try withLock { state in
            try write(try entries.map(JSONEncoder.sorted.encode), into: &state)
            // Counted as everybody else counts them.
            try read(into: &state)
        }
    }

    /// One at a time: of this process by the mutex, of this machine by the file's lock. Readers too, so that nobody counts a
    /// line that its writer takes back because it could not be synchronised. What others have added is known to `body`.
    private func withLock<Value>(_ body: (inout State) throws -> Value) throws -> Value {
        try state.withLock { state in
            try lock(&state)
            defer { flock(state.descriptor, LOCK_UN) }
            try read(into: &state)
            if state.files[path]?.lines ?? 0 == 0 {
                try write([try JSONEncoder.sorted.encode(header)], into: &state)
                try synchronizeFolder()
                try read(into: &state)
            }
            return try body(&state)
        }
    }

    /// Locks the file that bears the journal's name: one that was removed or replaced while it was open is nobody's journal
    /// any more.
    private func lock(_ state: inout State) throws {
        for _ in 1...8 {
            if state.descriptor < 0 {
                state.descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
                guard state.descriptor >= 0 else { throw StoreError.unavailable("cannot open \(path): errno \(errno)") }
                forget(&state)
            }
            do throws(FileLock.Failure) { try FileLock.take(state.descriptor, of: path) } catch {
                throw StoreError(error, path)
            }
            var (open, named) = (stat(), stat())
            if fstat(state.descriptor, &open) == 0, stat(path, &named) == 0, open.st_dev == named.st_dev,
                open.st_ino == named.st_ino
            {
                return
            }
            close(state.descriptor)
            state.descriptor = -1
        }
        throw StoreError.unavailable("\(path) is replaced again and again")
    }

    private func write(_ texts: [Data], into state: inout State) throws {
        let file = state.files[path] ?? File(chain: Self.beginning)
        var chain = file.chain
        var bytes = Data()
        for text in texts {
            chain = chained(chain, text)
            bytes += Self.hexadecimal(chain) + [0x20] + text + [0x0A]
        }
        let written = bytes.withUnsafeBytes { Glibc.write(state.descriptor, $0.baseAddress, $0.count) }
        guard written == bytes.count, fdatasync(state.descriptor) == 0 else {
            let cause = errno
            // What is there by halves was not acknowledged.
            ftruncate(state.descriptor, off_t(file.end))
            throw StoreError.unavailable("cannot write \(path): errno \(cause)")
        }
    }

    private func synchronizeFolder() throws {
        let folder = Glibc.open(place.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(folder) }
        guard folder >= 0, fsync(folder) == 0 else {
            throw StoreError.unavailable("cannot write \(place.folder): errno \(errno)")
        }
    }
}

extension JSONEncoder {
    /// The same bytes for the same value.
    fileprivate static var sorted: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
