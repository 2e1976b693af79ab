public import Vaccination

/// Municipalities in CSV: `code,prefecture,name,prefecture_english,name_english`.
public enum MunicipalityCSV {
    /// The header.
    public static let columns = ["code", "prefecture", "name", "prefecture_english", "name_english"]

    /// Reads a file whole, or refuses it with every place that is wrong.
    public static func parse(_ bytes: [UInt8]) throws(CSVRefusals) -> [Municipality] {
        var municipalities: [Municipality] = []
        var seen: [MunicipalityCode: Int] = [:]
        try CSVFile.read(bytes, columns: columns) { line, fields in
            let names = fields.dropFirst().map {
                (1...60).contains($0.count) && $0.unicodeScalars.count <= 120 ? $0 : ""
            }
            guard fields.count == 5, names.count == 4 else { return [] }
            var refusals: [CSVRefusal] = []
            for (column, name) in zip(columns.dropFirst(), names) where name.isEmpty {
                refusals.append(
                    CSVRefusal(
                        line: line, column: column, code: "csv.value", english: "write a name of 1 to 60 characters",
                        japanese: "1～60文字の名称を書いてください。"))
            }
            guard let code = MunicipalityCode(fields[0]) else {
                refusals.append(
                    CSVRefusal(
                        line: line, column: "code", code: "csv.value",
                        english: "write six digits, the last a right check digit",
                        japanese: "検査数字の正しい6桁の団体コードを書いてください。"))
                return refusals
            }
            if let earlier = seen[code] {
                refusals.append(
                    CSVRefusal(
                        line: line, column: "code", code: "csv.duplicate",
                        english: "the code stands in line \(earlier) already",
                        japanese: "同じ団体コードが\(earlier)行目にあります。"))
            }
            guard refusals.isEmpty else { return refusals }
            seen[code] = line
            municipalities.append(
                Municipality(
                    code: code, prefecture: names[0], name: names[1], prefectureEnglish: names[2], nameEnglish: names[3]
                ))
            return []
        }
        return municipalities
    }
}
