import ArgumentParser
import Foundation
import SimulatedCard
import Vaccination

/// Made-up people for simulated cards.
enum SampleHolder {
    /// A holder from a line of the sample records, 1 for the first behind the header. The first five columns are what a card
    /// says, never quoted: individual number, name, birth date, sex, address.
    static func read(_ path: String, line: Int) throws -> CardHolder {
        guard let data = FileManager.default.contents(atPath: path), data.count <= 64 << 20 else {
            throw ValidationError("\(path) cannot be read: name the CSV file / 読めません。CSVファイルを指定してください。")
        }
        let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
        guard lines.indices.contains(line), line > 0 else {
            throw ValidationError("\(path) has no line \(line); give one that is there / その行はありません。ある行を指定してください。")
        }
        let columns = lines[line].split(separator: ",", maxSplits: 5, omittingEmptySubsequences: false).map(String.init)
        guard columns.count == 6 else {
            throw ValidationError("\(path): line \(line) is not a person's: six columns / その行は人の行（6列）ではありません。")
        }
        return try holder(number: columns[0], name: columns[1], address: columns[4], birth: columns[2], sex: columns[3])
    }

    /// A holder from single values, each checked.
    static func holder(number: String, name: String, address: String, birth: String, sex: String) throws -> CardHolder {
        guard let date = BirthDate(iso: birth) ?? BirthDate(digits: birth.utf8) else {
            throw ValidationError(
                "a birth date is YYYYMMDD or YYYY-MM-DD, with 00 or without what is unknown / 生年月日は YYYYMMDD か YYYY-MM-DD です（不詳の月日は 00 にするか省きます）。"
            )
        }
        guard let sex = Sex(rawValue: sex) else {
            throw ValidationError("sex is male, female or unspecified / 性別は male、female、unspecified です。")
        }
        let digit: UInt8 =
            switch sex {
            case .male: 1
            case .female: 2
            case .unspecified: 9
            }
        do {
            return try CardHolder(
                individualNumber: number, name: name, address: address, birthDate: date.digits, sexDigit: digit)
        } catch {
            throw ValidationError(
                "the card's holder is not right: \(error.code); mend that value / 持ち主の値が正しくありません。直してください。")
        }
    }
}
