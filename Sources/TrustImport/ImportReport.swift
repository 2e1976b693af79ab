public import struct Foundation.Date

/// What an import took, what it refused and why, and what a person should know of it.
public struct ImportReport: Sendable {
    /// Something that will be trusted, or be known as revoked.
    public struct Taken: Hashable, Sendable {
        /// What it is.
        public enum Kind: String, Sendable {
            case smartHealthCardKey = "shc.key"
            case smartHealthCardRevocation = "shc.revocation"
            case documentSigner = "dcc.signer"
            case documentRevocation = "dcc.revocation"
            case authority = "vdsnc.authority"
            case vdsncSigner = "vdsnc.signer"
            case authorityRevocation = "vdsnc.revocation"
            case links = "vdsnc.links"
        }

        /// What was taken.
        public let kind: Kind
        /// The key's identifier: a thumbprint, or hexadecimal digits.
        public let id: String
        /// Whose it is: an issuer's address, or a country and a name. Outside text.
        public let owner: String
        /// When it ends, if it does: a certificate's end, or when a newer list was promised for.
        public let expires: Date?
        /// The file in the trust folder.
        public let path: String
        /// How many entries a revocation list has.
        public var count: Int?
    }

    /// Something that was trusted, and is not any more.
    public struct Removed: Hashable, Sendable {
        /// What it was.
        public let kind: Taken.Kind
        /// The key's identifier: a thumbprint, or hexadecimal digits.
        public let id: String
        /// Whose it was. Outside text.
        public let owner: String
        /// The file in the trust folder.
        public let path: String
        /// Why.
        public let cause: ImportCause
    }

    /// Something that was not taken, or that a person should know.
    public struct Remark: Hashable, Sendable {
        /// The input's name as it was given.
        public let input: String
        /// Why.
        public let cause: ImportCause
        /// A code of the reader's that says more.
        public var detail: String?
        /// What it is about: an identifier or an issuer. Outside text.
        public var about: String?
    }

    /// What is in the files to be written.
    public internal(set) var taken: [Taken] = []
    /// What was taken out of the folder.
    public internal(set) var removed: [Removed] = []
    /// What was left out.
    public internal(set) var refused: [Remark] = []
    /// What a person should know of what was taken.
    public internal(set) var notes: [Remark] = []
    /// The form of each input that was recognised.
    public internal(set) var forms: [(input: String, form: PublishedForm)] = []

    /// Whether not all is as its publisher signed it: a signature that is needed is missing, wrong, or nobody's who is
    /// trusted; the publisher's manifest is an old one; a list that it announces or a file that it lists is not here; or what
    /// it lists for something that was trusted was refused.
    public var failsPublisher: Bool {
        refused.contains { Self.failures.contains($0.cause) } || removed.contains { Self.failures.contains($0.cause) }
    }

    /// What is not as its publisher signed it. A publisher may list what has expired, or is of no use here, for years: that is
    /// said each time, and is no failure.
    package static let failures: Set<ImportCause> = [
        .issuerUnsigned, .signatureMissing, .signatureInvalid, .signerUntrusted, .signerRevoked, .manifestOlder,
        .listMissing, .fileMissing, .replacementRefused,
    ]

    /// A report of nothing.
    public init() {}
}

