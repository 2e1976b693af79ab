import Foundation
import TestSupport
import Testing
import Waiting

/// The wait for a lock that another process has.
@Suite(.timeLimit(.minutes(1)))
struct FileLockTests {
    private let folder: TemporaryFolder
    private var path: String { folder.file("lock") }

    init() throws {
        folder = try TemporaryFolder()
        try Data().write(to: URL(fileURLWithPath: path))
    }

    @Test func `a lock that is held is waited for no longer than the limit, and the error names file and process`()
        throws
    {
        let holder = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        let other = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        try FileLock.take(holder.fileDescriptor, of: path)
        // Among so many that the system tells of them in several pages.
        let others = try (1...150).map { number in
            let path = folder.file("other-\(number)")
            try Data().write(to: URL(fileURLWithPath: path))
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            try FileLock.take(handle.fileDescriptor, of: path)
            return handle
        }
        defer { withExtendedLifetime(others) {} }
        let begun = ContinuousClock.now
        let failure = #expect(throws: FileLock.Failure.self) {
            try FileLock.take(other.fileDescriptor, of: path, within: .seconds(1))
        }
        #expect(begun.duration(to: .now) >= .seconds(1) && begun.duration(to: .now) < .seconds(30))
        guard case .held(let held) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        let process = "\(ProcessInfo.processInfo.processIdentifier)"
        for text in [held.english, held.japanese] { #expect(text.contains(path) && text.contains(process), "\(text)") }
        #expect(held.english.contains("waited for 1 s") && held.japanese.contains("1秒待ちました"))
        try holder.close()
        try FileLock.take(other.fileDescriptor, of: path, within: .zero)
    }

    @Test func `a lock that is let go in time is had`() async throws {
        let holder = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        let other = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        try FileLock.take(holder.fileDescriptor, of: path)
        DispatchQueue.global().asyncAfter(deadline: .now() + 0.1) { try? holder.close() }
        try FileLock.take(other.fileDescriptor, of: path, within: .seconds(50))
    }
}
