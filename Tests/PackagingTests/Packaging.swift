import Foundation
import TestSupport

/// Where what makes the packages lies, and what the tests ask of it.
enum Packaging {
    /// The folder.
    static let folder = Programs.root + "/.make/package"

    /// The units of all packages, below the folder.
    static let units = [
        "vrs/akashi-vrs.service", "vrs/akashi-vrs-export.service", "vrs/akashi-vrs-backup.service",
        "centre/akashi-centre.service", "wallet/akashi-wallet.service",
        "verifier/akashi-verifier.service", "kiosk-sim/akashi-kiosk@.service",
    ]

    /// The timers, below the folder.
    static let timers = ["vrs/akashi-vrs-export.timer", "vrs/akashi-vrs-backup.timer"]

    static func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
    }

    /// The settings of a unit: each key with its values, in order.
    static func settings(_ unit: String) throws -> [String: [String]] {
        try text(unit).split(separator: "\n").reduce(into: [:]) { settings, line in
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !line.hasPrefix("#") else { return }
            settings[parts[0], default: []].append(parts[1])
        }
    }
}

/// An example configuration: block style, with a remark above each key, and with keys that may be left out behind a `#`.
struct Example {
    let lines: [String]

    init(_ name: String) throws {
        lines = try Packaging.text(name).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// A line with a key that is left out: indentation, and the rest behind the `#`.
    private static func leftOut(_ line: String) -> String? {
        line.wholeMatch(of: /( *)#((?:- )?[A-Za-z]+:.*)/).map { String($0.1) + String($0.2) }
    }

    /// The text with every key in it, but for those that begin so: alternatives of others.
    func complete(without alternatives: [String] = []) -> String {
        lines.map { line in
            guard let key = Self.leftOut(line) else { return line }
            return alternatives.contains { key.contains($0) } ? line : key
        }.joined(separator: "\n")
    }

    /// The text as it is.
    var text: String { lines.joined(separator: "\n") }

    /// The paths of all keys, as the reference writes them, and whether a remark stands above each.
    var keys: [(path: String, isExplained: Bool)] {
        var found: [(String, Bool)] = []
        var above: [(column: Int, path: String)] = []
        for (index, line) in lines.enumerated() {
            let whole = Self.leftOut(line) ?? line
            guard let match = whole.wholeMatch(of: /( *)(- )?([A-Za-z]+):.*/) else { continue }
            var column = match.1.count
            above.removeAll { $0.column >= column }
            if match.2 != nil {
                above.append((column, (above.last?.path ?? "") + "[]"))
                column += 2
            }
            let path = (above.last.map { $0.path + "." } ?? "") + match.3
            above.append((column, path))
            found.append((path, index > 0 && lines[index - 1].wholeMatch(of: /\s*# .+/) != nil))
        }
        return found
    }
}
