import Foundation
import Yams

/// One mapping of a configuration. Every getter records its key, so that ``refuseUnknownKeys()`` finds those nobody
/// asked for: a misspelt key is an error and not a silent default.
package final class ConfigurationSection {
    /// The file's name, for messages.
    package let file: String
    /// The folder that relative paths are relative to.
    package let folder: String
    /// This mapping's own key path; empty for the outermost.
    package let path: String
    private let values: [String: Node]
    /// Where each key stands; a value may begin on a line below.
    private let lines: [String: Int]
    private let line: Int?
    private var notes: [ConfigurationError] = []
    private var known: Set<String> = []
    private var children: [ConfigurationSection] = []
    private var ownFiles: [NamedFile] = []

    init(_ mapping: Node.Mapping, file: String, folder: String, path: String) throws(ConfigurationError) {
        self.file = file
        self.folder = folder
        self.path = path
        line = mapping.mark?.line
        var (values, lines): ([String: Node], [String: Int]) = ([:], [:])
        for (key, value) in mapping {
            guard let name = key.scalar?.string else {
                throw ConfigurationError(
                    file: file, line: key.mark?.line, keyPath: path, english: "keys must be plain words",
                    japanese: "キーは単純な語でなければなりません。")
            }
            values[name] = value
            lines[name] = key.mark?.line
        }
        self.values = values
        self.lines = lines
    }

    /// Every key that was asked for up to now, of this mapping and of those read from it: what the reference has to list.
    package var askedFor: Set<String> {
        children.reduce(Set(known.map(keyPath))) { $0.union($1.askedFor) }
    }

    /// The files that keys of this mapping, and of those read from it, name.
    var files: [NamedFile] { children.reduce(ownFiles) { $0 + $1.files } }

    /// Notes that a key names a file.
    func note(file path: String, _ key: String) { ownFiles.append(NamedFile(key: keyPath(key), path: path)) }

    /// What an operator should know of this mapping and of those read from it, although it is not wrong.
    package var warnings: [ConfigurationError] { children.reduce(notes) { $0 + $1.warnings } }

    /// Notes something that an operator should know although it is not wrong.
    package func warn(_ key: String?, english: String, japanese: String) {
        notes.append(error(key, english: english, japanese: japanese))
    }

    /// The full key path of a key of this mapping.
    package func keyPath(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// An error about a key of this mapping; `nil` means the mapping itself.
    package func error(_ key: String?, english: String, japanese: String) -> ConfigurationError {
        ConfigurationError(
            file: file, line: key.flatMap { lines[$0] } ?? line, keyPath: key.map(keyPath) ?? path,
            english: english, japanese: japanese)
    }

    /// Whether the key is there.
    package func has(_ key: String) -> Bool {
        known.insert(key)
        return values[key] != nil
    }

    /// The key's text; `nil` if the key is not there. Lists and mappings are refused.
    package func text(_ key: String, _ expected: Expectation) throws(ConfigurationError) -> String? {
        guard let node = node(key) else { return nil }
        guard let scalar = node.scalar else { throw wrong(key, "a list or mapping", expected) }
        return scalar.string
    }

    /// The mapping under a key; throws when it is missing or none.
    package func section(_ key: String) throws(ConfigurationError) -> ConfigurationSection {
        guard let section = try optionalSection(key) else {
            throw missing(key, Expectation(english: "a mapping of keys to values", japanese: "キーと値の対応（マッピング）"))
        }
        return section
    }

    /// The mapping under a key; `nil` if it is missing.
    package func optionalSection(_ key: String) throws(ConfigurationError) -> ConfigurationSection? {
        guard let node = node(key) else { return nil }
        return try child(node, key)
    }

    /// The list of mappings under a key; empty when it is missing.
    package func sections(_ key: String) throws(ConfigurationError) -> [ConfigurationSection] {
        var sections: [ConfigurationSection] = []
        for (index, node) in try list(key, Expectation(english: "a list of mappings", japanese: "マッピングのリスト"))
            .enumerated()
        {
            sections.append(try child(node, "\(key)[\(index)]"))
        }
        return sections
    }

    /// The list of texts under a key; empty when it is missing.
    package func texts(_ key: String, _ expected: Expectation) throws(ConfigurationError) -> [String] {
        var texts: [String] = []
        for node in try list(key, expected) {
            guard let scalar = node.scalar else { throw wrong(key, "a list or mapping", expected) }
            texts.append(scalar.string)
        }
        return texts
    }

    /// The texts of a list that may have flaws: entries that are none are passed over, and what is no list has none.
    func readableTexts(_ key: String) -> [String] {
        (node(key)?.sequence).map { $0.compactMap(\.scalar?.string) } ?? []
    }

    /// The mappings of a list that may have flaws: entries that are none are passed over, and what is no list has none.
    package func readableSections(_ key: String) -> [ConfigurationSection] {
        (node(key)?.sequence).map(Array.init)?.enumerated().compactMap { index, node in
            try? child(node, "\(key)[\(index)]")
        } ?? []
    }

    /// Throws when this mapping or one of those read from it has a key that no getter asked for.
    package func refuseUnknownKeys() throws(ConfigurationError) {
        if let key = values.keys.filter({ !known.contains($0) }).min() {
            let all = known.sorted().joined(separator: ", ")
            let near = Spelling.nearest(to: key, among: known.subtracting(values.keys))
            throw error(
                key,
                english: "unknown key\(near.map { ": did you mean \($0)?" } ?? ";") known here are: \(all)",
                japanese: "知らないキーです。\(near.map { "\($0) の書き間違いではありませんか。" } ?? "")ここで使えるキー: \(all)")
        }
        for child in children { try child.refuseUnknownKeys() }
    }

    /// The error for a key that is missing; if another stands there that may be a misspelling of it, that one is named.
    package func missing(_ key: String, _ expected: Expectation) -> ConfigurationError {
        if let written = Spelling.nearest(to: key, among: Set(values.keys).subtracting(known)) {
            return error(
                written, english: "unknown key: did you mean \(key)? That one is missing; write \(expected.english)",
                japanese: "知らないキーです。\(key) の書き間違いではありませんか。\(key) がありません。\(expected.japanese)を書いてください。")
        }
        return error(
            key, english: "missing; write \(expected.english)", japanese: "ありません。\(expected.japanese)を書いてください。")
    }

    /// The error for a key with a wrong value, of which at most 60 characters are shown.
    package func wrong(_ key: String, _ value: String, _ expected: Expectation) -> ConfigurationError {
        let shown = value.prefix(60).filter { !$0.isNewline }
        return error(
            key, english: "“\(shown)” does not do here; write \(expected.english)",
            japanese: "「\(shown)」は使えません。\(expected.japanese)を書いてください。")
    }

    /// The error for development material without development mode.
    package func developmentOnly(_ key: String, _ path: String) -> ConfigurationError {
        error(
            key,
            english:
                "\(path) is for development only; use real material, or start with --development (a terminal's file: "
                + "development: true)",
            japanese: "\(path)は開発専用です。本番用のものを使うか、--development を付けて起動してください（端末では設定ファイルに development: true）。")
    }

    private func node(_ key: String) -> Node? {
        known.insert(key)
        return values[key]
    }

    private func list(_ key: String, _ expected: Expectation) throws(ConfigurationError) -> [Node] {
        guard let node = node(key) else { return [] }
        guard let sequence = node.sequence else { throw wrong(key, node.scalar?.string ?? "a mapping", expected) }
        return Array(sequence)
    }

    private func child(_ node: Node, _ key: String) throws(ConfigurationError) -> ConfigurationSection {
        guard let mapping = node.mapping else {
            throw wrong(
                key, node.scalar?.string ?? "a list",
                Expectation(english: "a mapping of keys to values", japanese: "キーと値の対応（マッピング）"))
        }
        let section = try ConfigurationSection(mapping, file: file, folder: folder, path: keyPath(key))
        children.append(section)
        return section
    }
}
