import Foundation
import Yams

/// A YAML configuration file, read whole and parsed once at start; ``root`` gives its values, each checked.
package struct ConfigurationFile {
    /// The maximum of bytes that a configuration may have.
    package static let maximumBytes = 1 << 20

    /// The outermost mapping.
    package let root: ConfigurationSection

    /// Reads and parses a file. Relative paths inside it are relative to `folder`, or else to the one in which it lies.
    package init(path: String, folder: String? = nil) throws(ConfigurationError) {
        guard let handle = FileHandle(forReadingAtPath: path),
            let data = try? handle.read(upToCount: Self.maximumBytes + 1)
        else {
            throw ConfigurationError(
                file: path, english: "the file cannot be read: check its path and permissions",
                japanese: "ファイルを読めません。パスとアクセス権を確認してください。")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw ConfigurationError(
                file: path, english: "the file is not UTF-8 text", japanese: "ファイルがUTF-8のテキストではありません。")
        }
        let ownFolder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try self.init(text: text, name: path, folder: folder ?? ownFolder)
    }

    /// Parses a configuration's text; `folder` is what relative paths in it are relative to.
    package init(text: String, name: String, folder: String = ".") throws(ConfigurationError) {
        guard text.utf8.count <= Self.maximumBytes else {
            throw ConfigurationError(
                file: name, english: "the file is larger than \(Self.maximumBytes) bytes",
                japanese: "ファイルが\(Self.maximumBytes)バイトを超えています。")
        }
        let node: Node?
        let anchor: Int?
        do {
            let parser = try Parser(yaml: text)
            node = try parser.singleRoot()
            // A node knows its anchor as long as the parser is there.
            anchor = withExtendedLifetime(parser) { node.flatMap(Self.anchor) }
        } catch {
            let (line, problem) = Self.place(of: error)
            throw ConfigurationError(
                file: name, line: line, english: "not well-formed YAML: \(problem)",
                japanese: "YAMLとして正しくありません。その行の書き方（字下げ、引用符、重複したキー）を確認してください。")
        }
        if let anchor {
            throw ConfigurationError(
                file: name, line: anchor, english: "anchors (&name) are not allowed: write the value at each place",
                japanese: "アンカー（&名前）は使えません。値をそれぞれの場所に書いてください。")
        }
        guard let mapping = node?.mapping else {
            throw ConfigurationError(
                file: name, english: "the file must be a mapping of keys to values",
                japanese: "ファイルはキーと値の対応（マッピング）でなければなりません。")
        }
        root = try ConfigurationSection(mapping, file: name, folder: folder, path: "")
    }

    /// The line of the first value that has a name for repeating it, `nil` if none has: what is repeated again and again
    /// grows without bound. The name stands before its first repetition, so that none of those is walked through.
    private static func anchor(in node: Node) -> Int? {
        if node.anchor != nil { return node.mark?.line ?? 0 }
        switch node {
        case .mapping(let mapping):
            for (key, value) in mapping {
                if let line = anchor(in: key) ?? anchor(in: value) { return line }
            }
        case .sequence(let sequence):
            for value in sequence {
                if let line = anchor(in: value) { return line }
            }
        default: break
        }
        return nil
    }

    /// The line and the parser's own words, without the text around them.
    private static func place(of error: any Error) -> (Int?, String) {
        switch error {
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            (mark.line, problem)
        case YamlError.reader(let problem, _, _, _): (nil, problem)
        case YamlError.duplicatedKeysInMapping(let keys, let context):
            (context.mark.line, "the key \(keys.first ?? "") stands twice")
        default: (nil, "it cannot be parsed")
        }
    }
}

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
    private let line: Int?
    private var known: Set<String> = []
    private var children: [ConfigurationSection] = []

    init(_ mapping: Node.Mapping, file: String, folder: String, path: String) throws(ConfigurationError) {
        self.file = file
        self.folder = folder
        self.path = path
        line = mapping.mark?.line
        var values: [String: Node] = [:]
        for (key, value) in mapping {
            guard let name = key.scalar?.string else {
                throw ConfigurationError(
                    file: file, line: key.mark?.line, keyPath: path, english: "keys must be plain words",
                    japanese: "キーは単純な語でなければなりません。")
            }
            values[name] = value
        }
        self.values = values
    }

    /// Every key that was asked for up to now, of this mapping and of those read from it: what the reference has to list.
    package var askedFor: Set<String> {
        children.reduce(Set(known.map(keyPath))) { $0.union($1.askedFor) }
    }

    /// The full key path of a key of this mapping.
    package func keyPath(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// An error about a key of this mapping; `nil` means the mapping itself.
    package func error(_ key: String?, english: String, japanese: String) -> ConfigurationError {
        ConfigurationError(
            file: file, line: key.flatMap { values[$0]?.mark?.line } ?? line, keyPath: key.map(keyPath) ?? path,
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

    /// Throws when this mapping or one of those read from it has a key that no getter asked for.
    package func refuseUnknownKeys() throws(ConfigurationError) {
        if let key = values.keys.filter({ !known.contains($0) }).min() {
            let all = known.sorted().joined(separator: ", ")
            throw error(key, english: "unknown key; known here are: \(all)", japanese: "知らないキーです。ここで使えるキー: \(all)")
        }
        for child in children { try child.refuseUnknownKeys() }
    }

    /// The error for a key that is missing.
    package func missing(_ key: String, _ expected: Expectation) -> ConfigurationError {
        error(key, english: "missing; write \(expected.english)", japanese: "ありません。\(expected.japanese)を書いてください。")
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
