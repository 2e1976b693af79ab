/// Unique vaccination certificate identifiers (EU eHealth network, volume 2, annex 2).
public enum UVCI {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/:".utf8)

    /// An identifier with its checksum: `URN:UVCI:01:JP:0123456789AB#…`; `nil` if a character has no place in one.
    public static func make(country: String, identifier: String) -> String? {
        let text = "URN:UVCI:01:\(country):\(identifier)"
        return checksum(of: text).map { "\(text)#\($0)" }
    }

    /// The checksum: Luhn's algorithm modulo 38 over the whole text, prefix included.
    static func checksum(of text: String) -> Character? {
        var sum = 0
        var factor = 2
        for byte in text.utf8.reversed() {
            guard let value = alphabet.firstIndex(of: byte) else { return nil }
            let product = factor * value
            sum += product / alphabet.count + product % alphabet.count
            factor = 3 - factor
        }
        let count = alphabet.count
        return Character(Unicode.Scalar(alphabet[(count - sum % count) % count]))
    }
}
