import Foundation

/// A JSON value, as a template file holds it.
enum JSONValue: Decodable {
    case object([String: JSONValue])
    case array([JSONValue])
    case string(String)
    case number(Double)
    case bool(Bool)
    case null

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }
}

/// Reads one object of a template strictly: every key must be known, every value of its kind and within its bounds.
///
/// Keys that begin with an underscore are comments.
struct TemplateReader {
    let file: String
    let item: String
    private let values: [String: JSONValue]
    private var known: Set<String> = []

    init(file: String, item: String, _ value: JSONValue) throws(TemplateError) {
        guard case .object(let values) = value else {
            throw TemplateError(file: file, item: item, problem: "must be an object")
        }
        self.file = file
        self.item = item
        self.values = values
    }

    func error(_ field: String, _ problem: String) -> TemplateError {
        TemplateError(file: file, item: item, field: field, problem: problem)
    }

    /// To be called when everything was read: what was not asked for is a mistake.
    func finish() throws(TemplateError) {
        if let stray = values.keys.filter({ !$0.hasPrefix("_") && !known.contains($0) }).min() {
            throw error(stray, "is not known here; known are \(known.sorted().joined(separator: ", "))")
        }
    }

    mutating func has(_ key: String) -> Bool {
        known.insert(key)
        return values[key] != nil
    }

    private mutating func value(_ key: String) -> JSONValue? {
        known.insert(key)
        return values[key]
    }

    mutating func string(_ key: String, default fallback: String? = nil) throws(TemplateError) -> String {
        switch value(key) {
        case .string(let text): return text
        case nil:
            guard let fallback else { throw error(key, "is missing") }
            return fallback
        default: throw error(key, "must be a text")
        }
    }

    /// A number within bounds.
    mutating func number(
        _ key: String, in range: ClosedRange<Double>, default fallback: Double? = nil
    ) throws(TemplateError) -> Double {
        switch value(key) {
        case .number(let number):
            guard range.contains(number) else {
                throw error(key, "must be between \(Self.show(range.lowerBound)) and \(Self.show(range.upperBound))")
            }
            return number
        case nil:
            guard let fallback else { throw error(key, "is missing") }
            return fallback
        default: throw error(key, "must be a number")
        }
    }

    mutating func whole(_ key: String, in range: ClosedRange<Int>, default fallback: Int? = nil) throws(TemplateError)
        -> Int
    {
        let number = try number(
            key, in: Double(range.lowerBound)...Double(range.upperBound), default: fallback.map { Double($0) })
        guard let whole = Int(exactly: number) else { throw error(key, "must be a whole number") }
        return whole
    }

    mutating func bool(_ key: String, default fallback: Bool) throws(TemplateError) -> Bool {
        switch value(key) {
        case .bool(let value): return value
        case nil: return fallback
        default: throw error(key, "must be true or false")
        }
    }

    /// One of a fixed set of words.
    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, default fallback: Choice? = nil
    ) throws(TemplateError) -> Choice where Choice.RawValue == String {
        let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        if let fallback, value(key) == nil { return fallback }
        guard let choice = Choice(rawValue: try string(key)) else { throw error(key, "must be one of \(words)") }
        return choice
    }

    /// `#rrggbb`.
    mutating func colour(_ key: String, default fallback: Colour? = nil) throws(TemplateError) -> Colour {
        if let fallback, value(key) == nil { return fallback }
        guard let colour = Colour(hex: try string(key)) else { throw error(key, "must be a colour written #rrggbb") }
        return colour
    }

    /// A point `[x, y]` in millimetres.
    mutating func point(_ key: String, within page: Size) throws(TemplateError) -> Point {
        guard let value = value(key) else { throw error(key, "is missing") }
        return try point(value, key, within: page)
    }

    /// A list of points.
    mutating func points(_ key: String, within page: Size) throws(TemplateError) -> [Point] {
        guard case .array(let values) = value(key), (1...32).contains(values.count) else {
            throw error(key, "must be a list of 1 to 32 points [x, y]")
        }
        var points: [Point] = []
        for value in values { points.append(try point(value, key, within: page)) }
        return points
    }

    private func point(_ value: JSONValue, _ key: String, within page: Size) throws(TemplateError) -> Point {
        guard case .array(let pair) = value, pair.count == 2, case .number(let x) = pair[0],
            case .number(let y) = pair[1]
        else {
            throw error(key, "must be a point [x, y]")
        }
        guard (0...page.width).contains(x), (0...page.height).contains(y) else {
            throw error(key, "lies outside the page")
        }
        return Point(x: x, y: y)
    }

    mutating func strings(_ key: String) throws(TemplateError) -> [String] {
        guard case .array(let values) = value(key), (1...8).contains(values.count) else {
            throw error(key, "must be a list of 1 to 8 texts")
        }
        var strings: [String] = []
        for value in values {
            guard case .string(let text) = value else { throw error(key, "must be a list of texts") }
            strings.append(text)
        }
        return strings
    }

    /// The reader of an object inside this one.
    mutating func object(_ key: String) throws(TemplateError) -> TemplateReader {
        guard let value = value(key) else { throw error(key, "is missing") }
        return try TemplateReader(file: file, item: item.isEmpty ? key : "\(item) \(key)", value)
    }

    /// A list of objects, each with a name for messages.
    mutating func list(_ key: String) throws(TemplateError) -> [(name: String, value: JSONValue)] {
        guard case .array(let values) = value(key), (1...400).contains(values.count) else {
            throw error(key, "must be a list of 1 to 400 items")
        }
        let prefix = item.isEmpty ? "" : item + " "
        return values.enumerated().map { index, value in
            var name = "\(prefix)\(key)[\(index)]"
            if case .object(let fields) = value, case .string(let id) = fields["id"] { name += " \"\(id)\"" }
            return (name, value)
        }
    }

    /// An object of objects, in the order of their names.
    mutating func map(_ key: String) throws(TemplateError) -> [(name: String, value: JSONValue)] {
        guard case .object(let values) = value(key), !values.isEmpty else {
            throw error(key, "must be an object, not empty")
        }
        return values.filter { !$0.key.hasPrefix("_") }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private static func show(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e9 ? String(Int(number)) : String(number)
    }
}
