public import Vaccination

/// What the codes and private-use characters (外字) of one municipality's files mean: each system has its own.
///
/// A JSON file, all of whose members may be missing:
///
/// ```json
/// {
///   "sex": {"1": "male", "2": "female"},
///   "left": {"20": "movedAway", "30": "deceased"},
///   "deleted": ["1"],
///   "products": {"101": "PFIZER-12"},
///   "gaiji": {"E000": "8FBB E0101"}
/// }
/// ```
public struct CodeTables: Hashable, Sendable {
    /// The maximum of a file, 1 MiB.
    public static let maximumSize = 1 << 20

    /// 性別; `1`, `2`, `0` and `9` as JIS X 0303 has them unless a table says otherwise.
    public private(set) var sexes: [String: Sex] = ["1": .male, "2": .female, "0": .unspecified, "9": .unspecified]
    /// 異動事由CD and 住民でなくなった事由CD, of those who are residents no more.
    public private(set) var left: [String: Standing] = [:]
    /// 削除区分 that say that an entry was deleted.
    public private(set) var deleted: Set<String> = []
    /// A ledger's codes of products; without a table they are the catalogue's own.
    public private(set) var products: [String: Product]?
    /// What stands for private-use characters: a character of Unicode, with a variation selector where it is a registered variant.
    public private(set) var characters: [Unicode.Scalar: String] = [:]

    /// Tables of nothing but the standard's codes of sex.
    public init() {}

    /// Reads a file.
    /// - Throws: ``Fault``, with the first place that is wrong.
    public init(json: [UInt8]) throws(Fault) {
        guard json.count <= Self.maximumSize else { throw Fault(place: "", expected: "at most 1 MiB") }
        let file: File
        do { file = try File(json) } catch let fault as Fault { throw fault } catch {
            throw Fault(place: "", expected: "JSON of an object with sex, left, deleted, products, gaiji alone")
        }
        if let sexes = file.sex {
            self.sexes = try Self.table(sexes, "sex", "male, female or unspecified") { Sex(rawValue: $0) }
        }
        left = try Self.table(file.left ?? [:], "left", "movedAway or deceased") { text in
            Standing(rawValue: text).flatMap { $0 == .resident ? nil : $0 }
        }
        for code in file.deleted ?? [] where !Self.isCode(code) || code.allSatisfy({ $0 == "0" }) {
            throw Fault(place: "deleted", expected: "codes of 1 to 16 ASCII characters, and none of zeros alone")
        }
        deleted = Set(file.deleted ?? [])
        products = try file.products.map { table throws(Fault) in
            try Self.table(table, "products", "a product code of the catalogue") { Product.withCode($0) }
        }
        for (from, to) in file.gaiji ?? [:] {
            let place = "gaiji \(from.prefix(8))"
            guard let from = Self.scalars(from), from.count == 1, let scalar = from.first, scalar.isPrivateUse else {
                throw Fault(place: place, expected: "a code point of a private-use area, such as E000")
            }
            guard let to = Self.scalars(to), let first = to.first, Self.isLetter(first),
                to.dropFirst().allSatisfy(\.properties.isVariationSelector), to.count <= 2
            else {
                throw Fault(
                    place: place,
                    expected: "a character's code point, and a variation selector's if it needs one: 8FBB E0101")
            }
            characters[scalar] = String(String.UnicodeScalarView(to))
        }
    }

    /// What is wrong with a file of tables, and where: names no content.
    public struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        /// The table, and what of it; empty for the file.
        public let place: String
        /// What has to be there.
        public let expected: String

        /// The place, and what has to be there.
        public var description: String {
            place.isEmpty ? "expected \(expected)" : "\(place): expected \(expected)"
        }
    }

    private static func table<Value>(
        _ table: [String: String], _ name: String, _ expected: String, _ parse: (String) -> Value?
    ) throws(Fault) -> [String: Value] {
        var values: [String: Value] = [:]
        for (code, text) in table {
            guard isCode(code) else { throw wrongCode(name) }
            guard let value = parse(text) else { throw Fault(place: "\(name) \(code)", expected: expected) }
            values[code] = value
        }
        return values
    }

    private static func isCode(_ code: String) -> Bool {
        (1...16).contains(code.utf8.count) && code.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    private static func wrongCode(_ table: String) -> Fault {
        Fault(place: table, expected: "codes of 1 to 16 ASCII characters")
    }

    /// Whether a name may have a character that stands alone.
    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .otherLetter, .modifierLetter, .uppercaseLetter, .lowercaseLetter, .titlecaseLetter: true
        default: false
        }
    }

    /// Code points in the one way in which each is written: four to six capital hexadecimal digits, without needless zeros.
    private static func scalars(_ text: String) -> [Unicode.Scalar]? {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        let scalars = parts.compactMap { part in
            UInt32(part, radix: 16).flatMap(Unicode.Scalar.init).flatMap { scalar in
                let digits = String(scalar.value, radix: 16, uppercase: true)
                return part == String(repeating: "0", count: max(0, 4 - digits.count)) + digits ? scalar : nil
            }
        }
        return scalars.count == parts.count ? scalars : nil
    }
}
