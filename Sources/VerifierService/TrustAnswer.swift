import Credentials
import Foundation
import TrustFolder
import TrustImport

/// The answer to `GET /v1/trust`.
struct TrustAnswer: Encodable {
    struct Refusal: Encodable {
        let path, code: String
        let keyId: String?
    }
    struct Failure: Encodable { let code, message, messageJapanese: String }
    struct Counts: Encodable { let files, shc, dcc, vdsnc, test: Int }

    /// The keys, certificates and lists of one kind.
    struct Content: Encodable {
        let kind: String
        let test: Bool
        let count: Int
        /// When the newest of them was fetched, if that is known.
        let fetched: Date?
    }
    struct Age: Encodable { let code, path, about, message, messageJapanese: String }

    /// The maximum of ages that are told.
    static let maximumAges = 100

    let loadedAt, checkedAt: Date
    let isEmpty, stale: Bool
    let failure: Failure?
    let counts: Counts
    let contents: [Content]
    /// What to look after, and how many more there are than are told.
    let ages: [Age]
    let moreAges: Int
    let refused: [Refusal]

    init(_ current: ReloadingTrust.Current) {
        let used = current.summary.used.filter { !TrustFolder.notes.contains($0) }
        func count(_ kind: String) -> Int {
            used.count { $0.hasPrefix("\(kind)/") || $0.hasPrefix("test/\(kind)/") }
        }
        loadedAt = current.summary.loadedAt
        checkedAt = current.checkedAt
        isEmpty = current.summary.isEmpty
        stale = current.failure != nil
        failure = current.failure.map {
            Failure(
                code: $0, message: "The trust folder cannot be used as it is now; the one read before is in use.",
                messageJapanese: "信頼フォルダーを読み直せません。前に読んだ内容を使っています。")
        }
        counts = Counts(
            files: used.count, shc: count("shc"), dcc: count("dcc"), vdsnc: count("vdsnc"),
            test: used.count { $0.hasPrefix("test/") })
        contents = Dictionary(grouping: current.inventory.entries) { entry in
            (entry.isTest ? "test/" : "") + entry.kind.rawValue
        }
        .sorted { $0.key < $1.key }
        .compactMap { _, entries in
            entries.first.map { first in
                Content(
                    kind: first.kind.rawValue, test: first.isTest, count: entries.count,
                    fetched: entries.compactMap(\.fetched).max())
            }
        }
        let warnings = current.inventory.warnings
        ages = warnings.prefix(Self.maximumAges).map {
            Age(
                code: $0.cause.rawValue, path: $0.path, about: $0.about,
                // Which file it is stands before what is with it.
                message: "\($0.path): \($0.cause.message).", messageJapanese: "\($0.path)：\($0.cause.messageJapanese)")
        }
        moreAges = warnings.count - ages.count
        refused = current.summary.refused.map { Refusal(path: $0.path, code: $0.code, keyId: $0.keyID) }
    }
}
