/// What a list of countries' authorities holds (ICAO Doc 9303-12 section 9). Whose list it is, is for the caller to judge.
package enum MasterList {
    /// The type of a master list's content.
    package static let contentType = "2.23.136.1.1.2"
    /// The extended key usage of master lists' signers.
    package static let signerUsage = "2.23.136.1.1.3"

    /// The certificates in a list's content, DER, `SEQUENCE { version INTEGER, certList SET OF Certificate }`; `nil` if it is
    /// malformed.
    package static func certificates(_ content: [UInt8]) -> [[UInt8]]? {
        var outer = DER(content)
        guard var list = outer.enter(0x30), outer.isAtEnd, list.content(0x02) == [0], var set = list.enter(0x31),
            list.isAtEnd
        else { return nil }
        var result: [[UInt8]] = []
        while !set.isAtEnd {
            guard let body = set.content(0x30) else { return nil }
            result.append([0x30] + length(body.count) + body)
        }
        return result
    }

    // The shortest form, which is the only one that the reader takes.
    private static func length(_ count: Int) -> [UInt8] {
        if count < 0x80 { return [UInt8(count)] }
        let all: [UInt8] = [UInt8(count >> 16 & 0xFF), UInt8(count >> 8 & 0xFF), UInt8(count & 0xFF)]
        let bytes = Array(all.drop { $0 == 0 })
        return [0x80 | UInt8(bytes.count)] + bytes
    }
}
