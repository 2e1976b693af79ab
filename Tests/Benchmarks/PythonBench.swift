import CredentialIssuing
import Credentials
import Foundation

/// Checking an EU Digital COVID Certificate against Python's `cwt` doing the same on the same codes in turns.
enum PythonBench {
    static func run(_ stopwatch: Stopwatch) async throws -> [Figure] {
        guard let root = root(), let interpreter = try? interpreter(root) else {
            complain("verify/dcc/cwt: no Python environment (.make/python), not measured")
            return []
        }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("akashi-bench-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let issuers = try SampleIssuers()
        let texts = try await issuers.texts(.dcc, count: 200)
        let codes = folder.appendingPathComponent("codes.txt")
        let signer = folder.appendingPathComponent("signer.der")
        try Data(texts.joined(separator: "\n").utf8).write(to: codes)
        guard let certificate = issuers.trustFiles.first(where: { $0.path.hasPrefix("dcc/") }) else { return [] }
        try Data(certificate.bytes).write(to: signer)

        let process = Process()
        process.executableURL = URL(fileURLWithPath: interpreter)
        process.arguments = [root + "/Tests/InteroperabilityTests/Python/rate.py", codes.path, signer.path]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        defer {
            try? input.fileHandleForWriting.close()
            process.waitUntilExit()
        }
        func turn(_ seconds: Double) throws -> (count: Double, seconds: Double) {
            try input.fileHandleForWriting.write(contentsOf: Data("\(seconds)\n".utf8))
            var line = Data()
            while let byte = try output.fileHandleForReading.read(upToCount: 1), byte != Data("\n".utf8) {
                guard !byte.isEmpty else { throw BenchError("Python ended") }
                line += byte
            }
            let parts = String(decoding: line, as: UTF8.self).split(separator: " ").compactMap { Double($0) }
            guard parts.count == 2 else { throw BenchError("Python gave no figure") }
            return (parts[0], parts[1])
        }
        _ = try turn(0.2)
        let verifier = Verifier(trust: TrustStore(files: issuers.trustFiles))
        var next = 0
        return [
            try await stopwatch.measure(
                "verify/dcc/cwt", against: .other("Python cwt: base45, zlib, COSE, claims of the same codes", turn)
            ) {
                next = (next + 1) % texts.count
                guard verifier.check([texts[next]], at: SampleIssuers.now).first?.isValid == true else {
                    throw BenchError("a sample was found invalid")
                }
            }
        ]
    }

    /// The repository: the working folder, or one above the program.
    private static func root() -> String? {
        let script = "/.make/python"
        var folder = URL(fileURLWithPath: CommandLine.arguments.first ?? "").standardizedFileURL
        var candidates = [FileManager.default.currentDirectoryPath]
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            candidates.append(folder.path)
        }
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0 + script) }
    }

    private static func interpreter(_ root: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: root + "/.make/python")
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchError("no Python environment") }
        return String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
