public import Foundation
package import Waiting

/// Why a record store could not do what was asked.
///
/// Equal by ``code``. It never carries personal data: the detail is an SQLite result code, a file's role or a
/// configuration path, so that it may be logged as it is.
public struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    private enum Kind: String {
        case unavailable, busy, corrupt, newer, wrongKey, keyMissing, notFound, conflict, unknownRegion, invalid,
            broken, journalShort, journalDamaged, locked, numbersMissing, importOpen, regionClosed, erased,
            segmentDamaged
    }

    private let kind: Kind
    /// More on the cause, for the operator; free of personal data.
    public let detail: String
    /// The break of evidence, if that is what it is.
    public let found: EvidenceBreak?
    /// The file that another process holds, if that is what it is.
    private let held: HeldLock?

    private init(_ kind: Kind, _ detail: String, _ found: EvidenceBreak? = nil, held: HeldLock? = nil) {
        self.kind = kind
        self.detail = detail
        self.found = found
        self.held = held
    }

    /// The stable, lower-case, dotted code.
    public var code: String {
        switch kind {
        case .unavailable: "store.unavailable"
        case .busy: "store.busy"
        case .corrupt: "store.corrupt"
        case .newer: "store.newer"
        case .wrongKey: "store.wrong_key"
        case .keyMissing: "store.key_missing"
        case .notFound: "store.not_found"
        case .conflict: "store.conflict"
        case .unknownRegion: "store.unknown_region"
        case .invalid: "store.invalid"
        case .broken: "store.broken"
        case .journalShort: "store.journal_short"
        case .journalDamaged: "store.journal_damaged"
        case .locked: "store.locked"
        case .numbersMissing: "store.numbers_missing"
        case .importOpen: "store.import_open"
        case .regionClosed: "store.region_closed"
        case .erased: "store.erased"
        case .segmentDamaged: "store.segment_damaged"
        }
    }

    /// The code and what is known beside it; never a value of a record.
    public var description: String { detail.isEmpty ? code : "\(code): \(detail)" }

    /// Whether asking again later may succeed without anyone doing anything.
    public var isTransient: Bool { [.busy, .unavailable, .locked].contains(kind) }

    /// Equal if the kind is; the detail is for people.
    public static func == (a: StoreError, b: StoreError) -> Bool { a.kind == b.kind }
    /// As for ``==(_:_:)``.
    public func hash(into hasher: inout Hasher) { hasher.combine(kind) }

    /// The database cannot be read or written: disk full, gone, not permitted, input or output error.
    public static func unavailable(_ detail: String = "") -> StoreError { .init(.unavailable, detail) }
    /// Too much is under way, or another process holds the database for too long.
    public static func busy(_ detail: String = "") -> StoreError { .init(.busy, detail) }
    /// What was read is not what was written: a damaged file, or an encrypted field that does not open in its row.
    public static func corrupt(_ detail: String = "") -> StoreError { .init(.corrupt, detail) }
    /// The database was made by a newer version of this program.
    public static func newer(_ detail: String = "") -> StoreError { .init(.newer, detail) }
    /// The region's database was made under another key.
    public static func wrongKey(_ detail: String = "") -> StoreError { .init(.wrongKey, detail) }
    /// There is no usable key file.
    public static func keyMissing(_ detail: String = "") -> StoreError { .init(.keyMissing, detail) }
    /// There is nothing under the given identifier.
    public static func notFound(_ detail: String = "") -> StoreError { .init(.notFound, detail) }
    /// The identifier is taken, or what is there does not allow the change.
    public static func conflict(_ detail: String = "") -> StoreError { .init(.conflict, detail) }
    /// The municipality is not one of this store's regions.
    public static func unknownRegion(_ detail: String = "") -> StoreError { .init(.unknownRegion, detail) }
    /// What is stored is not what was written.
    public static func broken(_ found: EvidenceBreak) -> StoreError { .init(.broken, found.description, found) }
    /// For comparing: equal to every other ``broken(_:)``.
    public static func broken() -> StoreError { .init(.broken, "") }
    /// The journal lacks changes that the records hold: some of it is lost.
    public static func journalShort(_ detail: String = "") -> StoreError { .init(.journalShort, detail) }
    /// The journal cannot be used: a line is not as it was written, a newer version wrote it, or it is another store's.
    public static func journalDamaged(_ detail: String = "") -> StoreError { .init(.journalDamaged, detail) }
    /// Another process holds a file of the store, or of the journal, for longer than is waited.
    package static func locked(_ held: HeldLock) -> StoreError {
        .init(.locked, "\(held.path), by process \(held.holder ?? "?")", held: held)
    }
    /// For comparing: equal to every other ``locked(_:)``.
    package static func locked() -> StoreError { .init(.locked, "") }
    /// A region's index cannot be made anew: somebody's number is not kept.
    public static func numbersMissing(_ detail: String = "") -> StoreError { .init(.numbersMissing, detail) }
    /// Another import of the region is open.
    public static func importOpen(_ detail: String = "") -> StoreError { .init(.importOpen, detail) }
    /// The region's settings do not let it in: it is sealed, or its registration is closed.
    public static func regionClosed(_ detail: String = "") -> StoreError { .init(.regionClosed, detail) }
    /// Two operators decided that the region is erased: there is nothing of it any more.
    public static func erased(_ detail: String = "") -> StoreError { .init(.erased, detail) }
    /// The file of a closed segment of a log is missing, or not what was written.
    public static func segmentDamaged(_ detail: String = "") -> StoreError { .init(.segmentDamaged, detail) }
    /// A value is out of its bounds.
    public static func invalid(_ detail: String = "") -> StoreError { .init(.invalid, detail) }
}

