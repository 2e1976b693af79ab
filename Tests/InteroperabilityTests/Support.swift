import Credentials
import Foundation

/// The Python environment with the other implementations, and the script that uses them.
enum Python {
    struct Failed: Error, CustomStringConvertible {
        let status: Int32
        let text: String
        var description: String { "exit \(status): \(text.suffix(2000))" }
    }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The interpreter; `nil` where there is no environment and none can be made.
    static let interpreter: String? = {
        guard let output = try? launch(root.path + "/kiosk-sim/scripts/python", []) else { return nil }
        return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }()

    /// Runs the script and gives what it printed.
    static func run(_ arguments: [String]) throws -> Data {
        struct NoPython: Error {}
        guard let interpreter else { throw NoPython() }
        return try launch(
            interpreter, ["-B", root.path + "/Tests/InteroperabilityTests/Python/interop.py"] + arguments)
    }

    private static func launch(_ program: String, _ arguments: [String]) throws -> Data {
        // Errors go to a file: nobody has to read two pipes at once.
        let folder = try Folder()
        try folder.write("errors", Data())
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: folder.url("errors"))
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failed(
                status: process.terminationStatus, text: String(decoding: try folder.read("errors"), as: UTF8.self))
        }
        return data
    }
}

/// A new folder that is removed with its holder.
final class Folder {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("akashi-\(UUID().uuidString)").path
    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func url(_ name: String) -> URL { URL(fileURLWithPath: path).appendingPathComponent(name) }

    func write(_ name: String, _ data: Data) throws {
        try FileManager.default.createDirectory(
            at: url(name).deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: url(name))
    }

    func read(_ name: String) throws -> Data { try Data(contentsOf: url(name)) }

    /// The files below a folder in it, with their paths below that.
    func files(below folder: String) throws -> [TrustFile] {
        try FileManager.default.subpathsOfDirectory(atPath: url(folder).path).compactMap { name in
            var isFolder: ObjCBool = false
            let file = url(folder).appendingPathComponent(name)
            guard FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder), !isFolder.boolValue else {
                return nil
            }
            return TrustFile(path: name, bytes: Array(try Data(contentsOf: file)))
        }
    }
}
