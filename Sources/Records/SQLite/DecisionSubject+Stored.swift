import Foundation

// As a row of the control file has it, and an entry of the journal.
extension DecisionSubject {
    /// What a row says that it is about.
    /// - Throws: ``StoreError/corrupt(_:)``.
    init(name: String, content: String?) throws {
        switch name {
        case "settings": self = .settings(try Self.decoded(content))
        case "erasure": self = .erasure
        case "retention": self = .retention(try Self.decoded(content))
        default: throw StoreError.corrupt("column subject")
        }
    }

    private static func decoded<Value: Decodable>(_ content: String?) throws -> Value {
        guard let content, let value = try? JSONDecoder().decode(Value.self, from: Data(content.utf8)) else {
            throw StoreError.corrupt("column content")
        }
        return value
    }

    /// What a row calls it.
    var name: String {
        switch self {
        case .settings: "settings"
        case .erasure: "erasure"
        case .retention: "retention"
        }
    }

    /// What a row says of it: JSON, the same bytes for the same.
    var content: String? {
        get throws {
            switch self {
            case .settings(let settings): try Self.encoded(settings)
            case .erasure: nil
            case .retention(let run): try Self.encoded(run)
            }
        }
    }

    private static func encoded(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
