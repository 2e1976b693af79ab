import Foundation

extension CodeTables {
    /// The members of a file of tables; any other is an error, since a misspelt table would be none.
    struct File: Decodable {
        private(set) var sex: [String: String]?
        private(set) var left: [String: String]?
        private(set) var deleted: [String]?
        private(set) var products: [String: String]?
        private(set) var gaiji: [String: String]?

        init(_ json: [UInt8]) throws { self = try JSONDecoder().decode(File.self, from: Data(json)) }

        private enum Name: String, CaseIterable { case sex, left, deleted, products, gaiji }

        private struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { return nil }
        }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: Key.self)
            for key in values.allKeys {
                guard let name = Name(rawValue: key.stringValue) else {
                    throw Fault(place: "", expected: "sex, left, deleted, products, gaiji alone")
                }
                switch name {
                case .sex: sex = try values.decode([String: String].self, forKey: key)
                case .left: left = try values.decode([String: String].self, forKey: key)
                case .deleted: deleted = try values.decode([String].self, forKey: key)
                case .products: products = try values.decode([String: String].self, forKey: key)
                case .gaiji: gaiji = try values.decode([String: String].self, forKey: key)
                }
            }
        }
    }
}
