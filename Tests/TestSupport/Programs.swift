import Foundation

/// Where the repository and its built programs are.
public enum Programs {
    /// The repository.
    public static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// The folder of the built programs: that of the tests' own, or `AKASHI_BIN`.
    public static let folder =
        ProcessInfo.processInfo.environment["AKASHI_BIN"]
        ?? URL(fileURLWithPath: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/")
        .deletingLastPathComponent().path

    /// The path of a built program, whether it is there or not (``Requirement/program(_:)``).
    public static func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// The verifier.
    public static var verifier: String { path("verifier") }
}
