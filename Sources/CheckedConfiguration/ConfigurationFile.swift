import Foundation
import Yams

/// A YAML configuration file, read whole and parsed once at start; ``root`` gives its values, each checked.
package struct ConfigurationFile {
    /// The maximum of bytes that a configuration may have.
    package static let maximumBytes = 1 << 20

    /// The outermost mapping.
    package let root: ConfigurationSection
    /// What it says, as text.
    package let outline: ConfigurationOutline

    /// Reads and parses a file. Relative paths inside it are relative to `folder`, or else to the one in which it lies.
    package init(path: String, folder: String? = nil) throws(ConfigurationError) {
        guard let data = Self.data(path) else {
            throw ConfigurationError(
                file: path, english: "the file cannot be read: check its path and permissions",
                japanese: "ファイルを読めません。パスとアクセス権を確認してください。", isOfWholeFile: true)
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw ConfigurationError(
                file: path, english: "the file is not UTF-8 text", japanese: "ファイルがUTF-8のテキストではありません。",
                isOfWholeFile: true)
        }
        let ownFolder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try self.init(text: text, name: path, folder: folder ?? ownFolder)
    }

    /// The content of a file, of which an empty one has none; `nil` if it cannot be read.
    private static func data(_ path: String) -> Data? {
        guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
        do { return try handle.read(upToCount: maximumBytes + 1) ?? Data() } catch { return nil }
    }

    /// Parses a configuration's text; `folder` is what relative paths in it are relative to.
    package init(text: String, name: String, folder: String = ".") throws(ConfigurationError) {
        guard text.utf8.count <= Self.maximumBytes else {
            throw ConfigurationError(
                file: name, english: "the file is larger than \(Self.maximumBytes) bytes",
                japanese: "ファイルが\(Self.maximumBytes)バイトを超えています。", isOfWholeFile: true)
        }
        let node: Node?
        let anchor: Int?
        do {
            // Keys and values are text here, whatever YAML would make of them: nothing is guessed, which for a country's regions
            // would also take a tenth of the time of a start.
            let parser = try Parser(yaml: text, resolver: .basic)
            node = try parser.singleRoot()
            // A node knows its anchor as long as the parser is there.
            anchor = withExtendedLifetime(parser) { node.flatMap(Self.anchor) }
        } catch {
            let (line, problem) = Self.place(of: error)
            throw ConfigurationError(
                file: name, line: line, english: "not well-formed YAML: \(problem)",
                japanese: "YAMLとして正しくありません。その行の書き方（字下げ、引用符、重複したキー）を確認してください。", isOfWholeFile: true)
        }
        if let anchor {
            throw ConfigurationError(
                file: name, line: anchor, english: "anchors (&name) are not allowed: write the value at each place",
                japanese: "アンカー（&名前）は使えません。値をそれぞれの場所に書いてください。", isOfWholeFile: true)
        }
        guard let node, node.scalar?.string.isEmpty != true else {
            throw ConfigurationError(
                file: name, line: 1,
                english: "the file is empty, or holds nothing but remarks: write its keys as the reference lists them",
                japanese: "ファイルが空か、注釈しかありません。リファレンスにあるキーを書いてください。", isOfWholeFile: true)
        }
        guard let mapping = node.mapping else {
            throw ConfigurationError(
                file: name, line: node.mark?.line, english: "the file must be a mapping: write each line as key: value",
                japanese: "ファイルはキーと値の対応（マッピング）でなければなりません。各行を「キー: 値」の形で書いてください。", isOfWholeFile: true)
        }
        outline = ConfigurationOutline(node, file: name)
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
