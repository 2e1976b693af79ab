package import CheckedConfiguration
import Crypto
package import Foundation
import MutualTLS
package import Records
import Signing
package import Vaccination

extension BackupError: ExplainedError {
    package var english: String { self == .locked() ? advice.english : "\(description). \(advice.english)" }
    package var japanese: String { "\(detail.isEmpty ? "" : "\(detail)：")\(advice.japanese)" }
    package var exitStatus: ExitStatus { isOfConfiguration ? .configuration : .unavailable }
}

/// What `vrs backup` does, once its arguments are read; each gives the lines that it says.
package enum BackupCommands {
    /// Where backups are, and what opens them, where it is not as the configuration says.
    package struct Source: Sendable {
        /// The folder; `nil` for the configured one.
        package let folder: String?
        /// The file of the private half of the backup key.
        package let key: String?
        /// Files of public keys of who signed the sets, beside the configured one.
        package let signers: [String]

        /// A source from its parts.
        package init(folder: String? = nil, key: String? = nil, signers: [String] = []) {
            (self.folder, self.key, self.signers) = (folder, key, signers)
        }
    }

    private static func configured(_ configuration: VRSConfiguration) throws -> BackupConfiguration {
        guard let backup = configuration.backup else {
            throw configuration.outline.error(
                "backup", english: "missing: name a folder and the public half of the backup key",
                japanese: "ありません。バックアップ先のフォルダーと公開鍵を指定してください。")
        }
        return backup
    }

    private static func place(_ source: Source, _ configuration: VRSConfiguration) throws -> BackupPlace {
        try source.folder.map { BackupPlace($0) } ?? configured(configuration).place
    }

    private static func reader(_ source: Source, _ configuration: VRSConfiguration) throws -> BackupReader {
        var privateKey: P256.KeyAgreement.PrivateKey?
        if let path = source.key {
            let file: KeyFile
            do { file = try KeyFile(reading: path) } catch {
                throw unusable(
                    path,
                    error == .permissions ? "can be read by others: chmod 600" : "cannot be read",
                    error == .permissions ? "他の利用者から読めます。chmod 600 にしてください。" : "読めません。")
            }
            guard let key = try? P256.KeyAgreement.PrivateKey(pemRepresentation: file.pem) else {
                throw unusable(path, "holds no P-256 private key in PEM form", "にPEM形式のP-256秘密鍵がありません。")
            }
            privateKey = key
        }
        var signers = [configuration.rootKey.publicKey] + (configuration.backup?.earlierRootKeys ?? [])
        for path in source.signers {
            guard let text = try? String(contentsOfFile: path, encoding: .utf8),
                let key = try? P256.Signing.PublicKey(pemRepresentation: text)
            else { throw unusable(path, "holds no P-256 public key in PEM form", "にPEM形式のP-256公開鍵がありません。") }
            signers.append(key)
        }
        // On an empty host there is no control key yet.
        return BackupReader(
            host: try? BackupHost(configuration.regionKeys), privateKey: privateKey, signers: signers)
    }

    private static func unusable(_ path: String, _ english: String, _ japanese: String) -> FileCommands.UnusableFile {
        FileCommands.UnusableFile(english: "\(path) \(english)", japanese: "\(path)\(japanese)")
    }

    /// Waits for the disk on a thread that tasks do not share.
    private static func apart<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
        }
    }

    private static func megabytes(_ bytes: Int64) -> String {
        (Double(bytes) / 1e6).formatted(.number.precision(.fractionLength(1)).locale(Locale(identifier: "en_US")))
            + " MB"
    }

    // MARK: Making and looking

    /// Makes a backup of some regions, or of all for none; the service may run meanwhile.
    /// - Returns: what to say, and whether all that was asked for is in it.
    package static func make(
        _ regions: [MunicipalityCode], _ configuration: VRSConfiguration, now: Date,
        progress: @escaping @Sendable (BackupPart, Double) -> Void = { _, _ in }
    ) async throws -> (lines: [String], isWhole: Bool) {
        let backup = try configured(configuration)
        let served = configuration.regions.map(\.code)
        if let other = regions.first(where: { !served.contains($0) }) {
            throw StoreError.unknownRegion("region \(other)")
        }
        let (records, journal, rootKey) = (
            configuration.recordFolder, configuration.journal.folder, configuration.rootKey
        )
        let run = BackupRun(
            place: backup.place, records: records, journal: journal, segments: configuration.log.folder,
            keys: configuration.regionKeys, recipient: backup.recipient,
            signer: BackupSigner(publicKey: rootKey.publicKey) { try rootKey.signed($0) },
            signers: backup.earlierRootKeys)
        let report = try await apart {
            try run.run(
                regions.isEmpty ? served : regions, served: served,
                erased: Set(served.filter(configuration.regionKeys.isErased)), now: now, progress: progress)
        }
        let isWhole = report.missing.isEmpty
        if isWhole, regions.isEmpty { try BackupNote(report.set).write(in: records) }
        var lines = report.passedOver.map { "not built upon / 差分の基にしません: \($0)" }
        lines += report.missing.map { "MISSING \($0.part): \($0.error.english) / 含まれていません: \($0.error.japanese)" }
        lines += report.forgotten.map { "\($0): its keys are kept no more: it was erased / 消去済みのため鍵を保管から除きました" }
        lines.append(
            """
            \(report.set.name): \(report.set.parts.count) parts, \(megabytes(report.bytes)), \
            \(megabytes(report.written)) of it new / バックアップしました
            """)
        return (lines, isWhole)
    }

    /// The sets of a place, the oldest first.
    /// - Returns: a line each, and whether all of them could be read.
    package static func list(
        _ source: Source, json: Bool, _ configuration: VRSConfiguration
    ) async throws -> (lines: [String], isWhole: Bool) {
        let (place, reader) = (try place(source, configuration), try reader(source, configuration))
        return try await apart {
            var (lines, isWhole): ([String], Bool) = ([], true)
            for name in try place.sets() {
                do throws(BackupError) {
                    let set = try place.set(name, reader)
                    lines.append(json ? try line(ofJSON: set) : line(of: set))
                } catch {
                    isWhole = false
                    lines.append(
                        json
                            ? #"{"error":"\#(error.code)","set":"\#(name)"}"#
                            : "\(name): \(error.english) / \(error.japanese)")
                }
            }
            return (lines, isWhole)
        }
    }

    private static func line(of set: BackupSet) -> String {
        let regions = set.parts.count { if case .region = $0.part { true } else { false } }
        let missing =
            set.missing.isEmpty
            ? "" : ", MISSING / 不足: \(set.missing.map(\.description).joined(separator: " "))"
        return """
            \(set.name): \(regions) regions, \(megabytes(set.parts.reduce(0) { $0 + $1.bytes })), \(set.formats)\(missing)
            """
    }

    private static func line(ofJSON set: BackupSet) throws(BackupError) -> String {
        struct Line: Encodable {
            let set: String
            let at: String
            let formats: String
            let bytes: Int64
            let parts: [String]
            let missing: [String]
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let line = Line(
            set: set.name, at: set.at.formatted(.iso8601), formats: set.formats,
            bytes: set.parts.reduce(0) { $0 + $1.bytes }, parts: set.parts.map { "\($0.part)" },
            missing: set.missing.map { "\($0)" })
        guard let data = try? encoder.encode(line) else { throw .damaged(set.name) }
        return String(decoding: data, as: UTF8.self)
    }

    /// Reads everything of a set, of the newest one for `nil`; of all if they are asked for.
    package static func verify(
        _ name: String?, all: Bool, _ source: Source, _ configuration: VRSConfiguration,
        progress: @escaping @Sendable (BackupPart, Double) -> Void = { _, _ in }
    ) async throws -> (lines: [String], isSound: Bool) {
        let (place, reader) = (try place(source, configuration), try reader(source, configuration))
        return try await apart {
            let sets = try place.sets()
            guard let last = sets.last else { throw BackupError.notFound("\(place.path): there is no set") }
            var check = BackupCheck(place, reader)
            var (lines, isSound): ([String], Bool) = ([], true)
            for set in all ? sets : [name ?? last] {
                let report = try check.check(set, progress: progress)
                lines += report.faults.map {
                    "BROKEN \(set) \($0): \($0.error.advice.english) / \($0.error.advice.japanese)"
                }
                lines += report.erased.map { "\(set) \($0): erased, nothing brings it back / 消去済み（復元できません）" }
                isSound = isSound && report.faults.isEmpty
                guard report.faults.isEmpty else { continue }
                lines.append(
                    report.isDeep
                        ? "\(set): every block opens, \(megabytes(report.bytes)) read / すべて読み取れます"
                        : "\(set): every file is as it was written, \(megabytes(report.bytes)) read; what is in them opens with --key alone / ファイルに異常はありません（内容の確認には --key が必要です）"
                )
            }
            return (lines, isSound)
        }
    }

    // MARK: Taking away

    /// Keeps some sets.
    package static func prune(_ retention: BackupRetention, _ configuration: VRSConfiguration) async throws -> [String]
    {
        let place = try configured(configuration).place
        let reader = try reader(Source(), configuration)
        return try await apart {
            let report = try BackupPruning(place, reader).prune(retention)
            return report.sets.map { "\($0): removed / 削除しました" }
                + report.stillNeeded.map { "\($0): stays, it has the last state of a region / 最終状態を含むため残します" }
                + ["\(report.files) files, \(megabytes(report.bytes)) / 不要になったファイルを削除しました"]
        }
    }

    /// Removes regions' keys from the backups.
    package static func forgetKeys(
        of regions: [MunicipalityCode], _ source: Source, _ configuration: VRSConfiguration
    ) async throws -> [String] {
        let place = try place(source, configuration)
        return try await apart {
            try regions.map { code in
                try place.forgetKeys(of: code)
                    ? "\(code): its keys are gone from these backups; do the same to every copy of them / 鍵を削除しました。別の写しでも同じことをしてください"
                    : "\(code): no keys of it are here / 鍵はありません"
            }
        }
    }

    /// Makes a pair of backup keys in two new files, `FILE` and `FILE.pub`.
    package static func makeKey(_ file: String) throws -> [String] {
        let key = P256.KeyAgreement.PrivateKey()
        try KeyFile.writePrivate(key.pemRepresentation + "\n", to: file)
        try KeyFile.writePublic(key.publicKey.pemRepresentation + "\n", to: file + ".pub")
        return [
            "\(file): opens every backup: keep it in two safes, on no host / 秘密鍵。全バックアップを開けるため、2か所の金庫に保管し、サーバーには置かないでください",
            "\(file).pub: goes to vrs's host (backup.publicKey) / 公開鍵。vrs のサーバーに置きます",
        ]
    }

    // MARK: Putting back

    /// Puts regions, or everything for `nil`, from a set in place; the service is stopped.
    /// - Returns: what to say, and whether everything is there and as it has to be.
    package static func restore(
        _ name: String?, only: [MunicipalityCode]?, _ source: Source, _ configuration: VRSConfiguration, now: Date,
        progress: @escaping @Sendable (BackupPart, Double) -> Void = { _, _ in }
    ) async throws -> (lines: [String], isWhole: Bool) {
        guard source.key != nil else {
            throw FileCommands.UnusableFile(
                english: "name the file of the private half of the backup key (--key)",
                japanese: "--key でバックアップ用の秘密鍵を指定してください。")
        }
        let (place, reader) = (try place(source, configuration), try reader(source, configuration))
        let served = configuration.regions.map(\.code)
        if let other = only?.first(where: { !served.contains($0) }) {
            throw StoreError.unknownRegion("region \(other)")
        }
        let restore = BackupRestore(
            place, reader.apartFromHost,
            records: configuration.recordFolder, journal: configuration.journal.folder,
            segments: configuration.log.folder, keys: configuration.regionKeys)
        let report = try await apart { try restore.restore(name, only: only, served: served, progress: progress) }
        var lines = report.passedOver.map { "\($0): passed over, it does not have all regions / 全区域を含まないため使いません" }
        lines += report.restored.map { "\($0): in place / 復元しました" }
        lines += report.left.map { "\($0): left as it is, it is newer / 新しいため、そのままにしました" }
        lines += report.erased.map { "\($0): erased, its keys are kept nowhere / 消去済みのため復元できません" }
        lines += report.absent.map {
            "MISSING \($0): nothing of it is in \(report.set.name); vrs backup list names other sets / このバックアップに含まれていません"
        }
        // Whoever has no keys of a region cannot open it, which must not keep the others from being served.
        if only == nil { for code in report.erased { try configuration.regionKeys.markErased(code) } }
        let later = try await looked(report, isWhole: only == nil, configuration, now: now)
        return (lines + later.lines, later.isSound && report.erased.isEmpty && report.absent.isEmpty)
    }

    /// Opens the records with what was put back, which makes again what the journal knows, and looks at every line and row.
    private static func looked(
        _ report: BackupRestore.Report, isWhole: Bool, _ configuration: VRSConfiguration, now: Date
    ) async throws -> (lines: [String], isSound: Bool) {
        let store = try await apart { try configuration.openStore(mayBegin: false) }
        var (lines, isSound, isOlder): ([String], Bool, [LogName]) = ([], true, [])
        for part in report.restored {
            guard let log = part.log else { continue }
            let found = try await store.verify(log, pins: [], everything: true)
            let breaks = found.breaks.filter { $0.kind != .rollback }
            lines += breaks.map { "BROKEN \($0) / 不整合" }
            isSound = isSound && breaks.isEmpty
            if found.breaks.contains(where: { $0.kind == .rollback }) { isOlder.append(log) }
        }
        if isWhole { try await markPutBack(store, configuration, now: now) }
        await store.close()
        let what = isWhole ? "all" : isOlder.map(\.description).joined(separator: " ")
        if isSound {
            lines.append("\(report.set.name): what was put back is sound / 復元した内容に不整合はありません")
        }
        if !what.isEmpty {
            lines.append(
                """
                Start the service. It issues nothing from what is older than it knows until you say why: vrs log restored \
                \(what) --reason … / サービスを起動し、vrs log restored \(what) --reason … で復旧を記録してください。\
                記録するまで交付しません
                """)
        }
        return (lines, isSound)
    }

    /// A host that lost everything has nothing that knows of a newer state. So a root is left that is one ahead of the records:
    /// the service takes them for put back, as they are, and issues nothing until that is logged. Challenges of before then end
    /// too.
    private static func markPutBack(_ store: any EvidenceStore, _ configuration: VRSConfiguration, now: Date)
        async throws
    {
        let heads = try await store.heads()
        let text = try? String(contentsOfFile: configuration.rootFile, encoding: .utf8)
        if let root = text.flatMap({ SignedRoot($0, by: configuration.rootKey.publicKey) }),
            root.heads.incarnation > heads.incarnation
                || (root.heads.incarnation == heads.incarnation && root.heads.root > heads.root)
        {
            return
        }
        let ahead = LogHeads(incarnation: heads.incarnation, root: heads.root + 1, heads: heads.heads)
        let root = try await SignedRoot(ahead, at: now, by: configuration.rootKey)
        try Data(root.text.utf8).write(to: URL(fileURLWithPath: configuration.rootFile), options: .atomic)
    }
}