/// Why something is not taken, or what a person should know; the raw value is the code.
public enum ImportCause: String, Sendable, CaseIterable {
    case unknownForm = "import.unknown_form"
    case tooLarge = "import.too_large"
    case tooMany = "import.too_many"
    case malformed = "import.malformed"
    case issuerMissing = "import.issuer_missing"
    case issuerUnsigned = "import.issuer_unsigned"
    case issuerMalformed = "import.issuer_malformed"
    case noKeys = "import.no_keys"
    case keyRefused = "import.key_refused"
    case duplicate = "import.duplicate"
    case notSigner = "import.not_a_signer"
    case chainMissing = "import.x5c_missing"
    case certificateMalformed = "import.certificate_malformed"
    case certificateExpired = "import.certificate_expired"
    case certificateEarly = "import.certificate_not_yet_valid"
    case keyUnsuitable = "import.key_unsuitable"
    case wrongUse = "import.wrong_use"
    case wrongKeyID = "import.wrong_key_id"
    case signatureMissing = "import.signature_missing"
    case signatureInvalid = "import.signature_invalid"
    case unsigned = "import.unsigned"
    case signerUntrusted = "import.signer_untrusted"
    case selfVouched = "import.self_vouched"
    case signerRevoked = "import.signer_revoked"
    case signerExpired = "import.signer_expired"
    case revocationMalformed = "import.revocation_malformed"
    case revocationUnverified = "import.revocation_unverified"
    case revocationOlder = "import.revocation_older"
    case revocationExpired = "import.revocation_expired"
    case revocationPartial = "import.revocation_partial"
    case revocationEarly = "import.revocation_not_yet_valid"
    case manifestLinks = "import.links_only"
    case manifestOlder = "import.manifest_older"
    case listMissing = "import.list_missing"
    case fileMissing = "import.file_missing"
    case namesOnly = "import.names_only"
    case withdrawn = "import.withdrawn"
    case replacementRefused = "import.replacement_refused"
    case revokedSince = "import.revoked"
    case development = "import.development"

    /// A sentence for a person, in English.
    public var message: String { sentences.0 }
    /// The same in Japanese.
    public var messageJapanese: String { sentences.1 }

