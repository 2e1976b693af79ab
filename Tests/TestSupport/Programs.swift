public import Foundation

/// Where the programs are that tests start.
public enum Programs {
    /// The repository.
    public static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// The verifier; `nil` where it is not built beside these tests.
    public static let verifier = built("verifier")

    private static func built(_ name: String) -> String? {
        var url = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        for _ in 0..<3 {
            url.deleteLastPathComponent()
            let found = url.appendingPathComponent(name).path
            if FileManager.default.isExecutableFile(atPath: found) { return found }
        }
        return nil
    }

    /// A Python interpreter with what a test target's `Python/requirements.txt` asks for, made where it is not there;
    /// `nil` where it cannot be made.
    public static func python(_ target: String? = nil) -> String? {
        guard let started = try? Started(root + "/.make/python", target.map { [$0] } ?? []),
            let output = try? started.all()
        else { return nil }
        return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// A program that was started, of which the first line, or all that it prints, is wanted. It is ended with its holder.
public final class Started: Sendable {
    /// The program ended otherwise than it should.
    public struct Failed: Error, CustomStringConvertible {
        /// Its exit status, and what it wrote to standard error.
        public let status: Int32, text: String
        /// Both, the text's end alone.
        public var description: String { "exit \(status): \(text.suffix(6000))" }
    }

    private let process = Process()
    private let output = Pipe()
    private let folder: TemporaryFolder

    /// Starts a program with nothing on its standard input, in a folder of its own. What it writes to standard error goes
    /// to a file: nobody has to read two pipes at once.
    public init(_ program: String, _ arguments: [String]) throws {
        folder = try TemporaryFolder()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = folder.url(".")
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        try folder.write("errors", Data())
        process.standardError = try FileHandle(forWritingTo: folder.url("errors"))
        try process.run()
    }

    deinit { if process.isRunning { stop() } }

    /// Its process.
    public var processIdentifier: Int32 { process.processIdentifier }

    /// What it wrote to standard error up to now.
    public var errors: String { get throws { try folder.text("errors") } }

    /// Ends it as a supervisor does, and gives its exit status.
    @discardableResult public func stop() -> Int32 {
        process.terminate()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// The first line, without its end.
    public func line() throws -> String {
        var line = Data()
        while !line.contains(0x0A) {
            let block = output.fileHandleForReading.availableData
            guard !block.isEmpty else { throw failed() }
            line += block
        }
        return String(decoding: line.prefix { $0 != 0x0A }, as: UTF8.self)
    }

    /// All that it prints until it ends well.
    public func all() throws -> Data {
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw failed(data) }
        return data
    }

    private func failed(_ printed: Data = Data()) -> Failed {
        process.waitUntilExit()
        let errors = (try? errors) ?? ""
        return Failed(status: process.terminationStatus, text: String(decoding: printed, as: UTF8.self) + errors)
    }
}
