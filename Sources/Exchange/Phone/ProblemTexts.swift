/// What a person is told of a refusal on a phone: what happened, and what to do.
extension ProblemCode {
    /// Two short sentences in each language, for sealed refusals too. Nothing of a person or a record is in them.
    package var phoneText: (japanese: String, english: String) {
        switch self {
        case .requestMalformed, .requestTooLarge, .requestUnknown, .terminalUnknown, .terminalRevoked,
            .terminalMismatch, .terminalSignature, .challengeInvalid, .outcomeSignature, .outcomeContradicts,
            .outcomeUnknown, .notFound, .conflict:
            (
                "アプリの通信が正しくありません。アプリを更新して、最初からやり直してください。",
                "The app sent something wrong. Update the app and start again."
            )
        case .requestTimedOut:
            (
                "通信に時間がかかりすぎました。電波の良い場所でやり直してください。",
                "The connection was too slow. Try again where it is better."
            )
        case .terminalSuspended, .serviceSuspended, .serviceHalted:
            (
                "ただいま利用を停止しています。しばらくしてからやり直してください。",
                "The service is stopped for now. Try again later."
            )
        case .terminalBusy, .serviceBusy:
            ("ただいま混み合っています。少し待ってからやり直してください。", "The service is busy. Wait a moment and try again.")
        case .serviceClosed:
            (
                "ただいま利用時間外です。利用時間内にやり直してください。",
                "The service is closed now. Try again within the hours of service."
            )
        case .upstreamUnavailable:
            (
                "接種記録システムに問い合わせできません。記録がないという意味ではありません。しばらくしてからやり直してください。",
                "The record system could not be asked. This does not mean that there is no record. Try again later."
            )
        case .municipalitySuspended:
            (
                "この市区町村はただいま利用を停止しています。しばらくしてからやり直してください。",
                "This municipality is out of service for now. Try again later."
            )
        case .municipalityNotParticipating:
            (
                "この市区町村は参加していません。市区町村の窓口にお問い合わせください。",
                "This municipality does not take part. Ask at its counter."
            )
        case .channelNotOffered:
            (
                "この市区町村はアプリでは発行していません。窓口やコンビニエンスストアをご利用ください。",
                "This municipality does not issue to phones. Use its counter or a convenience store."
            )
        case .kindSuspended:
            (
                "この種類の証明書はただいま発行を停止しています。しばらくしてからやり直してください。",
                "This kind of certificate is stopped for now. Try again later."
            )
        case .kindNotOffered:
            (
                "この市区町村はこの種類の証明書を発行していません。別の種類を選ぶか、窓口にお問い合わせください。",
                "This municipality does not issue this kind. Choose another one, or ask at its counter."
            )
        default:
            cardText ?? personText ?? deviceText ?? passportText
                ?? (
                    "サービスで問題が起きました。しばらくしてからやり直してください。",
                    "Something went wrong in the service. Try again later."
                )
        }
    }

    private var cardText: (japanese: String, english: String)? {
        switch self {
        case .cardMalformed, .cardAuthorityUnknown, .cardCertificateSignature, .cardRecordSignature, .cardNumberDigest,
            .cardAttributesDigest, .cardChipKeySignature, .cardChipSignature:
            (
                "マイナンバーカードを確認できません。カードをもう一度かざし、直らなければ市区町村の窓口にお問い合わせください。",
                "The My Number card could not be verified. Hold it to the phone again; if that fails, ask at your municipality."
            )
        case .cardStopped:
            (
                "このカードでは発行できません。市区町村の窓口にお問い合わせください。",
                "Nothing can be issued with this card. Ask at your municipality."
            )
        case .challengeExpired:
            ("時間が過ぎました。最初からやり直してください。", "Too much time has passed. Start again.")
        case .challengeUsed:
            ("この手続きは終わっています。最初からやり直してください。", "This session is over. Start again.")
        case .filesInvalid:
            (
                "カードから読み取ったデータを確認できません。最初からやり直してください。",
                "The data read from the card could not be verified. Start again."
            )
        case .statementUnknown:
            ("通信用の鍵が新しくなりました。最初からやり直してください。", "The service has new keys. Start again.")
        default: nil
        }
    }

