public import Foundation
public import Vaccination

/// People and doses in CSV: one row a person and municipality.
///
/// The first six columns are what a card of the person says; the store keeps neither the address nor the card's spelling
/// of the name, they are there so that simulated cards can be made from the same file. A dose's number is that of its
/// columns, its country is Japan. `overseas_printed` names earlier printed passports, separated by spaces; `note` is for
/// people and not read.
public enum PeopleCSV {
    /// How many doses a row has columns for.
    public static let maximumDoses = 7

    /// The header.
    public static let columns: [String] =
        [
            "individual_number", "card_name", "birth_date", "sex", "card_address", "municipality_code", "name",
            "standing",
            "passport_number", "passport_name", "passport_nationality", "passport_expires", "overseas_printed",
        ] + (1...maximumDoses).flatMap { ["dose\($0)_date", "dose\($0)_product", "dose\($0)_lot"] } + ["note"]

    /// What a header may have behind ``columns``: the vouchers that were issued to the person, and of each dose the voucher that
    /// it names, its venue and its doctor.
    public static let detailColumns: [String] =
        ["vouchers"] + (1...maximumDoses).flatMap { ["dose\($0)_voucher", "dose\($0)_venue", "dose\($0)_doctor"] }

    /// One row.
    public struct Row: Hashable, Sendable {
        /// The line of the file it stood in, from 1; 0 if it came from none.
        public let line: Int
        /// The municipality whose region it goes to.
        public let municipality: MunicipalityCode
        /// The person with the doses.
        public let person: NewPerson
        /// The name as on the card.
        public let cardName: String
        /// The address as on the card.
        public let cardAddress: String
    }

    /// How much was written to one region.
    public struct LoadedRegion: Hashable, Sendable {
        /// The region.
        public let municipality: MunicipalityCode
        /// How many people were written.
        public let people: Int
        /// What became of them.
        public let written: PeopleWritten
    }

    /// Reads a file whole, or refuses it with every place that is wrong.
    public static func parse(_ bytes: [UInt8]) throws(CSVRefusals) -> [Row] {
        var rows: [Row] = []
        var seen: [String: Int] = [:]
        let all = columns + detailColumns
        let places = RowReader.places(of: all)
        try CSVFile.read(bytes, columns: all, fewest: columns.count) { line, fields in
            var parser = RowParser(
                line: line, places: places, fields: fields, hasDetails: fields.count == all.count)
            guard let row = parser.row() else { return parser.refusals }
            let key = row.municipality.digits + row.person.number.digits
            if let earlier = seen[key] {
                return [
                    CSVRefusal(
                        line: line, column: "individual_number", code: "csv.duplicate",
                        english:
                            "the person stands in line \(earlier) for the same municipality already: join or remove one",
                        japanese: "同じ市区町村の同じ人が\(earlier)行目にあります。一方にまとめてください。")
                ]
            }
            seen[key] = line
            rows.append(row)
            return []
        }
        return rows
    }

    /// Reads a file and writes it to the store, one transaction a region. Nothing is written if any row is refused.
    /// - Parameter change: how the doses of people who are there already stand to those that were recorded.
    /// - Throws: ``CSVRefusals``, or what the store throws; regions written before stay written, and loading the same
    ///   file again is safe.
    public static func load(
        _ bytes: [UInt8], into store: some RegionStore & PersonStore, as change: RecordChange = .addition, now: Date
    ) async throws -> [LoadedRegion] {
        let rows = try parse(bytes)
        let served = Set(try await store.municipalities().map(\.code))
        let unknown = rows.filter { !served.contains($0.municipality) }.prefix(CSVRefusals.maximum)
        guard unknown.isEmpty else {
            throw CSVRefusals(
                refusals: unknown.map {
                    CSVRefusal(
                        line: $0.line, column: "municipality_code", code: "csv.municipality_unknown",
                        english:
                            "this system does not serve the municipality: add it to the configuration or remove the row",
                        japanese: "この市区町村は登録されていません。設定に加えるか、行を取り除いてください。")
                })
        }
        var loaded: [LoadedRegion] = []
        for (code, rows) in Dictionary(grouping: rows, by: \.municipality).sorted(by: { $0.key < $1.key }) {
            let written = try await store.write(rows.map(\.person), as: change, in: code, now: now)
            loaded.append(LoadedRegion(municipality: code, people: rows.count, written: written))
        }
        return loaded
    }

    /// The rows as a file that ``parse(_:)`` reads back; doses with a number above ``maximumDoses`` or given abroad do
    /// not fit and are left out. ``detailColumns`` are there if anybody has vouchers or details of a dose.
    public static func encode(_ rows: [Row]) -> [UInt8] {
        let hasDetails = rows.contains { !$0.person.vouchers.isEmpty || !$0.person.details.isEmpty }
        var text = CSVFile.line(hasDetails ? columns + detailColumns : columns)
        for row in rows {
            let vaccinee = row.person.vaccinee
            let passport = vaccinee.passport
            var fields = [
                row.person.number.digits, row.cardName, vaccinee.birthDate.description, vaccinee.sex.rawValue,
                row.cardAddress, row.municipality.digits, vaccinee.name, row.person.standing.rawValue,
                passport?.number ?? "", passport?.writtenName ?? "", passport?.nationality ?? "",
                passport?.expires.description ?? "",
                row.person.printedOverseasPassports.sorted().joined(separator: " "),
            ]
            for number in 1...maximumDoses {
                let dose = row.person.history.doses.first { $0.number == number && $0.country == "JPN" }
                fields += [dose?.date.description ?? "", dose?.product.code ?? "", dose?.lot ?? ""]
            }
            fields.append("")
            if hasDetails { fields += details(of: row.person) }
            text += CSVFile.line(fields)
        }
        return Array(text.utf8)
    }

    private static func details(of person: NewPerson) -> [String] {
        let vouchers = person.vouchers.map { voucher in
            voucher.line.digits + (voucher.issuedOn.map { "/\($0)" } ?? "")
        }
        return [vouchers.joined(separator: " ")]
            + (1...maximumDoses).flatMap { number in
                let details = person.details[number]
                return [details?.voucher?.digits ?? "", details?.venue ?? "", details?.doctor ?? ""]
            }
    }
}
