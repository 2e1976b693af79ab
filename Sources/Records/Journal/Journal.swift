import Crypto
import Foundation
import Glibc
import Synchronization

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
final class Journal: Sendable {
    private struct File {
        var end: Int64 = 0
        var chain: Data
        var lines = 0
    }

    private struct State {
        var files: [String: File] = [:]
        var spans: [String: JournalSpan] = [:]
    }

    private struct Header: Codable, Equatable {
        var journal = 1
        var store: String
    }

    private let place: JournalPlace
    private let key: SymmetricKey
    private let header: Header
    private let descriptor: Int32
    private let state = Mutex(State())

    private var path: String { "\(place.folder)/\(place.instance).journal" }

    /// Opens or begins the journal of a store.
    /// - Parameter key: the control key, from which the chain's key is derived.
    /// - Throws: ``StoreError/wrongKey(_:)`` if it is another store's, ``StoreError/corrupt(_:)`` if a line was changed.
    init(_ place: JournalPlace, key: SymmetricKey) throws {
        self.place = place
        self.key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key, info: Data("akashi/journal/v1".utf8), outputByteCount: 32)
        let name = HMAC<SHA256>.authenticationCode(for: Data("akashi/journal/v1/store".utf8), using: self.key)
        header = Header(store: name.prefix(8).map { String(format: "%02x", $0) }.joined())
        let path = "\(place.folder)/\(place.instance).journal"
        do {
            try FileManager.default.createDirectory(
                atPath: place.folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StoreError.unavailable("cannot make the journal's folder \(place.folder)")
        }
        descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StoreError.unavailable("cannot open \(path): errno \(errno)") }
        do {
            try withLock { state in
                try read(into: &state)
                if state.files[path]?.lines ?? 0 == 0 {
                    try write([try JSONEncoder.sorted.encode(header)], into: &state)
                    try synchronizeFolder()
                }
            }
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    // MARK: Reading

    /// How far it goes for a log.
    func span(of log: LogName) throws -> JournalSpan {
        try withLock { state in
            try read(into: &state)
            return state.spans["\(log)"] ?? JournalSpan()
        }
    }

    /// The entries of a log behind an order, by their order.
    func entries(of log: LogName, after order: Int64) throws -> [JournalEntry] {
        try withLock { _ in
            var found: [Int64: JournalEntry] = [:]
            for path in try paths() {
                var file = File(chain: Self.beginning)
                try lines(of: path, from: &file) { entry in
                    if entry.log == "\(log)", entry.order > order { found[entry.order] = entry }
                }
            }
            return found.values.sorted { $0.order < $1.order }
        }
    }

    private static let beginning = Data(repeating: 0, count: 32)

    private func paths() throws -> [String] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: place.folder) else {
            throw StoreError.unavailable("cannot read the journal's folder \(place.folder)")
        }
        return names.filter { $0.hasSuffix(".journal") }.sorted().map { "\(place.folder)/\($0)" }
    }

    /// Takes what others have added since the last look. What was begun to be written to this journal's own file and never
    /// ended goes.
    private func read(into state: inout State) throws {
        for path in try paths() {
            var file = state.files[path] ?? File(chain: Self.beginning)
            let size = DatabaseFile.size(path)
            guard size >= file.end else {
                throw StoreError.corrupt("journal: \(path) is shorter than it was")
            }
            if size > file.end {
                try lines(of: path, from: &file) { entry in state.spans[entry.log, default: .init()].add(entry) }
            }
            if path == self.path, size > file.end, ftruncate(descriptor, off_t(file.end)) != 0 {
                throw StoreError.unavailable("cannot write \(path): errno \(errno)")
            }
            state.files[path] = file
        }
    }

    /// Reads whole lines from where a file was read to, and checks their chain.
    private func lines(of path: String, from file: inout File, _ body: (JournalEntry) -> Void) throws {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw StoreError.unavailable("cannot read \(path)")
        }
        defer { try? handle.close() }
        try handle.seek(toOffset: UInt64(file.end))
        var rest = Data()
        while let part = try handle.read(upToCount: 1 << 20), !part.isEmpty {
            rest.append(part)
            guard rest.count <= 64 << 20 else { throw StoreError.corrupt("journal: \(path) line \(file.lines + 1)") }
            while let end = rest.firstIndex(of: 0x0A) {
                let line = rest[..<end]
                try take(Data(line), path, &file, body)
                file.end += Int64(line.count) + 1
                rest = rest[(end + 1)...]
            }
            rest = Data(rest)
        }
    }

    private func take(_ line: Data, _ path: String, _ file: inout File, _ body: (JournalEntry) -> Void) throws {
        let place = "journal: \(path) line \(file.lines + 1)"
        let text = line.dropFirst(65)
        let chain = chained(file.chain, Data(text))
        guard line.count > 65, line[64] == 0x20, line.prefix(64).elementsEqual(Self.hexadecimal(chain)) else {
            guard file.lines == 0 else { throw StoreError.corrupt("\(place) was changed") }
            throw StoreError.wrongKey("\(path) is the journal of another store")
        }
        if file.lines == 0 {
            guard (try? JSONDecoder().decode(Header.self, from: text)) == header else {
                throw StoreError.wrongKey("\(path) is the journal of another store")
            }
        } else {
            guard let entry = try? JSONDecoder().decode(JournalEntry.self, from: text) else {
                throw StoreError.newer("\(place) was written by a newer version")
            }
            body(entry)
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
    func append(_ entries: [JournalEntry]) throws {
        guard !entries.isEmpty else { return }
        try withLock { state in
            try read(into: &state)
            try write(try entries.map(JSONEncoder.sorted.encode), into: &state)
            for entry in entries { state.spans[entry.log, default: .init()].add(entry) }
        }
    }

    /// One at a time: of this process by the mutex, of this machine by the file's lock. Readers too, so that nobody counts a
    /// line that its writer takes back because it could not be synchronised.
    private func withLock<Value>(_ body: (inout State) throws -> Value) throws -> Value {
        try state.withLock { state in
            while flock(descriptor, LOCK_EX) != 0 {
                guard errno == EINTR else { throw StoreError.unavailable("cannot lock \(path): errno \(errno)") }
            }
            defer { flock(descriptor, LOCK_UN) }
            return try body(&state)
        }
    }

    private func write(_ texts: [Data], into state: inout State) throws {
        var file = state.files[path] ?? File(chain: Self.beginning)
        let before = file.end
        var bytes = Data()
        for text in texts {
            file.chain = chained(file.chain, text)
            file.lines += 1
            bytes += Self.hexadecimal(file.chain) + [0x20] + text + [0x0A]
        }
        file.end += Int64(bytes.count)
        let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard written == bytes.count, fdatasync(descriptor) == 0 else {
            let cause = errno
            // What is there by halves was not acknowledged.
            ftruncate(descriptor, off_t(before))
            throw StoreError.unavailable("cannot write \(path): errno \(cause)")
        }
        state.files[path] = file
    }

    private func synchronizeFolder() throws {
        let folder = open(place.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
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
