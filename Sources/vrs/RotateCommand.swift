import ArgumentParser
import CommandFrame
import Foundation
import RecordService
import Vaccination

extension Keys {
    /// `vrs keys rotate`
    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: """
                Give regions new keys, and write their records anew under them while the service goes on; what was broken off \
                goes on. / 自治体の鍵を新しくし、記録を書き直す（運用は止めない。中断した処理は続きから行う）
                """)

        @OptionGroup var options: ServiceOptions

        @Flag(name: .long, help: "All regions, one after the other. / 全自治体を順に")
        var all = false

        @Argument(help: "The regions' municipality codes. / 自治体コード")
        var regions: [String] = []

        func run() async throws {
            guard all == regions.isEmpty else {
                throw WrongUse(
                    "name regions, or --all", "自治体コードか --all のどちらかを指定してください。")
            }
            let configuration = try await options.load()
            let codes = all ? configuration.presentRegions.map(\.code) : try Keys.codes(regions)
            let bar = ProgressBar()
            try await FileCommands.rotateKeys(
                of: codes, configuration, now: Date(), progress: { bar.show("\($0)", $1) },
                say: { lines in
                    bar.clear()
                    for line in lines { print(line) }
                })
        }
    }
}
