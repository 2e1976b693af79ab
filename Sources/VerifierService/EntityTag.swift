import HTTPTypes

/// A strong validator of a file's content (RFC 9110 section 8.8.3).
struct EntityTag: Hashable, Sendable {
    let value: String

    /// - Parameter opaque: letters and digits.
    init(opaque: String) { value = "\"\(opaque)\"" }

    /// Whether a request says that it holds this content already (RFC 9110 section 13.1.2; compared weakly).
    func isHeld(by headers: HTTPFields) -> Bool {
        guard let held = headers[.ifNoneMatch] else { return false }
        return held.split(separator: ",").contains { part in
            var tag = part.drop { $0 == " " || $0 == "\t" }
            while let last = tag.last, last == " " || last == "\t" { tag.removeLast() }
            return tag == "*" || tag == value || tag.hasPrefix("W/") && tag.dropFirst(2) == value
        }
    }
}