    private var personText: (japanese: String, english: String)? {
        switch self {
        case .personNotFound:
            (
                "この市区町村の接種記録に登録がありません。接種時に住んでいた市区町村を選び直すか、窓口にお問い合わせください。",
                "This municipality has no record of you. Choose the one where you lived when vaccinated, or ask at its counter."
            )
        case .personDeceased, .recordUnclear:
            (
                "記録の確認が必要なため発行できません。市区町村の窓口にお問い合わせください。",
                "The record has to be looked at before anything is issued. Ask at the municipality's counter."
            )
        case .personNameDiffers, .personBirthDateDiffers, .personSexDiffers:
            (
                "カードと記録の内容が一致しません。市区町村の窓口にお問い合わせください。",
                "Card and record differ. Ask at the municipality's counter."
            )
        case .recordNoDoses:
            (
                "この市区町村に接種の記録がありません。接種時に住んでいた市区町村を選び直すか、窓口にお問い合わせください。",
                "This municipality has no dose on record. Choose the one where you lived when vaccinated, or ask at its counter."
            )
        case .passportEnded:
            (
                "この旅券は記録では使われなくなっています。新しい旅券でお試しください。",
                "The record says that this passport counts no more. Use the newer one."
            )
        case .overseasNoPassport, .passportChipRequired:
            (
                "旅券のICチップの読み取りが必要です。旅券をかざしてやり直してください。",
                "The passport's chip has to be read. Hold the passport to the phone and try again."
            )
        case .overseasNoEarlierCertificate:
            (
                "この旅券での発行履歴がありません。アプリか窓口で最初の証明書を取得してください。",
                "No certificate was issued with this passport before. Get the first one by the app or at the counter."
            )
        case .limitDaily:
            ("本日の発行回数の上限に達しました。明日やり直してください。", "Today's limit is reached. Try again tomorrow.")
        case .limitRedelivery:
            (
                "同じ申請への再送の上限に達しました。最初からやり直してください。",
                "This was sent as often as is allowed. Start again."
            )
        case .contentTooLong, .contentUnprintable:
            (
                "記録の内容を証明書に載せられません。市区町村の窓口にお問い合わせください。",
                "The record does not fit on a certificate. Ask at the municipality's counter."
            )
        default: nil
        }
    }

    private var deviceText: (japanese: String, english: String)? {
        switch self {
        case .deviceUnknown, .enrolmentToken, .attestationStale:
            (
                "アプリの登録の有効期限が切れたか、完了していません。もう一度登録してください。",
                "The app's enrolment has ended or is not complete. Enrol again."
            )
        case .deviceRevoked:
            ("この端末の登録は失効しています。アプリを登録し直してください。", "This device was revoked. Enrol the app anew.")
        case .deviceSuspended:
            (
                "この端末、システムまたはアプリの版は利用を停止しています。アプリとシステムを更新してください。",
                "This device, its system or this app version is out of service. Update both, or use another device."
            )
        case .deviceProof:
            (
                "端末の署名を確認できません。アプリを登録し直してください。",
                "The device's signature could not be verified. Enrol the app anew."
            )
        case .limitAttempts:
            ("申請の回数が多すぎます。時間をおいてからやり直してください。", "Too many applications. Try again later.")
        case .limitNetwork:
            (
                "この回線からの利用が集中しています。少し待つか、別の回線でやり直してください。",
                "Too much was asked from this network. Wait a little, or use another network."
            )
        case .attestationMalformed, .attestationApp:
            (
                "正規のアプリであることを確認できません。公式のストアからアプリを入れ直してください。",
                "This could not be verified to be the genuine app. Install it again from the official store."
            )
        case .attestationUntrusted, .attestationDevice:
            (
                "この端末は利用できません。改造されていない別の端末をご利用ください。",
                "This device cannot be used. Use another one that was not modified."
            )
        case .attestationOutdated:
            ("アプリかシステムが古すぎます。両方を更新してください。", "The app or the system is too old. Update both.")
        case .attestationUnavailable:
            (
                "端末の確認がただいまできません。しばらくしてからやり直してください。",
                "The device cannot be verified now. Try again later."
            )
        default: nil
        }
    }

    private var passportText: (japanese: String, english: String)? {
        switch self {
        case .passportUnreadable:
            ("旅券を読み取れません。もう一度かざしてください。", "The passport could not be read. Hold it to the phone again.")
        case .passportNotGenuine, .passportRevoked:
            (
                "旅券を確認できません。市区町村の窓口にお問い合わせください。",
                "The passport could not be verified. Ask at the municipality's counter."
            )
        case .passportUnknown:
            (
                "旅券の確認がただいまできません。しばらくしてからやり直してください。",
                "The passport cannot be verified now. Try again later."
            )
        case .passportExpired, .overseasPassportExpired:
            (
                "旅券の有効期限が切れています。有効な旅券でやり直してください。",
                "The passport has expired. Use a valid one."
            )
        case .passportHolderDiffers:
            (
                "旅券とカードの名義が一致しません。ご本人の旅券でやり直してください。",
                "The passport is not the card holder's. Use your own passport."
            )
        default: nil
        }
    }
}
