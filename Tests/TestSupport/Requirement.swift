import Foundation
import Glibc
public import Testing

/// Something outside a test that it needs and that may be absent: a program, an environment, other people's data.
///
/// A test whose requirement is absent is skipped, which is said and counted at the end of `make test`. With
/// `AKASHI_REQUIRE_ALL=1` it fails instead and says what to install; only data from outside the repository stays a skip.
public struct Requirement: SuiteTrait, TestTrait {
    /// What an absent requirement says when everything is required.
    public struct Missing: Error, CustomStringConvertible {
        /// What is missing and what to do.
        public let description: String
    }

    private let isOutsideData: Bool
    private let check: @Sendable () throws -> Void

    /// A suite's tests need it each by itself, too.
    public var isRecursive: Bool { true }

    /// Skips the test, or fails it, if the requirement is absent.
    public func prepare(for test: Test) async throws {
        do {
            try check()
        } catch {
            if !isOutsideData, ProcessInfo.processInfo.environment["AKASHI_REQUIRE_ALL"] == "1" { throw error }
            try await ConditionTrait.disabled("\(error)").prepare(for: test)
        }
    }

    private static func installed(_ path: String, package: String) throws {
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw Missing(description: "missing: \(path): sudo apt-get install -y \(package)")
        }
    }

    /// That another process's memory can be read, also of one that has put itself out of others' reach.
    public static var memoryOfOthers: Requirement {
        Requirement(isOutsideData: false) {
            let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
            let capabilities = line.flatMap { UInt64($0.dropFirst(7).drop { $0.isWhitespace }, radix: 16) } ?? 0
            // CAP_SYS_PTRACE (capabilities(7)).
            guard capabilities & 1 << 19 != 0 else {
                throw Missing(description: "missing: the right to read other processes' memory: run as root")
            }
        }
    }

    /// A built program of this package.
    public static func program(_ name: String) -> Requirement {
        Requirement(isOutsideData: false) {
            guard FileManager.default.isExecutableFile(atPath: Programs.path(name)) else {
                throw Missing(description: "missing: \(Programs.path(name)): swift build --product \(name)")
            }
        }
    }

    /// An installed program, by its name, and the package that brings it.
    public static func command(_ name: String, package: String) -> Requirement {
        Requirement(isOutsideData: false) {
            let folders = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"]
            guard folders.contains(where: { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }) else {
                throw Missing(description: "missing: \(name): sudo apt-get install -y \(package)")
            }
        }
    }

    /// An installed program that lies outside the usual folders, and the package that brings it.
    static func executable(_ path: String, package: String) -> Requirement {
        Requirement(isOutsideData: false) { try installed(path, package: package) }
    }

    /// The rights of root.
    public static let root = Requirement(isOutsideData: false) {
        guard geteuid() == 0 else { throw Missing(description: "missing: the rights of root: sudo make test-full") }
    }

    /// A Python environment. It is made when the first test asks for it.
    public static func python(_ environment: @autoclosure @escaping @Sendable () -> Python) -> Requirement {
        Requirement(isOutsideData: false) {
            do { _ = try environment().interpreter } catch {
                throw Missing(description: "missing: a Python environment: \(error)")
            }
        }
    }

    /// Chromium and its driver.
    public static let chromium = Requirement(isOutsideData: false) {
        try installed("/usr/bin/chromium", package: "chromium")
        try installed("/usr/bin/chromedriver", package: "chromium-driver")
    }

    /// A folder of other people's data.
    public static func data(_ data: OutsideData) -> Requirement {
        Requirement(isOutsideData: true) {
            // The script that runs the tests knows these skips by their first words.
            guard data.folder != nil else { throw Missing(description: "outside data: \(data.name)") }
        }
    }
}

extension Trait where Self == Requirement {
    /// The test needs this, which may be absent.
    public static func requires(_ requirement: Requirement) -> Self { requirement }
}

/// Test data that other people publish. It is not in the repository, and nothing in it depends on it.
public struct OutsideData: Sendable {
    /// Public cases of the credentials' formats.
    public static let conformance = OutsideData("conformance")
    /// Statements of phones about their keys.
    public static let attestation = OutsideData("attestation")

    /// What it is called.
    public let name: String
    /// The folder it is in: the one that `AKASHI_CONFORMANCE` or `AKASHI_ATTESTATION` names, or that of its name in a
    /// folder `shared` beside the repository; `nil` if there is none.
    public let folder: String?

    private init(_ name: String) {
        self.name = name
        let beside = (Programs.root as NSString).deletingLastPathComponent + "/shared/\(name)"
        folder =
            ProcessInfo.processInfo.environment["AKASHI_\(name.uppercased())"]
            ?? (FileManager.default.fileExists(atPath: beside) ? beside : nil)
    }
}
