package import CheckedConfiguration
import Foundation
import Glibc
import Waiting

/// A folder while an export is written to it: for one process at a time, since each goes on from what it finds there, and the
/// one that is ready last would put a smaller counter over a larger one.
package final class ExportTurn: Sendable {
    /// Why an export could not be written.
    package struct Failure: ExplainedError {
        package let english: String
        package let japanese: String
        package var exitStatus: ExitStatus { .unavailable }

        /// The folder cannot be written to, by the system's own words.
        static func unwritable(_ folder: String, _ words: String) -> Failure {
            Failure(
                english:
                    "\(folder) cannot be written to (\(words)); see to its disk's free space and who may write there, then export again",
                japanese: "\(folder)に書き込めません（\(words)）。空き容量とアクセス権を確かめてから、もう一度実行してください。")
        }

        static func busy(_ folder: String, _ holder: String?) -> Failure {
            Failure(
                english: """
                    another export\(holder.map { " (process \($0))" } ?? "") is being written to \(folder); wait until it has \
                    ended, then export again
                    """,
                japanese: """
                    別のエクスポート\(holder.map { "（プロセス\($0)）" } ?? "")が\(folder)に書き込んでいます。終わるのを待って、\
                    もう一度実行してください。
                    """)
        }
    }

    private let folder: String
    private let descriptor: Int32
    private let wasMade: Bool

    /// Takes the turn, and makes the folder if there is none; it is given back when nobody holds this any more.
    package init(_ folder: String) throws(Failure) {
        let wasMade = !FileManager.default.fileExists(atPath: folder)
        do {
            // For a web server to read.
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        } catch { throw .unwritable(folder, Self.words(error)) }
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unwritable(folder, String(cString: strerror(errno))) }
        // Nobody is waited for: whoever comes behind another one finds what that one published.
        do throws(FileLock.Failure) { try FileLock.take(descriptor, of: folder, within: .zero) } catch {
            close(descriptor)
            switch error {
            case .held(let held): throw .busy(folder, held.holder)
            case .system(let number): throw .unwritable(folder, String(cString: strerror(number)))
            }
        }
        // Only from here on: the folder, empty as it may be, is whose turn it is.
        (self.folder, self.descriptor, self.wasMade) = (folder, descriptor, wasMade)
    }

    deinit {
        // An export that was refused leaves nothing behind: a folder with something in it stays.
        if wasMade { rmdir(folder) }
        close(descriptor)
    }

    /// Writes, with what the system refuses in words.
    func write<Value>(_ body: () async throws -> Value) async throws -> Value {
        do { return try await body() } catch let error as CocoaError {
            throw Failure.unwritable(folder, Self.words(error))
        }
    }

    private static func words(_ error: any Error) -> String {
        // Of some numbers the library has words of its own, which say less.
        switch (error as? CocoaError)?.code {
        case .fileWriteVolumeReadOnly: return String(cString: strerror(EROFS))
        case .fileWriteNoPermission: return String(cString: strerror(EACCES))
        case .fileWriteOutOfSpace: return String(cString: strerror(ENOSPC))
        default: break
        }
        let cause = ((error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError) ?? error as NSError
        return cause.domain == NSPOSIXErrorDomain
            ? String(cString: strerror(Int32(cause.code))) : cause.localizedDescription
    }
}
