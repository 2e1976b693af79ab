extension JSON {
    /// A value over several lines, members in the order of the text.
    func indented(_ place: Place, _ margin: String = "") -> String {
        let inner = margin + "  "
        switch kind(place) {
        case .object:
            let lines = members(of: place).map { "\(inner)\(sourceText($0.name)): \(indented($0.value, inner))" }
            return lines.isEmpty ? "{}" : "{\n\(lines.joined(separator: ",\n"))\n\(margin)}"
        case .array:
            let lines = children(of: place).map { inner + indented($0, inner) }
            return lines.isEmpty ? "[]" : "[\n\(lines.joined(separator: ",\n"))\n\(margin)]"
        default: return sourceText(place)
        }
    }

    private func sourceText(_ place: Place) -> String {
        let text = String(decoding: source(place), as: UTF8.self)
        return kind(place) == .string ? "\"\(text)\"" : text
    }
}

extension CBOR {
    /// An item in diagnostic notation (RFC 8949 section 8) over several lines.
    func diagnostic(_ place: Place, _ margin: String = "") -> String {
        let inner = margin + "  "
        switch kind(place) {
        case .map:
            let lines = entries(of: place).map {
                "\(inner)\(diagnostic($0.key, inner)): \(diagnostic($0.value, inner))"
            }
            return lines.isEmpty ? "{}" : "{\n\(lines.joined(separator: ",\n"))\n\(margin)}"
        case .array:
            let lines = children(of: place).map { inner + diagnostic($0, inner) }
            return lines.isEmpty ? "[]" : "[\n\(lines.joined(separator: ",\n"))\n\(margin)]"
        case .tag: return "\(tag(place) ?? 0)(\(diagnostic(Place(index: place.index + 1), margin)))"
        case .text: return "\"\(text(place) ?? "")\""
        case .bytes: return "h'\(Hex.text(byteString(place) ?? []))'"
        case .unsigned: return String(nodes[place.index].value)
        // −1 − 2⁶⁴ does not fit 64 bits.
        case .negative: return String(-1 - Int128(nodes[place.index].value))
        case .float: return Double(bitPattern: nodes[place.index].value).description
        case .true: return "true"
        case .false: return "false"
        case .null: return "null"
        case .other: return "simple(\(nodes[place.index].value))"
        }
    }
}
