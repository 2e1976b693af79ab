/// A map of a signed CBOR item, whose entries are read by the kind that the format gives them.
///
/// An entry that is absent is `nil`; one of another kind, null included, is an error, as with `JSONObject`.
struct CBORMap {
    let cbor: CBOR
    let place: CBOR.Place

    /// The map at a place; throws if the place holds something else.
    init(_ cbor: CBOR, _ place: CBOR.Place) throws(Refusal) {
        guard cbor.kind(place) == .map else { throw Refusal(.payloadMalformed, at: cbor.offset(place)) }
        self.cbor = cbor
        self.place = place
    }

    /// The refusal of this map as a whole: something that it must have is not there.
    var malformed: Refusal { Refusal(.payloadMalformed, at: cbor.offset(place)) }

    /// A value that has to be there.
    func required<Value>(_ value: Value?) throws(Refusal) -> Value {
        guard let value else { throw malformed }
        return value
    }

    /// Whether there is such an entry, of whatever kind.
    func has(_ key: StaticString) -> Bool { cbor.member(key, of: place) != nil }

    /// A text.
    func text(_ key: StaticString) throws(Refusal) -> String? {
        try read(cbor.member(key, of: place)) { cbor.text($0) }
    }

    /// A text under an integer key.
    func text(_ key: Int) throws(Refusal) -> String? { try read(cbor.member(key, of: place)) { cbor.text($0) } }

    /// A date or time as text, which some issuers write with tag 0 (RFC 8949 section 3.4.1).
    func date(_ key: StaticString, where isRight: (String) -> Bool) throws(Refusal) -> String? {
        try read(cbor.member(key, of: place)) { place in
            cbor.text(cbor.untagged(place, 0)).flatMap { isRight($0) ? $0 : nil }
        }
    }

    /// A finite number under an integer key.
    func number(_ key: Int) throws(Refusal) -> Double? { try read(cbor.member(key, of: place)) { cbor.number($0) } }

    /// A whole number from 1.
    func count(_ key: StaticString) throws(Refusal) -> Int? {
        try read(cbor.member(key, of: place)) { place in
            cbor.integer(place).flatMap { $0 >= 1 ? $0 : nil }
        }
    }

    /// A map.
    func map(_ key: StaticString) throws(Refusal) -> CBORMap? {
        guard let member = cbor.member(key, of: place) else { return nil }
        return try CBORMap(cbor, member)
    }

    /// A map under an integer key.
    func map(_ key: Int) throws(Refusal) -> CBORMap? {
        guard let member = cbor.member(key, of: place) else { return nil }
        return try CBORMap(cbor, member)
    }

    /// An array of maps; `nil` when the entry is absent.
    func maps(_ key: StaticString) throws(Refusal) -> [CBORMap]? {
        guard let member = cbor.member(key, of: place) else { return nil }
        guard cbor.kind(member) == .array else { throw Refusal(.payloadMalformed, at: cbor.offset(member)) }
        var result: [CBORMap] = []
        for item in cbor.children(of: member) { result.append(try CBORMap(cbor, item)) }
        return result
    }

    private func read<Value>(_ member: CBOR.Place?, _ value: (CBOR.Place) -> Value?) throws(Refusal) -> Value? {
        guard let member else { return nil }
        guard let value = value(member) else { throw Refusal(.payloadMalformed, at: cbor.offset(member)) }
        return value
    }
}
