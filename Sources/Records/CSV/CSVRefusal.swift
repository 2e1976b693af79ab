/// Why a CSV file was refused at one place, and what to do about it. Never quotes what stands there.
public struct CSVRefusal: Hashable, Sendable, CustomStringConvertible {
    /// The line of the file, from 1.
    public let line: Int
    /// The column's name, if the refusal is about one field.
    public let column: String?
    /// The stable code: `csv.too_large`, `csv.utf8`, `csv.encoding`, `csv.private_use`, `csv.unreadable`, `csv.line_ending`, `csv.control_character`, `csv.quote`,
    /// `csv.too_long`, `csv.header`, `csv.columns`, `csv.value`, `csv.doses`, `csv.duplicate`, `csv.municipality_unknown`,
    /// `csv.not_authentic`, `csv.deleted`, `csv.nobody`, `csv.other_person`, `csv.voucher`, `csv.voucher_taken`,
    /// `csv.passport`, `csv.birth_date_unknown`.
    public let code: String
    /// What to do, in English.
    public let message: String
    /// What to do, in Japanese.
    public let messageJapanese: String

    /// The code of a row that says that something was deleted, which nobody repairs.
    static let deleted = "csv.deleted"
    /// The code of a row of somebody of whose birth date nothing is known.
    static let birthDateUnknown = "csv.birth_date_unknown"
    /// The code of a row whose numbers are recorded as different people's.
    static let otherPerson = "csv.other_person"
    /// The code of a row with a voucher that is recorded as somebody else's.
    static let voucherTaken = "csv.voucher_taken"

    init(line: Int, column: String? = nil, code: String, english: String, japanese: String) {
        self.line = line
        self.column = column
        self.code = code
        message = english
        messageJapanese = japanese
    }

    /// One line for the place, in both languages, with the code.
    public var description: String {
        "line \(line)\(column.map { ", column \($0)" } ?? ""): \(message) / \(messageJapanese) [\(code)]"
    }
}

/// Everything that is wrong with a CSV file, up to ``maximum`` places; nothing of the file was used.
public struct CSVRefusals: Error, Hashable, Sendable, CustomStringConvertible {
    /// How many places are named at most.
    public static let maximum = 50

    /// The places, in the order of the file; at least one.
    public let refusals: [CSVRefusal]

    /// A line a place.
    public var description: String { refusals.map(\.description).joined(separator: "\n") }
}
