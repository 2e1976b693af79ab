import Foundation
import TestSupport

/// The package as `swift package dump-package` describes it.
struct PackageDescription: Decodable {
    struct Target: Decodable {
        let name: String
        let type: String
        let path: String?
        let dependencies: [Dependency]

        /// The folder of its sources, below the root.
        var folder: String { path ?? (type == "test" ? "Tests/" : "Sources/") + name }
    }

    struct Dependency: Decodable {
        let byName: [String?]?
        let product: [String?]?
        let target: [String?]?

        /// The module's name, whether of this package or of another.
        var name: String? { (byName ?? product ?? target)?.first ?? nil }

        /// The other package that a product is of, as the target names it; `nil` for a module of this package.
        var package: String? { product?.dropFirst().first ?? nil }
    }

    /// Another package.
    struct Package: Decodable {
        struct Source: Decodable { let identity: String }
        let sourceControl: [Source]?
        let fileSystem: [Source]?

        /// The last part of its address, in lower case.
        var identity: String? { (sourceControl ?? fileSystem)?.first?.identity }
    }

    let dependencies: [Package]
    let targets: [Target]

    /// Reads the description; in a scratch folder of its own, since the package is locked while tests run.
    static func read() throws -> PackageDescription {
        struct Failed: Error { let status: Int32 }
        let scratch = try TemporaryFolder()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "swift", "package", "--package-path", Programs.root, "--scratch-path", scratch.path, "--disable-sandbox",
            "dump-package",
        ]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(status: process.terminationStatus) }
        return try JSONDecoder().decode(PackageDescription.self, from: text)
    }

    /// What each target of this package declares of this package's targets.
    var declared: [String: Set<String>] {
        let own = Set(targets.map(\.name))
        return Dictionary(
            uniqueKeysWithValues: targets.map { ($0.name, Set($0.dependencies.compactMap(\.name)).intersection(own)) })
    }

    /// Every target that one reaches, over any number of steps.
    func reached(from name: String) -> Set<String> {
        let declared = declared
        var (found, next) = (Set<String>(), [name])
        while let target = next.popLast() {
            for further in declared[target] ?? [] where found.insert(further).inserted { next.append(further) }
        }
        return found
    }
}

/// The modules that the sources of a target import.
enum Imports {
    static func of(_ target: PackageDescription.Target) throws -> Set<String> {
        let root = Programs.root + "/" + target.folder
        var found: Set<String> = []
        for case let path as String in FileManager.default.enumerator(atPath: root) ?? .init()
        where path.hasSuffix(".swift") {
            let text = try String(contentsOfFile: root + "/" + path, encoding: .utf8)
            for line in text.split(separator: "\n") { if let module = module(line) { found.insert(module) } }
        }
        return found
    }

    /// The module of an import's line, such as `public import struct Foundation.Date`; `nil` for other lines.
    private static func module(_ line: Substring) -> String? {
        let words = line.split(separator: " ")
        guard let place = words.firstIndex(of: "import"),
            words[..<place].allSatisfy({ ["public", "package", "internal"].contains($0) || $0.hasPrefix("@") })
        else { return nil }
        let kinds: Set<Substring> = ["struct", "enum", "class", "func", "protocol", "typealias", "var", "let"]
        let rest = words[(place + 1)...].drop { kinds.contains($0) }
        return rest.first?.split(separator: ".").first.map(String.init)
    }
}
