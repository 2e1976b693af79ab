/// What of a trust folder is to be looked after; the raw value is the code.
public enum TrustWarning: String, Sendable, CaseIterable {
    case expired = "trust.expired"
    case expiresSoon = "trust.expires_soon"
    case keyShared = "trust.key_shared"
    case trustOld = "trust.old"
    case revocationOld = "revocation.data_old"
    case listOld = "revocation.list_old"
    case batchExpired = "revocation.batch_expired"

    /// A sentence for a person, in English, to stand behind what it is about.
    public var message: String { sentences.0 }
    /// The same sentence in Japanese.
    public var messageJapanese: String { sentences.1 }

    private var sentences: (String, String) {
        switch self {
        case .expired: ("has expired", "有効期限切れ")
        case .expiresSoon: ("expires within 90 days", "90日以内に期限切れ")
        case .keyShared: ("several certificates with one key identifier", "同じ鍵識別子の証明書が複数")
        case .trustOld: ("fetched more than 30 days ago", "取得から30日超")
        case .revocationOld: ("revocation data fetched more than 7 days ago", "失効情報の取得から7日超")
        case .listOld: ("the revocation list's next update is past", "失効リストの更新予定を過ぎています")
        case .batchExpired: ("the batch has expired and is not used", "失効リストの期限切れ（使いません）")
        }
    }
}
