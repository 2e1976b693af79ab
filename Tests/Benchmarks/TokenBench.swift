import Crypto
import Foundation
import PKCS11
import Signing

/// Signatures through PKCS#11, by SoftHSM in the place of a hardware module, beside the same from a key file.
enum TokenBench {
    /// How many signatures are asked for at once, as a service does.
    private static let together = 8

    static func run(_ stopwatch: Stopwatch) async throws -> [Figure] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("akashi-bench-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder + "/tokens", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let token = try await token(in: folder)
        guard let name = TokenObject(label: "bench") else { throw BenchError("no name") }
        try await offPool { try token.make(name, .signing) }
        let inToken = try await TokenKey(name, in: token)
        try FileKey.create(at: folder + "/key.pem", development: true)
        let inFile = try FileKey(pemFile: folder + "/key.pem", allowDevelopment: true)
        let message = [UInt8](repeating: 0x5A, count: 800)
        let figure = try await stopwatch.measure(
            "sign/token",
            against: .work(
                "the same \(together) signatures from a key file, at once",
                { try await Self.sign(message) { try await inFile.signature(over: $0) } })
        ) {
            try await Self.sign(message) { try await inToken.signature(over: $0) }
        }
        return [figure]
    }

    private static func sign(
        _ message: [UInt8], _ signature: @escaping @Sendable ([UInt8]) async throws -> [UInt8]
    ) async throws {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<together { group.addTask { try await signature(message).count } }
            for try await count in group where count != 64 { throw BenchError("no signature") }
        }
    }

    private static func token(in folder: String) async throws -> Token {
        let settings = "directories.tokendir = \(folder)/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
        try Data(settings.utf8).write(to: URL(fileURLWithPath: folder + "/softhsm2.conf"))
        setenv("SOFTHSM2_CONF", folder + "/softhsm2.conf", 1)
        let pin = "271828"
        let making = Process()
        making.executableURL = URL(fileURLWithPath: "/usr/bin/softhsm2-util")
        making.arguments = ["--init-token", "--free", "--label", "bench", "--pin", pin, "--so-pin", "31415926"]
        making.standardOutput = FileHandle.nullDevice
        try making.run()
        making.waitUntilExit()
        guard making.terminationStatus == 0,
            let place = TokenPlace(
                module: "/usr/lib/softhsm/libsofthsm2.so", label: "bench", pin: Array(pin.utf8), sessions: 4)
        else { throw BenchError("no token") }
        return try Token(place)
    }

    private static func offPool(_ body: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
        }
    }
}
