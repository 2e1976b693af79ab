import Foundation

/// A new folder that is removed with its holder.
final class Folder: Sendable {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("akashi-\(UUID().uuidString)").path
    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func url(_ name: String) -> URL { URL(fileURLWithPath: path).appendingPathComponent(name) }

    func write(_ name: String, _ data: Data) throws {
        try FileManager.default.createDirectory(
            at: url(name).deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: url(name))
    }
}

/// A program of which the first line, or all that it prints, is wanted.
final class Started: Sendable {
    struct Failed: Error, CustomStringConvertible {
        let status: Int32, text: String
        var description: String { "exit \(status): \(text.suffix(3000))" }
    }

    private let process = Process()
    private let output = Pipe()
    private let log: URL

    /// Errors go to a file: nobody has to read two pipes at once.
    init(_ program: String, _ arguments: [String], log: URL) throws {
        self.log = log
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        try Data().write(to: log)
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()
    }

    deinit {
        guard process.isRunning else { return }
        process.terminate()
        process.waitUntilExit()
    }

    private func failed() -> Failed {
        process.waitUntilExit()
        return Failed(
            status: process.terminationStatus, text: (try? String(contentsOf: log, encoding: .utf8)) ?? "")
    }

    /// The first line, without its end.
    func line() throws -> String {
        var line = Data()
        while !line.contains(0x0A) {
            let block = output.fileHandleForReading.availableData
            guard !block.isEmpty else { throw failed() }
            line += block
        }
        return String(decoding: line.prefix { $0 != 0x0A }, as: UTF8.self)
    }

    /// All that it prints until it ends well.
    func all() throws -> Data {
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw failed() }
        return data
    }
}

/// The programs that the tests start; each `nil` where it is not there.
enum Programs {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    static let script = root + "/Tests/VerifierPageTests/Python/page.py"

    /// The verifier beside these tests.
    static let verifier: String? = {
        var url = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        for _ in 0..<3 {
            url.deleteLastPathComponent()
            let found = url.appendingPathComponent("verifier").path
            if FileManager.default.isExecutableFile(atPath: found) { return found }
        }
        return nil
    }()

    static let browser = ["/usr/bin/chromium", "/usr/bin/chromedriver"]
        .allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }

    /// Python with what drives the browser.
    static let python: String? = {
        guard let folder = try? Folder(),
            let started = try? Started(
                root + "/kiosk-sim/scripts/python", ["VerifierPageTests"], log: folder.url("log")),
            let output = try? started.all()
        else { return nil }
        return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }()
}