    private var sentences: (String, String) {
        switch self {
        case .unknownForm: ("This is no published form of trust that is known here.", "対応している信頼情報の形式ではありません。")
        case .tooLarge: ("The input is larger than any may be.", "入力が上限より大きいです。")
        case .tooMany: ("The input holds more entries than any may.", "項目の数が上限を超えています。")
        case .malformed: ("The input is damaged.", "入力が壊れています。")
        case .issuerMissing:
            ("A key set does not say whose it is: name it with --issuer URL.", "鍵の一覧だけでは発行者が分かりません。--issuer で指定してください。")
        case .issuerUnsigned:
            (
                "With a publisher's key, a key set must say itself whose it is (issuer): --issuer is not what was signed.",
                "公開者の鍵を指定したときは、鍵の一覧自身に発行者（issuer）が必要です。--issuer は署名の対象ではありません。"
            )
        case .issuerMalformed: ("The issuer's address is not as the format asks.", "発行者のアドレスの形式が正しくありません。")
        case .noKeys: ("None of the issuer's keys can be used.", "使える鍵がありません。")
        case .keyRefused: ("The key cannot be used.", "この鍵は使えません。")
        case .duplicate: ("It stands there twice.", "重複しています。")
        case .notSigner: ("This is not a signer of certificates.", "証明書の署名者ではありません。")
        case .chainMissing: ("The entry has no certificate (x5c).", "証明書（x5c）がありません。")
        case .certificateMalformed: ("The certificate cannot be read.", "電子証明書を読めません。")
        case .certificateExpired: ("The certificate has expired.", "電子証明書の有効期限が切れています。")
        case .certificateEarly: ("The certificate is not valid yet; it was taken.", "電子証明書はまだ有効期間前です（取り込みました）。")
        case .keyUnsuitable: ("The certificate's key is of no kind that is safe here.", "電子証明書の鍵が、安全に使える種類ではありません。")
        case .wrongUse: ("The certificate is for another use.", "電子証明書の用途が違います。")
        case .wrongKeyID: ("The key identifier is not the certificate's.", "鍵の識別子が電子証明書と一致しません。")
        case .signatureMissing:
            (
                "A publisher's key was given, and its signature does not cover this: not taken.",
                "公開者の鍵が指定されましたが、その署名の対象ではありません（取り込みません）。"
            )
        case .signatureInvalid:
            ("The list's signature is not right: nothing of it was taken.", "一覧の署名が正しくありません。何も取り込みません。")
        case .unsigned:
            (
                "THE LIST'S SIGNATURE WAS NOT CHECKED: give its publisher's key with --key, or be sure of the way it came.",
                "【注意】一覧の署名を確認していません。--key で公開者の鍵を指定するか、入手経路を確かめてください。"
            )
        case .signerUntrusted: ("Nobody trusted vouches for the list's signer.", "一覧の署名者を保証する者がいません。")
        case .selfVouched:
            (
                "THE MASTER LIST VOUCHES FOR ITSELF: compare it with its publisher's, or give its authority with --key.",
                "【注意】マスターリストの署名者は、同じリストの中の国だけが保証しています。--key で確かめてください。"
            )
        case .signerRevoked:
            ("Its authority has revoked this certificate: not taken.", "認証局が失効させた電子証明書です（取り込みません）。")
        case .signerExpired: ("The certificate of the list's signer has expired.", "一覧の署名者の電子証明書は期限切れです。")
        case .revocationMalformed: ("The revocation list cannot be read.", "失効リストを読めません。")
        case .revocationUnverified: ("No authority known here signed the revocation list.", "失効リストの署名者が分かりません。")
        case .revocationOlder: ("A newer revocation list is there already; it was kept.", "より新しい失効リストがあります（そのまま残しました）。")
        case .revocationPartial:
            (
                "The revocation list is not the whole one (a list of changes, for some certificates alone, or with a critical extension that is not known here).",
                "失効リストの全体ではありません（差分、一部の証明書用、または未知の必須拡張）。"
            )
        case .revocationEarly: ("The revocation list's time has not come yet.", "失効リストの有効期間がまだ始まっていません。")
        case .manifestLinks:
            (
                "Of a manifest its links from signers to issuers' lists are taken; import the files that it names as well.",
                "署名者と失効リストの対応だけを取り込みます。一覧にあるファイルも取り込んでください。"
            )
        case .manifestOlder:
            (
                "The manifest is older than one of its publisher's that is known here: nothing of it was taken.",
                "公開者の一覧（マニフェスト）が、すでに知られているものより古いです。何も取り込みません。"
            )
        case .listMissing:
            (
                "The publisher announces this revocation list, and it is not here: what it covers is not valid (revocation.unknown).",
                "公開者が予告した失効リストがありません。対象の証明書は有効と判定しません（revocation.unknown）。"
            )
        case .fileMissing:
            (
                "The publisher lists this file, and it is not here: until it comes, nothing of its folder is taken out for being listed no longer.",
                "公開者の一覧にあるファイルがありません。届くまで、同じフォルダーのものは一覧から外れていても取り除きません。"
            )
        case .replacementRefused:
            (
                "What its publisher lists in its place was refused, and nobody else brought it: taken out.",
                "公開者の一覧で替わったものを取り込めず、ほかに取り込んだ者もいないため、取り除きました。"
            )
        case .withdrawn:
            (
                "Its publisher lists it no longer, and nobody else brought it: taken out.",
                "公開者の一覧から外れ、ほかに取り込んだ者もいないため、取り除きました。"
            )
        case .revokedSince:
            ("Its authority has revoked this certificate: taken out.", "認証局が失効させた電子証明書のため、取り除きました。")
        case .revocationExpired: ("The revocation list's time is over.", "失効リストの期限が過ぎています。")
        case .development:
            (
                "It bears a development mark: what it vouches for is a test certificate wherever it lies.",
                "開発用の印があります。どこに置いても、見本（試験用）の証明書として扱います。"
            )
        case .namesOnly:
            (
                "The directory holds no keys: its names are used for key sets imported with it.",
                "一覧に鍵がありません。名称だけを、同時に取り込む鍵に使います。"
            )
        }
    }
}