extension StoreError {
    /// Whether a database that could not follow the journal for this reason is opened all the same: people are served, and
    /// exports and whoever looks at the evidence say what is wrong.
    var leavesRegionOpen: Bool { [.broken(), .journalDamaged(), .unavailable(), .locked()].contains(self) }
}

extension StoreError: LocalizedError {
    /// What is wrong, where, and what to do, in both languages: what a command says before it ends.
    public var errorDescription: String? {
        let (english, japanese) = advice
        return "\(description)\n\(english)\n\(japanese)"
    }

    /// What is wrong and what to do, in both languages.
    package var advice: (english: String, japanese: String) {
        switch kind {
        case .unavailable:
            (
                "The database cannot be read or written. Check its folder, who may write there, and the disk's free space.",
                "データベースを読み書きできません。フォルダー、権限、空き容量を確かめてください。"
            )
        case .locked:
            (
                held?.english ?? "Another process holds a file. Let it end, and try again.",
                held?.japanese ?? "別のプロセスがファイルを使用中です。終わるのを待って、もう一度お試しください。"
            )
        case .busy: ("Something else works on the database. Try again.", "データベースは使用中です。もう一度お試しください。")
        case .corrupt:
            (
                "The database is damaged or gone. Stop the service, move the file, its -wal and its -shm away together, and restore the last good backup.",
                "データベースが壊れているか、ありません。サービスを止め、本体と -wal・-shm をまとめて移してから、正常なバックアップを戻してください。"
            )
        case .newer:
            ("A newer version of this program made the database. Use that one.", "新しい版のプログラムで作られています。その版を使ってください。")
        case .wrongKey:
            (
                "The database was made under other keys. Put those keys into the key folder.",
                "データベースは別の鍵で作られています。作成時の鍵を鍵フォルダーに置いてください。"
            )
        case .keyMissing:
            (
                "A key is missing or cannot be used. Restore it, or make keys with vrs keys for a new region.",
                "鍵がないか、使えません。鍵を戻すか、新しい自治体なら vrs keys で作ってください。"
            )
        case .notFound: ("There is nothing of that name.", "該当するものがありません。")
        case .conflict: ("What is there does not allow the change.", "現在の状態では変更できません。")
        case .unknownRegion:
            ("The municipality is not among the configured ones.", "設定にない自治体です。設定の自治体一覧を確かめてください。")
        case .numbersMissing:
            (
                "The numbers of some people are not kept, so that nobody would find them under the new index key. Everybody is found until then: load their records again, then run the same command again.",
                "個人番号の控えがない人がいるため、新しい索引鍵では見つけられなくなります。今は全員見つかります。記録を読み込み直してから、もう一度実行してください。"
            )
        case .importOpen:
            (
                "Another import of this region is not at its end. Have it approved or discarded first: vrs imports list.",
                "この自治体の取込がまだ終わっていません。先に承認するか破棄してください（vrs imports list）。"
            )
        case .regionClosed:
            (
                "The municipality's settings do not let this in: vrs region show. Two operators may change them: vrs region change.",
                "自治体の設定により受け付けられません（vrs region show）。設定の変更には運用者2名の承認が要ります（vrs region change）。"
            )
        case .erased:
            (
                "Two operators decided to erase the region, and its keys were destroyed. Take it out of regions in the configuration.",
                "運用者2名の決裁により消去され、鍵は破棄されました。設定の regions から外してください。"
            )
        case .segmentDamaged:
            (
                "The file of a closed part of the log is missing or damaged. Put it back into the folder of segments from a copy, and look with vrs log verify; everything else goes on.",
                "保存済みの記録（区間ファイル）がないか、壊れています。写しからフォルダーに戻し、vrs log verify で確かめてください。ほかの処理は続きます。"
            )
        case .invalid: ("A value is out of its bounds.", "値が範囲外です。")
        case .journalDamaged:
            (
                "A line of the journal is not as it was written, or the file is another store's. Put a good copy of it back; if there is none, move it away and say so with vrs log restored control, which begins it anew.",
                "失効等を別に残す追記ファイルが書き込んだ内容と異なるか、別のもののファイルです。正しい写しに戻してください。ない場合はファイルを移し、vrs log restored control で作り直します。"
            )
        case .journalShort:
            (
                "Some of the journal is lost, so that a restore could take revocations back. Put its file back; if it is gone for good, say so with vrs log restored control, which begins it anew.",
                "失効等を別に残す追記ファイルの一部が失われています。ファイルを戻してください。戻せない場合は vrs log restored control で作り直します。"
            )
        case .broken:
            (
                "What is stored is not what was written: by a hand in the database, or by a backup put back. Look at it with vrs log verify, and log the restore with vrs log restored.",
                "記録が書き込んだ内容と異なります（データベースの改変、またはバックアップの復元）。vrs log verify で調べ、復旧後に vrs log restored で記録してください。"
            )
        }
    }
}
