import Foundation
import GRDB
import GRDBSQLite

/// The pages of a database as of one committed transaction, read while others write to it.
///
/// **How.** A read transaction is begun and held. SQLite then takes no page into the database's file that is newer than what
/// this transaction sees, so the file's pages with the newest committed ones of its log laid over them are one state: the log's
/// last committed one when it was looked at. Writers wait for nobody; their log cannot begin anew, but for one case: where it was
/// wholly in the file when the transaction began, the first writer may begin it anew, once. The file is not touched then. Each
/// frame says by its salts whether that has happened, and everything is read again.
///
/// Everything is read through SQLite's own open files: whoever opens and closes a database's file beside it takes its locks away.
struct DatabaseImage {
    private let file: UnsafeMutablePointer<sqlite3_file>
    private let log: UnsafeMutablePointer<sqlite3_file>?
    private let frames: WALFrames
    private let pageBytes: Int
    private let name: String
    /// How long the database is.
    let bytes: Int64

    /// The log began anew meanwhile.
    private struct BegunAnew: Error {}

    /// Reads a database.
    /// - Parameters:
    ///   - look: what else of the same state is wanted, before anything is read.
    ///   - body: takes the image, and is called again from the beginning where that is needed, at most twice.
    @available(*, noasync)
    static func read<Found, Value>(
        _ path: String, name: String, look: (Database) throws -> Found,
        _ body: (DatabaseImage, Found) throws -> Value
    ) throws -> Value {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(DatabaseFile.busyTimeout)
        configuration.label = name
        do {
            return try DatabaseQueue(path: path, configuration: configuration).read { db in
                // The first statement that reads begins the transaction for the file.
                _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master")
                let found = try look(db)
                for _ in 1...3 {
                    let image = try DatabaseImage(db, name)
                    do { return try body(image, found) } catch is BegunAnew {}
                }
                throw StoreError.busy("\(name): its log begins anew again and again")
            }
        } catch let error as BackupError {
            throw error
        } catch {
            throw StoreError(translating: error, in: name)
        }
    }

    private init(_ db: Database, _ name: String) throws {
        func pointer(_ operation: Int32) throws -> UnsafeMutablePointer<sqlite3_file>? {
            var file: UnsafeMutablePointer<sqlite3_file>?
            guard sqlite3_file_control(db.sqliteConnection, "main", operation, &file) == SQLITE_OK else {
                throw StoreError.unavailable("\(name): SQLite does not show its files")
            }
            return file?.pointee.pMethods == nil ? nil : file
        }
        guard let file = try pointer(SQLITE_FCNTL_FILE_POINTER) else {
            throw StoreError.unavailable("\(name): SQLite does not show its files")
        }
        let isLogged = try String.fetchOne(db, sql: "PRAGMA journal_mode") == "wal"
        let log = isLogged ? try pointer(SQLITE_FCNTL_JOURNAL_POINTER) : nil
        let pageBytes = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0
        guard pageBytes >= 512, BackupIndex.blockBytes % pageBytes == 0 else {
            throw StoreError.corrupt("\(name): pages of \(pageBytes) bytes")
        }
        frames =
            try log.map { log in try WALFrames(pageBytes: pageBytes) { try Self.read(log, $0, $1, name) } }
            ?? WALFrames()
        // The size in the file counts for as long as no newer one is in the log.
        if let pages = frames.pages {
            bytes = Int64(pages) * Int64(pageBytes)
        } else {
            let head = try Self.read(file, 0, 100, name)
            var size: sqlite3_int64 = 0
            guard file.pointee.pMethods.pointee.xFileSize(file, &size) == SQLITE_OK else {
                throw StoreError.unavailable("\(name): its size is not known")
            }
            let pages = WALFrames.number(head, 28) ?? 0
            let isKnown = pages > 0 && WALFrames.number(head, 24) == WALFrames.number(head, 92)
            bytes = isKnown ? Int64(pages) * Int64(pageBytes) : size
        }
        (self.file, self.log, self.pageBytes, self.name) = (file, log, pageBytes, name)
    }

    /// As many bytes as there are from a place, at most so many.
    private static func read(
        _ file: UnsafeMutablePointer<sqlite3_file>, _ place: Int, _ count: Int, _ name: String
    ) throws -> Data {
        var bytes = Data(count: count)
        let code = bytes.withUnsafeMutableBytes { raw in
            file.pointee.pMethods.pointee.xRead(file, raw.baseAddress, Int32(count), sqlite3_int64(place))
        }
        if code == SQLITE_OK { return bytes }
        guard code == SQLITE_IOERR | 2 << 8 else {
            throw StoreError.unavailable("\(name): SQLite result \(code)")
        }
        // SQLITE_IOERR_SHORT_READ: the rest is filled with zeros, and how much there was is the file's size.
        var size: sqlite3_int64 = 0
        guard file.pointee.pMethods.pointee.xFileSize(file, &size) == SQLITE_OK else {
            throw StoreError.unavailable("\(name): its size is not known")
        }
        return bytes.prefix(max(0, min(count, Int(size) - place)))
    }

    /// Gives every block in order; the last one may be short.
    func blocks(_ take: (Data) throws -> Void) throws {
        let total = Int(bytes)
        for place in stride(from: 0, to: total, by: BackupIndex.blockBytes) {
            let count = min(BackupIndex.blockBytes, total - place)
            var block = Data(try Self.read(file, place, count, name))
            var filled = block.count
            if filled < count { block.append(Data(count: count - filled)) }
            for start in stride(from: 0, to: count, by: pageBytes) {
                let page = UInt32((place + start) / pageBytes + 1)
                if let log, let frame = frames.places[page] {
                    let bytes = try Self.read(log, frame, WALFrames.frameHeadBytes + pageBytes, name)
                    guard bytes.count == WALFrames.frameHeadBytes + pageBytes, frames.isSame(bytes, page: page) else {
                        throw BegunAnew()
                    }
                    block.replaceSubrange(start..<start + pageBytes, with: bytes.suffix(pageBytes))
                    filled = max(filled, start + pageBytes)
                } else if start + pageBytes > filled {
                    throw StoreError.corrupt("\(name): page \(page) is missing")
                }
            }
            try take(block)
        }
        // A log that began anew while pages that it had held were read from it.
        if let log, !frames.places.isEmpty {
            let head = try Self.read(log, 0, WALFrames.headBytes, name)
            guard head.count == WALFrames.headBytes, head[16..<24] == frames.salts else { throw BegunAnew() }
        }
    }
}
