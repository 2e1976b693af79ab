import Yams

/// What is wrong in a configuration or script file: where, and what would be right, in both languages.
package struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file, as it was named.
    package let file: String
    /// The path of the value, such as `timeouts.inactivity`; empty for the file as a whole.
    package let key: String
    /// A sentence in English.
    package let english: String
    /// The same sentence in Japanese.
    package let japanese: String

    package init(file: String, key: String, english: String, japanese: String) {
        self.file = file
        self.key = key
        self.english = english
        self.japanese = japanese
    }

    package var description: String { "\(file): \(key.isEmpty ? "" : key + ": ")\(english) / \(japanese)" }
}

/// Reads a YAML mapping key by key: each value has to have its form, and at the end no key may be left unread.
struct YAMLReader {
    let file: String
    let path: String
    private let mapping: Node.Mapping
    private var read: Set<String> = []

    /// The most bytes a configuration or script file may have.
    static let maximumBytes = 65_536

    init(_ bytes: [UInt8], file: String) throws(ConfigurationError) {
        guard bytes.count <= Self.maximumBytes else {
            throw ConfigurationError(
                file: file, key: "", english: "longer than \(Self.maximumBytes) bytes",
                japanese: "\(Self.maximumBytes) バイトを超えています")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(file: file, key: "", english: "is not UTF-8", japanese: "UTF-8 ではありません")
        }
        guard !text.contains("&"), let node = try? Yams.compose(yaml: text), let mapping = node.mapping else {
            // Anchors are refused with everything else that is no plain mapping: aliases can grow without bound.
            throw ConfigurationError(
                file: file, key: "", english: "is no YAML mapping (anchors are not allowed)",
                japanese: "YAML のマッピングではありません（アンカーは使えません）")
        }
        self.init(mapping, file: file, path: "")
    }

    private init(_ mapping: Node.Mapping, file: String, path: String) {
        self.mapping = mapping
        self.file = file
        self.path = path
    }

    func error(_ key: String, _ english: String, _ japanese: String) -> ConfigurationError {
        ConfigurationError(file: file, key: full(key), english: english, japanese: japanese)
    }

    private func full(_ key: String) -> String { path.isEmpty ? key : path + "." + key }

    private mutating func node(_ key: String) -> Node? {
        read.insert(key)
        return mapping.first { $0.key.string == key }?.value
    }

    /// Text of at most 1,024 bytes; `nil` where the key is absent.
    mutating func optionalText(_ key: String) throws(ConfigurationError) -> String? {
        guard let node = node(key) else { return nil }
        guard let text = node.scalar?.string, !text.isEmpty, text.utf8.count <= 1024 else {
            throw error(key, "has to be text of at most 1,024 bytes", "1,024 バイト以内の文字列にしてください")
        }
        return text
    }

    mutating func text(_ key: String) throws(ConfigurationError) -> String {
        guard let text = try optionalText(key) else { throw error(key, "is missing", "がありません") }
        return text
    }

    mutating func optionalInteger(_ key: String, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int? {
        guard let text = try optionalText(key) else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw error(
                key, "has to be a number from \(range.lowerBound) to \(range.upperBound)",
                "\(range.lowerBound) から \(range.upperBound) までの数にしてください")
        }
        return value
    }

    mutating func flag(_ key: String, default value: Bool) throws(ConfigurationError) -> Bool {
        switch try optionalText(key) {
        case nil: return value
        case "true"?, "yes"?: return true
        case "false"?, "no"?: return false
        default: throw error(key, "has to be true or false", "true か false にしてください")
        }
    }

    /// A list of texts, at most 64; a single text counts as a list of one; `nil` where the key is absent.
    mutating func optionalList(_ key: String) throws(ConfigurationError) -> [String]? {
        guard let node = node(key) else { return nil }
        let nodes = node.sequence.map { Array($0) } ?? [node]
        let texts = nodes.compactMap { $0.scalar?.string }
        guard texts.count == nodes.count, texts.count <= 64, texts.allSatisfy({ $0.utf8.count <= 1024 }) else {
            throw error(key, "has to be a list of at most 64 texts", "64 個以内の文字列のリストにしてください")
        }
        return texts
    }

    /// A mapping inside this one; `nil` where the key is absent.
    mutating func optionalInside(_ key: String) throws(ConfigurationError) -> YAMLReader? {
        guard let node = node(key) else { return nil }
        guard let mapping = node.mapping else { throw error(key, "has to be a mapping", "マッピングにしてください") }
        return YAMLReader(mapping, file: file, path: full(key))
    }

    /// Throws where a key stands that nobody asked for: a misspelt setting must not be passed over.
    func finish() throws(ConfigurationError) {
        for (key, _) in mapping where !read.contains(key.string ?? "") {
            throw error(key.string ?? "?", "is not known here", "この場所では使えない項目です")
        }
    }
}
