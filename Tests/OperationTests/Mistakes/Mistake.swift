import Testing

/// What a started program says of one mistake in what it is started with.
struct Mistake: Sendable, CustomTestStringConvertible {
    enum Program: String, Sendable { case vrs, centre, terminal, verifier }

    let program: Program
    /// What is replaced by what in the good file (in the arguments, of the verifier); `MADE` is the folder of
    /// ``Material``, `KEYS` that of the development keys, `WORK` the stack's own.
    let from: String
    let to: String
    /// The key, or the option, that has to be named.
    let key: String
    /// Words of the remedy in both languages.
    let english: String
    let japanese: String
    /// What stands on the line that has to be named, in the changed file; the first line without one.
    let line: String?

    var testDescription: String { "\(program.rawValue): \(from) → \(to)" }

    init(
        _ program: Program, _ from: String, _ to: String, at key: String, line: String? = nil, _ english: String,
        _ japanese: String
    ) {
        (self.program, self.from, self.to, self.key) = (program, from, to, key)
        (self.english, self.japanese, self.line) = (english, japanese, line)
    }
}
