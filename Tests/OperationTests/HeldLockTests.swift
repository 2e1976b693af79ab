import Foundation
import Glibc
import StackSupport
import TestSupport
import Testing
import Waiting

/// Another process holds a file that a command needs, and does not let go of it.
extension Operating {
    /// Takes a file's or folder's lock as another process than the command, until it is closed.
    private static func hold(_ path: String) throws -> FileHandle {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw TestFailure("\(path): \(errno)") }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try FileLock.take(descriptor, of: path)
        return handle
    }

    @Test(arguments: ["control.sqlite.lock", "journal"])
    func `a command that finds a file of the records held gives up, and names the file and who holds it`(file: String)
        async throws
    {
        let stack = try Stack.current
        let copy = try await RecordsCopy(stack, "held")
        // The first one makes what is missing.
        let sound = try await copy.run(["log", "verify"] + copy.service)
        #expect(sound.status == 0, "\(sound.output)\(sound.errors)")
        let path = file == "journal" ? "\(copy.journal)/vrs.journal" : "\(copy.records)/\(file)"
        let holder = try Self.hold(path)
        let begun = ContinuousClock.now
        let refused = try await copy.run(["log", "verify"] + copy.service)
        #expect(refused.status == 69, "\(refused.output)\(refused.errors)")
        #expect(begun.duration(to: .now) < .seconds(60))
        let process = "\(ProcessInfo.processInfo.processIdentifier) ("
        #expect(
            refused.errors.contains("store.locked") && refused.errors.contains("\(path) is held by process \(process)")
                && refused.errors.contains("\(path)はプロセス\(process)") && refused.errors.contains("が使用中です"),
            "\(refused.errors)")
        try holder.close()
        let again = try await copy.run(["log", "verify"] + copy.service)
        #expect(again.status == 0, "\(again.output)\(again.errors)")
    }

    @Test func `an export names the process that holds its folder, and waits for nobody`() async throws {
        let stack = try Stack.current
        let copy = try await RecordsCopy(stack, "held-export")
        let folder = "\(stack.folder)/held-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let holder = try Self.hold(folder)
        let refused = try await copy.run(["export"] + copy.service + ["--out", folder])
        #expect(refused.status == 69, "\(refused.output)\(refused.errors)")
        let process = ProcessInfo.processInfo.processIdentifier
        #expect(
            refused.errors.contains("another export (process \(process) (")
                && refused.errors.contains(") is being written to \(folder)")
                && refused.errors.contains("別のエクスポート（プロセス\(process) ("), "\(refused.errors)")
        try holder.close()
        #expect(try await copy.run(["export"] + copy.service + ["--out", folder]).status == 0)
    }
}
