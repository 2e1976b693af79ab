import Credentials
import Foundation

/// The answer to `GET /v1/trust`.
struct TrustAnswer: Encodable {
    struct Refusal: Encodable {
        let path, code: String
        let keyId: String?
    }
    struct Failure: Encodable { let code, message, messageJapanese: String }
    struct Counts: Encodable { let files, shc, dcc, vdsnc, test: Int }

    let loadedAt, checkedAt: Date
    let isEmpty, stale: Bool
    let failure: Failure?
    let counts: Counts
    let refused: [Refusal]

    init(_ current: TrustKeeper.Current) {
        let used = current.summary.used
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
        refused = current.summary.refused.map { Refusal(path: $0.path, code: $0.code, keyId: $0.keyID) }
    }
}
