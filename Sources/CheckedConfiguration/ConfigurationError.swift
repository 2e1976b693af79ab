/// Why a configuration was refused, or what an operator should know of it although it is not wrong: the file, the line,
/// the key's path, what is the matter and what to do, in English and Japanese.
package struct ConfigurationError: ExplainedError, Hashable, Sendable {
    /// The file's name as it was given.
    package let file: String
    /// The line, from 1, if it is known.
    package let line: Int?
    /// The key's path, such as `listen.terminal.port`; empty when the file as a whole is meant.
    package let keyPath: String
    /// One or two English sentences.
    package let english: String
    /// The same in Japanese.
    package let japanese: String
    /// Whether nothing of the file could be read, so that nothing of what it says was taken.
    package let isOfWholeFile: Bool

    package init(
        file: String, line: Int? = nil, keyPath: String = "", english: String, japanese: String,
        isOfWholeFile: Bool = false
    ) {
        self.isOfWholeFile = isOfWholeFile
        self.file = file
        self.line = line
        self.keyPath = keyPath
        self.english = english
        self.japanese = japanese
    }

    package var exitStatus: ExitStatus { .configuration }

    /// The same with more at its end, in both languages.
    package func adding(english more: String, japanese moreJapanese: String) -> ConfigurationError {
        ConfigurationError(
            file: file, line: line, keyPath: keyPath, english: english + more, japanese: japanese + moreJapanese,
            isOfWholeFile: isOfWholeFile)
    }

    /// Whether this says what another one does, and maybe more.
    package func says(_ other: ConfigurationError) -> Bool {
        (file, line, keyPath) == (other.file, other.line, other.keyPath) && english.hasPrefix(other.english)
    }

    package var description: String {
        let place = [file, line.map(String.init), keyPath.isEmpty ? nil : keyPath].compactMap { $0 }.joined(
            separator: ":")
        return "\(place): \(english) / \(japanese)"
    }
}

/// What a key takes, as the end of a sentence in both languages.
package struct Expectation: Sendable {
    /// Such as "a port, 0 to 65535".
    package let english: String
    /// Such as 「ポート番号（0〜65535）」.
    package let japanese: String

    package init(english: String, japanese: String) {
        self.english = english
        self.japanese = japanese
    }
}
