/// In which forms a terminal wants its page: what its printer takes and its screen shows.
///
/// Not part of the application that chip and terminal sign: the answer's manifest names whatever page came, and a relay
/// that changed the wish would only make a terminal refuse its own answer. Travels in the header `Akashi-Page-Forms`.
public enum PageForm: String, Sendable, Codable, CaseIterable {
    /// A document of one A4 page.
    case pdf
    /// The same page as a picture.
    case png

    /// The name of the HTTP header field, comma-separated forms; without it every form is made.
    public static let header = "Akashi-Page-Forms"

    /// The forms that a header field's value names; `nil` where one of them is unknown or none is named.
    public static func parse(_ value: String?) -> Set<PageForm>? {
        guard let value else { return Set(allCases) }
        let names = value.split(
            separator: ",", maxSplits: allCases.count, omittingEmptySubsequences: false
        ).map { $0.drop { $0 == " " } }
        let forms = names.compactMap { PageForm(rawValue: String($0)) }
        return forms.count == names.count && !forms.isEmpty ? Set(forms) : nil
    }

    /// The value of the header field for these forms.
    public static func value(_ forms: Set<PageForm>) -> String {
        allCases.filter(forms.contains).map(\.rawValue).joined(separator: ", ")
    }
}
