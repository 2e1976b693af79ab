extension JSON {
    /// A value over several lines, members in the order of the text.
    func indented(_ place: Place, _ margin: String = "") -> String {
        let inner = margin + "  "
        switch kind(place) {
        case .object:
            var lines: [String] = []
            var index = place.index + 1
            while index < Int(nodes[place.index].next) {
                lines.append(
                    "\(inner)\(sourceText(Place(index: index))): \(indented(Place(index: index + 1), inner))")
                index = Int(nodes[index + 1].next)
            }
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
            let items = children(of: place)
            let lines = stride(from: 0, to: items.count - 1, by: 2).map { index in
                "\(inner)\(diagnostic(items[index], inner)): \(diagnostic(items[index + 1], inner))"
            }
            return lines.isEmpty ? "{}" : "{\n\(lines.joined(separator: ",\n"))\n\(margin)}"
        case .array:
            let lines = children(of: place).map { inner + diagnostic($0, inner) }
            return lines.isEmpty ? "[]" : "[\n\(lines.joined(separator: ",\n"))\n\(margin)]"
        case .tag: return "\(tag(place) ?? 0)(\(diagnostic(Place(index: place.index + 1), margin)))"
        case .text: return "\"\(text(place) ?? "")\""
        case .bytes: return "h'\(Hex.text(byteString(place) ?? []))'"
        case .unsigned: return String(nodes[place.index].value)
        case .negative: return integer(place).map(String.init) ?? "-1-\(nodes[place.index].value)"
        case .float: return Double(bitPattern: nodes[place.index].value).description
        case .true: return "true"
        case .false: return "false"
        case .null: return "null"
        case .other: return "simple(\(nodes[place.index].value))"
        }
    }
}
