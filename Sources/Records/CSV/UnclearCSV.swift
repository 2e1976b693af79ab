import Foundation
public import Vaccination

/// People whose doses contradict each other, in CSV for those who have to find out which dose is right: one line for each
/// entry of the record, also those that do not count any more.
public enum UnclearCSV {
    /// The header.
    public static let columns = [
        "municipality_code", "record", "name", "birth_date", "sex", "dose", "date", "product", "lot", "country",
        "source",
        "recorded", "ended", "venue", "doctor", "voucher", "dispute",
    ]

    /// How many people are looked at in one read.
    private static let batch = 1000

    /// The lines of a region, with the header, and of how many people they are. It is of people: whoever asks keeps it as
    /// such, for their municipality alone.
    public static func list(
        _ region: MunicipalityCode, of store: some PersonStore
    ) async throws -> (text: String, people: Int) {
        var (text, people) = (CSVFile.line(columns), 0)
        var last: Int64? = 0
        while let behind = last {
            let found = try await store.unclear(in: region, after: behind, limit: batch)
            for person in found.people { text += lines(person, region) }
            people += found.people.count
            last = found.last
        }
        return (text, people)
    }

    private static func lines(_ person: PersonRecord, _ region: MunicipalityCode) -> String {
        person.doses.entries.map { entry in
            let (vaccinee, dose) = (person.vaccinee, entry.dose)
            return CSVFile.line([
                region.digits, String(person.id), vaccinee.name, vaccinee.birthDate.description, vaccinee.sex.rawValue,
                String(dose.number), dose.date.description, dose.product.code, dose.lot, dose.country,
                entry.source?.rawValue ?? "", entry.recordedAt?.formatted(.iso8601) ?? "",
                entry.endedAt?.formatted(.iso8601) ?? "", entry.details.venue ?? "", entry.details.doctor ?? "",
                entry.details.voucher?.digits ?? "", entry.dispute?.rawValue ?? "",
            ])
        }.joined()
    }
}
