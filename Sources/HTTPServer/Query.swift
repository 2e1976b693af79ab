package import Hummingbird

/// A request's query, read strictly: only the route's own parameters, each at most once, nothing escaped.
package struct Query: Sendable {
    private var values: [Substring: Substring] = [:]

    /// - Parameters:
    ///   - text: what stands behind the question mark.
    ///   - parameters: the names that the route knows; any other is a fault.
    package init(_ text: String?, parameters: Set<String>) throws(RequestFault) {
        guard let text, !text.isEmpty else { return }
        for part in text.split(separator: "&", omittingEmptySubsequences: false) {
            guard let mark = part.firstIndex(of: "="), parameters.contains(String(part[..<mark])),
                values.updateValue(part[part.index(after: mark)...], forKey: part[..<mark]) == nil
            else { throw .malformed }
        }
    }

    /// A request's query.
    package init(_ request: Request, parameters: Set<String>) throws(RequestFault) {
        try self.init(request.uri.query, parameters: parameters)
    }

    /// A parameter's text; `nil` if it is not there.
    package func text(_ name: String) -> String? { values[name[...]].map(String.init) }

    /// A parameter that is a number within bounds, written in decimal digits alone; `nil` if it is not there.
    package func number(_ name: String, in bounds: ClosedRange<Int64>) throws(RequestFault) -> Int64? {
        guard let text = values[name[...]] else { return nil }
        guard (1...19).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int64(text), bounds.contains(number)
        else { throw .malformed }
        return number
    }
}
