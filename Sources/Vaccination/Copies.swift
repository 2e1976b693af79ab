/// How many copies of the page are printed, 1 to 10; all share one certificate identifier.
public struct Copies: Hashable, Sendable, Codable {
    /// The number of copies.
    public let count: Int
    /// The maximum of copies that one application asks for.
    public static let maximum = 10

    /// One copy.
    public static let one = Copies(one: ())

    private init(one: Void) { count = 1 }

    /// A number of copies; `nil` if it is out of bounds.
    public init?(_ count: Int) {
        guard (1...Self.maximum).contains(count) else { return nil }
        self.count = count
    }

    /// Reads the number; one out of bounds is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let copies = Copies(try container.decode(Int.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "1 to \(Self.maximum) copies")
        }
        self = copies
    }

    /// Writes what ``init(from:)`` reads.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(count)
    }
}
