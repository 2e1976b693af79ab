/// One vaccination as the record holds it.
public struct Dose: Hashable, Sendable, Codable {
    /// The number of the dose, 1 to 99.
    public let number: Int
    /// The day it was given.
    public let date: CalendarDate
    /// What was given.
    public let product: Product
    /// The lot number, 1 to 20 characters of `A–Z`, `a–z`, `0–9`, `-`, `.` or space.
    public let lot: String
    /// The country where it was given, ISO 3166-1 alpha-3.
    public let country: String

    /// A dose; `nil` if a field is out of the bounds above.
    public init?(number: Int, date: CalendarDate, product: Product, lot: String, country: String = "JPN") {
        guard (1...99).contains(number), (1...20).contains(lot.utf8.count) else { return nil }
        guard lot.utf8.allSatisfy({ Self.isLetterOrDigit($0) || "-. ".utf8.contains($0) }) else { return nil }
        guard country.utf8.count == 3, country.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else { return nil }
        self.number = number
        self.date = date
        self.product = product
        self.lot = lot
        self.country = country
    }

    private enum CodingKeys: String, CodingKey { case number, date, product, lot, country }

    /// Reads a dose; one out of bounds is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        guard
            let checked = Dose(
                number: try values.decode(Int.self, forKey: .number),
                date: try values.decode(CalendarDate.self, forKey: .date),
                product: try values.decode(Product.self, forKey: .product),
                lot: try values.decode(String.self, forKey: .lot),
                country: try values.decode(String.self, forKey: .country))
        else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a Dose out of its bounds"))
        }
        self = checked
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}

/// A person's doses in one municipality's record: in the order given, each number once, dates not going back.
public struct History: Hashable, Sendable {
    /// The doses, first to last.
    public let doses: [Dose]

    /// How many doses a certificate carries at most: the five latest.
    public static let certificateLimit = 5

    /// A history; `nil` if two doses share a number, or a later number has an earlier date.
    public init?(_ doses: [Dose]) {
        let sorted = doses.sorted { $0.number < $1.number }
        for (earlier, later) in zip(sorted, sorted.dropFirst()) {
            guard earlier.number < later.number, earlier.date <= later.date else { return nil }
        }
        self.doses = sorted
    }

    /// The doses a certificate names: the latest five, first to last.
    public var certified: [Dose] { Array(doses.suffix(Self.certificateLimit)) }
    /// Whether the certificate must say that only the latest five of more doses stand on it.
    public var exceedsCertificate: Bool { doses.count > Self.certificateLimit }
}
