/// In which formats a terminal wants its page: what its printer takes and its screen shows.
///
/// Not part of the application that chip and terminal sign: the answer's manifest names whatever page came, and a relay
/// that changed the wish would only make a terminal refuse its own answer. Travels in the header `Akashi-Page-Forms`.
public enum PageFormat: String, Sendable, Codable, CaseIterable {
    /// A document of one A4 page.
    case pdf
    /// The same page as a picture.
    case png

    /// The name of the HTTP header field, comma-separated formats; without it every format is made.
    public static let header = "Akashi-Page-Forms"

    /// The formats that a header field's value names; `nil` if one of them is unknown or none is named.
    public static func parse(_ value: String?) -> Set<PageFormat>? {
        guard let value else { return Set(allCases) }
        let names = value.split(
            separator: ",", maxSplits: allCases.count, omittingEmptySubsequences: false
        ).map { $0.drop { $0 == " " } }
        let formats = names.compactMap { PageFormat(rawValue: String($0)) }
        return formats.count == names.count && !formats.isEmpty ? Set(formats) : nil
    }

    /// The value of the header field for these formats.
    public static func value(_ formats: Set<PageFormat>) -> String {
        allCases.filter(formats.contains).map(\.rawValue).joined(separator: ", ")
    }
}
