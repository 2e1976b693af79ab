import Foundation

/// Typed values, each with its bounds and a message that says what to write.
extension ConfigurationSection {
    /// A value that `parse` makes from text; `nil` from it refuses the text. Without a fallback the key is required.
    package func value<T>(
        _ key: String, _ expected: Expectation, fallback: T? = nil, _ parse: (String) -> T?
    ) throws(ConfigurationError) -> T {
        guard let text = try text(key, expected) else {
            guard let fallback else { throw missing(key, expected) }
            return fallback
        }
        guard let value = parse(text) else { throw wrong(key, text, expected) }
        return value
    }

    /// A value that `parse` makes from text, or `nil` if the key is missing; `nil` from `parse` refuses the text.
    package func optionalValue<T>(
        _ key: String, _ expected: Expectation, _ parse: (String) -> T?
    ) throws(ConfigurationError) -> T? {
        guard has(key) else { return nil }
        return try value(key, expected, parse)
    }

    /// Text of one line and a bounded length in characters, or `nil` if the key is missing.
    package func optionalString(_ key: String, _ lengths: ClosedRange<Int> = 1...200) throws(ConfigurationError)
        -> String?
    {
        guard has(key) else { return nil }
        return try string(key, lengths)
    }

    /// Text of one line and a bounded length in characters.
    package func string(
        _ key: String, _ lengths: ClosedRange<Int> = 1...200, fallback: String? = nil
    ) throws(ConfigurationError) -> String {
        let expected = Expectation(
            english: "text of \(lengths.lowerBound) to \(lengths.upperBound) characters on one line",
            japanese: "\(lengths.lowerBound)〜\(lengths.upperBound)文字の1行の文字列")
        return try value(key, expected, fallback: fallback) { text in
            lengths.contains(text.count) && !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
                ? text : nil
        }
    }

    /// A whole number within bounds; `unit` is shown in the message.
    package func integer(
        _ key: String, _ bounds: ClosedRange<Int>, unit: String = "", fallback: Int? = nil
    ) throws(ConfigurationError) -> Int {
        let suffix = unit.isEmpty ? "" : " \(unit)"
        let expected = Expectation(
            english: "a whole number from \(bounds.lowerBound) to \(bounds.upperBound)\(suffix)",
            japanese: "\(bounds.lowerBound)〜\(bounds.upperBound)の整数\(suffix)")
        return try value(key, expected, fallback: fallback) { text in
            guard let number = Int(text), bounds.contains(number) else { return nil }
            return number
        }
    }

    /// Whole seconds within bounds, as a duration.
    package func seconds(_ key: String, _ bounds: ClosedRange<Int>, fallback: Int? = nil) throws(ConfigurationError)
        -> Duration
    {
        .seconds(try integer(key, bounds, unit: "s", fallback: fallback))
    }

    /// `true` or `false`, nothing else.
    package func boolean(_ key: String, fallback: Bool? = nil) throws(ConfigurationError) -> Bool {
        try value(key, Expectation(english: "true or false", japanese: "true または false"), fallback: fallback) { text in
            ["true": true, "false": false][text]
        }
    }

    /// A port; 0 asks the system for a free one.
    package func port(_ key: String) throws(ConfigurationError) -> Int {
        let expected = Expectation(
            english: "a port, 1 to 65535, or 0 for a free one", japanese: "ポート番号（1〜65535、空きポートは0）")
        return try value(key, expected) { text in Int(text).flatMap { (0...65_535).contains($0) ? $0 : nil } }
    }

    /// The path of a file that can be read, made absolute or relative to the configuration's folder.
    package func file(_ key: String) throws(ConfigurationError) -> String {
        let expected = Expectation(english: "the path of a file that can be read", japanese: "読み取れるファイルのパス")
        let path = try value(key, expected) { self.readable($0, isFolder: false) }
        note(file: path, key)
        return path
    }

    /// The paths of at least one file that can be read.
    package func files(_ key: String) throws(ConfigurationError) -> [String] {
        let expected = Expectation(english: "a list of paths of files that can be read", japanese: "読み取れるファイルのパスのリスト")
        let texts = try texts(key, expected)
        guard !texts.isEmpty else { throw missing(key, expected) }
        var paths: [String] = []
        for text in texts {
            guard let path = readable(text, isFolder: false) else { throw wrong(key, text, expected) }
            note(file: path, key)
            paths.append(path)
        }
        return paths
    }

    /// The path of a file that can be read, as one of several values under a key.
    package func file(written text: String, _ key: String) throws(ConfigurationError) -> String {
        guard let path = readable(text, isFolder: false) else {
            throw wrong(key, text, Expectation(english: "paths of files that can be read", japanese: "読み取れるファイルのパス"))
        }
        note(file: path, key)
        return path
    }

    /// The paths that a list of files names, whether these can be read or not. Entries that are no path are passed over, and
    /// what is no list names none.
    package func pathsNamed(_ key: String) -> [String] { readableTexts(key).map(resolved) }

    /// The path of a folder that can be read.
    package func folder(_ key: String) throws(ConfigurationError) -> String {
        let expected = Expectation(english: "the path of a folder that can be read", japanese: "読み取れるフォルダーのパス")
        return try value(key, expected) { self.readable($0, isFolder: true) }
    }

    /// A path that need not exist yet, resolved like the others.
    package func path(_ key: String, fallback: String? = nil) throws(ConfigurationError) -> String {
        let expected = Expectation(english: "a path", japanese: "パス")
        return try value(key, expected, fallback: fallback.map(resolved)) { $0.isEmpty ? nil : self.resolved($0) }
    }

    /// An `https` URL with a host and nothing but a slash behind the port, which is left out, such as
    /// `https://127.0.0.1:8444`.
    package func serviceURL(_ key: String) throws(ConfigurationError) -> String {
        let expected = Expectation(
            english: "an https URL of a host and port without path, such as https://vrs.example:8444",
            japanese: "パスのないhttpsのURL（例: https://vrs.example:8444）")
        return try value(key, expected) { text in
            guard text.utf8.count <= 300, let parts = URLComponents(string: text), parts.scheme == "https",
                let host = parts.host, !host.isEmpty, ["", "/"].contains(parts.path), parts.query == nil,
                parts.fragment == nil,
                parts.user == nil, parts.password == nil, (1...65_535).contains(parts.port ?? 443)
            else { return nil }
            return parts.path.isEmpty ? text : String(text.dropLast())
        }
    }

    /// A path made absolute, or relative to the configuration's folder.
    package func resolved(_ path: String) -> String { path.hasPrefix("/") ? path : "\(folder)/\(path)" }

    private func readable(_ text: String, isFolder: Bool) -> String? {
        guard !text.isEmpty, text.utf8.count <= 4096, !text.utf8.contains(0) else { return nil }
        let path = resolved(text)
        var folder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &folder), folder.boolValue == isFolder,
            FileManager.default.isReadableFile(atPath: path)
        else { return nil }
        return path
    }
}
