/// Why an attestation, or a proof by a device's key, is refused. The raw value is the code: stable, lower case, dotted, never
/// reused for something else. Nothing of what was refused is in it.
package enum AttestationRefusal: String, Error, Hashable, Sendable, CaseIterable {
    // What was sent, and its chain.
    /// It is longer than an attestation may be.
    case tooLarge = "attestation.too_large"
    /// It has not the form of its platform.
    case malformed = "attestation.malformed"
    /// The policy takes no app of this platform.
    case platformNotTaken = "attestation.platform_not_taken"
    /// A certificate cannot be read, or there are too few or too many.
    case chainMalformed = "attestation.chain_malformed"
    /// The chain ends at no root that is trusted here.
    case rootUnknown = "attestation.root_unknown"
    /// A certificate was not issued by the next one, or that one may not issue it.
    case chainBroken = "attestation.chain_broken"
    /// A certificate of an authority is not valid at this time.
    case chainExpired = "attestation.chain_expired"
    /// The key's own certificate is not valid at this time, where that counts (Apple).
    case leafExpired = "attestation.leaf_expired"
    /// A certificate of the chain is revoked or suspended.
    case revoked = "attestation.revoked"
    /// Whether the chain is revoked is not known here: the list is missing, broken or too old.
    case statusUnknown = "attestation.status_unknown"
    // What the attestation says of the key.
    /// The key's certificate does not say how the key was made.
    case statementMissing = "attestation.statement_missing"
    /// Several certificates of the chain say it: an attested key was used to attest another one.
    case statementRepeated = "attestation.statement_repeated"
    /// What it says has not its form.
    case statementMalformed = "attestation.statement_malformed"
    /// It was made for another enrolment.
    case challengeDiffers = "attestation.challenge_differs"
    /// Key or attestation come of software, or of hardware that the policy does not take.
    case levelNotTaken = "attestation.level_not_taken"
    /// The device did not start a system that its maker signed.
    case bootUnverified = "attestation.boot_unverified"
    /// The device takes systems of others.
    case deviceUnlocked = "attestation.device_unlocked"
    /// The key was not made inside the hardware.
    case keyNotGenerated = "attestation.key_not_generated"
    /// The key may be used for other things than to sign, or not to sign.
    case keyPurpose = "attestation.key_purpose"
    /// The key is not of P-256 with SHA-256.
    case keyType = "attestation.key_type"
    /// Every app on the device may use the key.
    case keyShared = "attestation.key_shared"
    /// The key is not the one that was named.
    case keyDiffers = "attestation.key_differs"
    /// The key signed before it was attested.
    case keyUsed = "attestation.key_used"
    /// The key was attested for another use of the service (Apple's development environment, or its production).
    case environment = "attestation.environment"
    // What it says of app and device.
    /// The key belongs to another app, or to several.
    case appUnknown = "attestation.app_unknown"
    /// The app was not signed by its publisher.
    case appSigner = "attestation.app_signer"
    /// The app is older than it must be.
    case appTooOld = "attestation.app_too_old"
    /// The device's system is older than it must be, or does not say how old it is.
    case systemTooOld = "attestation.system_too_old"
    /// The system's security updates are older than they must be, or it does not say how old they are.
    case patchesTooOld = "attestation.patches_too_old"
    /// The attestation does not name the device's model, and the policy asks for it.
    case modelMissing = "attestation.model_missing"
    // What an operator revoked.
    /// This device's key.
    case deviceRevoked = "attestation.device_revoked"
    /// Devices of this model.
    case modelRevoked = "attestation.model_revoked"
    /// Systems of this patch level.
    case patchesRevoked = "attestation.patches_revoked"
    /// This version of the app.
    case appRevoked = "attestation.app_revoked"
    // A proof by the device's key.
    /// It has not the form of its platform, is missing, or is there where none belongs.
    case proofMalformed = "device.proof_malformed"
    /// The device's key did not make it, or made it for something else.
    case proofInvalid = "device.proof_invalid"

    /// The code.
    package var code: String { rawValue }

    /// A sentence for a person: English, Japanese.
    package var sentences: (english: String, japanese: String) {
        switch self {
        case .tooLarge: ("The app's attestation is too long.", "アプリの証明データが長すぎます。")
        case .malformed: ("The app's attestation cannot be read.", "アプリの証明データを読めません。")
        case .platformNotTaken: ("Apps of this kind cannot be used here.", "この種類のアプリは利用できません。")
        case .chainMalformed:
            ("A certificate of the device's key cannot be read.", "端末の鍵の電子証明書を読めません。")
        case .rootUnknown:
            ("No maker trusted here vouches for this device.", "信頼する製造元が証明する端末ではありません。")
        case .chainBroken:
            ("The certificates of the device's key do not belong together.", "端末の鍵の電子証明書のつながりが正しくありません。")
        case .chainExpired:
            ("A certificate that vouches for this device is not valid at this time.", "端末を証明する電子証明書が有効期間外です。")
        case .leafExpired:
            ("The app's attestation has expired. Start again.", "アプリの証明の有効期限が切れています。最初からやり直してください。")
        case .revoked: ("The maker no longer vouches for this device.", "この端末の証明は製造元により失効しています。")
        case .statusUnknown:
            ("Whether this device is trustworthy cannot be checked now. Try later.", "端末の証明の失効を今は確認できません。後でお試しください。")
        case .statementMissing:
            ("The device does not say how it keeps its key.", "端末の鍵の保管方法が証明されていません。")
        case .statementRepeated:
            ("The device's attestation was extended by somebody else.", "端末の証明に第三者による追加があります。")
        case .statementMalformed:
            ("What the device says of its key cannot be read.", "端末の鍵についての証明を読めません。")
        case .challengeDiffers:
            ("The attestation was made for another enrolment. Start again.", "別の登録のための証明です。最初からやり直してください。")
        case .levelNotTaken:
            ("The device does not keep its key in secure hardware.", "端末の鍵が安全なハードウェアで保護されていません。")
        case .bootUnverified:
            ("The device did not start its maker's system.", "端末が製造元の正規のシステムで起動していません。")
        case .deviceUnlocked:
            ("The device's bootloader is unlocked. Lock it to use the app.", "端末のブートローダーがアンロックされています。")
        case .keyNotGenerated:
            ("The key was not made in the device's hardware.", "端末のハードウェア内で作られた鍵ではありません。")
        case .keyPurpose: ("The key is not for signing alone.", "署名専用の鍵ではありません。")
        case .keyType: ("The key is of another kind than this service uses.", "鍵の種類がこのサービスのものと違います。")
        case .keyShared: ("Other apps may use the key.", "他のアプリも使える鍵です。")
        case .keyDiffers: ("The attestation is about another key.", "別の鍵についての証明です。")
        case .keyUsed: ("The key was in use before it was enrolled.", "登録前に使われた鍵です。")
        case .environment:
            ("This build of the app cannot be used here.", "このアプリのビルドは利用できません。")
        case .appUnknown: ("This is not the service's app.", "このサービスの正規のアプリではありません。")
        case .appSigner: ("The app was not signed by its publisher.", "発行元が署名したアプリではありません。")
        case .appTooOld: ("The app is too old. Update it.", "アプリが古すぎます。更新してください。")
        case .systemTooOld: ("The device's system is too old. Update it.", "端末のシステムが古すぎます。更新してください。")
        case .patchesTooOld:
            ("The device's security updates are too old. Install them.", "端末のセキュリティ更新が古すぎます。更新してください。")
        case .modelMissing: ("The device does not say of what model it is.", "端末の機種が証明されていません。")
        case .deviceRevoked:
            ("This device was revoked. Enrol it anew at the counter.", "この端末の登録は失効しています。窓口にお申し出ください。")
        case .modelRevoked: ("Devices of this model cannot be used.", "この機種は利用できません。")
        case .patchesRevoked:
            ("The device's system has a known fault. Update it.", "端末のシステムに既知の問題があります。更新してください。")
        case .appRevoked: ("This version of the app was withdrawn. Update it.", "このバージョンのアプリは停止されています。更新してください。")
        case .proofMalformed: ("The device's signature cannot be read.", "端末の署名を読めません。")
        case .proofInvalid: ("The device's signature is not right.", "端末の署名が正しくありません。")
        }
    }
}
