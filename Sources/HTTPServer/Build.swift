import Foundation

/// Which build of the programs this is.
package enum Build {
    /// The version that a package puts beside its program in the file `akashi.version`; `unpackaged` without one.
    package static let version: String = {
        let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/"
        let file = URL(fileURLWithPath: program).deletingLastPathComponent().appendingPathComponent("akashi.version")
        guard let handle = FileHandle(forReadingAtPath: file.path), let data = try? handle.read(upToCount: 100) else {
            return "unpackaged"
        }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }()
}
