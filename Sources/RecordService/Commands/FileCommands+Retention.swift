package import Foundation
import Records
package import Vaccination

extension FileCommands {
    /// Says what a region has kept long enough.
    /// - Returns: what to say; nothing of anybody.
    package static func dueRecords(
        in region: MunicipalityCode, _ configuration: VRSConfiguration, now: Date
    ) async throws -> [String] {
        let store = try configuration.openStore(mayBegin: false)
        let run = try await store.dueRecords(in: region, now: now) { _ in }
        return lines(run, region)
    }

    /// Lists what a region has kept long enough, in an encrypted zip for the municipality's staff: a line for each person, by addressee
    /// number.
    /// - Returns: what to say; nothing of anybody.
    package static func listDueRecords(
        in region: MunicipalityCode, to file: String, passwordFile: String, _ configuration: VRSConfiguration, now: Date
    ) async throws -> [String] {
        let store = try configuration.openStore(mayBegin: false)
        let password = try password(passwordFile)
        var (run, people): (RetentionRun?, Int) = (nil, 0)
        do {
            try await EncryptedZipWriter.write(file, name: "\(region)-retention.csv", password: password) { give in
                try await give(Array(RetentionCSV.header.utf8))
                run = try await store.dueRecords(in: region, now: now) { part in
                    people += part.count
                    try await give(Array(part.map(RetentionCSV.line).joined().utf8))
                }
                // Before anybody can open it.
                try await locally { try await store.noteListed(.retention, count: people, in: region, now: now) }
            }
        } catch let fault as EncryptedFileFault {
            throw UnusableFile(
                english: "\(file): \(fault.words.english)", japanese: "\(file)：\(fault.words.japanese)")
        }
        return (run.map { lines($0, region) } ?? []) + ["\(people) people, in \(file) / \(people)人"]
    }

    private static func lines(_ run: RetentionRun, _ region: MunicipalityCode) -> [String] {
        let name = run.counts.isEmpty ? "" : "; list / 一覧 \(run.listName)"
        return ["\(region) on / 基準日 \(run.cutoff): \(RegionWords.counts(run.counts))\(name)"]
    }
}
