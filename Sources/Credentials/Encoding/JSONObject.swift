/// An object of a signed JSON text, whose members are read by the kind that the format gives them.
///
/// A member that is absent is `nil`; one of another kind, `null` included, is an error. So an object can never be taken
/// for an array, and what the format does not know is never passed over as if it were not there.
struct JSONObject {
    let json: JSON
    let place: JSON.Place
    /// Whether texts, lists and objects may be empty. FHIR leaves out what is empty (R4, section 2.6.2).
    private let allowsEmpty: Bool

    /// The object at a place; throws if the place holds something else.
    init(_ json: JSON, _ place: JSON.Place, allowsEmpty: Bool = true) throws(Refusal) {
        guard json.kind(place) == .object, allowsEmpty || !json.isEmpty(place) else {
            throw Refusal(.payloadMalformed, at: json.offset(place))
        }
        self.json = json
        self.place = place
        self.allowsEmpty = allowsEmpty
    }

    /// The refusal of this object as a whole: something that it must have is not there.
    var malformed: Refusal { Refusal(.payloadMalformed, at: json.offset(place)) }

    /// A value that has to be there.
    func required<Value>(_ value: Value?) throws(Refusal) -> Value {
        guard let value else { throw malformed }
        return value
    }

    /// Whether there is such a member, of whatever kind.
    func has(_ name: StaticString) -> Bool { json.member(name, of: place) != nil }

    /// A string.
    func string(_ name: StaticString) throws(Refusal) -> String? { try string(name) { _ in true } }

    /// A string that has a form; one that has not is an error.
    func string(_ name: StaticString, where isRight: (String) -> Bool) throws(Refusal) -> String? {
        try read(name) { place in
            json.string(place).flatMap { (allowsEmpty || !$0.isEmpty) && isRight($0) ? $0 : nil }
        }
    }

    /// The object at a place in this text that was taken for one before.
    func object(at place: JSON.Place) throws(Refusal) -> JSONObject {
        try JSONObject(json, place, allowsEmpty: allowsEmpty)
    }

    /// The place of a string that is only compared, or has to be there.
    func text(_ name: StaticString) throws(Refusal) -> JSON.Place? {
        guard let member = json.member(name, of: place) else { return nil }
        guard json.kind(member) == .string, allowsEmpty || !json.source(member).isEmpty else {
            throw Refusal(.payloadMalformed, at: json.offset(member))
        }
        return member
    }

    /// A number.
    func number(_ name: StaticString) throws(Refusal) -> Double? { try read(name) { json.number($0) } }

    /// An object.
    func object(_ name: StaticString) throws(Refusal) -> JSONObject? {
        guard let member = json.member(name, of: place) else { return nil }
        return try JSONObject(json, member, allowsEmpty: allowsEmpty)
    }

    /// The same of an object in which nothing is empty.
    func fhirObject(_ name: StaticString) throws(Refusal) -> JSONObject? {
        guard let member = json.member(name, of: place) else { return nil }
        return try JSONObject(json, member, allowsEmpty: false)
    }

    /// Takes the objects of an array one by one; none when the member is absent.
    func forEachObject(_ name: StaticString, _ body: (JSONObject) throws(Refusal) -> Void) throws(Refusal) {
        guard let elements = try read(name, elements) else { return }
        for element in elements { try body(JSONObject(json, element, allowsEmpty: allowsEmpty)) }
    }

    /// An array of objects; empty when the member is absent.
    func objects(_ name: StaticString) throws(Refusal) -> [JSONObject] {
        var result: [JSONObject] = []
        try forEachObject(name) { object throws(Refusal) in result.append(object) }
        return result
    }

    /// Takes the strings of an array by their places; none when the member is absent.
    func forEachString(_ name: StaticString, _ body: (JSON, JSON.Place) -> Void) throws(Refusal) {
        guard let elements = try read(name, elements) else { return }
        for element in elements {
            guard json.kind(element) == .string, allowsEmpty || !json.source(element).isEmpty else {
                throw Refusal(.payloadMalformed, at: json.offset(element))
            }
            body(json, element)
        }
    }

    /// An array of strings; empty when the member is absent.
    func strings(_ name: StaticString) throws(Refusal) -> [String] {
        var result: [String] = []
        try forEachString(name) { json, place in result.append(json.string(place) ?? "") }
        return result
    }

    private func elements(_ member: JSON.Place) -> JSON.Children? {
        allowsEmpty || !json.isEmpty(member) ? json.elements(of: member) : nil
    }

    private func read<Value>(_ name: StaticString, _ value: (JSON.Place) -> Value?) throws(Refusal) -> Value? {
        guard let member = json.member(name, of: place) else { return nil }
        guard let value = value(member) else { throw Refusal(.payloadMalformed, at: json.offset(member)) }
        return value
    }
}
