import Foundation
import Glibc
package import Waiting

/// Why a backup was not made, read or put back.
///
/// Equal by ``code``. The detail names files and parts, and nothing of anybody.
package struct BackupError: Error, Hashable, Sendable, CustomStringConvertible {
    private enum Kind: String {
        case full, unwritable, unreadable, locked, otherInstallation, newer, damaged, missing, wrongKey, wrongSigner,
            notFound, occupied, keysGone, keysDiffer, unsound
    }

    private let kind: Kind
    /// Which file or part, and what of it.
    package let detail: String
    private let held: HeldLock?

    private init(_ kind: Kind, _ detail: String, held: HeldLock? = nil) {
        (self.kind, self.detail, self.held) = (kind, detail, held)
    }

    /// The stable, lower-case, dotted code.
    package var code: String {
        switch kind {
        case .full: "backup.full"
        case .unwritable: "backup.unwritable"
        case .unreadable: "backup.unreadable"
        case .locked: "backup.locked"
        case .otherInstallation: "backup.other_installation"
        case .newer: "backup.newer"
        case .damaged: "backup.damaged"
        case .missing: "backup.missing"
        case .wrongKey: "backup.wrong_key"
        case .wrongSigner: "backup.wrong_signer"
        case .notFound: "backup.not_found"
        case .occupied: "backup.occupied"
        case .keysGone: "backup.keys_gone"
        case .keysDiffer: "backup.keys_differ"
        case .unsound: "backup.unsound"
        }
    }

    /// The code and what is known beside it.
    package var description: String { detail.isEmpty ? code : "\(code): \(detail)" }

    /// Whether it is a matter of the configuration or its keys.
    package var isOfConfiguration: Bool { [.wrongKey, .wrongSigner, .otherInstallation].contains(kind) }

    /// Equal if the kind is; the detail is for people.
    package static func == (a: BackupError, b: BackupError) -> Bool { a.kind == b.kind }
    /// As for ``==(_:_:)``.
    package func hash(into hasher: inout Hasher) { hasher.combine(kind) }

    /// The disk of the backups has no room.
    package static func full(_ detail: String = "") -> BackupError { .init(.full, detail) }
    /// A file or folder cannot be written.
    package static func unwritable(_ detail: String = "") -> BackupError { .init(.unwritable, detail) }
    /// A file or folder cannot be read.
    package static func unreadable(_ detail: String = "") -> BackupError { .init(.unreadable, detail) }
    /// Another backup writes to the same place.
    package static func locked(_ held: HeldLock) -> BackupError { .init(.locked, held.path, held: held) }
    /// For comparing: equal to every other ``locked(_:)``.
    package static func locked() -> BackupError { .init(.locked, "") }
    /// The backups are those of another installation.
    package static func otherInstallation(_ detail: String = "") -> BackupError { .init(.otherInstallation, detail) }
    /// A newer version of this program wrote it.
    package static func newer(_ detail: String = "") -> BackupError { .init(.newer, detail) }
    /// What lies there is not what was written.
    package static func damaged(_ detail: String = "") -> BackupError { .init(.damaged, detail) }
    /// A file that belongs to a set is gone.
    package static func missing(_ detail: String = "") -> BackupError { .init(.missing, detail) }
    /// It does not open with this key.
    package static func wrongKey(_ detail: String = "") -> BackupError { .init(.wrongKey, detail) }
    /// Nobody who is trusted has signed it.
    package static func wrongSigner(_ detail: String = "") -> BackupError { .init(.wrongSigner, detail) }
    /// There is no such set, or no such part in it.
    package static func notFound(_ detail: String = "") -> BackupError { .init(.notFound, detail) }
    /// What is to be put back is there already.
    package static func occupied(_ detail: String = "") -> BackupError { .init(.occupied, detail) }
    /// A region's keys are not kept any more: it was erased.
    package static func keysGone(_ detail: String = "") -> BackupError { .init(.keysGone, detail) }
    /// Other keys lie where those of the set belong.
    package static func keysDiffer(_ detail: String = "") -> BackupError { .init(.keysDiffer, detail) }
    /// What was put together is no sound database.
    package static func unsound(_ detail: String = "") -> BackupError { .init(.unsound, detail) }

    /// What the system said of a file of the backups.
    static func system(_ number: Int32, _ path: String, writing: Bool) -> BackupError {
        let words = "\(path): \(String(cString: strerror(number)))"
        switch number {
        case ENOSPC, EDQUOT, EFBIG: return .full(words)
        case ENOENT where !writing: return .missing(words)
        default: return writing ? .unwritable(words) : .unreadable(words)
        }
    }

    /// What is wrong and what to do, in both languages.
    package var advice: (english: String, japanese: String) {
        switch kind {
        case .full:
            (
                "The disk of the backups is full. Make room (vrs backup prune), then run the same command again: it goes on with what it has written.",
                "バックアップ先の空き容量がありません。古い世代を削除する（vrs backup prune）などして空きを作り、同じコマンドを再実行してください。書き込み済みの分から続けます。"
            )
        case .unwritable:
            (
                "It cannot be written. See whether it is mounted for writing, and who may write there.",
                "書き込めません。書き込み可能でマウントされているか、権限があるかを確かめてください。"
            )
        case .unreadable:
            ("It cannot be read. See whether it is mounted, and who may read there.", "読み取れません。マウントと権限を確かめてください。")
        case .locked: (held?.english ?? "Another backup runs.", held?.japanese ?? "別のバックアップを実行中です。")
        case .otherInstallation:
            (
                "The folder holds backups of another installation. Name the folder of this one.",
                "別のシステムのバックアップです。このシステムのバックアップ先を指定してください。"
            )
        case .newer:
            ("A newer version of this program wrote it. Use that one.", "新しい版のプログラムで作られています。その版を使ってください。")
        case .damaged:
            (
                "It is not what was written: damaged, exchanged, or not copied whole. Take it from another copy of the backups, or use another set; the next backup writes anew what is missing.",
                "書き込んだ内容と異なります（破損、入れ替わり、または不完全な写し）。別の写しから戻すか、別の世代を使ってください。次のバックアップで不足分は書き直されます。"
            )
        case .missing:
            (
                "A file of the backups is missing. Take it from another copy, or use another set.",
                "バックアップのファイルがありません。別の写しから戻すか、別の世代を使ってください。"
            )
        case .wrongKey:
            (
                "It does not open with this backup key. Name the private half of the key that it was made under.",
                "このバックアップ用の鍵では開けません。作成時の公開鍵に対応する秘密鍵を指定してください。"
            )
        case .wrongSigner:
            (
                "It is not signed by a root key that is trusted here. Name the public part of the root key of then (--signer).",
                "信頼する鍵で署名されていません。作成時のルート鍵の公開鍵を --signer で指定してください。"
            )
        case .notFound:
            (
                "There is no such set, or it has no such part: see vrs backup list.",
                "該当する世代、または対象がありません。vrs backup list で確かめてください。"
            )
        case .occupied:
            (
                "It is there already, and nothing is overwritten. Stop the service and move it away first, with its -wal and -shm.",
                "すでにあります。上書きはしません。サービスを止め、-wal・-shm とともに別の場所へ移してから実行してください。"
            )
        case .keysGone:
            (
                "The keys of this region are not kept: it was erased, and no backup brings it back.",
                "この自治体の鍵は保管されていません。消去済みのため、どのバックアップからも復元できません。"
            )
        case .keysDiffer:
            (
                "The key file there does not open this database. Move it away, and run the command again: it puts that of the set in its place.",
                "置かれている鍵ファイルではこのデータベースを開けません。別の場所へ移してから再実行すると、その世代の鍵を置きます。"
            )
        case .unsound:
            (
                "What was put together is not sound, and nothing was put in place. Use another set.",
                "復元した内容に不整合があるため、配置していません。別の世代を使ってください。"
            )
        }
    }
}

extension BackupError: LocalizedError {
    /// What is wrong, where, and what to do, in both languages: what a command says before it ends.
    package var errorDescription: String? { "\(description)\n\(advice.english)\n\(advice.japanese)" }
}
