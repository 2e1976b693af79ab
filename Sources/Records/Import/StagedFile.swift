import Crypto
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where an import's rows wait: two files beside the regions, each record sealed under the import's own key for its place, so
/// that none can be left out, doubled or exchanged unseen while their count is known.
///
/// Beside the regions and not in them: a million rows that wait cost a region's readers and backups nothing, and go with one
/// step.
struct StagedFiles: Sendable {
    /// Which of an import's files.
    enum Kind: String, Sendable, CaseIterable {
        /// People who go in.
        case people
        /// Rows that were refused.
        case refused
    }

    /// The longest record: a line of a file and the reasons why it was refused.
    static let maximumRecord = 256 << 10

    let folder: String
    let region: String
    let number: Int64
    let key: SymmetricKey

    func path(_ kind: Kind) -> String { Self.path(folder, region, number, kind) }

    static func path(_ folder: String, _ region: String, _ number: Int64, _ kind: Kind) -> String {
        "\(folder)/\(region)-\(number).\(kind.rawValue)"
    }

    /// Removes an import's files, as far as they are there.
    static func remove(_ kinds: [Kind] = Kind.allCases, of number: Int64, _ region: String, in folder: String) {
        for kind in kinds { unlink(path(folder, region, number, kind)) }
    }

    /// Removes the files of all of a region's imports, as far as they are there.
    static func removeAll(of region: String, in folder: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where name.hasPrefix("\(region)-") {
            unlink("\(folder)/\(name)")
        }
    }

    fileprivate func associatedData(_ kind: Kind, _ index: Int) -> [UInt8] {
        Array("akashi/import/v1/\(region)/\(number)/\(kind.rawValue)/\(index)".utf8)
    }
}

/// Records that follow each other in one of an import's files, sealed for their places.
struct StagedRecords: Sendable {
    private let files: StagedFiles
    let kind: StagedFiles.Kind
    /// The place of the first.
    let first: Int
    private(set) var count = 0
    fileprivate var bytes: [UInt8] = []

    init(_ files: StagedFiles, _ kind: StagedFiles.Kind, from first: Int) {
        (self.files, self.kind, self.first) = (files, kind, first)
    }

    mutating func append(_ value: some PlainForm) throws {
        let box = try AES.GCM.seal(
            value.json(), using: files.key, authenticating: files.associatedData(kind, first + count))
        guard let sealed = box.combined, sealed.count <= StagedFiles.maximumRecord else {
            throw StoreError.invalid("a row of an import is too long")
        }
        withUnsafeBytes(of: UInt32(sealed.count).bigEndian) { bytes += $0 }
        bytes += sealed
        count += 1
    }
}

/// Writes one of an import's files, from its beginning.
struct StagedFileWriter: ~Copyable {
    private let files: StagedFiles
    private let kind: StagedFiles.Kind
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    /// How many records were written.
    private(set) var count = 0

    init(_ files: StagedFiles, _ kind: StagedFiles.Kind) throws(StoreError) {
        self.files = files
        self.kind = kind
        let path = files.path(kind)
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unavailable("cannot make \(path): errno \(errno)") }
    }

    deinit { close(descriptor) }

    mutating func append(_ value: some PlainForm) throws {
        var records = StagedRecords(files, kind, from: count)
        try records.append(value)
        try append(records)
    }

    /// Adds records that were sealed for the next places.
    mutating func append(_ records: StagedRecords) throws {
        guard records.kind == kind, records.first == count else { throw StoreError.invalid("a row of an import") }
        buffer += records.bytes
        count += records.count
        if buffer.count >= 256 << 10 { try flush() }
    }

    private mutating func flush() throws(StoreError) {
        var written = 0
        while written < buffer.count {
            let count = buffer.withUnsafeBytes { bytes in
                bytes.baseAddress.map { write(descriptor, $0 + written, bytes.count - written) } ?? 0
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .unavailable("cannot write \(files.path(kind)): errno \(errno)") }
            written += count
        }
        buffer.removeAll(keepingCapacity: true)
    }

    /// Brings everything onto the disk.
    mutating func finish() throws(StoreError) {
        try flush()
        guard fsync(descriptor) == 0 else { throw .unavailable("cannot write \(files.path(kind)): errno \(errno)") }
        let folder = open(files.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw .unavailable("cannot open \(files.folder): errno \(errno)") }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw .unavailable("cannot write \(files.folder): errno \(errno)") }
    }
}

/// Reads one of an import's files from a place on.
struct StagedFileReader: ~Copyable {
    private let files: StagedFiles
    private let kind: StagedFiles.Kind
    private let file: UnsafeMutablePointer<FILE>
    /// The index of the next record.
    private var index: Int
    /// Where the next record stands in the file, in bytes.
    private(set) var place: Int64

    init(_ files: StagedFiles, _ kind: StagedFiles.Kind, index: Int = 0, place: Int64 = 0) throws(StoreError) {
        guard let file = fopen(files.path(kind), "rbe") else {
            let number = errno
            throw number == ENOENT
                ? .corrupt("the rows of import \(files.number) of region \(files.region) are gone")
                : .unavailable("cannot open \(files.path(kind)): errno \(number)")
        }
        guard fseek(file, Int(place), SEEK_SET) == 0 else {
            let number = errno
            fclose(file)
            throw .unavailable("cannot read \(files.path(kind)): errno \(number)")
        }
        (self.file, self.files, self.kind, self.index, self.place) = (file, files, kind, index, place)
    }

    deinit { fclose(file) }

    /// The next record.
    mutating func next<Value: PlainForm>(_ type: Value.Type) throws(StoreError) -> Value {
        let length = try length()
        var sealed = [UInt8](repeating: 0, count: length)
        guard fread(&sealed, 1, length, file) == length else { throw damaged }
        let value: Value
        do {
            let plain = try AES.GCM.open(
                AES.GCM.SealedBox(combined: sealed), using: files.key,
                authenticating: files.associatedData(kind, index))
            value = try Value(json: plain)
        } catch {
            throw damaged
        }
        place += Int64(4 + length)
        index += 1
        return value
    }

    private func length() throws(StoreError) -> Int {
        var bytes = [UInt8](repeating: 0, count: 4)
        guard fread(&bytes, 1, 4, file) == 4 else { throw damaged }
        let length = bytes.reduce(0) { $0 << 8 | Int($1) }
        guard (28...StagedFiles.maximumRecord).contains(length) else { throw damaged }
        return length
    }

    /// That what was read last is none of the records.
    var damaged: StoreError {
        .corrupt("a row of import \(files.number) of region \(files.region) is not as it was written")
    }
}
