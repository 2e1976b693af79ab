#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

import Waiting

/// An advisory lock between processes and within one, held for as long as it takes to open a database, in a file beside it
/// that also remembers that the database was made.
struct DatabaseLock {
    private let descriptor: Int32
    private let path: String

    private static let note = """
        The database beside this file has been made. Where it is missing or empty, no other one takes its place: move what
        is left of it (the file, its -wal and its -shm) away together, and restore it from a backup. Only who wants to begin
        with an empty one removes this file.
        隣のデータベースは作成済みです。消えたり空になったりした場合は、残っているもの（本体、-wal、-shm）をまとめて
        別の場所へ移してから、バックアップを戻してください。空のデータベースから始める場合だけ、このファイルを削除してください。

        """

    /// Whether a database at a path was made before, for who holds no lock.
    static func wasMade(_ database: String) -> Bool { DatabaseFile.size(database + ".lock") != 0 }

    /// Waits for the lock of the database at a path, for as long as ``FileLock/limit``.
    init(of database: String) throws(StoreError) {
        path = database + ".lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unavailable("cannot open \(path): errno \(errno)") }
        do throws(FileLock.Failure) { try FileLock.take(descriptor, of: path) } catch {
            close(descriptor)
            throw StoreError(error, path)
        }
    }

    /// Whether the database was made before.
    func wasMade() throws(StoreError) -> Bool {
        let end = lseek(descriptor, 0, SEEK_END)
        guard end >= 0 else { throw .unavailable("cannot read \(path): errno \(errno)") }
        return end > 0
    }

    /// Remembers that the database is made.
    func noteMade() throws(StoreError) {
        if try wasMade() { return }
        let bytes = Array(Self.note.utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
            throw .unavailable("cannot write \(path): errno \(errno)")
        }
    }

    func release() { close(descriptor) }
}

extension StoreError {
    /// Why a file's lock was not had.
    init(_ failure: FileLock.Failure, _ path: String) {
        switch failure {
        case .held(let held): self = .locked(held)
        case .system(let number): self = .unavailable("cannot lock \(path): errno \(number)")
        }
    }
}
