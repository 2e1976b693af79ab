/// A state or organisation as a machine-readable zone names it (ICAO Doc 9303-3 section 5): three letters, or Germany's one.
package struct StateCode: Hashable, Sendable {
    /// Three letters `A–Z`, or `D`.
    package let text: String

    /// A code without fillers, such as `JPN` or `D`; `nil` if it is none.
    package init?(_ text: String) {
        let letters = Array(text.utf8)
        guard letters.allSatisfy(Zone.isLetter), letters.count == 3 || text == "D" else { return nil }
        self.text = text
    }

    /// A code out of its three places.
    init?(zone: some Collection<UInt8>) {
        self.init(String(decoding: zone.reversed().drop { $0 == Zone.filler }.reversed(), as: UTF8.self))
    }

    /// The code in three letters, as certificates and records have it (ISO 3166-1 alpha-3, and the further codes of Doc 9303).
    package var alpha3: String { text == "D" ? "DEU" : text }

    /// Its three places.
    var zone: [UInt8] { Array(text.utf8) + [UInt8](repeating: Zone.filler, count: 3 - text.utf8.count) }
}
