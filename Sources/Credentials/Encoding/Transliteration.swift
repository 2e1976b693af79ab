/// Latin letters with marks, and the few letters that have none, in the letters `A–Z` (ICAO Doc 9303-3 section 6 A).
package enum Transliteration {
    /// The letters for one character; `nil` if the table has none.
    package static func letters(_ scalar: Unicode.Scalar) -> String? { table[scalar.value] }

    private static let table: [UInt32: String] = {
        var result: [UInt32: String] = [:]
        for entry in list.split(whereSeparator: \.isWhitespace) {
            guard let first = entry.unicodeScalars.first else { continue }
            let letters = String(entry.dropFirst())
            result[first.value] = letters
            // The table has capitals; small letters are the same.
            for small in first.properties.lowercaseMapping.unicodeScalars
            where first.properties.lowercaseMapping.unicodeScalars.count == 1 {
                result[small.value] = letters
            }
        }
        result[0xDF] = "SS"
        result[0x131] = "I"
        return result
    }()

    private static let list = """
        ÀA ÁA ÂA ÃA ÄAE ÅAA ÆAE ÇC ÈE ÉE ÊE ËE ÌI ÍI ÎI ÏI ÐD ÑN ÒO ÓO ÔO ÕO ÖOE ØOE ÙU ÚU ÛU ÜUE ÝY ÞTH \
        ĀA ĂA ĄA ĆC ĈC ĊC ČC ĎD ĐD ĒE ĔE ĖE ĘE ĚE ĜG ĞG ĠG ĢG ĤH ĦH ĨI ĪI ĬI ĮI İI ĲIJ ĴJ ĶK ĹL ĻL ĽL ĿL ŁL ŃN ŅN ŇN ŊN \
        ŌO ŎO ŐO ŒOE ŔR ŖR ŘR ŚS ŜS ŞS ŠS ŢT ŤT ŦT ŨU ŪU ŬU ŮU ŰU ŲU ŴW ŶY ŸY ŹZ ŻZ ŽZ ẞSS ȘS ȚT
        """
}
