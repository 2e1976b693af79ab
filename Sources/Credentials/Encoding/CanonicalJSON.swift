extension JSON {
    /// The canonical form of a value (RFC 8785): no white space, members sorted by the UTF-16 code units of their names,
    /// numbers as ECMAScript writes them, strings with the shortest escapes.
    package func canonical(_ place: Place) -> [UInt8] {
        if let count = canonicalCount(place), count == self.count(place) {
            return Array(bytes[offset(place)..<offset(place) + count])
        }
        var result: [UInt8] = []
        result.reserveCapacity(source(place).count)
        appendCanonical(place, to: &result)
        return result
    }

    /// How many bytes a value takes in the text, the quotation marks of a string among them.
    private func count(_ place: Place) -> Int {
        let node = nodes[place.index]
        return Int(node.end - node.start) + (node.kind == .string ? 2 : 0)
    }

    /// How many bytes the canonical form of a value takes; `nil` if something in it is written otherwise there (an escape,
    /// a fraction, another order of names). A text of just this length has no white space either: it is the canonical form.
    private func canonicalCount(_ place: Place) -> Int? {
        switch kind(place) {
        case .true, .false, .null: return count(place)
        case .number:
            // Digits alone, and so few that a double holds them.
            let digits = source(place)
            return digits.count <= 15 && digits.allSatisfy({ (0x30...0x39).contains($0) }) ? digits.count : nil
        case .string: return nodes[place.index].escaped ? nil : count(place)
        case .array, .object:
            guard kind(place) == .array || isSorted(place) else { return nil }
            // Names and values follow each other as elements do; each has one more character behind or before it.
            var (total, child) = (2, place.index + 1)
            let end = Int(nodes[place.index].next)
            while child < end {
                guard let one = canonicalCount(Place(index: child)) else { return nil }
                total += one + 1
                child = Int(nodes[child].next)
            }
            return isEmpty(place) ? 2 : total - 1
        }
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
            if isSorted(place) {
                var name = place.index + 1
                while name < Int(nodes[place.index].next) {
                    appendMember(Place(index: name), isFirst: name == place.index + 1, to: &result)
                    name = Int(nodes[name + 1].next)
                }
            } else {
                for (index, name) in sortedNames(place).enumerated() {
                    appendMember(name, isFirst: index == 0, to: &result)
                }
            }
            result.append(UInt8(ascii: "}"))
        }
    }

    private func appendMember(_ name: Place, isFirst: Bool, to result: inout [UInt8]) {
        if !isFirst { result.append(UInt8(ascii: ",")) }
        appendString(name, to: &result)
        result.append(UInt8(ascii: ":"))
        appendCanonical(Place(index: name.index + 1), to: &result)
    }

    /// Whether an object's names are plain ASCII and stand in their order, as in most of what is signed.
    private func isSorted(_ object: Place) -> Bool {
        var (name, last) = (object.index + 1, 0..<0)
        while name < Int(nodes[object.index].next) {
            guard let range = plain(Place(index: name)) else { return false }
            for index in range where bytes[index] >= 0x80 { return false }
            guard last.isEmpty || precedes(last, range) else { return false }
            last = range
            name = Int(nodes[name + 1].next)
        }
        return true
    }

    private func precedes(_ one: Range<Int>, _ other: Range<Int>) -> Bool {
        for offset in 0..<min(one.count, other.count) {
            let (a, b) = (bytes[one.lowerBound + offset], bytes[other.lowerBound + offset])
            if a != b { return a < b }
        }
        return one.count < other.count
    }

    private func appendString(_ place: Place, to result: inout [UInt8]) {
        if nodes[place.index].escaped {
            JSONWriter.append(unescaped(place), to: &result)
        } else {
            // The reader let no character pass that needs an escape.
            // With the quotation marks around it.
            result += bytes[Int(nodes[place.index].start) - 1...Int(nodes[place.index].end)]
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
