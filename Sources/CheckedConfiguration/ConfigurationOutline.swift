import Foundation
import Yams

/// A file that a key of a configuration names, and what it held then.
struct NamedFile: Sendable {
    let key: String
    let path: String
    private let content: Int?

    init(key: String, path: String) {
        self.key = key
        self.path = path
        content = Self.fingerprint(path)
    }

    /// Whether it holds something else now.
    var hasChanged: Bool { Self.fingerprint(path) != content }

    /// Of the content, for this process alone: nothing is kept of what the file holds. `nil` if it cannot be read.
    private static func fingerprint(_ path: String) -> Int? {
        guard let handle = FileHandle(forReadingAtPath: path), let data = try? handle.read(upToCount: 1 << 20) else {
            return nil
        }
        return data.withUnsafeBytes { bytes in
            var hasher = Hasher()
            hasher.combine(bytes: bytes)
            return hasher.finalize()
        }
    }
}

/// What a configuration file says, as text: to see what another version of it says otherwise, and to speak of a key later.
package struct ConfigurationOutline: Sendable {
    /// The file's name as it was given.
    package let file: String
    private var values: [String: (text: String, line: Int?)] = [:]
    private var files: [NamedFile] = []

    init(_ node: Node, file: String) {
        self.file = file
        add(node, at: "", line: nil)
    }

    private mutating func add(_ node: Node, at path: String, line: Int?) {
        switch node {
        case .mapping(let mapping):
            for (key, value) in mapping {
                let name = key.scalar?.string ?? ""
                add(value, at: path.isEmpty ? name : "\(path).\(name)", line: key.mark?.line)
            }
        case .sequence(let sequence):
            for (index, value) in sequence.enumerated() {
                add(value, at: "\(path)[\(index)]", line: value.mark?.line ?? line)
            }
        default: values[path] = (node.scalar?.string ?? "", line)
        }
    }

    /// The paths of the keys whose values another version of this file has, lacks or says otherwise, in their order.
    package func keysChanged(in other: ConfigurationOutline) -> [String] {
        Set(values.keys).union(other.values.keys).filter { values[$0]?.text != other.values[$0]?.text }.sorted()
    }

    /// This, with the files that were read by it.
    package func naming(_ root: ConfigurationSection) -> ConfigurationOutline {
        var outline = self
        outline.files = root.files
        return outline
    }

    /// The paths of the keys of which a file holds something else now than when it was read, in their order.
    package var keysOfChangedFiles: [String] { Set(files.filter(\.hasChanged).map(\.key)).sorted() }

    /// An error about a key by its path.
    package func error(_ keyPath: String, english: String, japanese: String) -> ConfigurationError {
        // A list's line is that of its first entry, and what is not written belongs at the beginning.
        let inside = values.filter { $0.key.hasPrefix(keyPath + "[") || $0.key.hasPrefix(keyPath + ".") }
        let line = values[keyPath]?.line ?? inside.compactMap(\.value.line).min() ?? 1
        return ConfigurationError(file: file, line: line, keyPath: keyPath, english: english, japanese: japanese)
    }
}
