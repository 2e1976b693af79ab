package import Foundation
import CheckedConfiguration
import Records
package import Vaccination

// Commands on the files of regions' keys.
extension FileCommands {
    /// Wraps the files of regions' keys by the configured master key, and says which were not.
    package static func wrapKeys(_ configuration: VRSConfiguration) throws -> [String] {
        guard !configuration.regionKeys.masters.isEmpty else {
            throw configuration.outline.error(
                "records.masterKey", english: "missing: name the key that wraps the others",
                japanese: "ありません。ほかの鍵を包む鍵を指定してください。")
        }
        let names: [String]
        do { names = try configuration.regionKeys.wrap(configuration.presentRegions.map(\.code)) } catch let error
            as StoreError
        {
            // A token that is away is no mistake in a file.
            if error.isTransient { throw error }
            throw configuration.outline.error(
                "records.keys", english: "\(error.detail): what was wrapped before stays so; run this again",
                japanese: "\(error.detail)。処理済みの分はそのままです。もう一度実行してください。")
        }
        return names.map { "\($0): wrapped / 包みました" }
            + ["\(configuration.regionKeys.path): all key files are wrapped / すべて包まれています"]
    }

    /// Gives regions new keys, one after the other; one that cannot have them does not keep the others from it.
    /// - Parameters:
    ///   - progress: which share of a region's rows has been looked at.
    ///   - say: takes the lines of each region as soon as it is done.
    /// - Throws: why it was not done, of all regions of which it was not.
    package static func rotateKeys(
        of regions: [MunicipalityCode], _ configuration: VRSConfiguration, now: Date,
        progress: @escaping @Sendable (MunicipalityCode, Double) -> Void, say: ([String]) -> Void
    ) async throws {
        let store = try configuration.openStore(mayBegin: false)
        var failures: [(region: MunicipalityCode, error: StoreError)] = []
        for region in regions {
            do {
                let report = try await locally {
                    try await store.rotateKeys(of: region, now: now) { progress(region, $0) }
                }
                say(lines(report, region))
            } catch let error as StoreError {
                failures.append((region, error))
            }
        }
        say([oldBackups])
        guard failures.isEmpty else { throw RegionsNotRotated(failures: failures) }
    }

    /// Regions that have their keys of before, or both.
    private struct RegionsNotRotated: ExplainedError {
        let failures: [(region: MunicipalityCode, error: StoreError)]

        var english: String {
            failures.map { "\($0.region): \($0.error.code): \($0.error.advice.english) \($0.error.detail)" }
                .joined(separator: "\n")
                + "\nThe same command goes on where it stopped."
        }
        var japanese: String {
            failures.map { "\($0.region): \($0.error.japanese)" }.joined(separator: "\n")
                + "\n同じコマンドで続きから行えます。"
        }
        var exitStatus: ExitStatus { failures.first?.error.exitStatus ?? .unavailable }
    }

    private static func lines(_ report: KeyRotationReport, _ region: MunicipalityCode) -> [String] {
        var lines = [
            """
            \(region): \(report.people) people and \(report.certificates) certificates are under new keys\
            \(report.isResumed ? ", begun earlier" : "") \
            / \(report.people)人と証明書\(report.certificates)件を新しい鍵に切り替えました
            """
        ]
        if report.withoutNumber > 0 {
            lines.append(
                """
                \(region): the index key stays, since the numbers of \(report.withoutNumber) people are not kept: load them \
                again, then rotate again / 個人番号の控えがない人が\(report.withoutNumber)人いるため、索引鍵は元のままです。\
                記録を読み込み直してから、もう一度実行してください
                """)
        } else if report.keepsIndexKey {
            lines.append(
                """
                \(region): the index key stays this once, since there was no key for numbers: rotate again \
                / 個人番号の鍵がなかったため、索引鍵は元のままです。もう一度実行してください
                """)
        }
        return lines
    }

    /// What whoever rotated keys has to know of backups.
    private static let oldBackups = """
        Make a backup of records and key files now. Earlier ones open with the key files of then alone: keep those apart for as \
        long as they may be put back. / 今すぐ記録と鍵ファイルのバックアップを取ってください。以前のバックアップは当時の鍵ファイルでしか\
        開けません。戻す可能性がある間は、鍵ファイルも別に保管してください。
        """

    /// What of the regions' keys is not as it should be, and does not stop the service.
    static func keyWarnings(_ configuration: VRSConfiguration) throws -> [String] {
        let (keys, regions) = (configuration.regionKeys, configuration.presentRegions.map(\.code))
        var warnings: [String] = []
        let plain = try keys.unwrapped(regions)
        if !plain.isEmpty {
            warnings.append(
                """
                records.keys: \(plain.count) key files are not wrapped by records.masterKey: run vrs keys wrap \
                / records.masterKey で包まれていない鍵ファイルが\(plain.count)件あります。vrs keys wrap を実行してください
                """)
        }
        let rotating = try regions.filter(keys.isRotating)
        if !rotating.isEmpty {
            let names = rotating.map(\.digits).joined(separator: " ")
            warnings.append(
                """
                records.keys: a rotation was begun and has not ended: run vrs keys rotate \(names) \
                / 鍵の切り替えが終わっていません。vrs keys rotate \(names) を実行してください
                """)
        }
        return warnings
    }
}
