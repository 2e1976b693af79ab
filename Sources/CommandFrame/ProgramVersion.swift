/// What all programs of this package say for `--version`.
package enum ProgramVersion {
    /// The version of all of them together. This is its one place.
    package static let number = "0.1.0"

    /// A program's own lines: its version, and the formats in which it speaks with others.
    ///
    /// The commit is not said: nothing tells a build of it for sure.
    package static func text(_ program: String, formats: KeyValuePairs<String, String> = [:]) -> String {
        (["\(program) \(number) (Akashi, \(build))"] + formats.map { "\($0.key): \($0.value)" })
            .joined(separator: "\n")
    }

    private static var build: String {
        #if DEBUG
            "debug build"
        #else
            "release build"
        #endif
    }
}
