/// Why a certificate is not valid, or what a person should know about a valid one.
public struct Reason: Hashable, Sendable {
    /// A stable code: lower case, dotted, never reused for something else.
    public let code: String
    /// A sentence for a person, in English. It carries nothing that the certificate says.
    public let message: String
    /// The same sentence in Japanese.
    public let messageJapanese: String
    /// Where in the decoded text or payload the cause stands, in bytes, if that helps.
    public let offset: Int?

    package init(_ cause: Cause, offset: Int? = nil) {
        code = cause.rawValue
        (message, messageJapanese) = cause.sentences
        self.offset = offset
    }

    /// Whether it is a warning that what a certificate was checked with is old.
    var isCaution: Bool { Cause(rawValue: code)?.isCaution ?? false }

    package init(_ malformed: Malformed) {
        self.init(Cause(malformed.kind), offset: malformed.offset)
    }
}

/// Every reason this module gives; the raw value is the code.
package enum Cause: String, Sendable, CaseIterable {
    // The outside: what was given and how it is wrapped.
    case formatUnknown = "format.unknown"
    case formatUnsupported = "format.unsupported"
    case sizeExceeded = "size.exceeded"
    case base64urlInvalid = "base64url.invalid"
    case base45Invalid = "base45.invalid"
    case deflateInvalid = "deflate.invalid"
    case cborInvalid = "cbor.invalid"
    case jsonInvalid = "json.invalid"
    case jsonDuplicateKey = "json.duplicate_key"
    case jsonTooDeep = "json.too_deep"
    case digitsInvalid = "shc.digits_invalid"
    case partsMissing = "shc.parts_missing"
    case partsConflict = "shc.parts_conflict"
    case fileEmpty = "shc.file_empty"
    case jwsMalformed = "jws.malformed"
    case vdsncMalformed = "seal.malformed"
    case coseMalformed = "cose.malformed"
    // The key and the signature.
    case algorithmNotAllowed = "algorithm.not_allowed"
    case headerCritical = "header.critical"
    case compressionMissing = "compression.missing"
    case keyIDMissing = "key.id_missing"
    case keyUnknown = "key.unknown"
    case keyWrongIssuer = "key.wrong_issuer"
    case issuerUnknown = "issuer.unknown"
    case issuerMalformed = "issuer.malformed"
    case signatureMalformed = "signature.malformed"
    case signatureInvalid = "signature.invalid"
    // The signer's certificate.
    case signerMalformed = "signer.malformed"
    case signerUntrusted = "signer.untrusted"
    case signerWrongUse = "signer.wrong_use"
    case signerWrongCountry = "signer.wrong_country"
    case signerNotYetValid = "signer.not_yet_valid"
    case signerExpired = "signer.expired"
    case signerRevoked = "signer.revoked"
    case signerCriticalExtension = "signer.critical_extension"
    case authorityExpired = "signer.authority_expired"
    // What was signed.
    case payloadMalformed = "payload.malformed"
    case holderUnclear = "holder.unclear"
    case recordOfAnother = "holder.record_of_another"
    case typeNotSmartHealthCard = "type.not_health_card"
    case typeNotVaccination = "type.not_vaccination"
    case notYetValid = "time.not_yet_valid"
    case expired = "time.expired"
    case revoked = "revocation.revoked"
    case revocationUnknown = "revocation.unknown"
    // Several certificates together.
    case codesDisagree = "sheet.disagrees"
    // Warnings.
    case signerOutsideValidity = "signer.outside_validity"
    case signerAuthorityKeyDiffers = "signer.authority_key_differs"
    case holderNameBlank = "holder.name_blank"
    case revocationListMissing = "revocation.list_missing"
    case revocationListOld = "revocation.list_old"
    case revocationBatchExpired = "revocation.batch_expired"
    case revocationDataOld = "revocation.data_old"
    case trustOld = "trust.old"
    case trustStale = "trust.stale"
    case contentIncomplete = "content.incomplete"
    case contentNoVaccination = "content.no_vaccination"
    case testCertificate = "test.certificate"

    /// Whether a valid certificate with this warning was checked with something old, so that it is not plainly valid.
    var isCaution: Bool {
        switch self {
        case .revocationListOld, .revocationDataOld, .revocationBatchExpired, .trustOld, .trustStale: true
        default: false
        }
    }

    init(_ kind: Malformed.Kind) {
        self =
            switch kind {
            case .base64url: .base64urlInvalid
            case .base45: .base45Invalid
            case .cbor: .cborInvalid
            case .deflate: .deflateInvalid
            case .tooLarge: .sizeExceeded
            case .json: .jsonInvalid
            case .duplicateKey: .jsonDuplicateKey
            case .tooDeep: .jsonTooDeep
            }
    }

    /// The sentences for a person: English, Japanese.
    var sentences: (String, String) {
        switch self {
        case .formatUnknown:
            ("This is not a vaccination certificate's code that is known here.", "対応している接種証明書のコードではありません。")
        case .formatUnsupported:
            ("Certificates of this format cannot be checked yet.", "この形式の証明書はまだ確認できません。")
        case .sizeExceeded: ("The code is longer than any certificate may be.", "コードが証明書の上限より長いです。")
        case .base64urlInvalid:
            ("The code is damaged: its base64url text is not well formed.", "コードが壊れています（base64url）。")
        case .base45Invalid: ("The code is damaged: its base45 text is not well formed.", "コードが壊れています（base45）。")
        case .cborInvalid: ("The code is damaged: its CBOR data is not well formed.", "コードが壊れています（CBOR）。")
        case .deflateInvalid: ("The code is damaged: its compressed part cannot be read.", "コードが壊れています（圧縮部分）。")
        case .jsonInvalid: ("The code is damaged: its JSON text is not well formed.", "コードが壊れています（JSON）。")
        case .jsonDuplicateKey:
            ("The certificate names the same thing twice, so that it could be read in two ways.", "同じ項目が二度書かれています。")
        case .jsonTooDeep: ("The certificate's structure is too deep.", "証明書の構造が深すぎます。")
        case .digitsInvalid:
            ("The code is damaged: its digits do not form a SMART Health Card.", "コードが壊れています（数字の並びが正しくありません）。")
        case .partsMissing:
            ("This certificate consists of several codes, and not all of them were given.", "複数のコードからなる証明書で、一部が足りません。")
        case .partsConflict:
            ("Codes of different certificates were mixed, or a part was given in two forms.", "異なる証明書のコードが混ざっています。")
        case .fileEmpty: ("The file holds no certificate.", "ファイルに証明書が入っていません。")
        case .jwsMalformed: ("The code is damaged: it is not a signed text (JWS).", "コードが壊れています（JWS）。")
        case .coseMalformed: ("The code is damaged: it is not a signed message (COSE).", "コードが壊れています（COSE）。")
        case .vdsncMalformed: ("The code is damaged: a part of the seal is missing.", "コードが壊れています（VDS-NC の項目が足りません）。")
        case .algorithmNotAllowed:
            ("The signature's algorithm is not the one of the issuer's key.", "署名の方式が発行者の鍵と合いません。")
        case .headerCritical: ("The certificate demands an extension that is not known here.", "未知の拡張を必須としています。")
        case .compressionMissing: ("The certificate is not compressed as its format asks.", "形式の定める圧縮がされていません。")
        case .keyIDMissing: ("The certificate does not name its key.", "署名の鍵が示されていません。")
        case .keyUnknown: ("No issuer that is trusted here has the key that it names.", "信頼する発行者の鍵ではありません。")
        case .keyWrongIssuer: ("The key belongs to another issuer.", "別の発行者の鍵で署名されています。")
        case .issuerUnknown: ("The issuer is not trusted here.", "信頼する発行者の一覧にない発行者です。")
        case .issuerMalformed: ("The issuer's address is not as the format asks.", "発行者のアドレスが正しくありません。")
        case .signatureMalformed: ("The signature has not the form of its algorithm.", "署名の形が正しくありません。")
        case .signatureInvalid:
            (
                "The signature is not right: the certificate was changed or is not the issuer's.",
                "署名が正しくありません。改変または偽造のおそれがあります。"
            )
        case .signerMalformed: ("The signer's certificate cannot be read.", "署名者の電子証明書を読めません。")
        case .signerUntrusted:
            ("Nobody trusted here vouches for the signer's certificate.", "署名者の電子証明書が、信頼する国の発行ではありません。")
        case .signerWrongUse:
            ("The signer's certificate is not for proofs of vaccination.", "署名者の電子証明書は接種証明用ではありません。")
        case .signerWrongCountry:
            ("The signer's certificate is another country's than the certificate says.", "署名者の国が証明書の発行国と違います。")
        case .signerNotYetValid:
            ("The signer's certificate is not valid yet at this time.", "署名者の電子証明書がまだ有効期間に入っていません。")
        case .signerExpired: ("The signer's certificate has expired.", "署名者の電子証明書の有効期限が切れています。")
        case .signerRevoked: ("The signer's certificate was revoked.", "署名者の電子証明書が失効しています。")
        case .signerOutsideValidity:
            ("The certificate was issued at a time when its signer's was not valid.", "署名者の電子証明書の有効期間外に発行されています。")
        case .authorityExpired:
            ("The country's signing certificate is not valid at this time.", "国の署名用電子証明書が有効期間外です。")
        case .payloadMalformed:
            (
                "The signed content lacks something that its format demands, or has it in another form.",
                "署名された内容に必要な項目がないか、形が正しくありません。"
            )
        case .holderUnclear:
            ("The signed content does not name exactly one person.", "署名された内容から本人を一人に特定できません。")
        case .recordOfAnother:
            ("The signed content holds a record that is not said to be the holder's.", "本人のものと示されていない記録が含まれています。")
        case .holderNameBlank: ("The holder's name has no visible characters.", "氏名に目に見える文字がありません。")
        case .signerCriticalExtension:
            (
                "The signer's certificate demands an extension that is not known here.",
                "署名者の電子証明書が未知の拡張を必須としています。"
            )
        case .signerAuthorityKeyDiffers:
            (
                "The signer's certificate names another key of its authority than the one that signed it.",
                "署名者の電子証明書が示す発行元の鍵が、実際の鍵と違います。"
            )
        case .typeNotSmartHealthCard: ("The signed content is not a health card.", "署名された内容が健康証明ではありません。")
        case .typeNotVaccination: ("The signed content is not a proof of vaccination.", "署名された内容が接種証明ではありません。")
        case .notYetValid: ("The certificate is not valid yet at this time.", "まだ有効期間に入っていません。")
        case .expired: ("The certificate has expired.", "有効期限が切れています。")
        case .revoked: ("The issuer has revoked this certificate.", "発行者により失効されています。")
        case .revocationUnknown:
            (
                "Whether it is revoked is not known here: a revocation list is missing, older than it must be, or broken.",
                "失効しているかどうかが分かりません。失効リストがないか、古いか、壊れています。"
            )
        case .codesDisagree:
            (
                "The codes of this sheet contradict each other: they are not about the same person or doses.",
                "同じ用紙のコードの内容（人または接種）が食い違っています。"
            )
        case .revocationListMissing:
            ("No revocation list that concerns it is in the trust folder.", "関係する失効リストが手元にありません。")
        case .revocationListOld:
            ("The issuer has a newer revocation list than the one in the trust folder.", "手元の失効リストは最新ではありません。")
        case .contentIncomplete:
            ("The certificate does not say which doses were given.", "接種の記載がありません。")
        case .contentNoVaccination:
            ("This certificate is about a test or a recovery, not a vaccination.", "接種ではなく、検査または回復の証明書です。")
        case .revocationBatchExpired:
            (
                "The certificate stands in a revocation batch that has expired, which is not used any more.",
                "期限の過ぎた失効リストに載っています（期限後は使いません）。"
            )
        case .revocationDataOld:
            ("The revocation data here was fetched more than 7 days ago.", "手元の失効情報は取得から7日を過ぎています。")
        case .trustOld: ("The trust list here was fetched more than 30 days ago.", "手元の信頼リストは取得から30日を過ぎています。")
        case .trustStale:
            (
                "The trust folder cannot be used as it is now; what was read before is in use.",
                "信頼フォルダーを読み直せません。前に読んだ内容を使っています。"
            )
        case .testCertificate: ("This is a test certificate (sample), not a real one.", "見本（試験用）の証明書です。本物ではありません。")
        }
    }
}
