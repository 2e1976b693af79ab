package import CheckedConfiguration
import CredentialIssuing
import Credentials
import Crypto
import Exchange
import Foundation
import Signing

/// What a configuration's keys have to say to terminals, without edition and time.
package struct TerminalTrustContent: Sendable {
    /// Said where an export would say something else than the last one.
    static let exportIsDue =
        "an export would tell terminals something else by now; run vrs export / 端末向けの公開内容が設定と異なります。vrs export を実行してください。"

    private let files: [TerminalTrust.File]
    private let answerKeys: [P256.KeyAgreement.PublicKey]
    private let publishers: [P256.Signing.PublicKey]
    private let signers: Signers

    /// What the keys of a configuration make of it. Of revocation, terminals get only what names signers.
    package init(_ configuration: VRSConfiguration) {
        signers = configuration.signers
        files = signers.trustFiles(isDevelopment: configuration.isDevelopment).map {
            TerminalTrust.File(path: $0.path, content: Data($0.bytes))
        }
        answerKeys = [configuration.sealingKey.publicKey] + configuration.otherAnswerKeys
        publishers = configuration.publishing.publishers
    }

    func edition(_ counter: Int64, at time: Int64) -> TerminalTrust? {
        TerminalTrust(counter: counter, time: time, files: files, answerKeys: answerKeys, publishers: publishers)
    }

    /// Whether terminals that have this edition take what is signed and sealed now, whatever else it says.
    func isCovered(by edition: TerminalTrust) -> Bool {
        let contents = Set(edition.files.map { Array($0.content) })
        let kid = JWK.thumbprint(of: signers.keys.active.publicKey)
        guard
            edition.answerKeys.contains(where: { key in
                answerKeys.prefix(1).contains { $0.rawRepresentation == key.rawRepresentation }
            }),
            edition.files.contains(where: { file in
                file.path.hasSuffix("shc/issuer.json")
                    && String(decoding: file.content, as: UTF8.self).contains("\"\(kid)\"")
            })
        else { return false }
        if let document = signers.document, !contents.contains(document.signer.certificate) { return false }
        guard let signer = signers.vdsnc?.signer else { return true }
        if contents.contains(signer.certificate) { return true }
        guard let certificate = Certificate(der: signer.certificate) else { return false }
        return signer.authorities.contains { authority in
            contents.contains(authority) && Certificate(der: authority).map { certificate.isIssued(by: $0) } == true
        }
    }

    /// The next edition's file for a folder, signed; `nil` if the one that is there says the same, since each costs every
    /// terminal a download.
    ///
    /// - Parameters:
    ///   - counter: what its counter is at least.
    ///   - mayBeUnannounced: whether a key may sign that the edition there does not name.
    /// - Throws: ``Unannounced``, ``TooMuch``.
    func next(
        in folder: String, atLeast counter: Int64, at time: Int64, signedBy key: any CredentialSigner,
        mayBeUnannounced: Bool
    ) async throws -> [UInt8]? {
        let old = PublishedTerminalTrust.read("\(folder)/\(PublishedTerminalTrust.name)")
        let own = old.flatMap { try? $0.verified(by: [key.publicKey]) }
        if let old, own == nil, !mayBeUnannounced {
            guard old.announced(key.publicKey) else { throw Unannounced(folder: folder) }
        }
        // A number that nobody of ours signed is not counted on from without end.
        let last = min(old?.counter ?? 0, max(counter, time) + 86_400)
        guard let trust = edition(max(counter, last + 1), at: time) else { throw TooMuch() }
        if let own, own.saysTheSame(as: trust) { return nil }
        let text = try trust.text()
        let signature = try await key.signature(over: SignedTerminalTrust.message(text))
        guard let signed = SignedTerminalTrust(text: text, signature: signature) else { throw TooMuch() }
        return signed.bytes
    }

    /// Every terminal would refuse this edition and all later ones.
    package struct Unannounced: ExplainedError {
        let folder: String
        package var exitStatus: ExitStatus { .configuration }
        package var english: String {
            """
            records.rootKey is not named by the edition that terminals have (\(folder)/\(PublishedTerminalTrust.name)): they would \
            refuse this one and all later ones. Name it in publishing.nextRootKeys first and export with the key that was; if \
            that key is lost or leaked, export with --unannounced-publisher and change publisher.key at every terminal by hand.
            """
        }
        package var japanese: String {
            """
            新しい records.rootKey が端末に予告されていません。先に publishing.nextRootKeys で予告するか、\
            --unannounced-publisher を付けて書き出し、全端末の publisher.key を手で変更してください。
            """
        }
    }

    /// More keys, certificates or lists of signers than terminals take.
    package struct TooMuch: ExplainedError {
        package var exitStatus: ExitStatus { .configuration }
        package var english: String {
            """
            more keys, certificates and lists of authorities than terminals take: at most 256 files, and 1 MiB as base64 \
            together; take out what is not needed any more
            """
        }
        package var japanese: String {
            "端末向けの鍵、証明書、失効リストが多すぎます（256ファイル、base64で合計1 MiBまで）。不要なものを外してください。"
        }
    }
}
