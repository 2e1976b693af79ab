extension JSON {
    /// The canonical form of a value (RFC 8785): no white space, members sorted by the UTF-16 code units of their names,
    /// numbers as ECMAScript writes them, strings with the shortest escapes.
    package func canonical(_ place: Place) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(source(place).count)
        appendCanonical(place, to: &result)
        return result
    }

    // The depth was bounded by the reader, so the recursion is.
    private func appendCanonical(_ place: Place, to result: inout [UInt8]) {
        switch kind(place) {
        case .true, .false, .null: result += source(place)
        case .number: result += number(place).map(JSONNumber.canonical) ?? []
        case .string: appendString(place, to: &result)
        case .array:
            result.append(UInt8(ascii: "["))
            for (index, element) in children(of: place).enumerated() {
                if index > 0 { result.append(UInt8(ascii: ",")) }
                appendCanonical(element, to: &result)
            }
            result.append(UInt8(ascii: "]"))
        case .object:
            result.append(UInt8(ascii: "{"))
            for (index, name) in sortedNames(place).enumerated() {
                if index > 0 { result.append(UInt8(ascii: ",")) }
                appendString(name, to: &result)
                result.append(UInt8(ascii: ":"))
                appendCanonical(Place(index: name.index + 1), to: &result)
            }
            result.append(UInt8(ascii: "}"))
        }
    }

    private func appendString(_ place: Place, to result: inout [UInt8]) {
        if nodes[place.index].escaped {
            JSONWriter.append(unescaped(place), to: &result)
        } else {
            // The reader let no character pass that needs an escape.
            result.append(UInt8(ascii: "\""))
            result += source(place)
            result.append(UInt8(ascii: "\""))
        }
    }

    private func sortedNames(_ object: Place) -> [Place] {
        let names = members(of: object).map(\.name)
        // UTF-8 sorts as UTF-16 does, but for characters beyond the basic plane, which UTF-16 puts before U+E000.
        if names.allSatisfy({ !nodes[$0.index].escaped && source($0).allSatisfy { $0 < 0x80 } }) {
            return names.sorted { source($0).lexicographicallyPrecedes(source($1)) }
        }
        let keyed = names.map { (place: $0, units: Array((string($0) ?? "").utf16)) }
        return keyed.sorted { $0.units.lexicographicallyPrecedes($1.units) }.map(\.place)
    }
}
