public import Foundation
import Glibc
import Synchronization

/// A token in software (SoftHSM 2), for tests of what reaches keys through PKCS#11: a folder of its own with some tokens.
///
/// The module reads one configuration a process (`SOFTHSM2_CONF`) and its tokens when it begins, so that the tests of one
/// process share ``shared()``, each with names of keys of its own; a started program gets ``environment``.
public final class SoftHSM: Sendable {
    /// The module's shared library, in Debian's package softhsm2.
    public static let module = "/usr/lib/softhsm/libsofthsm2.so"
    /// The module of Debian's package p11-kit-modules that asks a `p11-kit server`.
    public static let client = "/usr/lib/\(architecture)-linux-gnu/pkcs11/p11-kit-client.so"
    /// The user's PIN of every token.
    public static let pin = "271828"

    #if arch(arm64)
        private static let architecture = "aarch64"
    #else
        private static let architecture = "x86_64"
    #endif

    /// The labels of the tokens.
    public static let labels = ["akashi", "other", "AKASHI DEVELOPMENT", "locked", "twin", "twin"]

    /// Where the tokens lie.
    public let folder: TemporaryFolder
    /// What a program has to be started with to reach them.
    public var environment: [String: String] { ["SOFTHSM2_CONF": folder.file("softhsm2.conf")] }

    /// Makes the tokens.
    /// - Parameter labels: their labels.
    public init(labels: [String] = ["akashi"]) async throws {
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.file("tokens"), withIntermediateDirectories: true)
        try folder.write(
            "softhsm2.conf",
            Data(
                "directories.tokendir = \(folder.file("tokens"))\nobjectstore.backend = file\nlog.level = ERROR\n".utf8)
        )
        for label in labels {
            _ = try await Program.run(
                "softhsm2-util",
                ["--init-token", "--free", "--label", label, "--pin", Self.pin, "--so-pin", "31415926"],
                environment: environment
            ).succeeded()
        }
    }

    /// Puts a private key of PKCS #8 in PEM form into a token, under a label.
    public func bring(_ pem: String, as label: String, to token: String) async throws {
        let text = pem.split(separator: "\n").filter { !$0.hasPrefix("#") }.joined(separator: "\n") + "\n"
        try folder.write("\(label).pem", Data(text.utf8))
        try await bring(file: "\(label).pem", ["--label", label, "--token", token])
        try FileManager.default.removeItem(atPath: folder.file("\(label).pem"))
    }

    /// Puts an AES key into a token, under a label.
    public func bring(aes key: Data, as label: String, to token: String) async throws {
        try folder.write("\(label).bin", key)
        try await bring(file: "\(label).bin", ["--aes", "--label", label, "--token", token])
    }

    /// Makes a P-256 pair that its token would give away, with OpenSC's tool.
    public func makeExtractable(_ label: String, in token: String) async throws {
        let id = UUID().uuidString.replacing("-", with: "")
        _ = try await Program.run(
            "pkcs11-tool",
            [
                "--module", Self.module, "--token-label", token, "--login", "--pin", Self.pin, "--keypairgen",
                "--key-type", "EC:prime256v1", "--label", label, "--id", id, "--extractable",
            ], environment: environment
        ).succeeded()
    }

    /// Whether OpenSC's tool finds that a key of the token, by its identifier in hexadecimal, made a signature.
    public func verifiesElsewhere(_ digest: Data, by id: String, in token: String, signature: Data) async throws -> Bool
    {
        try folder.write("\(id).digest", digest)
        try folder.write("\(id).signature", signature)
        let outcome = try await Program.run(
            "pkcs11-tool",
            [
                "--module", Self.module, "--token-label", token, "--login", "--pin", Self.pin, "--verify",
                "--mechanism",
                "ECDSA", "--id", id, "--input-file", folder.file("\(id).digest"), "--signature-file",
                folder.file("\(id).signature"),
            ], environment: environment)
        let said = outcome.output + outcome.errors
        guard said.contains("Signature is valid") || said.contains("Invalid signature") else {
            throw TestFailure("pkcs11-tool: \(said)")
        }
        return said.contains("Signature is valid")
    }

    private func bring(file: String, _ arguments: [String]) async throws {
        // Its identifier in hexadecimal: another one for each key.
        let id = UUID().uuidString.replacing("-", with: "")
        _ = try await Program.run(
            "softhsm2-util", ["--import", folder.file(file), "--id", id, "--pin", Self.pin] + arguments,
            environment: environment
        ).succeeded()
    }

    private static let left = Mutex<String?>(nil)

    private static let process = Task {
        let token = try await SoftHSM(labels: labels)
        setenv("SOFTHSM2_CONF", token.folder.file("softhsm2.conf"), 1)
        // Nobody lets go of what a process shares.
        left.withLock { $0 = token.folder.path }
        atexit { if let path = SoftHSM.left.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: path) } }
        return token
    }

    /// The tokens of this process.
    public static func shared() async throws -> SoftHSM { try await process.value }

    /// Starts a server that lends a token to ``client``, through a socket.
    /// - Parameter socket: the socket's path, as short as such paths have to be.
    public func serve(_ label: String, at socket: String) async throws -> Program {
        try? FileManager.default.removeItem(atPath: socket)
        let server = try Program(
            "p11-kit",
            [
                "server", "-f", "--provider", Self.module, "-n", socket,
                "pkcs11:token=\(label.replacing(" ", with: "%20"))",
            ], environment: environment)
        try await eventually("a token's server") { FileManager.default.fileExists(atPath: socket) }
        return server
    }

    /// Ends a server at once, with the processes that it has for those who are connected.
    public func cut(_ server: Program) async throws {
        let path = "/proc/\(server.pid)/task/\(server.pid)/children"
        let children = try String(contentsOfFile: path, encoding: .utf8).split(separator: " ").compactMap { Int32($0) }
        server.signal(SIGKILL)
        for child in children { kill(child, SIGKILL) }
        try await server.end()
    }
}
