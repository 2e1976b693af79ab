public import Foundation

/// A new folder that is removed with its holder.
public final class TemporaryFolder: Sendable {
    /// Where it is.
    public let path = FileManager.default.temporaryDirectory.appendingPathComponent("akashi-\(UUID().uuidString)").path

    /// Makes the folder.
    public init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The place of a file in it.
    public func url(_ name: String) -> URL { URL(fileURLWithPath: path).appendingPathComponent(name) }

    /// The path of a file in it.
    public func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Puts a file in its place at once, as whoever publishes does, with the folders above it.
    public func write(_ name: String, _ data: Data) throws {
        try FileManager.default.createDirectory(
            at: url(name).deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: url(name), options: .atomic)
    }

    /// A file's content.
    public func read(_ name: String) throws -> Data { try Data(contentsOf: url(name)) }

    /// A file's text.
    public func text(_ name: String) throws -> String { String(decoding: try read(name), as: UTF8.self) }
}

/// Runs a test with the path of a new folder, which is removed afterwards.
@discardableResult
public func withFolder<T>(_ body: (String) throws -> T) throws -> T {
    let folder = try TemporaryFolder()
    return try withExtendedLifetime(folder) { try body(folder.path) }
}

/// Runs a test that waits with the path of a new folder, which is removed afterwards.
@discardableResult
public func withFolder<T>(_ body: (String) async throws -> T) async throws -> T {
    let folder = try TemporaryFolder()
    let result = try await body(folder.path)
    return withExtendedLifetime(folder) { result }
}
