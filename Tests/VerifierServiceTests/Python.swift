import Foundation

/// The Python environments with other people's tools.
enum Python {
    struct Failed: Error, CustomStringConvertible {
        let status: Int32
        let text: String
        var description: String { "exit \(status): \(text.suffix(6000))" }
    }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The interpreter with the imaging library; `nil` where there is no environment and none can be made.
    static let interopInterpreter = interpreter([])
    /// The interpreter with schemathesis.
    static let ownInterpreter = interpreter(["VerifierServiceTests"])

    private static func interpreter(_ arguments: [String]) -> String? {
        guard let output = try? launch(root.path + "/kiosk-sim/scripts/python", arguments) else { return nil }
        return output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Runs one of the scripts beside these tests, and gives what it printed.
    @discardableResult static func run(_ interpreter: String?, _ script: String, _ arguments: [String]) throws -> String
    {
        struct NoPython: Error {}
        guard let interpreter else { throw NoPython() }
        return try launch(
            interpreter, ["-B", root.path + "/Tests/VerifierServiceTests/Python/\(script)"] + arguments)
    }

    static func launch(_ program: String, _ arguments: [String]) throws -> String {
        // Files, not pipes: nobody has to read two at once.
        let folder = try Folder()
        try folder.write("output", Data())
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        try folder.write("errors", Data())
        process.standardOutput = try FileHandle(forWritingTo: folder.url("output"))
        process.standardError = try FileHandle(forWritingTo: folder.url("errors"))
        try process.run()
        process.waitUntilExit()
        let output = try folder.text("output")
        guard process.terminationStatus == 0 else {
            throw Failed(status: process.terminationStatus, text: try output + folder.text("errors"))
        }
        return output
    }
}
