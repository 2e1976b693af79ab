extension TrustInventory.Warning {
    /// A sentence for a person, in English; empty for a code without one.
    public var message: String { sentences.0 }
    /// The same sentence in Japanese.
    public var messageJapanese: String { sentences.1 }

    private var sentences: (String, String) {
        switch code {
        case "trust.expired": ("has expired", "有効期限切れ")
        case "trust.expires_soon": ("expires within 90 days", "90日以内に期限切れ")
        case "trust.key_shared": ("several certificates with one key identifier", "同じ鍵識別子の証明書が複数")
        case "trust.old": ("fetched more than 30 days ago", "取得から30日超")
        case "revocation.data_old": ("revocation data fetched more than 7 days ago", "失効情報の取得から7日超")
        case "revocation.list_old": ("the revocation list's next update is past", "失効リストの更新予定を過ぎています")
        case "revocation.batch_expired": ("the batch has expired and is not used", "失効リストの期限切れ（使いません）")
        default: ("", "")
        }
    }
}
