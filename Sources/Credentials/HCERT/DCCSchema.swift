/// What the EU's schema 1.3.3 demands of a Digital COVID Certificate, all of it and nothing more.
enum DCCSchema {
    /// The longest text where the schema sets a bound, in characters of Unicode.
    private static let maximumLength = 80

    /// Checks a certificate and gives its type and its one entry.
    static func entry(of certificate: CBORMap) throws(Refusal) -> (type: DCCType, entry: CBORMap) {
        try text("ver", in: certificate, required: true, isVersion)
        guard try certificate.date("dob", where: isBirthDate) != nil else { throw certificate.malformed }
        let name = try certificate.required(try certificate.map("nam"))
        for key in ["fn", "gn"] as [StaticString] { try text(key, in: name, isShort) }
        for key in ["fnt", "gnt"] as [StaticString] { try text(key, in: name) { isShort($0) && isStandardised($0) } }
        guard name.has("fnt") || name.has("gnt") else { throw name.malformed }

        // Exactly one of the three, and that with one entry: another one that is empty or null is one too many.
        let types: [(DCCType, StaticString)] = [(.vaccination, "v"), (.test, "t"), (.recovery, "r")]
        let present = types.filter { certificate.has($0.1) }
        guard present.count == 1, let (type, key) = present.first, let group = try certificate.maps(key),
            group.count == 1, let entry = group.first
        else { throw certificate.malformed }
        try check(entry, type)
        return (type, entry)
    }

    private static func check(_ entry: CBORMap, _ type: DCCType) throws(Refusal) {
        try text("tg", in: entry, required: true)
        try text("co", in: entry, required: true) { $0.utf8.contains { (0x41...0x5A).contains($0) } }
        for key in ["is", "ci"] as [StaticString] { try text(key, in: entry, required: true, isShort) }
        switch type {
        case .vaccination:
            for key in ["vp", "mp", "ma"] as [StaticString] { try text(key, in: entry, required: true) }
            for key in ["dn", "sd"] as [StaticString] {
                guard try entry.count(key) != nil else { throw entry.malformed }
            }
            try dates(["dt"], in: entry, DateForms.isDate)
        case .test:
            for key in ["tt", "tr"] as [StaticString] { try text(key, in: entry, required: true) }
            for key in ["nm", "tc"] as [StaticString] { try text(key, in: entry, isShort) }
            try text("ma", in: entry)
            try dates(["sc"], in: entry, DateForms.isDateTime)
        case .recovery: try dates(["fr", "df", "du"], in: entry, DateForms.isDate)
        }
    }

    private static func text(
        _ key: StaticString, in map: CBORMap, required: Bool = false, _ isRight: (String) -> Bool = { _ in true }
    ) throws(Refusal) {
        guard let text = try map.text(key) else {
            if required { throw map.malformed }
            return
        }
        guard isRight(text) else { throw map.malformed }
    }

    private static func dates(
        _ keys: [StaticString], in map: CBORMap, _ isRight: (String) -> Bool
    ) throws(Refusal) {
        for key in keys {
            guard try map.date(key, where: isRight) != nil else { throw map.malformed }
        }
    }

    private static func isShort(_ text: String) -> Bool {
        text.utf8.count <= maximumLength || text.unicodeScalars.count <= maximumLength
    }

    // ^[A-Z<]*$
    private static func isStandardised(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x41...0x5A).contains($0) || $0 == UInt8(ascii: "<") }
    }

    // ^((19|20)\d\d(-\d\d){0,2}){0,1}$: days that no month has pass, as the schema has it.
    private static func isBirthDate(_ text: String) -> Bool {
        if text.isEmpty { return true }
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard (1...3).contains(parts.count), text.hasPrefix("19") || text.hasPrefix("20") else { return false }
        return zip(parts, [4, 2, 2]).allSatisfy { part, count in
            part.count == count && part.allSatisfy { (0x30...0x39).contains($0) }
        }
    }

    // ^\d+.\d+.\d+$, whose dots stand for any character.
    private static func isVersion(_ text: String) -> Bool {
        let characters = Array(text.unicodeScalars)
        let last = characters.count - 2
        let others = characters.indices.filter { !(0x30...0x39).contains(characters[$0].value) }
        guard last >= 3, others.count <= 2, others.allSatisfy({ !isLineEnd(characters[$0]) }) else { return false }
        // The two separators, with a digit before, between and behind them; digits may be separators too.
        let (first, second) = (others.first, others.count == 2 ? others[1] : nil)
        if let first, let second { return first >= 1 && second >= first + 2 && second <= last }
        guard let first else { return true }
        return (first >= 1 && first + 2 <= last) || (first >= 3 && first <= last)
    }

    private static func isLineEnd(_ scalar: Unicode.Scalar) -> Bool {
        [0x0A, 0x0D, 0x2028, 0x2029].contains(scalar.value)
    }
}
