import Foundation

extension String {
    /// This text with one part replaced; the part must be there, or the fixture would have no flaw.
    package func replacing(one part: String, with other: String) throws -> String {
        struct NotThere: Error { let part: String }
        guard contains(part) else { throw NotThere(part: part) }
        return replacingOccurrences(of: part, with: other)
    }
}
