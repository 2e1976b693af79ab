/// What schema 1.3.x demands of an EU Digital COVID Certificate, as far as a verifier can rely on it: members that must
/// be there, their kinds and lengths, the forms of birth date and machine readable name.
enum DCCSchema {
    /// Checks a certificate and its one entry.
    static func check(
        _ certificate: CBOR.Place, entry: CBOR.Place, _ type: DCCType, _ cbor: CBOR
    ) throws(Refusal) {
        let name = cbor.member("nam", of: certificate)
        for (key, isLatin) in [("fn", false), ("gn", false), ("fnt", true), ("gnt", true)] as [(StaticString, Bool)] {
            guard let place = cbor.member(key, of: name) else { continue }
            guard let text = cbor.text(place), text.unicodeScalars.count <= 80,
                !isLatin || text.utf8.allSatisfy({ (0x41...0x5A).contains($0) || $0 == UInt8(ascii: "<") })
            else { throw Refusal(.payloadMalformed, at: cbor.offset(place)) }
        }
        guard cbor.member("fnt", of: name) != nil || cbor.member("gnt", of: name) != nil,
            cbor.text(cbor.member("ver", of: certificate)) != nil,
            let birth = cbor.member("dob", of: certificate), isBirthDate(cbor.text(birth))
        else { throw Refusal(.payloadMalformed) }
        for key in texts(type) {
            guard let text = cbor.text(cbor.member(key, of: entry)), text.unicodeScalars.count <= 80 else {
                throw Refusal(.payloadMalformed, at: cbor.offset(entry))
            }
        }
        guard type == .vaccination else { return }
        for key in ["dn", "sd"] as [StaticString] {
            guard let number = cbor.integer(cbor.member(key, of: entry)), number >= 1 else {
                throw Refusal(.payloadMalformed, at: cbor.offset(entry))
            }
        }
    }

    private static func texts(_ type: DCCType) -> [StaticString] {
        switch type {
        case .vaccination: ["tg", "vp", "mp", "ma", "dt", "co", "is", "ci"]
        case .test: ["tg", "tt", "sc", "tr", "co", "is", "ci"]
        case .recovery: ["tg", "fr", "co", "is", "df", "du", "ci"]
        }
    }

    // Empty, or a year of 1900 to 2099 with none, one or two further parts of two digits.
    private static func isBirthDate(_ text: String?) -> Bool {
        guard let text else { return false }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        if text.isEmpty { return true }
        guard (1...3).contains(parts.count), parts[0].hasPrefix("19") || parts[0].hasPrefix("20") else { return false }
        return zip(parts, [4, 2, 2]).allSatisfy { part, count in
            part.utf8.count == count && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
    }
}
