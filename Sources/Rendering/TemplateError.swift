/// Why a template was refused: what is wrong, and where.
public struct TemplateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file or folder.
    public let file: String
    /// The item's place in the file, such as `items[3] "name"`; empty for the file itself.
    public let item: String
    /// The field, if there is one.
    public let field: String
    /// What is wrong with it.
    public let problem: String

    init(file: String, item: String = "", field: String = "", problem: String) {
        self.file = file
        self.item = item
        self.field = field
        self.problem = problem
    }

    /// The stable code of this refusal.
    public var code: String { "template.invalid" }

    /// All of it in one line, for an operator.
    public var description: String {
        [file, item, field].filter { !$0.isEmpty }.joined(separator: ": ") + ": " + problem
    }
}
